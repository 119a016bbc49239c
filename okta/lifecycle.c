/* SPDX-License-Identifier: MIT */
#include "okta/client.h"
#include "server/base/json.h"
#include "server/base/str.h"

#include <string.h>

#define PATH_BYTES   128
#define LINK_MAX_LEN 2000
/* RFC 3986: what an address is made of. */
#define LINK_CHARACTERS                                                  \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" \
	"-._~:/?#[]@!$&'()*+,;=%"

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
static const struct operation reactivate_quietly = {"POST", "/lifecycle/reactivate?sendEmail=false",
        "POST /api/v1/users/{id}/lifecycle/reactivate", OKTA_CALL_LIFECYCLE};
static const struct operation reactivate_with_email = {"POST",
        "/lifecycle/reactivate?sendEmail=true", "POST /api/v1/users/{id}/lifecycle/reactivate",
        OKTA_CALL_LIFECYCLE};
static const struct operation suspend = {"POST", "/lifecycle/suspend",
        "POST /api/v1/users/{id}/lifecycle/suspend", OKTA_CALL_LIFECYCLE};
static const struct operation unsuspend = {"POST", "/lifecycle/unsuspend",
        "POST /api/v1/users/{id}/lifecycle/unsuspend", OKTA_CALL_LIFECYCLE};
static const struct operation deactivate = {"POST", "/lifecycle/deactivate",
        "POST /api/v1/users/{id}/lifecycle/deactivate", OKTA_CALL_LIFECYCLE};
static const struct operation end_sessions = {"DELETE", "/sessions?oauthTokens=false",
        "DELETE /api/v1/users/{id}/sessions", OKTA_CALL_WRITE};
static const struct operation end_sessions_and_tokens = {"DELETE", "/sessions?oauthTokens=true",
        "DELETE /api/v1/users/{id}/sessions", OKTA_CALL_WRITE};

/* All of them share the bucket of /api/v1/users (okta.md 4). */
static void call(struct okta_client *client, const struct operation *operation, const char *id,
        struct okta_reply *reply, struct call_outcome *outcome)
{
	char path[PATH_BYTES];
	if (!okta_id_is_sane(id) ||
	        !str_format(path, sizeof(path), "/api/v1/users/%s%s", id, operation->rest)) {
		*reply = (struct okta_reply){0};
		okta_client_refuse(outcome, "The Okta id in our records is not an id of Okta.");
		return;
	}
	struct okta_request request = {.method = operation->method,
	        .route = operation->route,
	        .path = path,
	        .bucket = OKTA_BUCKET_USERS,
	        .kind = operation->kind};
	(void)okta_client_call(client, &request, reply, outcome);
}

/* Where the body tells us nothing. */
static void run(struct okta_client *client, const struct operation *operation, const char *id,
        struct call_outcome *outcome)
{
	struct okta_reply reply;
	call(client, operation, id, &reply, outcome);
	okta_reply_finish(&reply);
}

void okta_user_activate(struct okta_client *client, const char *id, enum okta_email email,
        struct call_outcome *outcome)
{
	run(client, email == OKTA_EMAIL_SENT ? &activate_with_email : &activate_quietly, id,
	        outcome);
}

void okta_user_reactivate(struct okta_client *client, const char *id, enum okta_email email,
        struct call_outcome *outcome)
{
	run(client, email == OKTA_EMAIL_SENT ? &reactivate_with_email : &reactivate_quietly, id,
	        outcome);
}

/* It is shown to a human to click on. */
static bool is_link_sane(const char *link)
{
	return link != NULL && strlen(link) <= LINK_MAX_LEN &&
	        (str_starts_with(link, "https://") || str_starts_with(link, "http://")) &&
	        link[strspn(link, LINK_CHARACTERS)] == '\0';
}

void okta_user_activation_link(struct okta_client *client, const char *id, enum okta_link kind,
        struct secret *link, struct call_outcome *outcome)
{
	const struct operation *operation =
	        kind == OKTA_LINK_ACTIVATES ? &activate_quietly : &reactivate_quietly;
	struct okta_reply reply;
	*link = (struct secret){0};
	call(client, operation, id, &reply, outcome);
	if (outcome->call_class == CALL_DONE) {
		const char *url = json_get_text(reply.json, "activationUrl");
		if (!is_link_sane(url) || !secret_set(link, url)) {
			okta_client_distrust(operation->kind, outcome);
		}
	}
	okta_reply_finish(&reply);
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

void okta_user_end_sessions(struct okta_client *client, const char *id, enum okta_tokens tokens,
        struct call_outcome *outcome)
{
	run(client, tokens == OKTA_TOKENS_REVOKED ? &end_sessions_and_tokens : &end_sessions, id,
	        outcome);
}
