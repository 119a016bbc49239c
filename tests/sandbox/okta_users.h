/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_OKTA_USERS_H
#define TESTS_SANDBOX_OKTA_USERS_H

/* Create, read, change and delete one Okta user; sessions; the token itself. */

#include "tests/sandbox/okta_store.h"
#include "tests/sandbox/request.h"

struct sandbox;

void okta_users_create(struct sandbox *sb, struct request *rq, struct reply *rp);
void okta_users_get(struct sandbox *sb, struct request *rq, struct reply *rp);
void okta_users_update(struct sandbox *sb, struct request *rq, struct reply *rp);
void okta_users_replace(struct sandbox *sb, struct request *rq, struct reply *rp);
void okta_users_delete(struct sandbox *sb, struct request *rq, struct reply *rp);
void okta_users_end_sessions(struct sandbox *sb, struct request *rq, struct reply *rp);
void okta_users_token(struct sandbox *sb, struct request *rq, struct reply *rp);

/* The user a path names, for a change; answers 404 or 403 and returns NULL where it may not be. */
struct user *okta_users_find_for_change(
        struct sandbox *sb, struct request *rq, struct reply *rp, const char *id_or_login);
/* Notes whom a call was about, for the log. */
void okta_users_note(struct request *rq, const struct user *user);

#endif
