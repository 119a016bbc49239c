/* SPDX-License-Identifier: MIT */
#include "server/base/version.h"

/* The generated header of the build folder; quotes would find our own version.h. */
#include <version.h>

const char *version_number(void)
{
	return BOB2OKTA_VERSION;
}

const char *version_commit(void)
{
	return BOB2OKTA_COMMIT;
}

const char *version_user_agent(void)
{
	return "bob2okta/" BOB2OKTA_VERSION;
}
