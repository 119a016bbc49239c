/* SPDX-License-Identifier: MIT */
/* Day one: scan, list, decide, apply (docs/adoption.md). */
#include "server/engine/adopt.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/console/args.h"
#include "server/store/adoption.h"

#include <stdlib.h>
#include <string.h>

#define PAGE_MAX            500
#define PAGE_DEFAULT        100
#define CHOICES_MAX         1000
#define OKTA_USER_MAX_BYTES 1024
#define MISTAKES_MAX        100

/* --------------------------------------------------------------------- jobs */

typedef bool (*start_fn)(struct engine *engine, const struct adopt_start *start, struct err *err);

static json_t *start_job(struct args *args, start_fn start)
{
	const struct adopt_start asked = {
	        .connection = args->connection,
	        .by = args_by(args),
	        .rules = json_object_get(args->body, "rules"),
	};
	json_t *report = NULL;

	if (asked.by == NULL || !start(args->engine, &asked, &args->err) ||
	        !engine_adopt_report(args->engine, args->connection, &report, &args->err)) {
		return NULL;
	}
	return report;
}

enum http_verdict console_adopt_scan(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.body = KNOWN("rules", "by")};
	bool is_good = args_init(&args, context, request, &known);

	return args_answer(&args, reply, is_good ? start_job(&args, engine_adopt_scan) : NULL, 202);
}

enum http_verdict console_adopt_apply(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.body = KNOWN("by")};
	bool is_good = args_init(&args, context, request, &known);

	return args_answer(
	        &args, reply, is_good ? start_job(&args, engine_adopt_apply) : NULL, 202);
}

static json_t *stop_job(struct args *args)
{
	const char *by = args_by(args);
	json_t *report = NULL;

	if (by == NULL || !engine_adopt_stop(args->engine, args->connection, by, &args->err) ||
	        !engine_adopt_report(args->engine, args->connection, &report, &args->err)) {
		return NULL;
	}
	return report;
}

enum http_verdict console_adopt_stop(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.body = KNOWN("by")};
	bool is_good = args_init(&args, context, request, &known);

	return args_answer(&args, reply, is_good ? stop_job(&args) : NULL, 200);
}

enum http_verdict console_adopt(
        struct http_request *request, struct http_reply *reply, void *context)
{
	return args_answer_report(request, reply, context, engine_adopt_report);
}

/* ------------------------------------------------------------------- people */

/* "left" and "elsewhere" are views beside the three classes. */
static bool read_class(struct args *args, const char *word, struct adoption_filter *filter)
{
	filter->only_left = str_equal(word, "left");
	filter->only_elsewhere = str_equal(word, "elsewhere");
	if (word == NULL || filter->only_left || filter->only_elsewhere) {
		return true;
	}
	filter->class_ = adopt_class_parse(word);
	if (filter->class_ == ADOPT_CLASS_COUNT) {
		err_set(&args->err, ERR_BAD_REQUEST,
		        "class is exact, doubtful, unmatched, left or elsewhere");
	}
	return filter->class_ != ADOPT_CLASS_COUNT;
}

static bool read_rule(struct args *args, const char *word, struct adoption_filter *filter)
{
	filter->rule = word != NULL ? adopt_rule_parse(word) : ADOPT_RULE_COUNT;
	if (word != NULL && filter->rule == ADOPT_RULE_COUNT) {
		err_set(&args->err, ERR_BAD_REQUEST,
		        "rule is match, employee_number, login, email or names");
		return false;
	}
	return true;
}

static bool read_decision(struct args *args, const char *word, enum adoption_decision *decision)
{
	*decision = adoption_decision_parse(word);
	if (*decision == ADOPTION_DECISION_COUNT) {
		err_set(&args->err, ERR_BAD_REQUEST, "decision is link, create, ignore or none");
		return false;
	}
	return true;
}

static bool read_state(struct args *args, const char *word, struct adoption_filter *filter)
{
	for (int state = 0; word != NULL && state < ADOPTION_STATE_COUNT; state++) {
		if (str_equal(adoption_state_name((enum adoption_state)state), word)) {
			filter->state = (enum adoption_state)state;
			return true;
		}
	}
	if (word != NULL) {
		err_set(&args->err, ERR_BAD_REQUEST, "state is open, done or refused");
	}
	return word == NULL;
}

static bool read_query(struct args *args, struct adoption_filter *filter)
{
	const struct http_request *request = args->request;
	const char *decision = http_request_query(request, "decision");

	*filter = adoption_filter_all(args->connection);
	filter->text = http_request_query(request, "text");
	filter->after_employee_id = http_request_query(request, "after");
	filter->limit = (size_t)args_query_number(args, "limit", PAGE_MAX, PAGE_DEFAULT);
	return !err_is_set(&args->err) &&
	        read_class(args, http_request_query(request, "class"), filter) &&
	        read_rule(args, http_request_query(request, "rule"), filter) &&
	        read_state(args, http_request_query(request, "state"), filter) &&
	        (decision == NULL || read_decision(args, decision, &filter->decision));
}

static json_t *others_json(const struct adoption_person *person)
{
	const char *text = personal_reveal(&person->others);
	json_t *others = text[0] != '\0' ? json_parse(text, strlen(text), NULL) : NULL;

	return others != NULL ? others : json_array();
}

static void add_decision(json_t *json, const struct adoption_person *person)
{
	json_t *part = json_pack("{s:s, s:s, s:s, s:I, s:s, s:s}", "decision",
	        adoption_decision_name(person->decision), "okta_user",
	        personal_reveal(&person->chosen), "decided_by", person->decided_by, "decided_at_ms",
	        (json_int_t)person->decided_at_ms, "state", adoption_state_name(person->state),
	        "sentence", person->sentence);
	json_object_update(json, part);
	json_decref(part);
}

static json_t *person_json(const struct adoption_person *person)
{
	json_t *json = json_pack(
	        "{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:s, s:s, s:s, s:o, s:s}",
	        "employee_id", person->key.employee_id, "display_name",
	        personal_reveal(&person->display_name), "class", adopt_class_name(person->class_),
	        "rule", adopt_rule_name(person->rule), "why", adopt_why_name(person->why),
	        "why_text", adopt_why_text(person->why), "is_left", person->is_left, "is_wanted",
	        person->is_wanted, "is_sourced_elsewhere", person->is_sourced_elsewhere, "okta_id",
	        person->okta_id, "login", personal_reveal(&person->login), "status",
	        person->okta_id[0] != '\0' ? account_status_name(person->status) : "", "others",
	        others_json(person), "other_employee_id", person->other_employee_id);
	add_decision(json, person);
	return json;
}

enum http_verdict console_adopt_people(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct console *console = context;
	struct args args;
	struct adoption_filter filter;
	struct adoption_list list = {0};
	struct args_known known = {
	        .query = KNOWN("class", "rule", "decision", "state", "text", "after", "limit")};

	if (!args_init(&args, console, request, &known) || !read_query(&args, &filter) ||
	        !store_adoption_list(console->store, &filter, &list, &args.err)) {
		return args_refuse(&args, reply);
	}
	json_t *people = json_array();
	for (size_t i = 0; i < list.count; i++) {
		json_array_append_new(people, person_json(&list.items[i]));
	}
	const char *last =
	        list.count == filter.limit ? list.items[list.count - 1].key.employee_id : NULL;
	json_t *json = json_pack("{s:o, s:s?}", "people", people, "next_after", last);
	adoption_list_finish(&list);
	return args_answer(&args, reply, json, 200);
}

/* ------------------------------------------------------------------- decide */

static bool read_choice(struct args *args, const json_t *from, struct adoption_choice *choice)
{
	const char *id = json_get_text(from, "employee_id");
	const json_t *user = json_object_get(from, "okta_user");

	if (!str_is_digits(id, EMPLOYEE_ID_BYTES - 1)) {
		err_set(&args->err, ERR_BAD_REQUEST, "employee_id is 1 to 32 digits");
		return false;
	}
	str_format_cut(choice->employee_id, sizeof(choice->employee_id), "%s", id);
	choice->chosen = json_string_value(user);
	if (user != NULL &&
	        (str_is_empty(choice->chosen) || strlen(choice->chosen) > OKTA_USER_MAX_BYTES)) {
		err_set(&args->err, ERR_BAD_REQUEST, "okta_user is an Okta id or a login");
		return false;
	}
	return read_decision(args, json_get_text(from, "decision"), &choice->decision);
}

/* Which entry of the list is meant, for whoever made it. */
static bool read_choices(struct args *args, const json_t *people, struct adoption_choice *choices)
{
	for (size_t i = 0; i < json_array_size(people); i++) {
		if (!read_choice(args, json_array_get(people, i), &choices[i])) {
			err_prefix(&args->err, "people[%zu]", i);
			return false;
		}
	}
	return true;
}

/* The same shape as mistakes of the settings have, so that clients show both alike. */
static enum http_verdict refuse_choices(
        struct args *args, struct http_reply *reply, const struct adoption_decide *decide)
{
	json_t *mistakes = json_array();
	size_t shown = decide->mistake_count < MISTAKES_MAX ? decide->mistake_count : MISTAKES_MAX;
	char path[32];

	for (size_t i = 0; i < shown; i++) {
		str_format_cut(path, sizeof(path), "people[%zu]", decide->mistakes[i].index);
		json_array_append_new(mistakes,
		        json_pack("{s:s, s:s}", "path", path, "text", decide->mistakes[i].text));
	}
	err_set(&args->err, ERR_BAD_REQUEST, "%zu of the decisions cannot be taken; none was",
	        decide->mistake_count);
	http_reply_err_with(reply, args->request, &args->err,
	        json_pack("{s:o, s:I}", "mistakes", mistakes, "left_out",
	                (json_int_t)(decide->mistake_count - shown)));
	args_finish(args);
	return HTTP_ANSWERED;
}

static json_t *decided_json(size_t changed, bool is_check)
{
	return json_pack("{s:I, s:b}", "decided", (json_int_t)changed, "is_check", is_check);
}

static enum http_verdict decide_choices(
        struct args *args, struct http_reply *reply, struct adoption_decide *decide)
{
	if (!store_adoption_decide(args->console->store, decide, &args->err)) {
		return args_refuse(args, reply);
	}
	if (decide->mistake_count > 0) {
		return refuse_choices(args, reply, decide);
	}
	return args_answer(args, reply, decided_json(decide->changed, decide->is_check), 200);
}

static enum http_verdict decide_people(
        struct args *args, struct http_reply *reply, const json_t *people)
{
	size_t count = json_array_size(people);
	struct adoption_choice *choices = calloc(count + 1, sizeof(*choices));
	struct adoption_mistake *mistakes = calloc(count + 1, sizeof(*mistakes));
	struct adoption_decide decide = {.connection = args->connection,
	        .by = args_by(args),
	        .choices = choices,
	        .count = count,
	        .is_check = json_is_true(json_object_get(args->body, "check")),
	        .mistakes = mistakes};
	enum http_verdict verdict = HTTP_ANSWERED;

	if (count == 0 || count > CHOICES_MAX) {
		err_set(&args->err, ERR_BAD_REQUEST, "\"people\" is an array of 1 to %d decisions",
		        CHOICES_MAX);
	}
	if (choices == NULL || mistakes == NULL) {
		err_set(&args->err, ERR_NO_MEMORY, "out of memory for decisions");
	}
	if (err_is_set(&args->err) || !read_choices(args, people, choices)) {
		verdict = args_refuse(args, reply);
	} else {
		verdict = decide_choices(args, reply, &decide);
	}
	free(choices);
	free(mistakes);
	return verdict;
}

/* Views hold several classes; a link in bulk means the exact ones of them. */
static bool read_bulk(struct args *args, struct adoption_bulk *bulk)
{
	const char *class_ = args_body_text(args, "class", 32, NULL);
	const char *rule = args_body_text(args, "rule", 32, NULL);

	*bulk = (struct adoption_bulk){.filter = adoption_filter_all(args->connection),
	        .by = args_by(args),
	        .is_check = json_is_true(json_object_get(args->body, "check"))};
	if (!err_is_set(&args->err) && class_ == NULL) {
		err_set(&args->err, ERR_BAD_REQUEST,
		        "give \"people\", or \"class\" for everybody of one");
	}
	if (err_is_set(&args->err) || !read_class(args, class_, &bulk->filter) ||
	        !read_rule(args, rule, &bulk->filter) ||
	        !read_decision(args, args_body_text(args, "decision", 16, NULL), &bulk->decision)) {
		return false;
	}
	bool is_view = bulk->filter.only_left || bulk->filter.only_elsewhere;
	if (is_view && bulk->decision == ADOPTION_LINK) {
		bulk->filter.class_ = ADOPT_EXACT;
	}
	bulk->filter.only_wanted = bulk->decision == ADOPTION_CREATE;
	return true;
}

static json_t *decide_bulk(struct args *args)
{
	struct adoption_bulk bulk;

	if (!read_bulk(args, &bulk) ||
	        !store_adoption_decide_bulk(args->console->store, &bulk, &args->err)) {
		return NULL;
	}
	return decided_json(bulk.changed, bulk.is_check);
}

enum http_verdict console_adopt_decide(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {
	        .body = KNOWN("people", "class", "rule", "decision", "check", "by")};
	bool is_good = args_init(&args, context, request, &known) && args_by(&args) != NULL &&
	        engine_adopt_is_free(args.engine, args.connection, &args.err);
	const json_t *people = json_object_get(args.body, "people");

	if (is_good && people != NULL) {
		return decide_people(&args, reply, people);
	}
	return args_answer(&args, reply, is_good ? decide_bulk(&args) : NULL, 200);
}
