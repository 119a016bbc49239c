/* SPDX-License-Identifier: MIT */
/* Signing in and out: the cookie, and what the page is told about who is here. */
#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "server/base/str.h"
#include "server/base/version.h"
#include "server/console/accounts.h"
#include "server/console/session_cookie.h"

#include <string.h>

#define SECOND_MAX_BYTES 64

/* One attempt to come in. */
struct attempt {
	struct args args;
	struct secret password;
	struct access_proof proof;
	struct access_ticket ticket;
	struct access_session session;
	int retry_after_s;
};

/* ----------------------------------------------------------------- rendering */

static json_t *connections_json(const struct settings *settings)
{
	json_t *names = json_array();

	for (size_t i = 0; i < settings->connection_count; i++) {
		json_array_append_new(names, json_string(settings->connections[i].name));
	}
	return names;
}

/* What the frame around every page says from its first moment on: GET /status has all of it. */
static json_t *writing_json(const struct args *args)
{
	json_t *all = json_array();

	for (size_t i = 0; i < args->settings->connection_count; i++) {
		const struct connection_settings *one = &args->settings->connections[i];
		json_array_append_new(all,
		        json_pack("{s:s, s:s, s:o, s:s}", "name", one->name, "mode",
		                one->mode == SETTINGS_LIVE ? "live" : "dry_run", "pause",
		                console_pause_json(args->console, one->name), "lacks", one->lacks));
	}
	return all;
}

static json_t *signed_in_json(
        const struct args *args, const struct access_session *session, const char *csrf)
{
	return json_pack("{s:s, s:s, s:{s:s, s:s, s:b}, s:s, s:I, s:I, s:I, s:I, s:o, s:o}",
	        "state", "signed_in", "version", version_number(), "account", "name", session->name,
	        "role", access_role_name(session->role), "has_totp", session->has_totp, "csrf",
	        csrf, "fresh_until_ms", (json_int_t)session->fresh_until_ms, "idle_until_ms",
	        (json_int_t)session->idle_until_ms, "ends_at_ms", (json_int_t)session->ends_at_ms,
	        "now_ms", (json_int_t)clock_wall_ms(), "connections",
	        connections_json(args->settings), "writing", writing_json(args));
}

static json_t *signed_out_json(struct access *access)
{
	bool is_first_run = access != NULL && access_is_first_run(access);

	return json_pack("{s:s, s:s, s:n, s:s, s:i, s:i, s:i, s:I, s:[], s:[]}", "state",
	        is_first_run ? "first_run" : "signed_out", "version", version_number(), "account",
	        "csrf", "", "fresh_until_ms", 0, "idle_until_ms", 0, "ends_at_ms", 0, "now_ms",
	        (json_int_t)clock_wall_ms(), "connections", "writing");
}

static bool find_session(const struct console *console, const struct http_request *request,
        struct access_ticket *ticket, struct access_session *session)
{
	if (!session_cookie_find(console->access, request, ticket->token, session)) {
		return false;
	}
	access_csrf(console->access, ticket->token, ticket->csrf);
	return true;
}

enum http_verdict console_session(
        struct http_request *request, struct http_reply *reply, void *context)
{
	const struct console *console = context;
	struct args args;
	struct args_known known = {.has_no_connection = true};
	struct access_ticket ticket = {0};
	struct access_session session;
	json_t *answer = NULL;

	if (args_init(&args, console, request, &known)) {
		answer = find_session(console, request, &ticket, &session)
		        ? signed_in_json(&args, &session, ticket.csrf)
		        : signed_out_json(console->access);
	}
	crypto_wipe(&ticket, sizeof(ticket));
	return args_answer(&args, reply, answer, 200);
}

/* ------------------------------------------------------------------ coming in */

static bool read_proof(struct attempt *attempt, const struct http_request *request)
{
	struct args *args = &attempt->args;
	const json_t *second = json_object_get(args->body, "second");
	const char *second_text = json_string_value(second);

	if (second != NULL && (second_text == NULL || strlen(second_text) > SECOND_MAX_BYTES)) {
		err_set(&args->err, ERR_BAD_REQUEST, "second is a text of at most %d bytes",
		        SECOND_MAX_BYTES);
		return false;
	}
	attempt->proof.second = second_text;
	attempt->proof.password = &attempt->password;
	attempt->proof.peer = http_request_peer(request);
	return accounts_secret(args, "password", ACCESS_PASSWORD_MAX_BYTES, &attempt->password);
}

static bool read_name(struct attempt *attempt)
{
	struct args *args = &attempt->args;

	attempt->proof.name = args_body_text(args, "name", ACCESS_NAME_BYTES - 1, NULL);
	if (attempt->proof.name == NULL && !err_is_set(&args->err)) {
		err_set(&args->err, ERR_BAD_REQUEST, "name is missing: that of the account");
	}
	return attempt->proof.name != NULL;
}

static enum http_verdict let_in(struct attempt *attempt, struct http_reply *reply)
{
	struct args *args = &attempt->args;
	json_t *answer = NULL;

	if (session_cookie_set(reply, attempt->ticket.token)) {
		answer = signed_in_json(args, &attempt->session, attempt->ticket.csrf);
	} else {
		err_set(&args->err, ERR_INTERNAL, "the cookie does not fit into a header");
	}
	return args_answer(args, reply, answer, 200);
}

static enum http_verdict finish(struct attempt *attempt, bool is_in, struct http_reply *reply)
{
	reply->retry_after_s = attempt->retry_after_s;
	enum http_verdict verdict =
	        is_in ? let_in(attempt, reply) : args_refuse(&attempt->args, reply);
	secret_finish(&attempt->password);
	crypto_wipe(&attempt->ticket, sizeof(attempt->ticket));
	return verdict;
}

/* Of what this browser had before, nothing goes on. */
static void end_earlier(struct attempt *attempt)
{
	struct args *args = &attempt->args;
	struct access_ticket ticket = {0};
	struct access_session earlier;
	struct err err = ERR_INIT;

	if (find_session(args->console, args->request, &ticket, &earlier) &&
	        !access_end_session(
	                args->console->access, earlier.account, earlier.id, earlier.name, &err)) {
		err_clear(&err);
	}
	crypto_wipe(&ticket, sizeof(ticket));
}

enum http_verdict console_session_begin(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct attempt attempt = {0};
	struct args *args = &attempt.args;
	bool is_in = accounts_begin(args, context, request, KNOWN("name", "password", "second")) &&
	        read_name(&attempt) && read_proof(&attempt, request) &&
	        access_sign_in(args->console->access, &attempt.proof, &attempt.ticket,
	                &attempt.session, &attempt.retry_after_s, &args->err);

	if (is_in) {
		end_earlier(&attempt);
	}
	return finish(&attempt, is_in, reply);
}

static bool enter(struct attempt *attempt)
{
	struct args *args = &attempt->args;
	struct secret code = {0};
	bool is_in = accounts_secret(args, "code", ACCESS_CODE_BYTES - 1, &code) &&
	        access_enter(args->console->access, secret_reveal(&code), &attempt->proof,
	                &attempt->ticket, &attempt->session, &attempt->retry_after_s, &args->err);

	secret_finish(&code);
	return is_in;
}

enum http_verdict console_session_enter(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct attempt attempt = {0};
	bool is_in = accounts_begin(
	                     &attempt.args, context, request, KNOWN("code", "name", "password")) &&
	        read_name(&attempt) && read_proof(&attempt, request) && enter(&attempt);

	if (is_in) {
		end_earlier(&attempt);
	}
	return finish(&attempt, is_in, reply);
}

/* A program with the admin token has no session; it is fresh always. */
static bool is_session(struct args *args)
{
	if (http_request_actor(args->request)->kind != HTTP_SESSION) {
		err_set(&args->err, ERR_CONFLICT, "the admin token is no session; sign in");
		return false;
	}
	return true;
}

enum http_verdict console_session_fresh(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct attempt attempt = {0};
	struct args *args = &attempt.args;
	const struct http_actor *actor = http_request_actor(request);
	bool is_fresh = accounts_begin(args, context, request, KNOWN("password", "second")) &&
	        read_proof(&attempt, request) && is_session(args);

	if (is_fresh) {
		attempt.proof.name = actor->name;
		is_fresh = access_sign_in_again(args->console->access, actor->session,
		        &attempt.proof, &attempt.ticket, &attempt.session, &attempt.retry_after_s,
		        &args->err);
	}
	return finish(&attempt, is_fresh, reply);
}

enum http_verdict console_session_end(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	const struct http_actor *actor = http_request_actor(request);
	json_t *answer = NULL;

	if (accounts_begin(&args, context, request, NULL) && is_session(&args) &&
	        access_end_session(args.console->access, actor->account, actor->session,
	                actor->name, &args.err)) {
		answer = signed_out_json(args.console->access);
		if (!session_cookie_clear(reply)) {
			json_decref(answer);
			answer = NULL;
			err_set(&args.err, ERR_INTERNAL, "too many headers");
		}
	}
	return args_answer(&args, reply, answer, 200);
}
