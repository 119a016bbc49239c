/* SPDX-License-Identifier: MIT */
#include "server/console/args.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/console/masking.h"
#include "server/store/audit.h"

#include <string.h>

#define BY_MAX_BYTES 63

static bool is_known(const char *const *known, const char *name)
{
	for (size_t i = 0; known != NULL && known[i] != NULL; i++) {
		if (str_equal(known[i], name)) {
			return true;
		}
	}
	return false;
}

static bool check_query(struct args *args, const char *const *known)
{
	const char *name = http_request_query_name(args->request, 0);

	for (size_t i = 0; name != NULL; i++, name = http_request_query_name(args->request, i)) {
		if (!str_equal(name, "connection") && !is_known(known, name)) {
			err_set(&args->err, ERR_BAD_REQUEST,
			        "this route has no query argument of that name (argument %zu); see docs/http.md",
			        i + 1);
			return false;
		}
	}
	return true;
}

static bool check_body(struct args *args, const char *const *known)
{
	size_t len = 0;
	const char *bytes = http_request_body(args->request, &len);
	const char *name = NULL;
	json_t *value = NULL;

	args->body = len == 0 ? json_object() : json_parse(bytes, len, &args->err);
	if (!json_is_object(args->body)) {
		err_set(&args->err, ERR_BAD_REQUEST, "the body is not a JSON object");
		return false;
	}
	json_object_foreach(args->body, name, value)
	{
		if (!is_known(known, name)) {
			err_set(&args->err, ERR_BAD_REQUEST,
			        "the body has a key this route does not know; see docs/http.md");
			return false;
		}
	}
	return true;
}

static bool find_connection(struct args *args)
{
	const char *name = http_request_query(args->request, "connection");

	if (!str_copy(
	            args->connection, sizeof(args->connection), name != NULL ? name : "default") ||
	        settings_find(args->settings, args->connection) == NULL) {
		err_set(&args->err, ERR_NOT_FOUND,
		        "there is no connection of that name in the settings");
		return false;
	}
	return true;
}

bool args_init(struct args *args, const struct console *console, const struct http_request *request,
        const struct args_known *known)
{
	char peer[ADDRESS_TEXT_BYTES];
	struct address address = http_request_peer(request);

	address_format(&address, peer);
	audit_origin_set(peer);
	*args = (struct args){.request = request, .console = console};
	args->engine = holder_acquire(console->engines);
	args->settings = engine_settings(args->engine);
	return check_query(args, known->query) && check_body(args, known->body) &&
	        (known->has_no_connection || find_connection(args));
}

void args_finish(struct args *args)
{
	json_decref(args->body);
	args->body = NULL;
	holder_release(args->console->engines, args->engine);
	args->engine = NULL;
	args->settings = NULL;
	audit_origin_set("");
}

bool args_key(struct args *args)
{
	const char *id = http_request_param(args->request, 0);

	if (!str_is_digits(id, EMPLOYEE_ID_BYTES - 1)) {
		err_set(&args->err, ERR_BAD_REQUEST,
		        "an employee id is 1 to 32 digits, as Bob shows it");
		return false;
	}
	str_format_cut(args->key.connection, sizeof(args->key.connection), "%s", args->connection);
	str_format_cut(args->key.employee_id, sizeof(args->key.employee_id), "%s", id);
	return true;
}

const char *args_body_text(
        struct args *args, const char *name, size_t max_bytes, const char *fallback)
{
	const json_t *value = json_object_get(args->body, name);
	const char *text = json_string_value(value);

	if (value == NULL) {
		return fallback;
	}
	if (text == NULL || text[0] == '\0' || strlen(text) > max_bytes) {
		err_set(&args->err, ERR_BAD_REQUEST, "%s is a text of 1 to %zu bytes", name,
		        max_bytes);
		return NULL;
	}
	return text;
}

bool args_body_flag(struct args *args, const char *name)
{
	const json_t *value = json_object_get(args->body, name);

	if (value != NULL && !json_is_boolean(value)) {
		err_set(&args->err, ERR_BAD_REQUEST, "%s is true or false", name);
	}
	return json_is_true(value);
}

const char *args_by(struct args *args)
{
	const struct http_actor *actor = http_request_actor(args->request);

	if (actor->kind == HTTP_SESSION) {
		if (json_object_get(args->body, "by") != NULL) {
			err_set(&args->err, ERR_BAD_REQUEST,
			        "\"by\" is for programs; who is signed in is named by the account");
			return NULL;
		}
		return actor->name;
	}
	return args_body_text(args, "by", BY_MAX_BYTES, "admin");
}

enum args_sight args_sight(const struct args *args, const char *employee_id)
{
	const struct http_actor *actor = http_request_actor(args->request);

	if (actor->role < HTTP_ROLE_OPERATOR) {
		return ARGS_SEES_NOBODY;
	}
	switch (actor->kind) {
	case HTTP_TOKEN: return ARGS_SEES_VALUES;
	case HTTP_SESSION:
		return employee_id != NULL && reveal_is_given(args, employee_id) ? ARGS_SEES_VALUES
		                                                                 : ARGS_SEES_NAMES;
	case HTTP_NOBODY: break;
	}
	return ARGS_SEES_NOBODY;
}

bool args_sees_people(const struct args *args)
{
	return args_sight(args, NULL) >= ARGS_SEES_NAMES;
}

bool args_sees_values(const struct args *args, const char *employee_id)
{
	return args_sight(args, employee_id) >= ARGS_SEES_VALUES;
}

int64_t args_query_number(struct args *args, const char *name, int64_t max, int64_t fallback)
{
	return args_query_from(args, name, 1, max, fallback);
}

int64_t args_query_from(
        struct args *args, const char *name, int64_t min, int64_t max, int64_t fallback)
{
	const char *text = http_request_query(args->request, name);
	int64_t value = 0;

	if (text == NULL) {
		return fallback;
	}
	if (!str_to_int64(text, &value) || value < min || value > max) {
		err_set(&args->err, ERR_BAD_REQUEST, "%s is a whole number from %lld to %lld", name,
		        (long long)min, (long long)max);
		return 0;
	}
	return value;
}

struct zone *args_query_zone(const struct args *args)
{
	const char *name = http_request_query(args->request, "time_zone");

	return name != NULL ? zone_open(name, NULL) : NULL;
}

enum http_verdict args_refuse(struct args *args, struct http_reply *reply)
{
	http_reply_err(reply, args->request, &args->err);
	args_finish(args);
	return HTTP_ANSWERED;
}

enum http_verdict args_refuse_mistakes(
        struct args *args, struct http_reply *reply, const struct settings_report *report)
{
	json_t *mistakes = json_array();

	if (report->count == 0) {
		json_decref(mistakes);
		return args_refuse(args, reply);
	}
	for (size_t i = 0; i < report->count; i++) {
		json_array_append_new(mistakes,
		        json_pack("{s:s, s:s}", "path", report->mistakes[i].path, "text",
		                report->mistakes[i].text));
	}
	http_reply_err_with(reply, args->request, &args->err,
	        json_pack("{s:o, s:I}", "mistakes", mistakes, "left_out",
	                (json_int_t)report->left_out));
	args_finish(args);
	return HTTP_ANSWERED;
}

enum http_verdict args_answer_whole(
        struct args *args, struct http_reply *reply, json_t *json, int status)
{
	if (json == NULL) {
		return args_refuse(args, reply);
	}
	http_reply_json(reply, status, json);
	args_finish(args);
	return HTTP_ANSWERED;
}

enum http_verdict args_answer(struct args *args, struct http_reply *reply, json_t *json, int status)
{
	if (json == NULL || args_sight(args, NULL) == ARGS_SEES_VALUES) {
		return args_answer_whole(args, reply, json, status);
	}
	/* Parts of it may be those the engine goes on with. */
	json_t *own = json_deep_copy(json);
	json_decref(json);
	if (own == NULL) {
		err_set(&args->err, ERR_NO_MEMORY, "no memory for the answer");
		return args_refuse(args, reply);
	}
	masking_apply(args, own);
	return args_answer_whole(args, reply, own, status);
}

enum http_verdict args_answer_report(
        struct http_request *request, struct http_reply *reply, void *context, args_report make)
{
	struct args args;
	struct args_known known = {0};
	json_t *report = NULL;

	if (args_init(&args, context, request, &known) &&
	        !make(args.engine, args.connection, &report, &args.err)) {
		report = NULL;
	}
	return args_answer(&args, reply, report, 200);
}

bool args_draft(struct args *args, struct mapping_draft *draft)
{
	draft->rows = json_object_get(args->body, "mapping");
	draft->scope = json_object_get(args->body, "scope");
	draft->groups = json_object_get(args->body, "groups");
	if (draft->rows == NULL && draft->groups != NULL) {
		err_set(&args->err, ERR_BAD_REQUEST,
		        "\"groups\" belong to a draft: send its \"mapping\" too");
	} else if (draft->groups != NULL && !json_is_array(draft->groups)) {
		err_set(&args->err, ERR_BAD_REQUEST,
		        "\"groups\" is a list of rows, as in the settings");
	} else if (draft->rows == NULL && draft->scope != NULL) {
		err_set(&args->err, ERR_BAD_REQUEST,
		        "\"scope\" belongs to a draft: send its \"mapping\" too");
	} else if (draft->rows != NULL && !json_is_array(draft->rows)) {
		err_set(&args->err, ERR_BAD_REQUEST,
		        "\"mapping\" is a list of rows, as in the settings");
	} else if (draft->scope != NULL && !json_is_null(draft->scope) &&
	        str_is_empty(json_string_value(draft->scope))) {
		err_set(&args->err, ERR_BAD_REQUEST, "\"scope\" is a jq expression, or null");
	}
	return !err_is_set(&args->err);
}

enum http_verdict args_answer_draft(struct args *args, struct http_reply *reply,
        const struct settings_report *mistakes, json_t *report)
{
	if (mistakes->count > 0) {
		return args_refuse_mistakes(args, reply, mistakes);
	}
	return args_answer(args, reply, report, 200);
}
