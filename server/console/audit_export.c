/* SPDX-License-Identifier: MIT */
/* The audit trail read out as a file: JSON Lines, which keep it exactly, or a spreadsheet's CSV. */
#include "server/base/clock.h"
#include "server/base/csv.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/console/audit.h"

#include <stdlib.h>

#define RECORDS_MAX  20000
#define FILE_BYTES   (12 * 1024 * 1024) /* from here on no more: an answer has a largest size */
#define NUMBER_BYTES 24

/* That somebody takes the trail away is in the trail before the first record is given. */
static bool note(struct args *args)
{
	const char *by = args_by(args);

	return by != NULL &&
	        store_audit(args->console->store, args->connection, "", by,
	                "export of the audit trail", &args->err);
}

static json_t *head_json(struct args *args)
{
	struct audit_head head;
	char text[AUDIT_HEAD_BYTES];

	if (!note(args) || !store_audit_head(args->console->store, &head, &args->err)) {
		return NULL;
	}
	audit_head_format(&head, text);
	return json_pack("{s:s}", "head", text);
}

/* ------------------------------------------------------------------ the file */

struct file {
	struct buf *to;
	bool (*add)(struct buf *to, const json_t *record);
};

static bool add_line(struct buf *to, const json_t *record)
{
	char *text = json_format(record);
	bool is_added = text != NULL && buf_add_text(to, text) && buf_add_char(to, '\n');
	free(text);
	return is_added;
}

static const char *cell_of(const json_t *record, const char *key)
{
	return str_or_empty(json_get_text(record, key));
}

static const char *const CSV_HEADINGS[] = {"record", "at", "connection", "kind", "employee_id",
        "person", "who", "origin", "settings_version", "says", "meta", "mac", NULL};

/* A cell that a spreadsheet would take for a formula is made harmless by csv.h. */
static bool add_csv(struct buf *to, const json_t *record)
{
	char seq[NUMBER_BYTES];
	char at[CLOCK_TEXT_BYTES];
	char version[NUMBER_BYTES];
	char *meta = json_format(json_object_get(record, "meta"));

	str_format_cut(seq, sizeof(seq), "%lld", (long long)json_get_int(record, "seq", 0));
	clock_format(at, json_get_int(record, "at_ms", 0));
	str_format_cut(version, sizeof(version), "%lld",
	        (long long)json_get_int(record, "settings_version", 0));
	const char *cells[] = {seq, at, cell_of(record, "connection"), cell_of(record, "kind"),
	        cell_of(record, "employee_id"), cell_of(record, "person"), cell_of(record, "who"),
	        cell_of(record, "origin"), version, cell_of(record, "says"),
	        meta != NULL ? meta : "", cell_of(record, "mac"), NULL};
	csv_add_row(to, cells);
	free(meta);
	return !to->failed;
}

static bool take(void *context, json_t *record)
{
	struct file *file = context;
	bool is_added = file->add(file->to, record);

	json_decref(record);
	return is_added && file->to->len < FILE_BYTES;
}

/* ------------------------------------------------------------------ the route */

static int64_t body_number(struct args *args, const char *name, int64_t max, int64_t fallback)
{
	const json_t *value = json_object_get(args->body, name);
	int64_t number = json_integer_value(value);

	if (value == NULL) {
		return fallback;
	}
	if (!json_is_integer(value) || number < 1 || number > max) {
		err_set(&args->err, ERR_BAD_REQUEST, "%s is a whole number from 1 to %lld", name,
		        (long long)max);
	}
	return number;
}

static bool read_choice(struct args *args, struct audit_choice *choice)
{
	choice->filter = (struct audit_filter){
	        .connection = http_request_query(args->request, "connection"),
	        .employee_id = args_body_text(args, "employee_id", EMPLOYEE_ID_BYTES - 1, NULL),
	        .kind = args_body_text(args, "kind", AUDIT_KIND_BYTES - 1, NULL),
	        .who = args_body_text(args, "who", AUDIT_WHO_BYTES - 1, NULL),
	        .since_ms = body_number(args, "since_ms", INT64_MAX, 0),
	        .until_ms = body_number(args, "until_ms", INT64_MAX, 0),
	        .after_seq = body_number(args, "after", INT64_MAX, 0),
	        .limit = (size_t)body_number(args, "limit", RECORDS_MAX, RECORDS_MAX),
	};
	const char *text = args_body_text(args, "text", AUDIT_TEXT_BYTES - 1, NULL);
	return audit_choice_finish(args, choice, "oldest", text);
}

static bool write_file(struct args *args, struct http_reply *reply, bool is_csv, int64_t *next)
{
	struct audit_choice choice;
	struct file file = {&reply->body, is_csv ? add_csv : add_line};

	if (!read_choice(args, &choice) || !note(args)) {
		return false;
	}
	if (is_csv && choice.filter.after_seq == 0) {
		csv_add_row(&reply->body, CSV_HEADINGS);
	}
	return audit_walk(args, &choice, take, &file, next);
}

static enum http_verdict answer_file(struct args *args, struct http_reply *reply, bool is_csv)
{
	char number[NUMBER_BYTES];
	int64_t next = 0;

	if (!write_file(args, reply, is_csv, &next)) {
		return args_refuse(args, reply);
	}
	str_format_cut(number, sizeof(number), "%lld", (long long)next);
	reply->content_type = is_csv ? "text/csv; charset=utf-8" : "application/x-ndjson";
	if (!http_reply_header(reply, "X-Next-After", number) ||
	        !http_reply_header(reply, "Content-Disposition",
	                is_csv ? "attachment; filename=\"audit.csv\""
	                       : "attachment; filename=\"audit.jsonl\"")) {
		err_set(&args->err, ERR_INTERNAL, "the answer has no room for its headers");
		return args_refuse(args, reply);
	}
	args_finish(args);
	return HTTP_ANSWERED;
}

enum http_verdict console_audit_export(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.body = KNOWN("format", "employee_id", "kind", "who", "text",
	                                   "since_ms", "until_ms", "after", "limit", "by")};
	struct audit_choice choice;
	bool is_good = args_init(&args, context, request, &known);
	const char *format = is_good ? args_body_text(&args, "format", 15, "") : NULL;

	if (format == NULL) {
		return args_refuse(&args, reply);
	}
	if (format[0] == '\0') {
		is_good = read_choice(&args, &choice);
		return args_answer(&args, reply, is_good ? head_json(&args) : NULL, 200);
	}
	if (!str_equal(format, "csv") && !str_equal(format, "jsonl")) {
		err_set(&args.err, ERR_BAD_REQUEST, "format is csv or jsonl");
		return args_refuse(&args, reply);
	}
	return answer_file(&args, reply, str_equal(format, "csv"));
}
