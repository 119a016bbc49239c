/* SPDX-License-Identifier: MIT */
/* Employees and events: reading only. */
#include "server/base/str.h"
#include "server/console/args.h"
#include "server/console/render.h"
#include "server/engine/pair.h"
#include "server/engine/undo.h"
#include "server/store/groups.h"

#define PERSON_EVENTS  20
#define PERSON_ACTIONS 20
#define PAGE_MAX       500
#define PAGE_DEFAULT   100
#define EVENTS_DEFAULT 50
#define COUNT_MAX      1000 /* beyond it nobody counts on */

/* ---------------------------------------------------------------- people */

/* "held" and "failed" are asked for alike: one is no stored state. */
static bool fill_state(struct args *args, struct employee_filter *filter)
{
	const char *state = http_request_query(args->request, "state");

	filter->state = EMPLOYEE_STATE_COUNT;
	filter->only_held = str_equal(state, "held");
	if (state == NULL || filter->only_held) {
		return true;
	}
	filter->state = employee_state_parse(state);
	if (filter->state == EMPLOYEE_STATE_COUNT) {
		err_set(&args->err, ERR_BAD_REQUEST,
		        "state is idle, dirty, working, waiting, failed, parked or held");
	}
	return filter->state != EMPLOYEE_STATE_COUNT;
}

/* A viewer who could look for a name, or see the order of names, would learn names. */
static bool fill_order(struct args *args, struct employee_filter *filter)
{
	const char *sort = http_request_query(args->request, "sort");
	bool sees_names = args_sees_people(args);

	if (sort != NULL && !str_equal(sort, "name") && !str_equal(sort, "id")) {
		err_set(&args->err, ERR_BAD_REQUEST, "sort is name or id");
		return false;
	}
	filter->is_by_name = sees_names && str_equal(sort, "name");
	filter->is_text_an_id = !sees_names;
	return true;
}

static bool fill_filter(struct args *args, struct employee_filter *filter)
{
	const char *text = http_request_query(args->request, "text");
	size_t limit = (size_t)args_query_number(args, "limit", PAGE_MAX, PAGE_DEFAULT);

	*filter = (struct employee_filter){
	        .connection = args->connection,
	        .text = str_is_empty(text) ? NULL : text,
	        .lifecycle = http_request_query(args->request, "lifecycle"),
	        .present_status = http_request_query(args->request, "present_status"),
	        .after_employee_id = http_request_query(args->request, "after"),
	        .limit = limit,
	};
	return limit != 0 && fill_state(args, filter) && fill_order(args, filter);
}

static json_t *people_json(const struct employee_list *list, size_t limit, size_t count)
{
	json_t *people = json_array();
	const char *last = NULL;

	for (size_t i = 0; i < list->count; i++) {
		json_t *person = render_employee(&list->items[i]);
		char next_step[SENTENCE_BYTES];
		render_next_step(&list->items[i], next_step, sizeof(next_step));
		json_object_set_new(person, "next_step", json_string(next_step));
		json_object_set_new(person, "next_at_ms",
		        json_integer((json_int_t)render_next_ms(&list->items[i])));
		json_array_append_new(people, person);
		last = list->items[i].key.employee_id;
	}
	return json_pack("{s:o, s:s?, s:I, s:b}", "people", people, "next_after",
	        list->count == limit ? last : NULL, "count",
	        (json_int_t)(count > COUNT_MAX ? COUNT_MAX : count), "is_count_capped",
	        count > COUNT_MAX);
}

/* Whoever was listed as a whole need not be counted, which would be to look through all again. */
static bool count_people(struct args *args, const struct employee_filter *filter,
        const struct employee_list *list, size_t *count)
{
	*count = list->count;
	if (filter->after_employee_id == NULL && list->count < filter->limit) {
		return true;
	}
	return store_employee_count(args->console->store, filter, COUNT_MAX + 1, count, &args->err);
}

enum http_verdict console_people(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct console *console = context;
	struct args args;
	struct employee_filter filter;
	struct employee_list list = {0};
	size_t count = 0;
	struct args_known known = {.query = KNOWN("text", "state", "lifecycle", "present_status",
	                                   "sort", "after", "limit")};

	if (!args_init(&args, console, request, &known) || !fill_filter(&args, &filter) ||
	        !store_employee_list(console->store, &filter, &list, &args.err)) {
		return args_refuse(&args, reply);
	}
	json_t *json = count_people(&args, &filter, &list, &count)
	        ? people_json(&list, filter.limit, count)
	        : NULL;
	employee_list_finish(&list);
	return args_answer(&args, reply, json, 200);
}

/* ---------------------------------------------------------------- person */

static json_t *holds_json(struct store *store, const struct hold_list *holds)
{
	json_t *list = json_array();

	for (size_t i = 0; i < holds->count; i++) {
		json_array_append_new(list, render_hold(store, &holds->items[i]));
	}
	return list;
}

static json_t *events_json(const struct event_list *events)
{
	json_t *list = json_array();

	for (size_t i = 0; i < events->count; i++) {
		json_array_append_new(list, render_event(&events->items[i]));
	}
	return list;
}

/* Each with whether it can be undone, as far as our records tell. */
static json_t *actions_json(const struct action_list *actions, const char *okta_id)
{
	json_t *list = json_array();

	for (size_t i = 0; i < actions->count; i++) {
		struct undo_verdict verdict;
		json_t *action = render_action(&actions->items[i]);
		undo_judge(actions, &actions->items[i], okta_id, &verdict);
		json_object_set_new(action, "can_undo", json_boolean(verdict.is_possible));
		json_object_set_new(action, "undo_why", json_string(verdict.why));
		json_array_append_new(list, action);
	}
	return list;
}

static json_t *memberships_json(const struct membership_list *memberships)
{
	json_t *list = json_array();

	for (size_t i = 0; i < memberships->count; i++) {
		const struct membership *one = &memberships->items[i];
		json_array_append_new(list,
		        json_pack("{s:s, s:s, s:I}", "group_id", one->group_id, "state",
		                membership_state_name(one->state), "given_at_ms",
		                (json_int_t)one->given_at_ms));
	}
	return list;
}

struct person_parts {
	struct membership_list memberships;
	struct employee employee;
	struct hold_list holds;
	struct event_list events;
	struct action_list actions;
};

static bool load_person(struct store *store, struct args *args, struct person_parts *parts)
{
	const struct employee_key *key = &args->key;

	return store_employee_get(store, key, &parts->employee, &args->err) &&
	        store_membership_list(store, key->connection, parts->employee.okta_id,
	                &parts->memberships, &args->err) &&
	        store_hold_list(store, NULL, key, &parts->holds, &args->err) &&
	        store_event_list(store, key, PERSON_EVENTS, &parts->events, &args->err) &&
	        store_action_list(store, key, PERSON_ACTIONS, &parts->actions, &args->err);
}

static json_t *person_json(const struct args *args, const struct person_parts *parts)
{
	struct store *store = args->console->store;
	char next_step[SENTENCE_BYTES];

	render_next_step(&parts->employee, next_step, sizeof(next_step));
	return json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:o}", "employee",
	        render_employee_full(&parts->employee), "next_step", next_step, "move",
	        pair_json(store, args->settings, &parts->employee), "holds",
	        holds_json(store, &parts->holds), "events", events_json(&parts->events), "actions",
	        actions_json(&parts->actions, parts->employee.okta_id), "groups",
	        memberships_json(&parts->memberships));
}

enum http_verdict console_person(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct console *console = context;
	struct args args;
	struct person_parts parts = {0};
	struct args_known known = {0};
	bool is_loaded = args_init(&args, console, request, &known) && args_key(&args) &&
	        load_person(console->store, &args, &parts);
	json_t *json = is_loaded ? person_json(&args, &parts) : NULL;

	employee_finish(&parts.employee);
	membership_list_finish(&parts.memberships);
	hold_list_finish(&parts.holds);
	event_list_finish(&parts.events);
	action_list_finish(&parts.actions);
	return args_answer(&args, reply, json, 200);
}

/* ---------------------------------------------------------------- events */

static bool event_key(struct args *args)
{
	const char *id = http_request_query(args->request, "employee_id");

	str_format_cut(args->key.connection, sizeof(args->key.connection), "%s", args->connection);
	if (id == NULL) {
		return true;
	}
	if (!str_is_digits(id, EMPLOYEE_ID_BYTES - 1)) {
		err_set(&args->err, ERR_BAD_REQUEST, "employee_id is 1 to 32 digits");
		return false;
	}
	str_format_cut(args->key.employee_id, sizeof(args->key.employee_id), "%s", id);
	return true;
}

enum http_verdict console_events(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct console *console = context;
	struct args args;
	struct event_list events = {0};
	struct args_known known = {.query = KNOWN("employee_id", "limit")};

	if (!args_init(&args, console, request, &known) || !event_key(&args)) {
		return args_refuse(&args, reply);
	}
	int64_t limit = args_query_number(&args, "limit", PAGE_MAX, EVENTS_DEFAULT);
	if (limit == 0 ||
	        !store_event_list(console->store, &args.key, (size_t)limit, &events, &args.err)) {
		return args_refuse(&args, reply);
	}
	json_t *json = json_pack("{s:o}", "events", events_json(&events));
	event_list_finish(&events);
	return args_answer(&args, reply, json, 200);
}
