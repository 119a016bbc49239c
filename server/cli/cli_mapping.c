/* SPDX-License-Identifier: MIT */
#include "server/cli/cli_mapping.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/cli/cli_job.h"
#include "server/cli/cli_table.h"
#include "server/settings/file.h"
#include "server/settings/settings.h"

#include <stdlib.h>

#define CELL_BYTES 200

/* -------------------------------------------------------------------- draft */

/* A whole settings document: what of this connection's is mapping. */
static bool take_from_document(
        struct cli_call *call, const json_t *document, json_t *body, struct err *err)
{
	const json_t *connections = json_object_get(document, "connections");
	for (size_t i = 0; i < json_array_size(connections); i++) {
		const json_t *connection = json_array_get(connections, i);
		if (!str_equal(json_get_text(connection, "name"), cli_call_connection(call))) {
			continue;
		}
		json_t *rows = json_object_get(connection, "mapping");
		json_t *scope = json_get_path(connection, "provisioning.scope");
		json_object_set_new(
		        body, "mapping", rows != NULL ? json_incref(rows) : json_array());
		json_object_set_new(
		        body, "scope", scope != NULL ? json_incref(scope) : json_null());
		json_t *groups = json_object_get(connection, "groups");
		json_object_set_new(
		        body, "groups", groups != NULL ? json_incref(groups) : json_array());
		return true;
	}
	err_set(err, ERR_USAGE, "the draft has no connection named %s", cli_call_connection(call));
	return false;
}

/* What the console saves of a draft. */
static bool take_parts(const json_t *draft, json_t *body)
{
	static const char *const PARTS[] = {"mapping", "groups", "scope"};

	if (json_object_get(draft, "mapping") == NULL) {
		return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(PARTS); i++) {
		json_t *part = json_object_get(draft, PARTS[i]);
		if (part != NULL) {
			json_object_set(body, PARTS[i], part);
		}
	}
	return true;
}

/* FILE is a list of rows, rows with those of groups, or a settings document. */
static bool read_draft(struct cli_call *call, const char *path, json_t *body, struct err *err)
{
	struct file_content content;
	if (!file_read(path, SETTINGS_FILE_MAX_BYTES, &content, err)) {
		return false;
	}
	json_t *draft = json_parse(content.bytes, content.len, err);
	file_content_wipe(&content);
	bool is_read = draft != NULL;
	if (json_is_array(draft)) {
		json_object_set(body, "mapping", draft);
	} else if (is_read && !take_parts(draft, body)) {
		is_read = take_from_document(call, draft, body, err);
	}
	json_decref(draft);
	err_prefix(err, "%s", path);
	return is_read;
}

/* ----------------------------------------------------------------- one person */

static const char *const row_headings[] = {
        "ATTRIBUTE", "FROM", "IN BOB", "RESULT", "IN OKTA", "", "WHY", NULL};

/* A value as people read it; "-" for none. */
static void format_value(char *to, size_t size, const json_t *value)
{
	char *text = json_is_string(value)             ? str_dup(json_string_value(value))
	        : value == NULL || json_is_null(value) ? str_dup("-")
	                                               : json_format(value);
	str_format_cut(to, size, "%s", text != NULL ? text : "");
	free(text);
}

static void format_source(char *to, size_t size, const json_t *row)
{
	const char *from = cli_call_text(row, "from");
	const char *source = cli_call_text(row, "source");
	if (str_equal(from, "bob")) {
		str_format_cut(to, size, "%s", source);
	} else if (str_equal(from, "expr")) {
		str_format_cut(to, size, "= %s", source);
	} else {
		str_format_cut(to, size, "a constant");
	}
}

static void add_row(struct cli_table *table, const json_t *row)
{
	char from[CELL_BYTES];
	char in_bob[CELL_BYTES];
	char result[CELL_BYTES];
	char in_okta[CELL_BYTES];
	bool is_value = str_equal(cli_call_text(row, "state"), "value");
	format_source(from, sizeof(from), row);
	format_value(in_bob, sizeof(in_bob), json_object_get(row, "source_value"));
	format_value(result, sizeof(result), json_object_get(row, "result"));
	format_value(in_okta, sizeof(in_okta), json_object_get(row, "okta_value"));
	const char *cells[] = {cli_call_text(row, "okta"), from, in_bob,
	        is_value ? result : cli_call_text(row, "state"), in_okta,
	        cli_call_text(row, "verdict"), cli_call_text(row, "reason")};
	cli_table_add(table, cells);
}

static void print_groups(struct cli_call *call, const json_t *groups)
{
	for (size_t i = 0; i < json_array_size(groups); i++) {
		const json_t *group = json_array_get(groups, i);
		const char *reason = cli_call_text(group, "reason");
		cli_call_print(call, "  group       %s: %s, %s%s%s\n",
		        cli_call_text(group, "group"), cli_call_text(group, "answer"),
		        cli_call_text(group, "change"), reason[0] != '\0' ? ": " : "", reason);
	}
}

static void print_one(struct cli_call *call, const json_t *answer)
{
	const json_t *rows = json_object_get(answer, "rows");
	struct cli_table *table = cli_table_create(row_headings);
	cli_call_print(call, "%s  %s\n", cli_call_text(answer, "employee_id"),
	        cli_call_text(answer, "display_name"));
	cli_call_print(call, "  in Okta     %s %s\n", cli_call_text(answer, "present_status"),
	        cli_call_text(answer, "okta_id"));
	cli_call_print(call, "  wanted      %s (%s: %s)\n", cli_call_text(answer, "wanted"),
	        cli_call_text(answer, "rule"), cli_call_text(answer, "reason"));
	if (!str_equal(cli_call_text(answer, "scope"), "met")) {
		cli_call_print(call, "  scope       %s %s\n", cli_call_text(answer, "scope"),
		        cli_call_text(answer, "scope_reason"));
	}
	print_groups(call, json_object_get(answer, "groups"));
	cli_call_print(call, "\n");
	for (size_t i = 0; i < json_array_size(rows); i++) {
		add_row(table, json_array_get(rows, i));
	}
	cli_table_print(table, 0, call->out);
	cli_call_print(call, "\n%s\n", cli_call_text(answer, "sentence"));
	cli_table_destroy(table);
}

/* ------------------------------------------------------------------ everybody */

static const char *const count_headings[] = {"ATTRIBUTE", "PEOPLE", "WOULD WRITE", "FAILED",
        "NOT READABLE", "NO SUCH FIELD", "WAITING", NULL};
static const char *const sample_headings[] = {"ATTRIBUTE", "EMPLOYEE", "NAME", "FROM", "TO", NULL};

static void format_count(char to[24], const json_t *object, const char *key)
{
	str_format_cut(to, 24, "%lld", (long long)json_get_int(object, key, 0));
}

static void add_count(struct cli_table *table, const json_t *attribute)
{
	const json_t *states = json_object_get(attribute, "states");
	char counts[6][24];
	format_count(counts[0], attribute, "people");
	format_count(counts[1], attribute, "would_write");
	format_count(counts[2], states, "failed");
	format_count(counts[3], states, "not_readable");
	format_count(counts[4], states, "no_such_field");
	format_count(counts[5], states, "waiting");
	const char *cells[] = {cli_call_text(attribute, "okta"), counts[0], counts[1], counts[2],
	        counts[3], counts[4], counts[5]};
	cli_table_add(table, cells);
}

static void format_side(
        char *to, size_t size, const json_t *sample, const char *state_key, const char *key)
{
	const char *state = cli_call_text(sample, state_key);
	const json_t *value = json_object_get(sample, key);
	if (json_is_null(value)) {
		str_format_cut(to, size, "(%s)", state);
	} else {
		format_value(to, size, value);
	}
}

static void add_samples(struct cli_table *table, const json_t *attribute)
{
	const json_t *samples = json_object_get(attribute, "samples");
	for (size_t i = 0; i < json_array_size(samples); i++) {
		const json_t *sample = json_array_get(samples, i);
		char from[CELL_BYTES];
		char to[CELL_BYTES];
		format_side(from, sizeof(from), sample, "from_state", "from");
		format_side(to, sizeof(to), sample, "to_state", "to");
		const char *cells[] = {i == 0 ? cli_call_text(attribute, "okta") : "",
		        cli_call_text(sample, "employee_id"), cli_call_text(sample, "display_name"),
		        from, to};
		cli_table_add(table, cells);
	}
}

static void print_group_counts(struct cli_call *call, const json_t *answer)
{
	const json_t *groups = json_object_get(answer, "groups");
	const json_t *removed = json_object_get(answer, "groups_removed");
	const char *limit = cli_call_text(json_object_get(answer, "leave_limit"), "sentence");

	for (size_t i = 0; i < json_array_size(groups); i++) {
		const json_t *group = json_array_get(groups, i);
		const char *reason = cli_call_text(group, "reason");
		cli_call_print(call, "group %s: %lld join, %lld leave, %lld belong into it%s%s\n",
		        cli_call_text(group, "group"), (long long)json_get_int(group, "joins", 0),
		        (long long)json_get_int(group, "leaves", 0),
		        (long long)json_get_int(group, "belong", 0), reason[0] != '\0' ? ": " : "",
		        reason);
	}
	for (size_t i = 0; i < json_array_size(removed); i++) {
		const json_t *group = json_array_get(removed, i);
		cli_call_print(call, "group %s: no row any more; %lld memberships stay\n",
		        cli_call_text(group, "group"), (long long)json_get_int(group, "given", 0));
	}
	if (limit[0] != '\0') {
		cli_call_print(call, "%s\n", limit);
	}
}

static void print_notes(struct cli_call *call, const json_t *answer)
{
	const json_t *removed = json_object_get(answer, "removed");
	const int64_t enters = json_get_int(answer, "enters_scope", 0);
	const int64_t leaves = json_get_int(answer, "leaves_scope", 0);
	for (size_t i = 0; i < json_array_size(removed); i++) {
		cli_call_print(call, "%s is not filled any more; Okta's values stay\n",
		        json_string_value(json_array_get(removed, i)));
	}
	if (enters + leaves > 0) {
		cli_call_print(call, "%lld people come into scope, %lld fall out of it\n",
		        (long long)enters, (long long)leaves);
	}
	if (json_get_int(answer, "left_out", 0) > 0) {
		cli_call_print(call, "%lld leavers are not counted\n",
		        (long long)json_get_int(answer, "left_out", 0));
	}
	print_group_counts(call, answer);
	cli_call_print(call, "%s\n", cli_call_text(answer, "sentence"));
}

static void print_all(struct cli_call *call, const json_t *answer)
{
	const json_t *attributes = json_object_get(answer, "attributes");
	struct cli_table *counts = cli_table_create(count_headings);
	struct cli_table *samples = cli_table_create(sample_headings);
	for (size_t i = 0; i < json_array_size(attributes); i++) {
		add_count(counts, json_array_get(attributes, i));
		add_samples(samples, json_array_get(attributes, i));
	}
	cli_table_print(counts, 0, call->out);
	if (cli_table_rows(samples) > 0) {
		cli_call_print(call, "\nfor example\n");
		cli_table_print(samples, 2, call->out);
	}
	cli_call_print(call, "\n");
	print_notes(call, answer);
	cli_table_destroy(counts);
	cli_table_destroy(samples);
}

/* -------------------------------------------------------------------- command */

struct preview_words {
	const char *employee;
	const char *draft;
	const char *version;
	bool is_all;
};

static bool check_words(const struct preview_words *words, int64_t *version, struct err *err)
{
	*version = 0;
	if ((words->employee != NULL) == words->is_all) {
		err_set(err, ERR_USAGE, "say --employee ID for one person, or --all");
	} else if (words->employee != NULL && words->version != NULL) {
		err_set(err, ERR_USAGE, "--changed-from goes with --all");
	} else if (words->version != NULL &&
	        (!str_to_int64(words->version, version) || *version < 1)) {
		err_set(err, ERR_USAGE,
		        "--changed-from takes the number of a settings version; see: bob2okta "
		        "settings list");
	} else if (words->employee != NULL) {
		return cli_call_check_id(words->employee, err);
	}
	return !err_is_set(err);
}

static int ask(struct cli_call *call, const struct preview_words *words, json_t *body)
{
	static const struct cli_job EVERYBODY = {
	        "/api/v1/mapping/preview-all", "people", print_all};
	const struct cli_request request = {
	        .method = "POST", .path = "/api/v1/mapping/preview", .body = body};
	return words->is_all ? cli_job_wait(call, &EVERYBODY, body)
	                     : cli_call_show(call, &request, print_one);
}

int cli_mapping_preview(struct cli_call *call)
{
	struct preview_words words = {0};
	const struct cli_flag flags[] = {{"--employee", &words.employee, NULL},
	        {"--draft", &words.draft, NULL}, {"--changed-from", &words.version, NULL},
	        {"--all", NULL, &words.is_all}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	int64_t version = 0;
	if (!cli_call_read(call, flags, CLI_NO_WORD, &err) ||
	        !check_words(&words, &version, &err)) {
		return cli_call_fail(call, &err);
	}
	json_t *body = words.is_all ? cli_call_body() : json_object();
	if (words.draft != NULL && !read_draft(call, words.draft, body, &err)) {
		json_decref(body);
		return cli_call_fail(call, &err);
	}
	if (words.employee != NULL) {
		json_object_set_new(body, "employee_id", json_string(words.employee));
	}
	if (version > 0) {
		json_object_set_new(body, "changed_from", json_integer((json_int_t)version));
	}
	return ask(call, &words, body);
}
