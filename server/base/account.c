/* SPDX-License-Identifier: MIT */
#include "server/base/account.h"

#include "server/base/attr.h"
#include "server/base/str.h"

#include <stddef.h>

static const char *const names[] = {
        [ACCOUNT_NONE] = "NONE",
        [ACCOUNT_UNKNOWN] = "UNKNOWN",
        [ACCOUNT_STAGED] = "STAGED",
        [ACCOUNT_PROVISIONED] = "PROVISIONED",
        [ACCOUNT_ACTIVE] = "ACTIVE",
        [ACCOUNT_RECOVERY] = "RECOVERY",
        [ACCOUNT_PASSWORD_EXPIRED] = "PASSWORD_EXPIRED",
        [ACCOUNT_LOCKED_OUT] = "LOCKED_OUT",
        [ACCOUNT_SUSPENDED] = "SUSPENDED",
        [ACCOUNT_DEPROVISIONED] = "DEPROVISIONED",
};

const char *account_status_name(enum account_status status)
{
	return (size_t)status < ARRAY_SIZE(names) ? names[status] : names[ACCOUNT_UNKNOWN];
}

enum account_status account_status_parse(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (str_equal(text, names[i])) {
			return (enum account_status)i;
		}
	}
	return ACCOUNT_UNKNOWN;
}

bool account_status_is_activated(enum account_status status)
{
	switch (status) {
	case ACCOUNT_PROVISIONED:
	case ACCOUNT_ACTIVE:
	case ACCOUNT_RECOVERY:
	case ACCOUNT_PASSWORD_EXPIRED:
	case ACCOUNT_LOCKED_OUT: return true;
	case ACCOUNT_NONE:
	case ACCOUNT_UNKNOWN:
	case ACCOUNT_STAGED:
	case ACCOUNT_SUSPENDED:
	case ACCOUNT_DEPROVISIONED: return false;
	}
	return false;
}
