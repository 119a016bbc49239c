/* SPDX-License-Identifier: MIT */
#include "okta/client.h"
#include "server/base/str.h"

#define PATH_BYTES 128

/* One operation: the rest of the path behind the id, and its route for metrics. */
struct operation {
	const char *method;
	const char *rest;
	const char *route;
	enum okta_call_kind kind;
};

static const struct operation activate_quietly = {"POST", "/lifecycle/activate?sendEmail=false",
        "POST /api/v1/users/{id}/lifecycle/activate", OKTA_CALL_LIFECYCLE};
static const struct operation activate_with_email = {"POST", "/lifecycle/activate?sendEmail=true",
        "POST /api/v1/users/{id}/lifecycle/activate", OKTA_CALL_LIFECYCLE};
static const struct operation suspend = {"POST", "/lifecycle/suspend",
        "POST /api/v1/users/{id}/lifecycle/suspend", OKTA_CALL_LIFECYCLE};
static const struct operation unsuspend = {"POST", "/lifecycle/unsuspend",
        "POST /api/v1/users/{id}/lifecycle/unsuspend", OKTA_CALL_LIFECYCLE};
static const struct operation deactivate = {"POST", "/lifecycle/deactivate",
        "POST /api/v1/users/{id}/lifecycle/deactivate", OKTA_CALL_LIFECYCLE};
static const struct operation end_sessions = {"DELETE", "/sessions?oauthTokens=true",
        "DELETE /api/v1/users/{id}/sessions", OKTA_CALL_WRITE};

/* All of them share the bucket of /api/v1/users (okta.md 4); their bodies tell us nothing. */
static void run(struct okta_client *client, const struct operation *operation, const char *id,
        struct call_outcome *outcome)
{
	char path[PATH_BYTES];
	if (!okta_id_is_sane(id) ||
	        !str_format(path, sizeof(path), "/api/v1/users/%s%s", id, operation->rest)) {
		okta_client_refuse(outcome, "The Okta id in our records is not an id of Okta.");
		return;
	}
	struct okta_reply reply;
	struct okta_request request = {.method = operation->method,
	        .route = operation->route,
	        .path = path,
	        .bucket = OKTA_BUCKET_USERS,
	        .kind = operation->kind};
	(void)okta_client_call(client, &request, &reply, outcome);
	okta_reply_finish(&reply);
}

void okta_user_activate(struct okta_client *client, const char *id, enum okta_email email,
        struct call_outcome *outcome)
{
	run(client, email == OKTA_EMAIL_SENT ? &activate_with_email : &activate_quietly, id,
	        outcome);
}

void okta_user_suspend(struct okta_client *client, const char *id, struct call_outcome *outcome)
{
	run(client, &suspend, id, outcome);
}

void okta_user_unsuspend(struct okta_client *client, const char *id, struct call_outcome *outcome)
{
	run(client, &unsuspend, id, outcome);
}

void okta_user_deactivate(struct okta_client *client, const char *id, struct call_outcome *outcome)
{
	run(client, &deactivate, id, outcome);
}

void okta_user_end_sessions(
        struct okta_client *client, const char *id, struct call_outcome *outcome)
{
	run(client, &end_sessions, id, outcome);
}
