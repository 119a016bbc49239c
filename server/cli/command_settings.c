/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/cli/cli_table.h"
#include "server/cli/cli_text.h"
#include "server/settings/file.h"
#include "server/settings/settings_document.h"

#include <string.h>

#define SETTINGS_PATH "/api/v1/settings"
#define LINE_BYTES    640

/* What was given on the command line. */
struct settings_call {
	struct cli_call *call;
	const char *note;
	const char *expected; /* a version's number */
	bool is_check_only;
	bool is_document_only;
};

/* ------------------------------------------------------------------ arguments */

#define WORDS_MAX 3

static bool read_version(const char *text, int64_t *version, struct err *err)
{
	if (str_to_int64(text, version) && *version > 0) {
		return true;
	}
	err_set(err, ERR_USAGE, "%s is no version; they are listed by: bob2okta settings list",
	        text);
	return false;
}

/* Between `least` and `most` words after the verb. */
static bool check_words(
        const struct cli_call *call, size_t least, size_t most, const char *usage, struct err *err)
{
	if (call->word_count - 1 >= least && call->word_count - 1 <= most) {
		return true;
	}
	err_set(err, ERR_USAGE, "say it as: bob2okta settings %s", usage);
	return false;
}

/* -------------------------------------------------------------------- output */

static void print_changes(struct cli_call *call, const json_t *changes)
{
	for (size_t i = 0; i < json_array_size(changes); i++) {
		char line[LINE_BYTES];
		settings_diff_line(json_array_get(changes, i), line, sizeof(line));
		cli_call_print(call, "  %s\n", line);
	}
	if (json_array_size(changes) == 0) {
		cli_call_print(call, "  nothing differs\n");
	}
}

static void show_list(struct cli_call *call, const json_t *answer)
{
	static const char *const HEADINGS[] = {
	        "VERSION", "IN FORCE", "WHEN", "BY", "SOURCE", "HASH", "NOTE", NULL};
	const json_t *versions = json_object_get(answer, "versions");
	struct cli_table *table = cli_table_create(HEADINGS);
	for (size_t i = 0; i < json_array_size(versions); i++) {
		const json_t *version = json_array_get(versions, i);
		char number[24];
		char when[CLI_TEXT_TIME_BYTES];
		str_format_cut(number, sizeof(number), "%lld",
		        (long long)json_get_int(version, "version", 0));
		cli_text_time(when, json_get_int(version, "at_ms", 0));
		const char *cells[] = {number,
		        json_get_bool(version, "is_active", false) ? "yes" : "", when,
		        cli_call_text(version, "author"), cli_call_text(version, "source"),
		        cli_call_text(version, "hash"), cli_call_text(version, "note")};
		cli_table_add(table, cells);
	}
	cli_table_print(table, 0, call->out);
	cli_table_destroy(table);
}

static void show_version(struct cli_call *call, const json_t *answer)
{
	const json_t *file = json_object_get(answer, "file");
	char when[CLI_TEXT_TIME_BYTES];
	cli_text_time(when, json_get_int(answer, "at_ms", 0));
	cli_call_print(call, "version %lld (%s), %s by %s, from: %s%s\n",
	        (long long)json_get_int(answer, "version", 0), cli_call_text(answer, "hash"), when,
	        cli_call_text(answer, "author"), cli_call_text(answer, "source"),
	        json_get_bool(answer, "is_active", false) ? ", in force" : "");
	if (!str_is_empty(cli_call_text(answer, "note"))) {
		cli_call_print(call, "note: %s\n", cli_call_text(answer, "note"));
	}
	if (file != NULL) {
		cli_call_print(call, "settings file: %s (version %lld)\n",
		        cli_call_text(file, "state"), (long long)json_get_int(file, "version", 0));
	}
	(void)cli_call_print_json(call, json_object_get(answer, "document"));
}

static void show_document(struct cli_call *call, const json_t *answer)
{
	(void)cli_call_print_json(call, json_object_get(answer, "document"));
}

static void show_diff(struct cli_call *call, const json_t *answer)
{
	cli_call_print(call, "version %lld to %lld:\n", (long long)json_get_int(answer, "from", 0),
	        (long long)json_get_int(answer, "to", 0));
	print_changes(call, json_object_get(answer, "changes"));
}

static void show_result(struct cli_call *call, const json_t *answer)
{
	long long version = (long long)json_get_int(answer, "version", 0);
	if (json_get_bool(answer, "is_new", false)) {
		cli_call_print(call, "version %lld is in force\n", version);
	} else {
		cli_call_print(call, "no new version; %lld is in force\n", version);
	}
	print_changes(call, json_object_get(answer, "changes"));
}

static void show_checked(struct cli_call *call, const json_t *answer)
{
	cli_call_print(call, "this could be put to work; it would change:\n");
	print_changes(call, json_object_get(answer, "changes"));
}

/* ------------------------------------------------------------------- changing */

/* Asks for a change; body is taken. */
static int change(struct settings_call *given, const char *path, json_t *body)
{
	struct cli_call *call = given->call;
	struct err err = ERR_INIT;
	int64_t expected = 0;
	if (given->note != NULL) {
		json_object_set_new(body, "note", json_string(given->note));
	}
	if (given->expected != NULL) {
		if (!read_version(given->expected, &expected, &err)) {
			json_decref(body);
			return cli_call_fail(call, &err);
		}
		json_object_set_new(body, "expected_version", json_integer(expected));
	}
	const struct cli_request request = {.method = "POST", .path = path, .body = body};
	json_t *answer = cli_call_ask(call, &request, &err);
	if (answer == NULL) {
		return cli_call_refuse(call, &err);
	}
	int status = CLI_DONE;
	if (call->is_json) {
		status = cli_call_print_json(call, answer);
	} else if (given->is_check_only) {
		show_checked(call, answer);
	} else {
		show_result(call, answer);
	}
	json_decref(answer);
	return status;
}

static json_t *read_document(const char *path, struct err *err)
{
	struct file_content content;
	const char *from = str_equal(path, "-") ? "/dev/stdin" : path;
	if (!file_read(from, SETTINGS_FILE_MAX_BYTES, &content, err)) {
		return NULL;
	}
	json_t *document = json_parse(content.bytes, content.len, err);
	err_prefix(err, "%s", path);
	file_content_wipe(&content);
	return document;
}

static int run_apply(struct settings_call *given)
{
	struct cli_call *call = given->call;
	struct err err = ERR_INIT;
	if (!check_words(call, 1, 1, "apply FILE [--note TEXT]", &err)) {
		return cli_call_fail(call, &err);
	}
	json_t *document = read_document(call->words[1], &err);
	if (document == NULL) {
		return cli_call_fail(call, &err);
	}
	json_t *body = cli_call_body();
	json_object_set_new(body, "document", document);
	if (given->is_check_only) {
		json_object_set_new(body, "check_only", json_true());
	}
	return change(given, SETTINGS_PATH, body);
}

static int run_rollback(struct settings_call *given)
{
	struct cli_call *call = given->call;
	struct err err = ERR_INIT;
	int64_t version = 0;
	if (!check_words(call, 1, 1, "rollback VERSION [--note TEXT]", &err) ||
	        !read_version(call->words[1], &version, &err)) {
		return cli_call_fail(call, &err);
	}
	json_t *body = cli_call_body();
	json_object_set_new(body, "version", json_integer(version));
	return change(given, SETTINGS_PATH "/rollback", body);
}

static int run_reload(struct settings_call *given)
{
	struct err err = ERR_INIT;
	if (!check_words(given->call, 0, 0, "reload", &err)) {
		return cli_call_fail(given->call, &err);
	}
	return change(given, SETTINGS_PATH "/reload", cli_call_body());
}

/* -------------------------------------------------------------------- reading */

static int run_list(struct settings_call *given)
{
	struct err err = ERR_INIT;
	if (!check_words(given->call, 0, 0, "list", &err)) {
		return cli_call_fail(given->call, &err);
	}
	const struct cli_request request = {.method = "GET", .path = SETTINGS_PATH "/versions"};
	return cli_call_show(given->call, &request, show_list);
}

static int run_show(struct settings_call *given)
{
	struct cli_call *call = given->call;
	struct err err = ERR_INIT;
	char path[64] = SETTINGS_PATH;
	int64_t version = 0;
	if (!check_words(call, 0, 1, "show [VERSION]", &err) ||
	        (call->word_count > 1 && !read_version(call->words[1], &version, &err))) {
		return cli_call_fail(call, &err);
	}
	if (version != 0) {
		str_format_cut(
		        path, sizeof(path), SETTINGS_PATH "/versions/%lld", (long long)version);
	}
	const struct cli_request request = {.method = "GET", .path = path};
	return cli_call_show(
	        call, &request, given->is_document_only ? show_document : show_version);
}

/* One version: what it changed. Two: from the first to the second. */
static int run_diff(struct settings_call *given)
{
	struct cli_call *call = given->call;
	struct err err = ERR_INIT;
	char path[64];
	char query[40] = "";
	int64_t first = 0;
	int64_t second = 0;
	if (!check_words(call, 1, 2, "diff VERSION [VERSION]", &err) ||
	        !read_version(call->words[1], &first, &err) ||
	        (call->word_count > 2 && !read_version(call->words[2], &second, &err))) {
		return cli_call_fail(call, &err);
	}
	if (second != 0) {
		str_format_cut(query, sizeof(query), "from=%lld", (long long)first);
	}
	str_format_cut(path, sizeof(path), SETTINGS_PATH "/versions/%lld/diff",
	        (long long)(second != 0 ? second : first));
	const struct cli_request request = {.method = "GET", .path = path, .query = query};
	return cli_call_show(call, &request, show_diff);
}

/* ----------------------------------------------------------------------- verbs */

static const struct {
	const char *name;
	int (*run)(struct settings_call *given);
} VERBS[] = {
        {"list", run_list},
        {"show", run_show},
        {"diff", run_diff},
        {"apply", run_apply},
        {"rollback", run_rollback},
        {"reload", run_reload},
};

int command_settings(struct cli_call *call)
{
	struct settings_call given = {.call = call};
	const struct cli_flag flags[] = {{"--note", &given.note, NULL},
	        {"--expect", &given.expected, NULL}, {"--check", NULL, &given.is_check_only},
	        {"--document", NULL, &given.is_document_only}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	if (!cli_call_read_words(call, flags, WORDS_MAX, &err)) {
		return cli_call_fail(call, &err);
	}
	for (size_t i = 0; i < ARRAY_SIZE(VERBS); i++) {
		if (str_equal(call->word, VERBS[i].name)) {
			return VERBS[i].run(&given);
		}
	}
	err_set(&err, ERR_USAGE, "say what: list, show, diff, apply, rollback or reload");
	return cli_call_fail(call, &err);
}
