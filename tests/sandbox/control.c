/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/control.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/jsonx.h"
#include "tests/sandbox/sandbox.h"
#include "tests/sandbox/webhook.h"

typedef void control_handler(struct sandbox *sb, struct request *rq, struct reply *rp);

struct control_route {
	const char *method;
	const char *path; /* behind /control; {} is a variable */
	control_handler *handle;
	bool locks_itself;
};

void control_refuse(struct reply *rp, int status, char *taken)
{
	json_t *body = json_object();

	jsonx_set_text(body, "error", taken);
	free(taken);
	reply_json(rp, status, body);
}

static void reply_ok(struct reply *rp)
{
	reply_json(rp, 200, json_pack("{s:b}", "ok", 1));
}

static void get_health(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	(void)sb;
	(void)rq;
	reply_ok(rp);
}

static json_t *employees_json(const struct sandbox *sb)
{
	json_t *list = json_array();

	for (size_t i = 0; i < sb->people.count; i++) {
		jsonx_push(list, bob_people_view(&sb->people, sb->people.all[i]));
	}
	return list;
}

static json_t *counters_json(struct sandbox *sb)
{
	webhook_counts(sb->webhook, &sb->counters[COUNTER_DELIVERIES_OK],
	        &sb->counters[COUNTER_DELIVERIES_FAILED]);
	return sandbox_counters(sb);
}

static void get_state(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	char today[UTIL_DATE_SIZE];
	json_t *okta = json_object();
	json_t *state = json_object();

	(void)rq;
	util_date_format(sandbox_today(sb), today);
	jsonx_take(okta, "users", control_okta_users_json(sb));
	jsonx_take(okta, "groups", control_okta_groups_json(sb));
	jsonx_set_text(state, "today", today);
	jsonx_take(state, "employees", employees_json(sb));
	jsonx_take(state, "okta", okta);
	jsonx_take(state, "counters", counters_json(sb));
	jsonx_take(state, "settings", json_deep_copy(sb->settings.values));
	jsonx_take(state, "webhook", webhook_config(sb->webhook));
	jsonx_set_int(state, "pending_deliveries", webhook_pending(sb->webhook));
	reply_json(rp, 200, state);
}

static void get_counters(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	(void)rq;
	reply_json(rp, 200, counters_json(sb));
}

static void reset(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	const json_t *keep = json_object_get(rq->json, "keep");
	unsigned int kept = SANDBOX_KEEP_NOTHING;

	if (jsonx_has(keep, "settings")) {
		kept |= SANDBOX_KEEP_SETTINGS;
	}
	if (jsonx_has(keep, "webhook")) {
		kept |= SANDBOX_KEEP_WEBHOOK;
	}
	sandbox_reset(sb, jsonx_int(rq->json, "seed_people", 0), kept);
	reply_ok(rp);
}

static bool is_asked(const struct request *rq, const json_t *call)
{
	const char *system = request_query(rq, "system");
	const char *route = request_query(rq, "route");
	const char *of = jsonx_text_or(call, "system", "");

	if (system != NULL && strcmp(system, of) != 0) {
		return false;
	}
	if (route != NULL && strcmp(route, jsonx_text_or(call, "route", "")) != 0) {
		return false;
	}
	return !request_query_is(rq, "writes", false) ||
	        (strcmp(of, "okta") == 0 && strcmp(jsonx_text_or(call, "method", ""), "GET") != 0);
}

static void get_calls(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	const char *since_text = request_query(rq, "since");
	int64_t since = since_text != NULL ? strtoll(since_text, NULL, 10) : 0;
	int64_t first = since - sb->calls.dropped;
	json_t *calls = json_array();

	for (size_t i = first > 0 ? (size_t)first : 0; i < json_array_size(sb->calls.entries);
	        i++) {
		json_t *call = json_array_get(sb->calls.entries, i);

		if (is_asked(rq, call)) {
			jsonx_push(calls, json_incref(call));
		}
	}
	reply_json(rp, 200,
	        json_pack("{s:o,s:I}", "calls", calls, "last", (json_int_t)sb->calls.last_seq));
}

static void get_settings(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	(void)rq;
	reply_json(rp, 200, json_deep_copy(sb->settings.values));
}

static void change_settings(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	char *problem = settings_change(&sb->settings, rq->json);

	if (problem != NULL) {
		control_refuse(rp, 400, problem);
		return;
	}
	sb->people.company_id = settings_int(&sb->settings, "company_id");
	get_settings(sb, rq, rp);
}

static void get_faults(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	(void)rq;
	reply_json(rp, 200, json_pack("{s:o}", "rules", faults_list(&sb->faults)));
}

static void add_faults(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	json_t *rules = json_object_get(rq->json, "rules");
	json_t *list = rules != NULL ? json_incref(rules) : json_array();
	json_t *ids = json_array();
	char *problem = NULL;
	int64_t id = 0;

	if (rules == NULL && rq->json != NULL) {
		jsonx_push(list, json_incref(rq->json));
	}
	for (size_t i = 0; i < json_array_size(list) && problem == NULL; i++) {
		problem = faults_add(&sb->faults, json_array_get(list, i), &id);
		if (problem == NULL) {
			jsonx_push(ids, json_integer(id));
		}
	}
	if (problem != NULL) {
		/* All or nothing. */
		for (size_t i = 0; i < json_array_size(ids); i++) {
			(void)faults_remove(
			        &sb->faults, json_integer_value(json_array_get(ids, i)));
		}
		json_decref(ids);
		control_refuse(rp, 400, problem);
	} else {
		reply_json(rp, 200, json_pack("{s:o}", "ids", ids));
	}
	json_decref(list);
}

static void clear_faults(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	(void)rq;
	faults_clear(&sb->faults);
	reply_ok(rp);
}

static void remove_fault(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	if (faults_remove(&sb->faults, strtoll(rq->args[0], NULL, 10))) {
		reply_ok(rp);
	} else {
		control_refuse(rp, 404, util_dup("no such rule"));
	}
}

static const struct control_route ROUTES[] = {
        {"GET", "/health", get_health, false},
        {"GET", "/state", get_state, false},
        {"GET", "/counters", get_counters, false},
        {"POST", "/reset", reset, false},
        {"GET", "/calls", get_calls, false},
        {"GET", "/settings", get_settings, false},
        {"POST", "/settings", change_settings, false},
        {"GET", "/faults", get_faults, false},
        {"POST", "/faults", add_faults, false},
        {"DELETE", "/faults", clear_faults, false},
        {"DELETE", "/faults/{}", remove_fault, false},
        {"GET", "/bob/employees", control_bob_list, false},
        {"POST", "/bob/employees", control_bob_create, false},
        {"POST", "/bob/midnight", control_bob_midnight, false},
        {"GET", "/bob/employees/{}", control_bob_get, false},
        {"PATCH", "/bob/employees/{}", control_bob_patch, false},
        {"DELETE", "/bob/employees/{}", control_bob_delete, false},
        {"POST", "/bob/employees/{}/{}", control_bob_life, false},
        {"GET", "/okta/users", control_okta_list, false},
        {"POST", "/okta/users", control_okta_create, false},
        {"POST", "/okta/users-from-people", control_okta_from_people, false},
        {"GET", "/okta/users/{}", control_okta_get, false},
        {"PATCH", "/okta/users/{}", control_okta_patch, false},
        {"DELETE", "/okta/users/{}", control_okta_delete, false},
        {"GET", "/okta/groups", control_okta_groups, false},
        {"POST", "/okta/groups", control_okta_add_group, false},
        {"POST", "/okta/groups/{}/members", control_okta_change_members, false},
        {"POST", "/okta/group_rules", control_okta_add_group_rule, false},
        {"POST", "/okta/schema", control_okta_schema, false},
        {"GET", "/webhooks", control_webhooks_show, false},
        {"POST", "/webhooks", control_webhooks_configure, false},
        {"POST", "/webhooks/send", control_webhooks_send, true},
        {"POST", "/webhooks/ping", control_webhooks_ping, true},
        {"POST", "/webhooks/replay", control_webhooks_replay, true},
        {"GET", "/webhooks/deliveries", control_webhooks_deliveries, true},
        {"POST", "/webhooks/drain", control_webhooks_drain, true},
};

static bool match(const char *pattern, struct request *rq)
{
	size_t arg = 0;
	size_t segment = 0;

	while (*pattern == '/') {
		pattern++;
		size_t length = strcspn(pattern, "/");
		char *have = segment < rq->segment_count ? rq->segments[segment++] : NULL;

		if (have == NULL) {
			return false;
		}
		if (*pattern == '{') {
			rq->args[arg++] = have;
		} else if (strlen(have) != length || strncmp(have, pattern, length) != 0) {
			return false;
		}
		pattern += length;
	}
	return segment == rq->segment_count;
}

static const struct control_route *find(struct request *rq, bool *has_path)
{
	*has_path = false;
	for (size_t i = 0; i < COUNT(ROUTES); i++) {
		if (match(ROUTES[i].path, rq)) {
			*has_path = true;
			if (strcmp(ROUTES[i].method, rq->method) == 0) {
				return &ROUTES[i];
			}
		}
	}
	return NULL;
}

void control_serve(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	bool has_path = false;
	const struct control_route *route = find(rq, &has_path);

	sandbox_lock(sb);
	request_parse_json(rq);
	if (route == NULL) {
		control_refuse(rp, has_path ? 405 : 404, util_dup("no such control call"));
	} else if (rq->body_length > 0 && !json_is_object(rq->json)) {
		control_refuse(rp, 400, util_dup("the body must be a JSON object"));
	} else if (route->locks_itself) {
		sandbox_unlock(sb);
		route->handle(sb, rq, rp);
		sandbox_lock(sb);
	} else {
		route->handle(sb, rq, rp);
	}
	reply_render(rp);
	json_decref(rq->json);
	rq->json = NULL;
	sandbox_unlock(sb);
}
