/* SPDX-License-Identifier: MIT */
#include "okta/client.h"
#include "okta/user_list.h"
#include "server/base/buf.h"
#include "server/base/json.h"
#include "server/base/str.h"

#include <stdlib.h>
#include <string.h>

#define SEARCH_LIMIT_MAX    200
#define BODY_MAX_BYTES      (1024 * 1024)
#define LOGIN_MAX_LEN       1024
#define SENTENCE_BAD_ID     "The Okta id in our records is not an id of Okta."
#define SENTENCE_BAD_LOGIN  "A user with this login cannot be fetched from Okta."
#define SENTENCE_BAD_ETAG   "The version mark of the user is not one of Okta."
#define SENTENCE_BAD_SEARCH "The search in Okta would be too long."
#define SENTENCE_BAD_BODY   "The profile cannot be sent to Okta."

/*
 * A slash splits a path even when it is encoded (okta.md 1.2), a login of dots
 * would climb, and "me" is the owner of the token.
 */
static bool is_login_fetchable(const char *login)
{
	return !str_is_empty(login) && strlen(login) <= LOGIN_MAX_LEN &&
	        strchr(login, '/') == NULL && login[strspn(login, ".")] != '\0' &&
	        !str_equal_fold(login, "me");
}

/* Reads the user out of a finished reply. */
static void read_user(struct okta_reply *reply, enum okta_call_kind kind, struct okta_user *user,
        struct call_outcome *outcome)
{
	if (outcome->call_class == CALL_DONE && !okta_user_parse(reply->json, user, NULL)) {
		okta_client_distrust(kind, outcome);
	}
	okta_reply_finish(reply);
}

static void get_user(struct okta_client *client, const char *path, struct okta_user *user,
        struct call_outcome *outcome)
{
	struct okta_reply reply;
	struct okta_request request = {.method = "GET",
	        .route = "GET /api/v1/users/{id}",
	        .path = path,
	        .bucket = OKTA_BUCKET_USER_READ,
	        .kind = OKTA_CALL_READ};
	(void)okta_client_call(client, &request, &reply, outcome);
	char etag[OKTA_ETAG_BYTES];
	memcpy(etag, reply.etag, sizeof(etag));
	read_user(&reply, request.kind, user, outcome);
	if (outcome->call_class == CALL_DONE) {
		memcpy(user->etag, etag, sizeof(etag));
	}
}

void okta_user_get(struct okta_client *client, const char *id_or_login, struct okta_user *user,
        struct call_outcome *outcome)
{
	*user = (struct okta_user){.status = ACCOUNT_NONE};
	struct buf path;
	buf_init(&path, CLIENT_PATH_MAX_BYTES);
	buf_add_text(&path, "/api/v1/users/");
	if (is_login_fetchable(id_or_login) && buf_add_url(&path, id_or_login)) {
		get_user(client, buf_text(&path), user, outcome);
	} else {
		okta_client_refuse(outcome, SENTENCE_BAD_LOGIN);
	}
	buf_finish(&path);
}

void okta_me(struct okta_client *client, struct okta_user *user, struct call_outcome *outcome)
{
	*user = (struct okta_user){.status = ACCOUNT_NONE};
	get_user(client, "/api/v1/users/me", user, outcome);
}

void okta_user_search(struct okta_client *client, const char *search, int limit,
        struct okta_user_list *users, struct call_outcome *outcome)
{
	*users = (struct okta_user_list){0};
	int capped = limit < 1 ? 1 : limit;
	capped = capped > SEARCH_LIMIT_MAX ? SEARCH_LIMIT_MAX : capped;
	struct buf path;
	buf_init(&path, CLIENT_PATH_MAX_BYTES);
	buf_add_format(&path, "/api/v1/users?limit=%d&search=", capped);
	if (!buf_add_url(&path, search)) {
		okta_client_refuse(outcome, SENTENCE_BAD_SEARCH);
		buf_finish(&path);
		return;
	}
	struct okta_reply reply;
	struct okta_request request = {.method = "GET",
	        .route = "GET /api/v1/users",
	        .path = buf_text(&path),
	        .bucket = OKTA_BUCKET_USERS,
	        .kind = OKTA_CALL_READ};
	if (okta_client_call(client, &request, &reply, outcome) &&
	        !okta_user_list_parse(reply.json, users)) {
		okta_client_distrust(request.kind, outcome);
	}
	okta_reply_finish(&reply);
	buf_finish(&path);
}

/* {"profile":{...}}; the encoder alone makes JSON (U-06). */
static bool build_body(struct buf *body, const json_t *profile)
{
	buf_init(body, BODY_MAX_BYTES);
	char *text = json_is_object(profile) ? json_format(profile) : NULL;
	buf_add_text(body, "{\"profile\":");
	buf_add_text(body, text);
	buf_add_char(body, '}');
	bool done = text != NULL && !body->failed;
	free(text);
	return done;
}

static void write_user(struct okta_client *client, struct okta_request *request,
        const json_t *profile, struct okta_user *user, struct call_outcome *outcome)
{
	struct buf body;
	if (build_body(&body, profile)) {
		struct okta_reply reply;
		request->body = buf_text(&body);
		(void)okta_client_call(client, request, &reply, outcome);
		read_user(&reply, request->kind, user, outcome);
	} else {
		okta_client_refuse(outcome, SENTENCE_BAD_BODY);
	}
	buf_finish(&body);
}

void okta_user_create(struct okta_client *client, const json_t *profile,
        enum okta_activate activate, struct okta_user *user, struct call_outcome *outcome)
{
	*user = (struct okta_user){.status = ACCOUNT_NONE};
	struct okta_request request = {.method = "POST",
	        .route = "POST /api/v1/users",
	        .path = activate == OKTA_ACTIVATE ? "/api/v1/users?activate=true"
	                                          : "/api/v1/users?activate=false",
	        .bucket = OKTA_BUCKET_USERS,
	        .kind = OKTA_CALL_WRITE};
	write_user(client, &request, profile, user, outcome);
}

static bool is_etag_sane(const char *etag)
{
	for (const char *at = etag; at != NULL && *at != '\0'; at++) {
		if (*at <= 0x20 || *at > 0x7e) {
			return false;
		}
	}
	return true;
}

void okta_user_update(struct okta_client *client, const char *id, const json_t *profile,
        const char *etag, struct okta_user *user, struct call_outcome *outcome)
{
	*user = (struct okta_user){.status = ACCOUNT_NONE};
	char path[64];
	if (!okta_id_is_sane(id) || !str_format(path, sizeof(path), "/api/v1/users/%s", id)) {
		okta_client_refuse(outcome, SENTENCE_BAD_ID);
		return;
	}
	if (!is_etag_sane(etag)) {
		okta_client_refuse(outcome, SENTENCE_BAD_ETAG);
		return;
	}
	struct okta_request request = {.method = "POST",
	        .route = "POST /api/v1/users/{id}",
	        .path = path,
	        .bucket = OKTA_BUCKET_USER_WRITE,
	        .kind = OKTA_CALL_WRITE,
	        .if_match = etag};
	write_user(client, &request, profile, user, outcome);
}
