/* SPDX-License-Identifier: MIT */
/* Employees and events: reading only. */
#include "server/base/str.h"
#include "server/console/args.h"
#include "server/console/render.h"
#include "server/engine/pair.h"
#include "server/store/groups.h"

#define PERSON_EVENTS  20
#define PERSON_ACTIONS 20
#define PAGE_MAX       500
#define PAGE_DEFAULT   100
#define EVENTS_DEFAULT 50

/* ---------------------------------------------------------------- people */

static bool fill_filter(struct args *args, struct employee_filter *filter)
{
	const char *state = http_request_query(args->request, "state");

	*filter = (struct employee_filter){
	        .connection = args->connection,
	        .text = http_request_query(args->request, "text"),
	        .state = EMPLOYEE_STATE_COUNT,
	        .after_employee_id = http_request_query(args->request, "after"),
	        .limit = (size_t)args_query_number(args, "limit", PAGE_MAX, PAGE_DEFAULT),
	};
	filter->only_held = str_equal(state, "held");
	if (state != NULL && !filter->only_held) {
		filter->state = employee_state_parse(state);
		if (filter->state == EMPLOYEE_STATE_COUNT) {
			err_set(&args->err, ERR_BAD_REQUEST,
			        "state is idle, dirty, working, waiting, failed, parked or held");
		}
	}
	return !err_is_set(&args->err);
}

static json_t *people_json(const struct employee_list *list, size_t limit)
{
	json_t *people = json_array();
	const char *last = NULL;

	for (size_t i = 0; i < list->count; i++) {
		json_array_append_new(people, render_employee(&list->items[i]));
		last = list->items[i].key.employee_id;
	}
	return json_pack(
	        "{s:o, s:s?}", "people", people, "next_after", list->count == limit ? last : NULL);
}

enum http_verdict console_people(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct console *console = context;
	struct args args;
	struct employee_filter filter;
	struct employee_list list = {0};
	struct args_known known = {.query = KNOWN("text", "state", "after", "limit")};

	if (!args_init(&args, console, request, &known) || !fill_filter(&args, &filter) ||
	        !store_employee_list(console->store, &filter, &list, &args.err)) {
		return args_refuse(&args, reply);
	}
	http_reply_json(reply, 200, people_json(&list, filter.limit));
	employee_list_finish(&list);
	args_finish(&args);
	return HTTP_ANSWERED;
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

static json_t *actions_json(const struct action_list *actions)
{
	json_t *list = json_array();

	for (size_t i = 0; i < actions->count; i++) {
		json_array_append_new(list, render_action(&actions->items[i]));
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
	        actions_json(&parts->actions), "groups", memberships_json(&parts->memberships));
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

	if (is_loaded) {
		http_reply_json(reply, 200, person_json(&args, &parts));
	} else {
		http_reply_err(reply, request, &args.err);
	}
	employee_finish(&parts.employee);
	membership_list_finish(&parts.memberships);
	hold_list_finish(&parts.holds);
	event_list_finish(&parts.events);
	action_list_finish(&parts.actions);
	args_finish(&args);
	return HTTP_ANSWERED;
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
	http_reply_json(reply, 200, json_pack("{s:o}", "events", events_json(&events)));
	event_list_finish(&events);
	args_finish(&args);
	return HTTP_ANSWERED;
}
