/* SPDX-License-Identifier: MIT */
/* What waits for a human, and what the human says. */
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/log.h"
#include "server/base/str.h"
#include "server/console/args.h"
#include "server/console/render.h"
#include "server/store/releases.h"

#include <string.h>

#define WHY_MAX_BYTES 200
#define IDS_MAX       500
#define HOLDS_MAX     5000 /* shown at once: an answer has a largest size */
#define TEXT_BYTES    64

/* ------------------------------------------------------------------ list */

/* Which holds a request means; empty texts and HOLD_KIND_COUNT mean any. */
struct hold_choice {
	enum hold_kind kind;
	enum limit_kind limit; /* LIMIT_NONE: any, and what no limit holds */
	const char *employee_id;
	const json_t *employee_ids; /* array of texts, or NULL; borrowed */
	const char *cause;
	enum { CHOICE_NAMED, CHOICE_ALL } whom; /* all: neither rejected ones nor those apart */
};

static bool is_named(const struct hold_choice *choice, const char *employee_id)
{
	size_t i = 0;
	const json_t *id = NULL;

	if (choice->employee_ids == NULL) {
		return choice->employee_id == NULL || str_equal(choice->employee_id, employee_id);
	}
	json_array_foreach(choice->employee_ids, i, id)
	{
		if (str_equal(json_string_value(id), employee_id)) {
			return true;
		}
	}
	return false;
}

static bool is_in_all(const struct hold_choice *choice, const struct hold *hold)
{
	return !hold->is_rejected &&
	        (choice->kind != HOLD_KIND_COUNT || !hold_kind_is_apart(hold->kind));
}

static bool is_chosen(const struct hold_choice *choice, const struct hold *hold)
{
	return (choice->kind == HOLD_KIND_COUNT || choice->kind == hold->kind) &&
	        (choice->limit == LIMIT_NONE || choice->limit == hold->limit) &&
	        is_named(choice, hold->key.employee_id) &&
	        (choice->cause == NULL || str_equal(choice->cause, hold->cause)) &&
	        (choice->whom == CHOICE_NAMED || is_in_all(choice, hold));
}

static bool parse_kind(struct args *args, const char *text, enum hold_kind *kind)
{
	*kind = text != NULL ? hold_kind_parse(text) : HOLD_KIND_COUNT;
	if (text != NULL && *kind == HOLD_KIND_COUNT) {
		err_set(&args->err, ERR_BAD_REQUEST,
		        "there is no kind of hold of that name; see docs/http.md");
		return false;
	}
	return true;
}

static bool parse_limit(struct args *args, const char *text, enum limit_kind *limit)
{
	*limit = text != NULL ? limit_kind_parse(text) : LIMIT_NONE;
	if (*limit == LIMIT_KIND_COUNT) {
		err_set(&args->err, ERR_BAD_REQUEST,
		        "there is no limit of that name; see docs/settings.md, limits");
		return false;
	}
	return true;
}

static bool load_holds(struct args *args, struct hold_list *holds)
{
	return store_hold_list(args->console->store, args->connection, NULL, holds, &args->err);
}

static bool has_folded(const json_t *hold, const char *key, const char *text)
{
	char folded[SENTENCE_BYTES];

	str_format_cut(folded, sizeof(folded), "%s", json_get_text(hold, key));
	str_fold(folded);
	return strstr(folded, text) != NULL;
}

/* What is masked on the way out cannot be guessed at by searching for it either. */
static bool has_text(const struct args *args, const json_t *hold, const char *text)
{
	return text[0] == '\0' || has_folded(hold, "employee_id", text) ||
	        (args_sees_people(args) &&
	                (has_folded(hold, "display_name", text) ||
	                        has_folded(hold, "cause", text)));
}

/* A part of a list, and what is told of the whole. */
struct hold_page {
	const struct hold_choice *choice;
	char text[TEXT_BYTES]; /* folded; "": any */
	int64_t skip;
	int64_t rows;
	json_int_t matching;
	json_int_t in_all; /* that "all": true would decide */
	json_t *list;
};

static void add_to_page(struct args *args, struct hold_page *page, const struct hold *hold)
{
	bool is_shown =
	        page->matching >= page->skip && (int64_t)json_array_size(page->list) < page->rows;
	json_t *json =
	        is_shown || page->text[0] != '\0' ? render_hold(args->console->store, hold) : NULL;

	if (json != NULL && !has_text(args, json, page->text)) {
		json_decref(json);
		return;
	}
	page->matching++;
	page->in_all += is_in_all(page->choice, hold) ? 1 : 0;
	if (is_shown) {
		json_array_append(page->list, json);
	}
	json_decref(json);
}

static bool read_page(struct args *args, struct hold_page *page)
{
	const char *text = http_request_query(args->request, "text");

	page->skip = args_query_from(args, "skip", 0, INT32_MAX, 0);
	page->rows = args_query_number(args, "rows", HOLDS_MAX, HOLDS_MAX);
	if (!str_copy(page->text, sizeof(page->text), text != NULL ? text : "")) {
		err_set(&args->err, ERR_BAD_REQUEST, "text has at most %d bytes", TEXT_BYTES - 1);
	}
	str_fold(page->text);
	return !err_is_set(&args->err);
}

static json_t *holds_json(struct args *args, const struct hold_choice *choice)
{
	struct hold_list holds = {0};
	struct hold_page page = {.choice = choice};

	if (!read_page(args, &page)) {
		return NULL;
	}
	json_t *limits = console_limits_json(args, args->connection);
	if (limits == NULL || !load_holds(args, &holds)) {
		json_decref(limits);
		return NULL;
	}
	page.list = json_array();
	for (size_t i = 0; i < holds.count; i++) {
		if (is_chosen(choice, &holds.items[i])) {
			add_to_page(args, &page, &holds.items[i]);
		}
	}
	hold_list_finish(&holds);
	json_int_t after = page.matching - page.skip - (json_int_t)json_array_size(page.list);
	return json_pack("{s:o, s:I, s:I, s:I, s:o}", "holds", page.list, "matching", page.matching,
	        "in_all", page.in_all, "left_out", after > 0 ? after : 0, "limits", limits);
}

enum http_verdict console_holds(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct hold_choice choice = {0};
	struct args_known known = {
	        .query = KNOWN("kind", "limit", "employee_id", "text", "skip", "rows")};
	bool is_good = args_init(&args, context, request, &known) &&
	        parse_kind(&args, http_request_query(request, "kind"), &choice.kind) &&
	        parse_limit(&args, http_request_query(request, "limit"), &choice.limit);

	choice.employee_id = http_request_query(request, "employee_id");
	return args_answer(&args, reply, is_good ? holds_json(&args, &choice) : NULL, 200);
}

/* ------------------------------------------------------------------ hold */

static bool add_hold(struct args *args, struct hold *hold)
{
	const char *why = args_body_text(args, "why", WHY_MAX_BYTES, "held by hand");
	const char *by = args_by(args);
	struct employee employee = {0};

	if (why == NULL || by == NULL ||
	        !store_employee_get(args->console->store, &args->key, &employee, &args->err)) {
		return false;
	}
	*hold = (struct hold){.key = args->key, .kind = HOLD_HUMAN, .since_ms = clock_wall_ms()};
	str_format_cut(hold->cause, sizeof(hold->cause), "%s", why);
	str_format_cut(hold->by, sizeof(hold->by), "%s", by);
	str_format_cut(hold->okta_id, sizeof(hold->okta_id), "%s", employee.okta_id);
	employee_finish(&employee);
	return store_hold_add(args->console->store, hold, &args->err);
}

enum http_verdict console_hold(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct console *console = context;
	struct args args;
	struct hold hold;
	struct args_known known = {.body = KNOWN("why", "by")};

	if (!args_init(&args, console, request, &known) || !args_key(&args) ||
	        !add_hold(&args, &hold)) {
		return args_refuse(&args, reply);
	}
	return args_answer(&args, reply, render_hold(console->store, &hold), 200);
}

/* ------------------------------------------------------- release, reject */

/* An array of 1 to IDS_MAX ids, as texts. */
static bool check_ids(struct args *args, const json_t *ids)
{
	size_t count = json_array_size(ids);
	bool is_good = json_is_array(ids) && count > 0 && count <= IDS_MAX;

	for (size_t i = 0; is_good && i < count; i++) {
		is_good = str_is_digits(
		        json_string_value(json_array_get(ids, i)), EMPLOYEE_ID_BYTES - 1);
	}
	if (!is_good) {
		err_set(&args->err, ERR_BAD_REQUEST,
		        "\"employee_ids\" is a list of 1 to %d employee ids, as texts", IDS_MAX);
	}
	return is_good;
}

static bool read_whom(struct args *args, struct hold_choice *choice)
{
	bool is_all = json_is_true(json_object_get(args->body, "all"));
	int named = (choice->employee_id != NULL ? 1 : 0) + (choice->employee_ids != NULL ? 1 : 0);

	if (named + (is_all ? 1 : 0) != 1) {
		err_set(&args->err, ERR_BAD_REQUEST,
		        "give one of \"employee_id\", \"employee_ids\" and \"all\": true");
		return false;
	}
	choice->whom = is_all ? CHOICE_ALL : CHOICE_NAMED;
	return choice->employee_ids == NULL || check_ids(args, choice->employee_ids);
}

/* What both bodies say. */
static bool read_choice(struct args *args, struct hold_choice *choice)
{
	*choice = (struct hold_choice){
	        .employee_id = args_body_text(args, "employee_id", EMPLOYEE_ID_BYTES - 1, NULL),
	        .employee_ids = json_object_get(args->body, "employee_ids"),
	        .cause = args_body_text(args, "cause", SENTENCE_BYTES - 1, NULL),
	};
	const char *kind = args_body_text(args, "kind", 63, NULL);
	const char *limit = args_body_text(args, "limit", 63, NULL);

	return !err_is_set(&args->err) && parse_kind(args, kind, &choice->kind) &&
	        parse_limit(args, limit, &choice->limit) && read_whom(args, choice);
}

typedef bool (*decide_fn)(
        struct store *store, const struct hold_decision *decision, struct err *err);

/* What is to be decided, and what came of it. */
struct deciding {
	const struct hold_choice *choice;
	decide_fn decide;
	const char *by;
	const char *why;
	int64_t release_id;
	size_t decided;
};

static void decide_one(struct args *args, struct deciding *deciding, const struct hold *hold)
{
	struct hold_decision decision = {.key = hold->key,
	        .kind = hold->kind,
	        .by = deciding->by,
	        .limit = hold->limit,
	        .why = deciding->why,
	        .release_id = deciding->release_id};
	struct err err = ERR_INIT;

	if (deciding->decide(args->console->store, &decision, &err)) {
		log_info("hold decided", F("connection", hold->key.connection),
		        F("employee_id", hold->key.employee_id),
		        F("kind", hold_kind_name(hold->kind)),
		        F("limit", limit_kind_name(hold->limit)));
		deciding->decided++;
	} else if (err.code != ERR_NOT_FOUND) {
		err_set(&args->err, err.code, "%s", err.text);
	}
}

/* Decides every hold that is meant. */
static bool decide_all(struct args *args, struct deciding *deciding)
{
	struct hold_list holds = {0};

	deciding->by = args_by(args);
	if (deciding->by == NULL || !load_holds(args, &holds)) {
		return false;
	}
	for (size_t i = 0; i < holds.count && !err_is_set(&args->err); i++) {
		if (is_chosen(deciding->choice, &holds.items[i])) {
			decide_one(args, deciding, &holds.items[i]);
		}
	}
	hold_list_finish(&holds);
	return !err_is_set(&args->err);
}

static bool has_decided(struct args *args, const struct deciding *deciding)
{
	if (deciding->decided == 0 && deciding->choice->employee_id != NULL) {
		err_set(&args->err, ERR_NOT_FOUND, "employee %s has no such hold, or not any more",
		        deciding->choice->employee_id);
		return false;
	}
	return true;
}

/* A second yes changes nothing, and is no error: it answers with the first. */
static bool find_earlier(struct args *args, struct deciding *deciding)
{
	const struct hold_choice *choice = deciding->choice;
	struct hold_decision decision = {.kind = choice->kind, .limit = choice->limit};

	deciding->release_id = 0;
	if (choice->employee_id == NULL) {
		return true;
	}
	str_format_cut(
	        decision.key.connection, sizeof(decision.key.connection), "%s", args->connection);
	str_format_cut(decision.key.employee_id, sizeof(decision.key.employee_id), "%s",
	        choice->employee_id);
	return store_release_newest(
	               args->console->store, &decision, &deciding->release_id, &args->err) &&
	        (deciding->release_id != 0 || has_decided(args, deciding));
}

static json_t *release(struct args *args, const struct hold_choice *choice)
{
	struct deciding deciding = {.choice = choice, .decide = store_hold_release};

	if (!store_release_begin(args->console->store, &deciding.release_id, &args->err) ||
	        !decide_all(args, &deciding) ||
	        (deciding.decided == 0 && !find_earlier(args, &deciding))) {
		return NULL;
	}
	engine_notify(args->engine);
	return json_pack("{s:I, s:I}", "released", (json_int_t)deciding.decided, "release_id",
	        (json_int_t)deciding.release_id);
}

enum http_verdict console_release(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct hold_choice choice;
	struct args_known known = {.body = KNOWN("employee_id", "employee_ids", "all", "kind",
	                                   "limit", "cause", "by")};
	bool is_good = args_init(&args, context, request, &known) && read_choice(&args, &choice);

	return args_answer(&args, reply, is_good ? release(&args, &choice) : NULL, 200);
}

static json_t *reject(struct args *args, const struct hold_choice *choice)
{
	struct deciding deciding = {.choice = choice,
	        .decide = store_hold_reject,
	        .why = args_body_text(args, "why", WHY_MAX_BYTES, "")};

	if (deciding.why == NULL || !decide_all(args, &deciding) || !has_decided(args, &deciding)) {
		return NULL;
	}
	engine_notify(args->engine);
	return json_pack("{s:I}", "rejected", (json_int_t)deciding.decided);
}

enum http_verdict console_reject(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct hold_choice choice;
	struct args_known known = {.body = KNOWN("employee_id", "employee_ids", "all", "kind",
	                                   "limit", "cause", "why", "by")};
	bool is_good = args_init(&args, context, request, &known) && read_choice(&args, &choice);

	return args_answer(&args, reply, is_good ? reject(&args, &choice) : NULL, 200);
}
