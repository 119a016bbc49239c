/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_OKTA_GROUPS_H
#define TESTS_SANDBOX_OKTA_GROUPS_H

/* The basics of Okta's Groups API. */

#include "tests/sandbox/request.h"

struct sandbox;

void okta_groups_list(struct sandbox *sb, struct request *rq, struct reply *rp);
void okta_groups_create(struct sandbox *sb, struct request *rq, struct reply *rp);
void okta_groups_get(struct sandbox *sb, struct request *rq, struct reply *rp);
void okta_groups_replace(struct sandbox *sb, struct request *rq, struct reply *rp);
void okta_groups_delete(struct sandbox *sb, struct request *rq, struct reply *rp);
void okta_groups_members(struct sandbox *sb, struct request *rq, struct reply *rp);
void okta_groups_join(struct sandbox *sb, struct request *rq, struct reply *rp);
void okta_groups_leave(struct sandbox *sb, struct request *rq, struct reply *rp);
void okta_groups_rules(struct sandbox *sb, struct request *rq, struct reply *rp);
void okta_groups_of_user(struct sandbox *sb, struct request *rq, struct reply *rp);

#endif
