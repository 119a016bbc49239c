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

/* Checks the attributes that were given and the profile they result in; `self` is the user who is
 * being changed, or NULL. When something is wrong the answer is made and false returned. `what`
 * names the object in errors about unknown attributes. */
bool okta_profile_check(const struct directory *dir, const struct user *self, const char *what,
        const json_t *given, const json_t *result, struct request *rq, struct reply *rp) MUST_CHECK;

#endif
