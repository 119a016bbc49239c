/* SPDX-License-Identifier: MIT */
#include "server/cli/cli_holds.h"

#include "server/base/buf.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/base/words.h"
#include "server/cli/cli_confirm.h"
#include "server/cli/cli_page.h"
#include "server/cli/cli_table.h"
#include "server/cli/cli_text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHANGE_BYTES 600

static const char *const headings[] = {"ID", "NAME", "KIND", "SINCE", "BY", "CAUSE", NULL};
static const char *const limit_headings[] = {
        "ID", "NAME", "ACTION", "RULE", "SINCE", "WHY", "CHANGE", NULL};

/* -------------------------------------------------------------------- words */

static void list_words(char *to, size_t size, const char *(*name)(int), int from, int count)
{
	to[0] = '\0';
	for (int i = from; i < count; i++) {
		size_t len = strlen(to);
		str_format_cut(to + len, size - len, "%s%s", i > from ? ", " : "", name(i));
	}
}

static const char *kind_name(int kind)
{
	return hold_kind_name((enum hold_kind)kind);
}

static const char *limit_name(int limit)
{
	return limit_kind_name((enum limit_kind)limit);
}

bool cli_holds_check_kind(const char *kind, struct err *err)
{
	char words[300];
	if (kind == NULL || hold_kind_parse(kind) != HOLD_KIND_COUNT) {
		return true;
	}
	list_words(words, sizeof(words), kind_name, 0, HOLD_KIND_COUNT);
	err_set(err, ERR_USAGE, "--kind is one of: %s", words);
	return false;
}

bool cli_holds_check_limit(const char *limit, struct err *err)
{
	char words[200];
	if (limit == NULL || limit_kind_parse(limit) != LIMIT_KIND_COUNT) {
		return true;
	}
	list_words(words, sizeof(words), limit_name, LIMIT_NONE + 1, LIMIT_KIND_COUNT);
	err_set(err, ERR_USAGE, "--limit is one of: %s", words);
	return false;
}

/* ----------------------------------------------------------------- printing */

static void format_windows(char *to, size_t size, const json_t *windows)
{
	to[0] = '\0';
	for (size_t i = 0; i < json_array_size(windows); i++) {
		const json_t *window = json_array_get(windows, i);
		const char *word = cli_call_text(window, "window");
		size_t len = strlen(to);
		str_format_cut(to + len, size - len, "%s%lld of %lld in a%s %s", i > 0 ? ", " : "",
		        (long long)json_get_int(window, "used", 0),
		        (long long)json_get_int(window, "allowed", 0),
		        str_equal(word, "hour") ? "n" : "", word);
	}
}

void cli_holds_format_limit(char *to, size_t size, const json_t *limit)
{
	int64_t next_ms = json_get_int(limit, "next_in_ms", 0);
	char span[CLI_TEXT_TIME_BYTES];
	format_windows(to, size, json_object_get(limit, "windows"));
	size_t len = strlen(to);
	if (!json_get_bool(limit, "is_full", false)) {
		return;
	}
	const char *why = json_get_bool(limit, "is_restored", false)
	        ? "FULL, since the store was put back"
	        : "FULL";
	cli_text_span(span, next_ms);
	if (next_ms < 0) {
		str_format_cut(to + len, size - len, "; nobody passes: it is set to 0");
	} else {
		str_format_cut(to + len, size - len, "; %s: the next one passes in %s", why, span);
	}
}

/* A value as a human writes it; "-" for none. */
static void format_value(char *to, size_t size, const json_t *value)
{
	char *text = json_is_string(value) || value == NULL || json_is_null(value)
	        ? NULL
	        : json_format(value);
	const char *plain = json_is_string(value) ? json_string_value(value) : text;
	str_format_cut(to, size, "%s", plain != NULL && plain[0] != '\0' ? plain : "-");
	free(text);
}

/* "status: ACTIVE -> SUSPENDED; title: Clerk -> Head clerk". */
static void format_change(char *to, size_t size, const json_t *differences)
{
	to[0] = '\0';
	for (size_t i = 0; i < json_array_size(differences); i++) {
		const json_t *one = json_array_get(differences, i);
		char present[120];
		char wanted[120];
		size_t len = strlen(to);
		format_value(present, sizeof(present), json_object_get(one, "present"));
		format_value(wanted, sizeof(wanted), json_object_get(one, "wanted"));
		str_format_cut(to + len, size - len, "%s%s: %s -> %s", i > 0 ? "; " : "",
		        cli_call_text(one, "attribute"), present, wanted);
	}
}

/* The reason alone: which limit it is stands above. */
static const char *reason_of(const json_t *hold)
{
	const char *cause = cli_call_text(hold, "cause");
	const char *reason = strstr(cause, "\": ");
	return reason != NULL ? reason + 3 : cause;
}

static void add_limited(struct cli_table *table, const json_t *hold)
{
	char since[CLI_TEXT_TIME_BYTES];
	char change[CHANGE_BYTES];
	char action[48];
	cli_text_time(since, json_get_int(hold, "since_ms", 0));
	format_change(change, sizeof(change), json_object_get(hold, "differences"));
	str_format_cut(action, sizeof(action), "%s%s", cli_call_text(hold, "action"),
	        json_get_bool(hold, "is_rejected", false) ? " (rejected)" : "");
	const char *cells[] = {cli_call_text(hold, "employee_id"),
	        cli_call_text(hold, "display_name"), action, cli_call_text(hold, "rule"), since,
	        reason_of(hold), change};
	cli_table_add(table, cells);
}

static void add_plain(struct cli_table *table, const json_t *hold)
{
	char kind[48];
	char since[CLI_TEXT_TIME_BYTES];
	str_format_cut(kind, sizeof(kind), "%s%s", cli_call_text(hold, "kind"),
	        json_get_bool(hold, "is_rejected", false) ? " (rejected)" : "");
	cli_text_time(since, json_get_int(hold, "since_ms", 0));
	const char *cells[] = {cli_call_text(hold, "employee_id"),
	        cli_call_text(hold, "display_name"), kind, since, cli_call_text(hold, "by"),
	        cli_call_text(hold, "cause")};
	cli_table_add(table, cells);
}

void cli_holds_print(struct cli_call *call, const json_t *holds, size_t indent)
{
	struct cli_table *table = cli_table_create(headings);
	for (size_t i = 0; i < json_array_size(holds); i++) {
		add_plain(table, json_array_get(holds, i));
	}
	cli_table_print(table, indent, call->out);
	cli_table_destroy(table);
}

static bool is_of_limit(const json_t *hold, const char *limit)
{
	bool has_limit = limit_kind_parse(cli_call_text(hold, "limit")) != LIMIT_KIND_COUNT;
	return limit == NULL ? !has_limit : str_equal(cli_call_text(hold, "limit"), limit);
}

/* The holds of one limit, or those of none. */
static json_t *part_of(const json_t *holds, const char *limit)
{
	json_t *part = json_array();
	for (size_t i = 0; i < json_array_size(holds); i++) {
		if (is_of_limit(json_array_get(holds, i), limit)) {
			json_array_append(part, json_array_get(holds, i));
		}
	}
	return part;
}

static void print_limit(struct cli_call *call, const json_t *holds, const json_t *limit)
{
	json_t *part = part_of(holds, cli_call_text(limit, "limit"));
	char text[200];
	if (json_array_size(part) > 0) {
		struct cli_table *table = cli_table_create(limit_headings);
		cli_holds_format_limit(text, sizeof(text), limit);
		cli_call_print(call, "limit %s: %zu held; %s\n", cli_call_text(limit, "limit"),
		        json_array_size(part), text);
		for (size_t i = 0; i < json_array_size(part); i++) {
			add_limited(table, json_array_get(part, i));
		}
		cli_table_print(table, 2, call->out);
		cli_table_destroy(table);
		cli_call_print(call, "\n");
	}
	json_decref(part);
}

void cli_holds_print_by_limit(struct cli_call *call, const json_t *holds, const json_t *limits)
{
	for (size_t i = 0; i < json_array_size(limits); i++) {
		print_limit(call, holds, json_array_get(limits, i));
	}
	json_t *rest = part_of(holds, NULL);
	cli_holds_print(call, rest, 0);
	json_decref(rest);
}

/* --------------------------------------------------------------------- whom */

bool cli_holds_check_whom(struct cli_call *call, struct cli_holds_whom *whom, struct err *err)
{
	if (!cli_holds_check_kind(whom->kind, err) || !cli_holds_check_limit(whom->limit, err)) {
		return false;
	}
	if (call->word_count == 0 && whom->limit != NULL) {
		whom->is_all = true;
	}
	if (whom->is_all == (call->word_count > 0)) {
		err_set(err, ERR_USAGE, "give either employees' ids, or --limit LIMIT, or --all");
		return false;
	}
	for (size_t i = 0; i < call->word_count; i++) {
		if (!cli_call_check_id(call->words[i], err)) {
			return false;
		}
	}
	return true;
}

json_t *cli_holds_body(const struct cli_call *call, const struct cli_holds_whom *whom)
{
	json_t *body = cli_call_body();
	if (whom->is_all) {
		json_object_set_new(body, "all", json_true());
	} else if (call->word_count == 1) {
		json_object_set_new(body, "employee_id", json_string(call->word));
	} else {
		json_t *ids = json_array();
		for (size_t i = 0; i < call->word_count; i++) {
			json_array_append_new(ids, json_string(call->words[i]));
		}
		json_object_set_new(body, "employee_ids", ids);
	}
	if (whom->kind != NULL) {
		json_object_set_new(body, "kind", json_string(whom->kind));
	}
	if (whom->limit != NULL) {
		json_object_set_new(body, "limit", json_string(whom->limit));
	}
	return body;
}

static bool is_meant(
        const struct cli_call *call, const struct cli_holds_whom *whom, const json_t *hold)
{
	if (whom->is_all) {
		enum hold_kind kind = hold_kind_parse(cli_call_text(hold, "kind"));
		return !json_get_bool(hold, "is_rejected", false) &&
		        (whom->kind != NULL || !hold_kind_is_apart(kind));
	}
	for (size_t i = 0; i < call->word_count; i++) {
		if (str_equal(call->words[i], cli_call_text(hold, "employee_id"))) {
			return true;
		}
	}
	return false;
}

json_t *cli_holds_meant(
        const struct cli_call *call, const struct cli_holds_whom *whom, const json_t *answer)
{
	const json_t *holds = json_object_get(answer, "holds");
	json_t *meant = json_array();
	for (size_t i = 0; i < json_array_size(holds); i++) {
		if (is_meant(call, whom, json_array_get(holds, i))) {
			json_array_append(meant, json_array_get(holds, i));
		}
	}
	return meant;
}

json_t *cli_holds_ask(struct cli_call *call, const struct cli_holds_whom *whom, struct err *err)
{
	struct buf query;
	buf_init(&query, 256);
	cli_page_add_argument(&query, "kind", whom->kind);
	cli_page_add_argument(&query, "limit", whom->limit);
	const struct cli_request request = {
	        .method = "GET", .path = "/api/v1/holds", .query = buf_text(&query)};
	json_t *answer = cli_call_ask(call, &request, err);
	buf_finish(&query);
	return answer;
}

static bool ask_human(
        struct cli_call *call, const struct cli_holds_whom *whom, const char *question, int *status)
{
	struct err err = ERR_INIT;
	json_t *answer = cli_holds_ask(call, whom, &err);
	*status = CLI_DONE;
	if (answer == NULL) {
		*status = cli_call_fail(call, &err);
		return false;
	}
	json_t *meant = cli_holds_meant(call, whom, answer);
	cli_holds_print_by_limit(call, meant, json_object_get(answer, "limits"));
	bool is_any = json_array_size(meant) > 0;
	json_decref(meant);
	json_decref(answer);
	/* Nothing is meant: the server says what there is to say about it. */
	if (!is_any || cli_confirm(call, false, question) == CLI_ANSWER_YES) {
		return true;
	}
	cli_call_print(call, "nothing was decided\n");
	return false;
}

bool cli_holds_confirm(
        struct cli_call *call, const struct cli_holds_whom *whom, const char *question, int *status)
{
	bool is_terminal = isatty(STDIN_FILENO) == 1;
	if (whom->is_yes || call->is_json || (!is_terminal && !whom->is_all)) {
		return true;
	}
	if (!is_terminal) {
		(void)cli_confirm(call, false, question);
		*status = CLI_USAGE;
		return false;
	}
	return ask_human(call, whom, question, status);
}
