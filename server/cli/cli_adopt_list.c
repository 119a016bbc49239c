/* SPDX-License-Identifier: MIT */
#include "server/cli/cli_adopt.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/cli/cli_page.h"

#define QUERY_MAX_BYTES 2048

static const char *const HEADINGS[] = {
        "ID", "NAME", "OKTA USER", "STATUS", "DECISION", "FOUND BY", "WHY", NULL};

const char *cli_adopt_finding(const json_t *person)
{
	bool is_agreed = str_equal(cli_call_text(person, "why"), "agrees");
	return is_agreed ? "" : cli_call_text(person, "why_text");
}

/* "link", "link, done", "link, refused". */
static void format_decision(char *to, size_t size, const json_t *person)
{
	const char *state = cli_call_text(person, "state");
	bool is_open = str_equal(state, "open");
	str_format_cut(to, size, "%s%s%s", cli_call_text(person, "decision"), is_open ? "" : ", ",
	        is_open ? "" : state);
}

/* Why, and all who are meant: other users, another employee, another directory. */
static void format_why(struct buf *why, const json_t *person)
{
	const json_t *others = json_object_get(person, "others");
	const char *other = cli_call_text(person, "other_employee_id");
	const char *sentence = cli_call_text(person, "sentence");
	buf_add_text(why, cli_adopt_finding(person));
	if (json_get_bool(person, "is_left", false)) {
		buf_add_text(why, "; left, account open");
	}
	for (size_t i = 0; i < json_array_size(others); i++) {
		const json_t *entry = json_array_get(others, i);
		buf_add_format(why, "%s%s (%s)", i == 0 ? "; also " : ", ",
		        cli_call_text(entry, "login"), cli_call_text(entry, "okta_id"));
	}
	if (!str_is_empty(other)) {
		buf_add_format(why, "; employee %s", other);
	}
	if (json_get_bool(person, "is_sourced_elsewhere", false)) {
		buf_add_text(why, "; sourced elsewhere");
	}
	if (!str_is_empty(sentence)) {
		buf_add_format(why, "; %s", sentence);
	}
}

static void add_row(struct cli_table *table, const json_t *person)
{
	char decision[40];
	struct buf why;
	const char *login = cli_call_text(person, "login");
	buf_init(&why, QUERY_MAX_BYTES);
	format_decision(decision, sizeof(decision), person);
	format_why(&why, person);
	const char *reason = buf_text(&why);
	const char *cells[] = {cli_call_text(person, "employee_id"),
	        cli_call_text(person, "display_name"),
	        str_is_empty(login) ? cli_call_text(person, "okta_id") : login,
	        cli_call_text(person, "status"), decision, cli_call_text(person, "rule"),
	        str_starts_with(reason, "; ") ? reason + 2 : reason};
	cli_table_add(table, cells);
	buf_finish(&why);
}

static void print_people(struct cli_call *call, const json_t *answer)
{
	cli_page_print_people(call, answer, HEADINGS, add_row);
}

int cli_adopt_list(struct cli_call *call)
{
	const char *class_ = NULL;
	const char *rule = NULL;
	const char *decision = NULL;
	const char *state = NULL;
	const char *text = NULL;
	const char *after = NULL;
	const char *limit = NULL;
	const struct cli_flag flags[] = {{"--class", &class_, NULL}, {"--rule", &rule, NULL},
	        {"--decision", &decision, NULL}, {"--state", &state, NULL}, {"--text", &text, NULL},
	        {"--after", &after, NULL}, {"--limit", &limit, NULL}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	struct buf query;
	if (!cli_call_read(call, flags, CLI_NO_WORD, &err)) {
		return cli_call_fail(call, &err);
	}
	buf_init(&query, QUERY_MAX_BYTES);
	cli_page_add_argument(&query, "class", class_);
	cli_page_add_argument(&query, "rule", rule);
	cli_page_add_argument(&query, "decision", decision);
	cli_page_add_argument(&query, "state", state);
	cli_page_add_argument(&query, "text", text);
	cli_page_add_argument(&query, "after", after);
	cli_page_add_argument(&query, "limit", limit);
	const struct cli_request request = {
	        .method = "GET", .path = "/api/v1/adoption/people", .query = buf_text(&query)};
	int status = cli_call_show(call, &request, print_people);
	buf_finish(&query);
	return status;
}

json_t *cli_adopt_page(struct cli_call *call, const char *query, const char *after, struct err *err)
{
	struct buf full;
	buf_init(&full, QUERY_MAX_BYTES);
	buf_add_text(&full, query);
	cli_page_add_argument(&full, "after", after);
	const struct cli_request request = {
	        .method = "GET", .path = "/api/v1/adoption/people", .query = buf_text(&full)};
	json_t *page = cli_call_ask(call, &request, err);
	buf_finish(&full);
	return page;
}
