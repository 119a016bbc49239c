/* SPDX-License-Identifier: MIT */
/* The mapping as an administrator works on it: what there is, what would fit, what it would do. */
#include "server/base/str.h"
#include "server/console/args.h"

/* ------------------------------------------------------------------ fields */

static bool read_system(struct args *args, enum engine_system *system)
{
	const char *word = http_request_query(args->request, "system");

	*system = str_equal(word, "bob")  ? ENGINE_BOB
	        : str_equal(word, "okta") ? ENGINE_OKTA
	                                  : ENGINE_BOTH_SYSTEMS;
	if (word != NULL && *system == ENGINE_BOTH_SYSTEMS) {
		err_set(&args->err, ERR_BAD_REQUEST, "system is bob or okta");
	}
	return !err_is_set(&args->err);
}

enum http_verdict console_mapping_fields(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct console *console = context;
	struct args args;
	struct args_known known = {.query = KNOWN("text", "system")};
	struct fields_query query = {
	        .connection = args.connection, .text = http_request_query(request, "text")};
	json_t *report = NULL;

	if (args_init(&args, console, request, &known) && read_system(&args, &query.system) &&
	        !engine_fields(args.engine, &query, &report, &args.err)) {
		report = NULL;
	}
	return args_answer(&args, reply, report, 200);
}

enum http_verdict console_mapping_suggest(
        struct http_request *request, struct http_reply *reply, void *context)
{
	return args_answer_report(request, reply, context, engine_suggest);
}

/* ----------------------------------------------------------------- preview */

/* The draft in the body: mapping, and with it scope. */
static bool read_draft(struct args *args, struct mapping_draft *draft)
{
	draft->rows = json_object_get(args->body, "mapping");
	draft->scope = json_object_get(args->body, "scope");
	if (draft->rows == NULL && draft->scope != NULL) {
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

/* All mistakes of the draft at once, else the report, else what went wrong. */
static enum http_verdict answer_draft(struct args *args, struct http_reply *reply,
        const struct settings_report *mistakes, json_t *report)
{
	if (mistakes->count > 0) {
		return args_refuse_mistakes(args, reply, mistakes);
	}
	return args_answer(args, reply, report, 200);
}

static bool read_employee(struct args *args)
{
	const char *id = json_string_value(json_object_get(args->body, "employee_id"));

	if (!str_is_digits(id, EMPLOYEE_ID_BYTES - 1)) {
		err_set(&args->err, ERR_BAD_REQUEST,
		        "\"employee_id\" is a text of 1 to 32 digits, as Bob shows it");
		return false;
	}
	str_format_cut(args->key.connection, sizeof(args->key.connection), "%s", args->connection);
	str_format_cut(args->key.employee_id, sizeof(args->key.employee_id), "%s", id);
	return true;
}

enum http_verdict console_mapping_preview(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct console *console = context;
	struct args args;
	struct args_known known = {.body = KNOWN("employee_id", "mapping", "scope")};
	struct settings_report mistakes = {0};
	struct mapping_draft draft = {.mistakes = &mistakes};
	json_t *report = NULL;

	if (args_init(&args, console, request, &known) && read_employee(&args) &&
	        read_draft(&args, &draft) &&
	        !engine_preview(args.engine, &args.key, &draft, &report, &args.err)) {
		report = NULL;
	}
	return answer_draft(&args, reply, &mistakes, report);
}

static bool read_version(struct args *args, int64_t *version)
{
	const json_t *json = json_object_get(args->body, "changed_from");

	*version = json_integer_value(json);
	if (json != NULL && (!json_is_integer(json) || *version < 1)) {
		err_set(&args->err, ERR_BAD_REQUEST,
		        "\"changed_from\" is the number of a settings version");
		return false;
	}
	return true;
}

enum http_verdict console_mapping_preview_all(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct console *console = context;
	struct args args;
	struct args_known known = {.body = KNOWN("mapping", "scope", "changed_from")};
	struct settings_report mistakes = {0};
	struct preview_all query = {.connection = args.connection, .draft.mistakes = &mistakes};
	json_t *report = NULL;

	if (args_init(&args, console, request, &known) && read_draft(&args, &query.draft) &&
	        read_version(&args, &query.changed_from) &&
	        !engine_preview_all(args.engine, &query, &report, &args.err)) {
		report = NULL;
	}
	return answer_draft(&args, reply, &mistakes, report);
}
