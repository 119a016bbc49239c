/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_OKTA_VIEW_H
#define TESTS_SANDBOX_OKTA_VIEW_H

/* Users and groups as JSON, for the API and for the control answers. New references. */

#include "tests/sandbox/okta_store.h"
#include "tests/sandbox/request.h"

struct sandbox;

/* A user without links, as searches keep and see it. */
json_t *okta_view_plain(const struct user *user);
/* With all links of its status (one user), or with `self` alone (lists). */
json_t *okta_view_user(const struct sandbox *sb, const struct request *rq, const struct user *user);
json_t *okta_view_listed(const struct sandbox *sb, const struct request *rq, const json_t *plain);
json_t *okta_view_group(
        const struct sandbox *sb, const struct request *rq, const struct group *group);
json_t *okta_view_control(const struct directory *dir, const struct user *user);
/* The weak ETag of a user: W/"64 hex digits" of its profile's content. */
void okta_view_etag(const struct user *user, char out[72]);
/* The origin that links begin with; the caller frees. */
char *okta_view_origin(const struct sandbox *sb, const struct request *rq);
/* {"self":{"href":origin+path}} */
json_t *okta_view_link(const char *origin, const char *path, const char *method);

#endif
