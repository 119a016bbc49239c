/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/bob_api.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/sandbox/bob_fields.h"
#include "tests/sandbox/bob_person.h"
#include "tests/sandbox/jsonx.h"
#include "tests/sandbox/sandbox.h"

enum { MAX_FIELDS = 400, LIST_LIMIT = 50, PERSON_LIMIT = 100 };

static const char WEB_APP[] = "<!doctype html><html><head><title>bob</title></head>"
                              "<body><div id=\"root\"></div></body></html>";
static const char BLOCKED[] = "<html><head><title>403 Forbidden</title></head>"
                              "<body>Request blocked.</body></html>";
static const char BAD_REQUEST[] = "<html><head><title>400 Bad Request</title></head></html>";

void bob_api_error(struct reply *rp, int status, const char *key, const char *text)
{
	json_t *body = json_object();

	jsonx_set_text(body, "key", key);
	jsonx_set_text(body, "error", text);
	reply_json(rp, status, body);
}

static struct waf_rule waf_rule(const struct sandbox *sb)
{
	return (struct waf_rule){.limit = (size_t)settings_int(&sb->settings, "waf_limit"),
	        .window_ms = settings_int(&sb->settings, "waf_window_s") * 1000,
	        .block_ms = settings_int(&sb->settings, "waf_block_s") * 1000};
}

static bool is_authorized(const struct sandbox *sb, const struct request *rq)
{
	size_t length = 0;

	if (rq->authorization == NULL || strncasecmp(rq->authorization, "Basic ", 6) != 0) {
		return false;
	}
	char *given = util_unbase64(rq->authorization + 6, &length);
	char *wanted = util_text("%s:%s", settings_text(&sb->settings, "service_user_id"),
	        settings_text(&sb->settings, "bob_token"));
	bool is_good = given != NULL && strcmp(given, wanted) == 0;

	free(given);
	free(wanted);
	return is_good;
}

static int64_t limit_of(const struct sandbox *sb, const char *bucket)
{
	if (strcmp(bucket, "search") == 0) {
		return settings_int(&sb->settings, "bob_search_per_min");
	}
	return strcmp(bucket, "person") == 0 ? PERSON_LIMIT : LIST_LIMIT;
}

/* Rate headers are on every answer of an endpoint, a 401 too. */
static bool check_rate(struct sandbox *sb, const struct request *rq, struct reply *rp)
{
	const char *bucket = rq->route->bucket;
	struct rate_verdict verdict = rate_take(&sb->bob_rates, bucket, limit_of(sb, bucket),
	        settings_int(&sb->settings, "bob_window_s") * 1000, util_tick_ms());
	int64_t reset_s = (util_wall_ms() + verdict.reset_in_ms + 999) / 1000;

	reply_header(rp, "X-RateLimit-Limit", "%lld", (long long)verdict.limit);
	reply_header(rp, "X-RateLimit-Remaining", "%lld", (long long)verdict.remaining);
	reply_header(rp, "X-RateLimit-Reset", "%lld", (long long)reset_s);
	if (verdict.is_over) {
		bob_api_error(rp, 429, "too.many.requests", "Too many requests");
	}
	return !verdict.is_over;
}

static void answer(
        struct sandbox *sb, struct request *rq, struct reply *rp, enum route_result found)
{
	bool is_get = strcmp(rq->method, "GET") == 0;

	if (found != ROUTE_FOUND) {
		reply_text(rp, 200, "text/html; charset=utf-8", WEB_APP);
	} else if (!check_rate(sb, rq, rp)) {
		return;
	} else if (!is_authorized(sb, rq)) {
		reply_empty(rp, 401);
	} else if (is_get && rq->content_type != NULL) {
		reply_text(rp, 400, "text/html", BAD_REQUEST);
	} else {
		rq->route->handle(sb, rq, rp);
	}
}

void bob_api_call(struct sandbox *sb, struct request *rq, struct reply *rp, enum route_result found)
{
	bool has_waf = settings_is(&sb->settings, "waf");
	struct waf_rule rule = waf_rule(sb);

	if (has_waf && waf_is_blocked(&sb->waf, rq->authorization, util_tick_ms())) {
		reply_text(rp, 403, "text/html", BLOCKED);
		return;
	}
	answer(sb, rq, rp, found);
	if (has_waf) {
		waf_count(&sb->waf, &rule, rq->authorization, rp->status, util_tick_ms());
	}
}

static bool parse_human(const json_t *body, enum person_human *human)
{
	const json_t *value = json_object_get(body, "humanReadable");
	const char *text = json_string_value(value);

	*human = PERSON_HUMAN_NONE;
	if (value == NULL || json_is_null(value)) {
		return true;
	}
	if (text == NULL) {
		return false;
	}
	if (strcmp(text, "APPEND") == 0) {
		*human = PERSON_HUMAN_APPEND;
	} else if (strcmp(text, "REPLACE") == 0) {
		*human = PERSON_HUMAN_REPLACE;
	}
	return *human != PERSON_HUMAN_NONE || text[0] == '\0';
}

static bool are_fields(const json_t *fields)
{
	if (fields != NULL && !json_is_array(fields)) {
		return false;
	}
	for (size_t i = 0; i < json_array_size(fields); i++) {
		if (!json_is_string(json_array_get(fields, i))) {
			return false;
		}
	}
	return json_array_size(fields) <= MAX_FIELDS;
}

static bool parse_ask(const struct request *rq, struct reply *rp, struct person_ask *ask)
{
	if (rq->body_length > 0 && !json_is_object(rq->json)) {
		bob_api_error(rp, 400, "validations.body", "The body is not a JSON object");
		return false;
	}
	ask->fields = json_object_get(rq->json, "fields");
	if (!are_fields(ask->fields)) {
		bob_api_error(rp, 400, "validations.fields", "fields must be at most 400 ids");
		return false;
	}
	if (json_array_size(ask->fields) == 0) {
		ask->fields = NULL;
	}
	if (!parse_human(rq->json, &ask->human)) {
		bob_api_error(rp, 400, "validations.humanReadable", "Unknown humanReadable");
		return false;
	}
	return true;
}

/* The one filter, or NULL when there is none; false when it is not acceptable. */
static bool parse_filter(const struct request *rq, const json_t **filter)
{
	const json_t *filters = json_object_get(rq->json, "filters");

	*filter = NULL;
	if (filters == NULL) {
		return true;
	}
	*filter = json_array_get(filters, 0);
	const json_t *values = json_object_get(*filter, "values");
	const char *path = jsonx_text_or(*filter, "fieldPath", "");
	bool is_good = json_array_size(filters) == 1 && json_array_size(values) > 0 &&
	        strcmp(jsonx_text_or(*filter, "operator", ""), "equals") == 0 &&
	        (strcmp(path, "root.id") == 0 || strcmp(path, "root.email") == 0);

	for (size_t i = 0; i < json_array_size(values); i++) {
		is_good = is_good && json_is_string(json_array_get(values, i));
	}
	return is_good;
}

struct search_answer {
	const struct person_ask *ask;
	bool with_inactive;
	json_t *employees;
	json_t *taken; /* ids that are in it already */
};

static void take(struct sandbox *sb, struct search_answer *to, const struct employee *employee)
{
	if (employee == NULL || !bob_person_is_visible(employee, &sb->settings) ||
	        json_object_get(to->taken, employee->id) != NULL) {
		return;
	}
	if (!to->with_inactive && !bob_person_is_active(employee, &sb->settings)) {
		return;
	}
	jsonx_set_is(to->taken, employee->id, true);
	jsonx_push(to->employees, bob_person_render(&sb->people, employee, &sb->settings, to->ask));
}

static void take_filtered(struct sandbox *sb, struct search_answer *to, const json_t *filter)
{
	const json_t *values = json_object_get(filter, "values");
	bool by_id = strcmp(jsonx_text_or(filter, "fieldPath", ""), "root.id") == 0;

	for (size_t i = 0; i < json_array_size(values); i++) {
		const char *value = json_string_value(json_array_get(values, i));

		if (by_id == (strchr(value, '@') == NULL)) {
			take(sb, to, bob_people_find(&sb->people, value));
		}
	}
}

void bob_api_search(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	struct person_ask ask = {0};
	const json_t *filter = NULL;

	sb->counters[COUNTER_BOB_SEARCHES]++;
	if (!parse_ask(rq, rp, &ask)) {
		return;
	}
	if (!parse_filter(rq, &filter)) {
		bob_api_error(rp, 400, "validations.filters",
		        "One filter on root.id or root.email with operator equals and values is allowed");
		return;
	}
	struct search_answer to = {.ask = &ask,
	        .with_inactive = jsonx_is(rq->json, "showInactive", false),
	        .employees = json_array(),
	        .taken = json_object()};

	if (filter != NULL) {
		take_filtered(sb, &to, filter);
	}
	for (size_t i = 0; filter == NULL && i < sb->people.count; i++) {
		take(sb, &to, sb->people.all[i]);
	}
	json_decref(to.taken);
	json_t *body = json_object();

	jsonx_take(body, "employees", to.employees);
	reply_json(rp, 200, body);
}

static const struct employee *find_visible(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	const struct employee *employee = bob_people_find(&sb->people, rq->args[0]);

	if (employee == NULL || !bob_person_is_visible(employee, &sb->settings)) {
		reply_empty(rp, 404);
		return NULL;
	}
	util_format(rq->user_id, sizeof(rq->user_id), "%s", employee->id);
	return employee;
}

void bob_api_person(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	struct person_ask ask = {0};

	sb->counters[COUNTER_BOB_PEOPLE_READS]++;
	if (!parse_ask(rq, rp, &ask)) {
		return;
	}
	const struct employee *employee = find_visible(sb, rq, rp);
	const char *shape = settings_text(&sb->settings, "bob_person_shape");

	if (employee == NULL) {
		return;
	}
	json_t *person = bob_person_render(&sb->people, employee, &sb->settings, &ask);

	if (strcmp(shape, "employees") == 0) {
		person = json_pack("{s:[o]}", "employees", person);
	} else if (strcmp(shape, "employee") == 0) {
		person = json_pack("{s:o}", "employee", person);
	}
	reply_json(rp, 200, person);
}

static json_t *rows_of(const struct employee *employee, const char *table)
{
	return json_object_get(employee->tables, table);
}

static bool is_readable_table(const struct sandbox *sb, const char *table)
{
	return !jsonx_has(settings_list(&sb->settings, "unreadable_fields"), table);
}

void bob_api_table(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	const struct employee *employee = find_visible(sb, rq, rp);

	if (employee == NULL) {
		return;
	}
	const json_t *rows = rows_of(employee, rq->args[1]);

	if (rows == NULL || !is_readable_table(sb, rq->args[1])) {
		reply_empty(rp, rows == NULL ? 404 : 403);
		return;
	}
	reply_json(rp, 200, json_pack("{s:o}", "values", json_deep_copy(rows)));
}

static void add_rows(json_t *results, const struct employee *employee, const char *table)
{
	const json_t *rows = rows_of(employee, table);

	for (size_t i = 0; i < json_array_size(rows); i++) {
		json_t *row = json_deep_copy(json_array_get(rows, i));

		jsonx_set_text(row, "employeeId", employee->id);
		jsonx_push(results, row);
	}
}

static bool is_asked(const char *ids, const char *id)
{
	size_t length = strlen(id);
	const char *at = ids;

	while (at != NULL && (at = strstr(at, id)) != NULL) {
		bool starts = at == ids || at[-1] == ',';

		if (starts && (at[length] == ',' || at[length] == '\0')) {
			return true;
		}
		at += length;
	}
	return ids == NULL;
}

/* limit and cursor count employees here, not rows. */
void bob_api_bulk(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	const char *limit_text = request_query(rq, "limit");
	const char *cursor = request_query(rq, "cursor");
	long limit = limit_text != NULL ? strtol(limit_text, NULL, 10) : 50;
	size_t at = cursor != NULL ? (size_t)strtoul(cursor, NULL, 10) : 0;
	char next[24] = "";
	json_t *results = json_array();
	json_t *errors = json_array();

	if (limit < 1 || limit > 200 || !is_readable_table(sb, rq->args[0])) {
		json_decref(results);
		json_decref(errors);
		bob_api_error(
		        rp, limit < 1 || limit > 200 ? 400 : 403, "validations.limit", "Refused");
		return;
	}
	for (; at < sb->people.count && limit > 0; at++) {
		const struct employee *employee = sb->people.all[at];

		if (employee->is_deleted ||
		        !is_asked(request_query(rq, "employeeIds"), employee->id)) {
			continue;
		}
		limit--;
		if (bob_person_is_visible(employee, &sb->settings)) {
			add_rows(results, employee, rq->args[0]);
		} else {
			jsonx_push(errors, json_string(employee->id));
		}
	}
	if (at < sb->people.count) {
		util_format(next, sizeof(next), "%zu", at);
	}
	reply_json(rp, 200,
	        json_pack("{s:o,s:{s:s?},s:o}", "results", results, "response_metadata",
	                "next_cursor", next[0] != '\0' ? next : NULL, "errors", errors));
}

void bob_api_fields(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	(void)rq;
	reply_json(rp, 200, bob_fields_metadata(sb->people.extra_fields));
}

void bob_api_lists(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	json_t *all = json_object();
	const char *name = NULL;
	json_t *items = NULL;

	(void)rq;
	json_object_foreach(sb->people.lists, name, items)
	{
		jsonx_take(all, name,
		        json_pack("{s:s,s:o,s:o}", "name", name, "values", json_deep_copy(items),
		                "items", json_deep_copy(items)));
	}
	reply_json(rp, 200, all);
}

void bob_api_list(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	const json_t *items = json_object_get(sb->people.lists, rq->args[0]);

	if (items == NULL) {
		reply_empty(rp, 404);
		return;
	}
	reply_json(rp, 200,
	        json_pack("{s:s,s:o,s:o}", "name", rq->args[0], "values", json_deep_copy(items),
	                "items", json_deep_copy(items)));
}
