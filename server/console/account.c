/* SPDX-License-Identifier: MIT */
/* One's own account: password, authenticator app, sessions. */
#include "server/base/crypto.h"
#include "server/base/str.h"
#include "server/console/accounts.h"

#define CODE_MAX_BYTES 16

static const struct http_actor *actor_of(const struct args *args)
{
	return http_request_actor(args->request);
}

/* Asked once the body is known to be sound: mistakes in it are told to everybody. */
static bool is_own(struct args *args)
{
	if (actor_of(args)->kind != HTTP_SESSION) {
		err_set(&args->err, ERR_CONFLICT, "the admin token has no account; sign in");
		return false;
	}
	return true;
}

/* As accounts_begin, for a route without a body. */
static bool begin(struct args *args, void *context, const struct http_request *request)
{
	return accounts_begin(args, context, request, NULL) && is_own(args);
}

/* ----------------------------------------------------------------- rendering */

static json_t *session_json(const struct access_session *session, int64_t this_one)
{
	char id[24];

	str_format_cut(id, sizeof(id), "%lld", (long long)session->id);
	return json_pack("{s:s, s:b, s:s, s:I, s:I, s:I, s:I}", "session", id, "is_this",
	        session->id == this_one, "peer", session->peer, "began_at_ms",
	        (json_int_t)session->began_at_ms, "used_at_ms", (json_int_t)session->used_at_ms,
	        "idle_until_ms", (json_int_t)session->idle_until_ms, "ends_at_ms",
	        (json_int_t)session->ends_at_ms);
}

static json_t *own_json(struct args *args)
{
	const struct http_actor *actor = actor_of(args);
	struct access_account account;
	struct access_session_list list = {0};
	json_t *sessions = json_array();

	if (!accounts_find(args, actor->account, &account) ||
	        !access_sessions(args->console->access, actor->account, &list, &args->err)) {
		json_decref(sessions);
		return NULL;
	}
	for (size_t i = 0; i < list.count; i++) {
		json_array_append_new(sessions, session_json(&list.items[i], actor->session));
	}
	access_session_list_finish(&list);
	return json_pack("{s:o, s:o}", "account", accounts_json(&account), "sessions", sessions);
}

enum http_verdict console_account(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	bool is_good = begin(&args, context, request);

	return args_answer(&args, reply, is_good ? own_json(&args) : NULL, 200);
}

/* ------------------------------------------------------------------ password */

static bool change_password(struct args *args, int *retry_after_s)
{
	struct secret before = {0};
	struct secret after = {0};
	struct access_password_change change = {.account = actor_of(args)->account,
	        .session = actor_of(args)->session,
	        .old = &before,
	        .new = &after,
	        .ends_others = args_body_flag(args, "end_others"),
	        .peer = http_request_peer(args->request)};
	bool is_changed = !err_is_set(&args->err) &&
	        accounts_secret(args, "old", ACCESS_PASSWORD_MAX_BYTES, &before) &&
	        accounts_secret(args, "new", ACCESS_PASSWORD_MAX_BYTES, &after) && is_own(args) &&
	        access_change_password(args->console->access, &change, retry_after_s, &args->err);

	secret_finish(&before);
	secret_finish(&after);
	return is_changed;
}

enum http_verdict console_account_password(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	bool is_changed =
	        accounts_begin(&args, context, request, KNOWN("old", "new", "end_others")) &&
	        change_password(&args, &reply->retry_after_s);

	return args_answer(&args, reply, is_changed ? own_json(&args) : NULL, 200);
}

/* ------------------------------------------------------------ second factor */

enum http_verdict console_account_totp_begin(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct access_seed seed = {0};
	json_t *answer = NULL;

	if (begin(&args, context, request) &&
	        access_totp_begin(
	                args.console->access, actor_of(&args)->account, &seed, &args.err)) {
		answer = json_pack("{s:s, s:s}", "secret", seed.secret, "uri", seed.uri);
	}
	crypto_wipe(&seed, sizeof(seed));
	return args_answer(&args, reply, answer, 200);
}

static json_t *recovery_json(const struct access_recovery *recovery)
{
	json_t *codes = json_array();

	for (size_t i = 0; i < ACCESS_RECOVERY_CODES; i++) {
		json_array_append_new(codes, json_string(recovery->codes[i]));
	}
	return json_pack("{s:o}", "recovery_codes", codes);
}

enum http_verdict console_account_totp_confirm(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct secret code = {0};
	struct access_recovery recovery = {0};
	json_t *answer = NULL;

	if (accounts_begin(&args, context, request, KNOWN("code")) &&
	        accounts_secret(&args, "code", CODE_MAX_BYTES, &code) && is_own(&args) &&
	        access_totp_confirm(args.console->access, actor_of(&args)->account,
	                secret_reveal(&code), &recovery, &reply->retry_after_s, &args.err)) {
		answer = recovery_json(&recovery);
	}
	secret_finish(&code);
	crypto_wipe(&recovery, sizeof(recovery));
	return args_answer(&args, reply, answer, 200);
}

enum http_verdict console_account_totp_remove(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	bool is_removed = begin(&args, context, request) &&
	        access_totp_remove(args.console->access, actor_of(&args)->account,
	                actor_of(&args)->name, &args.err);

	return args_answer(&args, reply, is_removed ? own_json(&args) : NULL, 200);
}

/* ------------------------------------------------------------------ sessions */

static bool end_one(struct args *args)
{
	int64_t session = 0;

	if (!str_to_int64(http_request_param(args->request, 0), &session) || session < 1) {
		err_set(&args->err, ERR_NOT_FOUND, "you have no such session");
		return false;
	}
	return access_end_session(args->console->access, actor_of(args)->account, session,
	        actor_of(args)->name, &args->err);
}

enum http_verdict console_account_session_end(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	bool is_ended = begin(&args, context, request) && end_one(&args);

	return args_answer(&args, reply, is_ended ? own_json(&args) : NULL, 200);
}

enum http_verdict console_account_sessions_end_others(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	bool is_ended = begin(&args, context, request) &&
	        access_end_sessions(args.console->access, actor_of(&args)->account,
	                actor_of(&args)->session, actor_of(&args)->name, &args.err);

	return args_answer(&args, reply, is_ended ? own_json(&args) : NULL, 200);
}
