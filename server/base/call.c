/* SPDX-License-Identifier: MIT */
#include "server/base/call.h"

#include "server/base/attr.h"

#include <stddef.h>

static const char *const names[] = {
        [CALL_DONE] = "done",
        [CALL_NOT_FOUND] = "not_found",
        [CALL_PERMANENT] = "permanent",
        [CALL_REREAD] = "reread",
        [CALL_RETRY_AT] = "retry_at",
        [CALL_RETRY_LATER] = "retry_later",
        [CALL_UNCLEAR] = "unclear",
        [CALL_STOP_CREDENTIALS] = "stop_credentials",
        [CALL_STOP_CONFIG] = "stop_config",
        [CALL_ABORTED] = "aborted",
};

const char *call_class_name(enum call_class call_class)
{
	return (size_t)call_class < ARRAY_SIZE(names) ? names[call_class] : "invalid";
}
