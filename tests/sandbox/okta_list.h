/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_OKTA_LIST_H
#define TESTS_SANDBOX_OKTA_LIST_H

/* GET /api/v1/users: search, filter, q, or all; paged with Link headers; as late as its index. */

#include "tests/sandbox/request.h"

struct sandbox;

void okta_list_users(struct sandbox *sb, struct request *rq, struct reply *rp);

/* Adds the `self` link, and `next` when there is more; after may be NULL. */
void okta_list_links(
        struct sandbox *sb, const struct request *rq, struct reply *rp, const char *after);
/* The page size asked for; false when it is no number from 1 to max (the answer is made). */
bool okta_list_limit(struct request *rq, struct reply *rp, int64_t initial, int64_t max,
        int64_t *limit) MUST_CHECK;

#endif
