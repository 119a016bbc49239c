/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

#include "server/base/buf.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/cli/cli_mapping.h"
#include "server/cli/cli_page.h"
#include "server/cli/cli_sub.h"
#include "server/cli/cli_table.h"

#include <stdlib.h>

#define QUERY_MAX_BYTES 2048
#define CELL_BYTES      200

/* ------------------------------------------------------------------- fields */

static const char *const bob_headings[] = {
        "BOB FIELD", "NAME", "CATEGORY", "TYPE", "MAPPED TO", NULL};
static const char *const okta_headings[] = {
        "OKTA ATTRIBUTE", "TITLE", "TYPE", "NOTES", "FILLED FROM", NULL};

static void join_texts(const json_t *texts, char *to, size_t size)
{
	struct buf joined;
	buf_init(&joined, size);
	for (size_t i = 0; i < json_array_size(texts); i++) {
		const json_t *item = json_array_get(texts, i);
		char *text =
		        json_is_string(item) ? str_dup(json_string_value(item)) : json_format(item);
		buf_add_format(&joined, "%s%s", i > 0 ? ", " : "", text != NULL ? text : "");
		free(text);
	}
	str_format_cut(to, size, "%s%s", buf_text(&joined), joined.failed ? " ..." : "");
	buf_finish(&joined);
}

static void print_bob(struct cli_call *call, const json_t *fields)
{
	struct cli_table *table = cli_table_create(bob_headings);
	for (size_t i = 0; i < json_array_size(fields); i++) {
		const json_t *field = json_array_get(fields, i);
		char mapped[CELL_BYTES];
		join_texts(json_object_get(field, "mapped_to"), mapped, sizeof(mapped));
		const char *cells[] = {cli_call_text(field, "id"), cli_call_text(field, "name"),
		        cli_call_text(field, "category"), cli_call_text(field, "type"), mapped};
		cli_table_add(table, cells);
	}
	cli_table_print(table, 0, call->out);
	cli_table_destroy(table);
}

/* "required, at most 50, one of: A, B" */
static void format_notes(const json_t *attribute, char *to, size_t size)
{
	struct buf notes;
	char allowed[CELL_BYTES / 2];
	const int64_t least = json_get_int(attribute, "min_length", 0);
	const int64_t most = json_get_int(attribute, "max_length", 0);
	join_texts(json_object_get(attribute, "allowed"), allowed, sizeof(allowed));
	buf_init(&notes, size);
	buf_add_text(&notes, json_get_bool(attribute, "is_base", false) ? "" : "custom, ");
	buf_add_text(&notes, json_get_bool(attribute, "is_required", false) ? "required, " : "");
	buf_add_text(&notes, json_get_bool(attribute, "is_read_only", false) ? "read-only, " : "");
	buf_add_text(&notes,
	        json_get_bool(attribute, "is_sourced_elsewhere", false) ? "owned elsewhere, " : "");
	if (least > 0) {
		buf_add_format(&notes, "at least %lld, ", (long long)least);
	}
	if (most > 0) {
		buf_add_format(&notes, "at most %lld, ", (long long)most);
	}
	if (!str_is_empty(cli_call_text(attribute, "format"))) {
		buf_add_format(&notes, "%s, ", cli_call_text(attribute, "format"));
	}
	if (allowed[0] != '\0') {
		buf_add_format(&notes, "one of: %s, ", allowed);
	}
	const int len = notes.len > 2 ? (int)notes.len - 2 : 0;
	str_format_cut(to, size, "%.*s", len, buf_text(&notes));
	buf_finish(&notes);
}

static void print_okta(struct cli_call *call, const json_t *attributes)
{
	struct cli_table *table = cli_table_create(okta_headings);
	for (size_t i = 0; i < json_array_size(attributes); i++) {
		const json_t *attribute = json_array_get(attributes, i);
		char notes[CELL_BYTES];
		format_notes(attribute, notes, sizeof(notes));
		const char *cells[] = {cli_call_text(attribute, "name"),
		        cli_call_text(attribute, "title"), cli_call_text(attribute, "type"), notes,
		        cli_call_text(attribute, "mapped_from")};
		cli_table_add(table, cells);
	}
	cli_table_print(table, 0, call->out);
	cli_table_destroy(table);
}

static void print_fields(struct cli_call *call, const json_t *answer)
{
	const json_t *bob = json_object_get(answer, "bob");
	const json_t *okta = json_object_get(answer, "okta");
	print_bob(call, bob);
	if (json_array_size(bob) > 0 && json_array_size(okta) > 0) {
		cli_call_print(call, "\n");
	}
	print_okta(call, okta);
	cli_call_print(call, "%s%zu of Bob's fields, %zu of Okta's attributes\n",
	        json_array_size(bob) + json_array_size(okta) > 0 ? "\n" : "", json_array_size(bob),
	        json_array_size(okta));
}

static int fields(struct cli_call *call)
{
	bool is_bob = false;
	bool is_okta = false;
	const struct cli_flag flags[] = {
	        {"--bob", NULL, &is_bob}, {"--okta", NULL, &is_okta}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	struct buf query;
	if (!cli_call_read(call, flags, CLI_MAY_HAVE_WORD, &err)) {
		return cli_call_fail(call, &err);
	}
	buf_init(&query, QUERY_MAX_BYTES);
	if (is_bob != is_okta) {
		cli_page_add_argument(&query, "system", is_bob ? "bob" : "okta");
	}
	cli_page_add_argument(&query, "text", call->word);
	const struct cli_request request = {
	        .method = "GET", .path = "/api/v1/mapping/fields", .query = buf_text(&query)};
	int status = cli_call_show(call, &request, print_fields);
	buf_finish(&query);
	return status;
}

/* ------------------------------------------------------------------ suggest */

static const char *const suggest_headings[] = {"OKTA ATTRIBUTE", "BOB FIELD", "WHY", NULL};

/* The rows as they go into the settings' mapping, one a line. */
static void print_rows(struct cli_call *call, const json_t *suggestions)
{
	const size_t count = json_array_size(suggestions);
	for (size_t i = 0; i < count; i++) {
		const json_t *row = json_object_get(json_array_get(suggestions, i), "row");
		char *text = json_dumps(row, 0);
		cli_call_print(
		        call, "  %s%s\n", text != NULL ? text : "", i + 1 < count ? "," : "");
		free(text);
	}
}

static void print_suggestions(struct cli_call *call, const json_t *answer)
{
	const json_t *suggestions = json_object_get(answer, "suggestions");
	struct cli_table *table = cli_table_create(suggest_headings);
	for (size_t i = 0; i < json_array_size(suggestions); i++) {
		const json_t *suggestion = json_array_get(suggestions, i);
		const json_t *row = json_object_get(suggestion, "row");
		const char *cells[] = {cli_call_text(row, "okta"), cli_call_text(row, "bob"),
		        cli_call_text(suggestion, "why")};
		cli_table_add(table, cells);
	}
	cli_table_print(table, 0, call->out);
	if (cli_table_rows(table) == 0) {
		cli_call_print(call, "no more fields are called the same in both systems\n");
	} else {
		cli_call_print(call, "\nrows for \"mapping\" in the settings:\n");
		print_rows(call, suggestions);
	}
	cli_table_destroy(table);
}

static int suggest(struct cli_call *call)
{
	struct err err = ERR_INIT;
	if (!cli_call_read(call, NULL, CLI_NO_WORD, &err)) {
		return cli_call_fail(call, &err);
	}
	const struct cli_request request = {.method = "GET", .path = "/api/v1/mapping/suggest"};
	return cli_call_show(call, &request, print_suggestions);
}

int command_mapping(struct cli_call *call)
{
	static const struct cli_sub SUBS[] = {{"fields", fields}, {"suggest", suggest},
	        {"preview", cli_mapping_preview}, {NULL, NULL}};
	return cli_sub_run(call, SUBS);
}
