/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"
#include "server/settings/nearest.h"

#include "server/base/buf.h"
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/cli/cli_audit.h"
#include "server/cli/cli_page.h"
#include "server/cli/cli_sub.h"
#include "server/cli/cli_table.h"
#include "server/cli/cli_text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define QUERY_MAX_BYTES 512
#define EXPORT_PAGE     "500"
#define DAY_MS          INT64_C(86400000)
#define HOUR_MS         INT64_C(3600000)

/* -------------------------------------------------------------------- times */

/* "30d", "12h", a day, or a day and a time (UTC). */
static bool parse_time(const char *text, int64_t *wall_ms)
{
	char number[8];
	size_t len = strlen(text);
	int32_t days = 0;
	int64_t count = 0;
	bool is_back =
	        len > 1 && len < sizeof(number) && (text[len - 1] == 'd' || text[len - 1] == 'h');
	if (is_back) {
		str_format_cut(number, sizeof(number), "%.*s", (int)(len - 1), text);
		*wall_ms = clock_wall_ms();
		if (!str_to_int64(number, &count) || count < 1) {
			return false;
		}
		*wall_ms -= count * (text[len - 1] == 'd' ? DAY_MS : HOUR_MS);
		return *wall_ms > 0;
	}
	if (date_parse(text, &days)) {
		*wall_ms = days * DAY_MS;
		return *wall_ms > 0;
	}
	return time_parse(text, wall_ms) && *wall_ms > 0;
}

/* Adds a time to the query as the API takes it; NULL adds none. */
static bool add_time(
        struct buf *query, const char *name, const char *flag, const char *text, struct err *err)
{
	int64_t wall_ms = 0;
	char number[24];
	if (text == NULL) {
		return true;
	}
	if (!parse_time(text, &wall_ms)) {
		err_set(err, ERR_USAGE,
		        "%s takes a day (2026-11-23), a time (2026-11-23T19:00:00Z), or how long ago"
		        " (12h, 30d)",
		        flag);
		return false;
	}
	str_format_cut(number, sizeof(number), "%lld", (long long)wall_ms);
	cli_page_add_argument(query, name, number);
	return true;
}

/* ------------------------------------------------------------------ listing */

static void add_row(struct cli_table *table, const json_t *record)
{
	char seq[24];
	char when[CLI_TEXT_TIME_BYTES];
	char version[24];
	const char *id = cli_call_text(record, "employee_id");
	const char *origin = cli_call_text(record, "origin");
	str_format_cut(seq, sizeof(seq), "%lld", (long long)json_get_int(record, "seq", 0));
	str_format_cut(version, sizeof(version), "%lld",
	        (long long)json_get_int(record, "settings_version", 0));
	cli_text_time(when, json_get_int(record, "at_ms", 0));
	const char *cells[] = {seq, when, cli_call_text(record, "kind"),
	        str_is_empty(id) ? cli_call_text(record, "person") : id,
	        cli_call_text(record, "who"), str_is_empty(origin) ? "-" : origin, version,
	        cli_call_text(record, "says")};
	cli_table_add(table, cells);
}

static void print_records(struct cli_call *call, const json_t *answer)
{
	static const char *const HEADINGS[] = {
	        "RECORD", "WHEN", "KIND", "PERSON", "WHO", "FROM", "SETTINGS", "WHAT", NULL};
	const json_t *records = json_object_get(answer, "records");
	struct cli_table *table = cli_table_create(HEADINGS);
	for (size_t i = 0; i < json_array_size(records); i++) {
		add_row(table, json_array_get(records, i));
	}
	cli_table_print(table, 0, call->out);
	cli_table_destroy(table);
	if (json_array_size(records) == 0) {
		cli_call_print(call, "no records\n");
	}
	if (json_get_int(answer, "next_before", 0) > 0) {
		cli_call_print(call, "older ones: --before %lld\n",
		        (long long)json_get_int(answer, "next_before", 0));
	}
}

/* The words of docs/audit.md. */
static bool check_kind(const char *kind, struct err *err)
{
	static const char *const KINDS[] = {
#define KIND(word, sight, means) word,
#include "server/store/audit_kinds.def"
#undef KIND
	};
	struct nearest nearest;
	if (kind == NULL) {
		return true;
	}
	nearest_init(&nearest, kind);
	for (size_t i = 0; i < ARRAY_SIZE(KINDS); i++) {
		if (str_equal(KINDS[i], kind)) {
			return true;
		}
		nearest_offer(&nearest, KINDS[i]);
	}
	const char *near = nearest_get(&nearest);
	err_set(err, ERR_USAGE, "--kind %s is no kind of record; %s%s%s", kind,
	        near != NULL ? "did you mean " : "docs/audit.md lists them",
	        near != NULL ? near : "", near != NULL ? "?" : "");
	return false;
}

static int list(struct cli_call *call)
{
	const char *person = NULL;
	const char *since = NULL;
	const char *until = NULL;
	const char *kind = NULL;
	const char *limit = NULL;
	const char *before = NULL;
	const struct cli_flag flags[] = {{"--person", &person, NULL}, {"--since", &since, NULL},
	        {"--until", &until, NULL}, {"--kind", &kind, NULL}, {"--limit", &limit, NULL},
	        {"--before", &before, NULL}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	struct buf query;
	int status = 0;

	buf_init(&query, QUERY_MAX_BYTES);
	if (!cli_call_read(call, flags, CLI_NO_WORD, &err) ||
	        (person != NULL && !cli_call_check_id(person, &err)) || !check_kind(kind, &err) ||
	        !add_time(&query, "since_ms", "--since", since, &err) ||
	        !add_time(&query, "until_ms", "--until", until, &err)) {
		status = cli_call_fail(call, &err);
	} else {
		cli_page_add_argument(&query, "employee_id", person);
		cli_page_add_argument(&query, "kind", kind);
		cli_page_add_argument(&query, "limit", limit);
		cli_page_add_argument(&query, "before", before);
		const struct cli_request request = {.method = "GET",
		        .path = "/api/v1/audit",
		        .query = query.len > 0 ? buf_text(&query) : NULL};
		status = cli_call_show(call, &request, print_records);
	}
	buf_finish(&query);
	return status;
}

/* ------------------------------------------------------------------- export */

/* One record a line; *after: the last one written, 0 when that was the end. */
static bool write_page(const json_t *answer, FILE *to, int64_t *after, int64_t *count)
{
	const json_t *records = json_object_get(answer, "records");
	bool done = true;
	for (size_t i = 0; i < json_array_size(records) && done; i++) {
		char *text = json_format(json_array_get(records, i));
		done = text != NULL && fprintf(to, "%s\n", text) > 0;
		free(text);
		(*count)++;
	}
	*after = json_get_int(answer, "next_after", 0);
	return done;
}

static bool write_all(
        struct cli_call *call, const char *times, FILE *to, int64_t *count, struct err *err)
{
	int64_t after = 0;
	bool done = true;
	do {
		char query[QUERY_MAX_BYTES];
		char page[32] = "";
		if (after > 0) {
			str_format_cut(page, sizeof(page), "&after=%lld", (long long)after);
		}
		str_format_cut(query, sizeof(query), "order=oldest&limit=" EXPORT_PAGE "%s%s%s",
		        page, times[0] != '\0' ? "&" : "", times);
		const struct cli_request request = {
		        .method = "GET", .path = "/api/v1/audit", .query = query};
		json_t *answer = cli_call_ask(call, &request, err);
		if (answer == NULL) {
			return false;
		}
		done = write_page(answer, to, &after, count);
		json_decref(answer);
	} while (done && after > 0);
	if (!done || fflush(to) != 0) {
		err_set(err, ERR_IO, "the file could not be written whole");
		return false;
	}
	return true;
}

static bool announce(struct cli_call *call, char *head, size_t size, struct err *err)
{
	const struct cli_request request = {
	        .method = "POST", .path = "/api/v1/audit/export", .body = cli_call_body()};
	json_t *answer = cli_call_ask(call, &request, err);
	str_format_cut(head, size, "%s", cli_call_text(answer, "head"));
	json_decref(answer);
	return answer != NULL;
}

static int print_exported(struct cli_call *call, int64_t count, const char *head)
{
	if (!call->is_json) {
		cli_call_print(call, "%s: %lld records; the head was %s\n", call->word,
		        (long long)count, head);
		return CLI_DONE;
	}
	json_t *json = json_pack(
	        "{s:s, s:I, s:s}", "file", call->word, "records", (json_int_t)count, "head", head);
	int status = cli_call_print_json(call, json);
	json_decref(json);
	return status;
}

static int export_to(struct cli_call *call, const char *times)
{
	struct err err = ERR_INIT;
	char head[128];
	int64_t count = 0;
	bool is_stream = str_equal(call->word, "-");
	FILE *to = is_stream ? call->out : cli_audit_create(call->word, &err);
	if (to == NULL) {
		return cli_call_fail(call, &err);
	}
	bool done = announce(call, head, sizeof(head), &err) &&
	        write_all(call, times, to, &count, &err);
	if (!is_stream && fclose(to) != 0 && done) {
		err_set(&err, ERR_IO, "the file could not be written whole");
		done = false;
	}
	if (!done && !is_stream) {
		(void)unlink(call->word);
	}
	if (!done) {
		return cli_call_fail(call, &err);
	}
	return is_stream ? CLI_DONE : print_exported(call, count, head);
}

static int export(struct cli_call *call)
{
	const char *since = NULL;
	const char *until = NULL;
	const struct cli_flag flags[] = {
	        {"--since", &since, NULL}, {"--until", &until, NULL}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	struct buf times;

	buf_init(&times, QUERY_MAX_BYTES / 2);
	int status = 0;
	if (!cli_call_read(call, flags, CLI_NEEDS_WORD, &err) ||
	        !add_time(&times, "since_ms", "--since", since, &err) ||
	        !add_time(&times, "until_ms", "--until", until, &err)) {
		status = cli_call_fail(call, &err);
	} else {
		status = export_to(call, buf_text(&times));
	}
	buf_finish(&times);
	return status;
}

/* --------------------------------------------------------------- the command */

int command_audit(struct cli_call *call)
{
	static const struct cli_sub SUBS[] = {
	        {"list", list}, {"verify", cli_audit_verify}, {"export", export}, {NULL, NULL}};
	bool has_word = call->argc > 0 && call->argv[0][0] != '-';
	return has_word ? cli_sub_run(call, SUBS) : list(call);
}
