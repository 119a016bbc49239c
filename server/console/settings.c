/* SPDX-License-Identifier: MIT */
/* Versions of the settings: which one runs, what it changed, and another one in its place. */
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/console/args.h"
#include "server/settings/settings_document.h"

#include <string.h>

#define LIST_MAX       1000
#define LIST_DEFAULT   100
#define NOTE_MAX_BYTES 200
#define VERSION_MAX    INT64_C(1000000000)

/* ----------------------------------------------------------------- rendering */

static json_t *version_json(const struct settings_version *version, int64_t active)
{
	return json_pack("{s:I, s:I, s:s, s:s, s:s, s:s, s:b}", "version",
	        (json_int_t)version->version, "at_ms", (json_int_t)version->at_ms, "author",
	        version->author, "note", version->note, "source",
	        settings_source_name(version->source), "hash", version->hash, "is_active",
	        version->version == active);
}

/* With its document; NULL and err when that cannot be had. */
static json_t *whole_json(struct args *args, const struct settings_version *version)
{
	json_t *document = json_parse(version->document, strlen(version->document), &args->err);
	json_t *json = document != NULL ? version_json(version, args->settings->number) : NULL;

	if (json == NULL || json_object_set(json, "document", document) != 0) {
		err_set(&args->err, ERR_NO_MEMORY, "no memory for the document");
		json_decref(json);
		json = NULL;
	}
	json_decref(document);
	return json;
}

static enum http_verdict reply_or_refuse(struct args *args, struct http_reply *reply, json_t *json)
{
	return args_answer(args, reply, json, 200);
}

/* ------------------------------------------------------------------- reading */

/* Where they are changed, and whether who asks may do it here. False: out of memory. */
static bool add_managed(struct args *args, json_t *json)
{
	struct running_state state;
	const struct http_actor *actor = http_request_actor(args->request);
	const char *path = running_path(args->console->running);
	char reason[1400] = "";

	running_state(args->console->running, &state);
	if (!state.is_console) {
		str_format_cut(reason, sizeof(reason),
		        "These settings come from the file %s on the server: change it there, then"
		        " reload it.",
		        path);
	} else if (actor->role < HTTP_ROLE_ADMIN) {
		str_format_cut(reason, sizeof(reason), "Only an admin may change the settings.");
	}
	bool is_editable =
	        actor->role >= HTTP_ROLE_ADMIN && (state.is_console || actor->kind == HTTP_TOKEN);
	json_t *managed = json_pack("{s:s, s:s, s:b, s:s}", "managed_by",
	        state.is_console ? "console" : "file", "path", state.is_console ? "" : path,
	        "is_editable", is_editable, "reason", is_editable ? "" : reason);
	bool is_added = json_object_update(json, managed) == 0;
	json_decref(managed);
	return is_added;
}

static json_t *present_json(struct args *args)
{
	struct settings_version version = {0};
	struct running *running = args->console->running;
	struct running_state state;
	json_t *json = NULL;

	running_state(running, &state);
	if (store_settings_get(
	            args->console->store, args->settings->number, &version, &args->err)) {
		json = whole_json(args, &version);
	}
	if (json != NULL) {
		json_object_set_new(json, "file",
		        json_pack("{s:s, s:I}", "state", running_file_state(running), "version",
		                (json_int_t)state.file_version));
	}
	if (json != NULL && !add_managed(args, json)) {
		err_set(&args->err, ERR_NO_MEMORY, "no memory for the settings");
		json_decref(json);
		json = NULL;
	}
	settings_version_finish(&version);
	return json;
}

enum http_verdict console_settings(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {0};
	bool is_good = args_init(&args, context, request, &known);

	return reply_or_refuse(&args, reply, is_good ? present_json(&args) : NULL);
}

static json_t *list_json(struct args *args)
{
	struct settings_version_list versions = {0};
	int64_t limit = args_query_number(args, "limit", LIST_MAX, LIST_DEFAULT);

	if (limit == 0 ||
	        !store_settings_list(args->console->store, (size_t)limit, &versions, &args->err)) {
		return NULL;
	}
	json_t *list = json_array();
	for (size_t i = 0; i < versions.count; i++) {
		json_array_append_new(
		        list, version_json(&versions.items[i], args->settings->number));
	}
	settings_version_list_finish(&versions);
	return json_pack("{s:o}", "versions", list);
}

enum http_verdict console_settings_versions(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.query = KNOWN("limit")};
	bool is_good = args_init(&args, context, request, &known);

	return reply_or_refuse(&args, reply, is_good ? list_json(&args) : NULL);
}

/* The {version} of the path; 0 and err when it is no number. */
static int64_t path_version(struct args *args)
{
	int64_t number = 0;

	if (!str_to_int64(http_request_param(args->request, 0), &number) || number < 1 ||
	        number > VERSION_MAX) {
		err_set(&args->err, ERR_BAD_REQUEST,
		        "a version is a whole number from 1; see bob2okta settings list");
		return 0;
	}
	return number;
}

static json_t *one_json(struct args *args)
{
	struct settings_version version = {0};
	json_t *json = NULL;
	int64_t number = path_version(args);

	if (number != 0 && store_settings_get(args->console->store, number, &version, &args->err)) {
		json = whole_json(args, &version);
	}
	settings_version_finish(&version);
	return json;
}

enum http_verdict console_settings_version(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {0};
	bool is_good = args_init(&args, context, request, &known);

	return reply_or_refuse(&args, reply, is_good ? one_json(&args) : NULL);
}

/* ---------------------------------------------------------------- difference */

/* The document of a version; an empty one for version 0, before there was any. */
static json_t *document_of(struct args *args, int64_t number)
{
	struct settings_version version = {0};

	if (number == 0) {
		return json_object();
	}
	if (!store_settings_get(args->console->store, number, &version, &args->err)) {
		return NULL;
	}
	json_t *document = json_parse(version.document, strlen(version.document), &args->err);
	settings_version_finish(&version);
	return document;
}

/* Numbers may be missing: the next lower one that there is, else 0. */
static int64_t version_before(struct args *args, int64_t number)
{
	struct settings_version_list versions = {0};
	int64_t before = 0;

	if (!store_settings_list(args->console->store, LIST_MAX, &versions, &args->err)) {
		return 0;
	}
	for (size_t i = 0; i < versions.count && before == 0; i++) {
		before = versions.items[i].version < number ? versions.items[i].version : 0;
	}
	settings_version_list_finish(&versions);
	return before;
}

static json_t *diff_json(struct args *args)
{
	int64_t to = path_version(args);
	int64_t from = to != 0 ? args_query_number(args, "from", VERSION_MAX, -1) : 0;

	if (from == 0) {
		return NULL;
	}
	from = from == -1 ? version_before(args, to) : from;
	json_t *old = document_of(args, from);
	json_t *new = document_of(args, to);
	json_t *changes = old != NULL && new != NULL ? settings_diff(old, new) : NULL;
	json_decref(old);
	json_decref(new);
	if (changes == NULL) {
		err_set(&args->err, ERR_NO_MEMORY, "no memory for the difference");
		return NULL;
	}
	return json_pack("{s:I, s:I, s:o}", "from", (json_int_t)from, "to", (json_int_t)to,
	        "changes", changes);
}

enum http_verdict console_settings_diff(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.query = KNOWN("from")};
	bool is_good = args_init(&args, context, request, &known);

	return reply_or_refuse(&args, reply, is_good ? diff_json(&args) : NULL);
}

/* ------------------------------------------------------------------- changing */

/* Another version is in force than was expected: which, and whose. */
static enum http_verdict refuse_conflict(struct args *args, struct http_reply *reply)
{
	struct running_state state;

	running_state(args->console->running, &state);
	http_reply_err_with(reply, args->request, &args->err,
	        json_pack("{s:{s:I, s:s, s:I}}", "present", "version",
	                (json_int_t)state.version.version, "author", state.version.author, "at_ms",
	                (json_int_t)state.version.at_ms));
	args_finish(args);
	return HTTP_ANSWERED;
}

static enum http_verdict answer(struct args *args, struct http_reply *reply,
        const struct running_result *result, const struct settings_report *report)
{
	if (result->changes == NULL && args->err.code == ERR_CONFLICT) {
		return refuse_conflict(args, reply);
	}
	if (result->changes == NULL) {
		return args_refuse_mistakes(args, reply, report);
	}
	return reply_or_refuse(args, reply,
	        json_pack("{s:I, s:b, s:o}", "version", (json_int_t)result->version, "is_new",
	                result->is_new, "changes", result->changes));
}

static bool read_number(struct args *args, const char *key, int64_t *number)
{
	const json_t *value = json_object_get(args->body, key);

	*number = json_integer_value(value);
	if (value != NULL && (!json_is_integer(value) || *number < 1 || *number > VERSION_MAX)) {
		err_set(&args->err, ERR_BAD_REQUEST, "%s is the number of a version", key);
		return false;
	}
	return true;
}

static bool read_change(struct args *args, struct running_change *change)
{
	*change = (struct running_change){
	        .by = args_by(args),
	        .note = args_body_text(args, "note", NOTE_MAX_BYTES, NULL),
	        .document = json_object_get(args->body, "document"),
	        .is_check_only = args_body_flag(args, "check_only"),
	};
	return !err_is_set(&args->err) &&
	        read_number(args, "expected_version", &change->expected_version) &&
	        read_number(args, "version", &change->rollback_to);
}

/* A file's settings are changed there; a program with the admin token may overrule them. */
static bool may_change(struct args *args, const struct running_change *change)
{
	struct running_state state;

	running_state(args->console->running, &state);
	if (state.is_console || change->is_check_only ||
	        http_request_actor(args->request)->kind == HTTP_TOKEN) {
		return true;
	}
	err_set(&args->err, ERR_SETTINGS_FROM_FILE,
	        "these settings come from the file %s: change it there, then reload it",
	        running_path(args->console->running));
	return false;
}

static enum http_verdict change_settings(
        struct args *args, struct http_reply *reply, const struct running_change *change)
{
	struct settings_report report = {0};
	struct running_result result = {0};

	if (!may_change(args, change) ||
	        !running_apply(args->console->running, change, &result, &report, &args->err)) {
		result.changes = NULL;
	}
	return answer(args, reply, &result, &report);
}

enum http_verdict console_settings_apply(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct running_change change;
	struct args_known known = {
	        .body = KNOWN("document", "note", "by", "expected_version", "check_only")};

	if (!args_init(&args, context, request, &known) || !read_change(&args, &change)) {
		return args_refuse(&args, reply);
	}
	if (!json_is_object(change.document)) {
		err_set(&args.err, ERR_BAD_REQUEST, "\"document\" is the whole settings document");
		return args_refuse(&args, reply);
	}
	return change_settings(&args, reply, &change);
}

enum http_verdict console_settings_rollback(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct running_change change;
	struct args_known known = {.body = KNOWN("version", "note", "by", "expected_version")};

	if (!args_init(&args, context, request, &known) || !read_change(&args, &change)) {
		return args_refuse(&args, reply);
	}
	if (change.rollback_to == 0) {
		err_set(&args.err, ERR_BAD_REQUEST, "\"version\" says which version to go back to");
		return args_refuse(&args, reply);
	}
	return change_settings(&args, reply, &change);
}

enum http_verdict console_settings_reload(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.body = KNOWN("by")};
	struct settings_report report = {0};
	struct running_result result = {0};
	const char *by = args_init(&args, context, request, &known) ? args_by(&args) : NULL;

	if (by == NULL) {
		return args_refuse(&args, reply);
	}
	if (!running_reload(args.console->running, by, &result, &report, &args.err)) {
		result.changes = NULL;
	}
	return answer(&args, reply, &result, &report);
}
