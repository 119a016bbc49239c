/* SPDX-License-Identifier: MIT */
/* The mapping as an administrator works on it: what there is, what would fit, what it would do. */
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/console/job_view.h"
#include "server/console/masking.h"

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

enum http_verdict console_mapping_groups(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.query = KNOWN("text")};
	json_t *report = NULL;

	if (args_init(&args, context, request, &known) &&
	        !engine_groups_find(args.engine, args.connection,
	                http_request_query(request, "text"), &report, &args.err)) {
		report = NULL;
	}
	return args_answer(&args, reply, report, 200);
}

/* ----------------------------------------------------------------- preview */

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

/* ------------------------------------------------------------------- masking */

static void mask_values(json_t *object)
{
	static const char *const KEYS[] = {
	        "source_value", "result", "okta_value", "from", "to", "answer"};

	for (size_t i = 0; i < ARRAY_SIZE(KEYS); i++) {
		(void)masking_value(object, KEYS[i]);
	}
}

/*
 * The condition of a draft could ask anything: of a person whose values are masked its answer is,
 * too. Those in force were published by an admin.
 */
static json_t *mask_groups(json_t *report, const struct mapping_draft *draft)
{
	size_t i = 0;
	json_t *group = NULL;

	if (draft->groups == NULL || !json_get_bool(report, "is_masked", false)) {
		return report;
	}
	json_array_foreach(json_object_get(report, "groups"), i, group)
	{
		(void)masking_value(group, "answer");
		(void)masking_value(group, "change");
	}
	return report;
}

/* A report about one person: is_masked says whether values were taken out. */
static json_t *mask_person(const struct args *args, json_t *report, json_t *part)
{
	bool is_masked = report != NULL && !args_sees_values(args, args->key.employee_id);
	size_t i = 0;
	json_t *row = NULL;

	if (is_masked && json_is_array(part)) {
		json_array_foreach(part, i, row)
		{
			/* What a word is called in the report: "from" is where a row reads from. */
			(void)masking_value(row, "source_value");
			(void)masking_value(row, "result");
			(void)masking_value(row, "okta_value");
		}
	} else if (is_masked) {
		mask_values(report);
	}
	if (report != NULL) {
		json_object_set_new(report, "is_masked", json_boolean(is_masked));
	}
	return report;
}

/* Samples are of several people, each of whom may have been revealed. */
static json_t *mask_samples(const struct args *args, json_t *report)
{
	bool is_masked = false;
	size_t i = 0;
	size_t k = 0;
	json_t *attribute = NULL;
	json_t *sample = NULL;

	json_array_foreach(json_object_get(report, "attributes"), i, attribute)
	{
		json_array_foreach(json_object_get(attribute, "samples"), k, sample)
		{
			if (!args_sees_values(args, json_get_text(sample, "employee_id"))) {
				mask_values(sample);
				is_masked = true;
			}
		}
	}
	if (json_is_object(report)) {
		json_object_set_new(report, "is_masked", json_boolean(is_masked));
	}
	return report;
}

/* ---------------------------------------------------------------------- rows */

enum http_verdict console_mapping_rows(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.body = KNOWN("mapping", "groups")};
	struct settings_report mistakes = {0};
	struct mapping_draft draft = {.mistakes = &mistakes};
	json_t *report = NULL;

	if (args_init(&args, context, request, &known) && args_draft(&args, &draft) &&
	        !engine_mapping_rows(args.engine, args.connection, &draft, &report, &args.err)) {
		report = NULL;
	}
	return args_answer_draft(&args, reply, &mistakes, report);
}

/* ---------------------------------------------------------------- one person */

/* The row of the body, and what it is for, as a list of rows; new reference. */
static json_t *read_row(struct args *args, const char *name)
{
	json_t *row = json_object_get(args->body, "row");

	if (!json_is_object(row) || !json_is_string(json_object_get(row, name))) {
		err_set(&args->err, ERR_BAD_REQUEST,
		        "\"row\" is one row, as in the settings, with its \"%s\"", name);
		return NULL;
	}
	return json_pack("[O]", row);
}

enum http_verdict console_mapping_preview_row(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.body = KNOWN("employee_id", "row")};
	struct settings_report mistakes = {0};
	struct mapping_draft draft = {.mistakes = &mistakes};
	json_t *rows = NULL;
	json_t *report = NULL;

	if (args_init(&args, context, request, &known) && read_employee(&args) &&
	        (draft.rows = rows = read_row(&args, "okta")) != NULL &&
	        !engine_preview_row(args.engine, &args.key, &draft, &report, &args.err)) {
		report = NULL;
	}
	json_decref(rows);
	return args_answer(&args, reply, mask_person(&args, report, NULL), 200);
}

enum http_verdict console_mapping_preview_group(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.body = KNOWN("employee_id", "row")};
	struct settings_report mistakes = {0};
	json_t *none = json_array();
	json_t *rows = NULL;
	struct mapping_draft draft = {.rows = none, .mistakes = &mistakes};
	json_t *report = NULL;

	if (args_init(&args, context, request, &known) && read_employee(&args) &&
	        (draft.groups = rows = read_row(&args, "group")) != NULL &&
	        !engine_preview_row(args.engine, &args.key, &draft, &report, &args.err)) {
		report = NULL;
	}
	json_decref(rows);
	json_decref(none);
	return args_answer(&args, reply, mask_person(&args, report, NULL), 200);
}

enum http_verdict console_mapping_preview(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct console *console = context;
	struct args args;
	struct args_known known = {.body = KNOWN("employee_id", "mapping", "scope", "groups")};
	struct settings_report mistakes = {0};
	struct mapping_draft draft = {.mistakes = &mistakes};
	json_t *report = NULL;

	if (args_init(&args, console, request, &known) && read_employee(&args) &&
	        args_draft(&args, &draft) &&
	        !engine_preview(args.engine, &args.key, &draft, &report, &args.err)) {
		report = NULL;
	}
	mask_person(&args, report, json_object_get(report, "rows"));
	return args_answer_draft(&args, reply, &mistakes, mask_groups(report, &draft));
}

/* ----------------------------------------------------------------- everybody */

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
	struct args_known known = {.body = KNOWN("mapping", "scope", "groups", "changed_from")};
	struct settings_report mistakes = {0};
	struct preview_all query = {.connection = args.connection, .draft.mistakes = &mistakes};
	json_t *report = NULL;

	if (args_init(&args, console, request, &known) && args_draft(&args, &query.draft) &&
	        read_version(&args, &query.changed_from) &&
	        !engine_preview_all(args.engine, &query, &report, &args.err)) {
		report = NULL;
	}
	return args_answer_draft(&args, reply, &mistakes, mask_samples(&args, report));
}

/* With the values this caller may see. */
static const struct job_view PREVIEW = {ENGINE_JOB_PREVIEW, mask_samples};

enum http_verdict console_mapping_preview_job(
        struct http_request *request, struct http_reply *reply, void *context)
{
	return job_view_show(request, reply, context, &PREVIEW);
}

enum http_verdict console_mapping_preview_start(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {
	        .body = KNOWN("mapping", "scope", "groups", "changed_from", "by")};
	struct settings_report mistakes = {0};
	struct preview_all query = {.connection = args.connection, .draft.mistakes = &mistakes};
	const char *by = NULL;
	bool is_started = args_init(&args, context, request, &known) &&
	        args_draft(&args, &query.draft) && read_version(&args, &query.changed_from) &&
	        (by = args_by(&args)) != NULL &&
	        engine_preview_start(args.engine, &query, by, &args.err);

	if (mistakes.count > 0) {
		return args_refuse_mistakes(&args, reply, &mistakes);
	}
	return args_answer(&args, reply, is_started ? job_view_json(&args, &PREVIEW) : NULL, 202);
}

enum http_verdict console_mapping_preview_stop(
        struct http_request *request, struct http_reply *reply, void *context)
{
	return job_view_stop(request, reply, context, &PREVIEW);
}
