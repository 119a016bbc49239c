/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_OKTA_PROFILE_H
#define TESTS_SANDBOX_OKTA_PROFILE_H

/* Profiles against the schema: validation, merging, uniqueness. */

#include "tests/sandbox/okta_store.h"
#include "tests/sandbox/request.h"

/* The profile that results when `given` is laid over `present` (NULL: a new or replaced one): null
 * clears, unset attributes are absent, except mobilePhone and secondEmail, which are null. New
 * reference. */
json_t *okta_profile_merge(const json_t *present, const json_t *given);

/* What is to be checked. */
struct profile_check {
	const struct directory *dir;
	const struct user *self; /* who is being changed, or NULL */
	const char *what; /* the object's name in errors about unknown attributes */
	const json_t *given; /* the attributes of the call */
	const json_t *result; /* the profile they result in */
};

/* True when all is well; else the answer is made. */
bool okta_profile_check(
        const struct profile_check *check, struct request *rq, struct reply *rp) MUST_CHECK;

#endif
