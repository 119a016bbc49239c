/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/bob_api.h"
#include "tests/sandbox/control.h"
#include "tests/sandbox/fault_answers.h"
#include "tests/sandbox/jsonx.h"
#include "tests/sandbox/okta_api.h"
#include "tests/sandbox/route.h"
#include "tests/sandbox/sandbox.h"

struct passage {
	struct fault_plan plan;
	enum route_result found;
	bool is_crowded; /* over Okta's limit of calls in flight */
	int64_t latency_ms;
	int64_t at_ms;
};

static void add_subject(struct fault_subjects *subjects, const char *text)
{
	if (text != NULL && subjects->count < FAULTS_MAX_SUBJECTS) {
		subjects->texts[subjects->count++] = text;
	}
}

static void okta_subjects(
        struct sandbox *sb, const struct request *rq, struct fault_subjects *subjects)
{
	const struct user *user =
	        rq->args[0] != NULL ? okta_store_find(&sb->directory, rq->args[0]) : NULL;

	if (user != NULL) {
		add_subject(subjects, user->id);
		add_subject(subjects, okta_store_login(user));
	}
	add_subject(subjects, rq->args[1]);
	add_subject(subjects, jsonx_text(json_object_get(rq->json, "profile"), "login"));
}

static void bob_subject(struct sandbox *sb, struct fault_subjects *subjects, const char *text)
{
	const struct employee *employee = text != NULL ? bob_people_find(&sb->people, text) : NULL;

	add_subject(subjects, text);
	if (employee != NULL) {
		add_subject(subjects, employee->id);
		add_subject(subjects, jsonx_text(employee->fields, "root.email"));
	}
}

static void bob_subjects(
        struct sandbox *sb, const struct request *rq, struct fault_subjects *subjects)
{
	const json_t *filters = json_object_get(rq->json, "filters");
	const json_t *values = json_object_get(json_array_get(filters, 0), "values");

	bob_subject(sb, subjects, rq->args[0]);
	for (size_t i = 0; i < json_array_size(values); i++) {
		bob_subject(sb, subjects, json_string_value(json_array_get(values, i)));
	}
}

static struct fault_plan choose_fault(struct sandbox *sb, struct request *rq)
{
	struct fault_subjects *subjects = util_alloc(sizeof(*subjects));

	if (sb->faults.count > 0) {
		add_subject(subjects, rq->args[0]);
		if (rq->system == SYSTEM_OKTA) {
			okta_subjects(sb, rq, subjects);
		} else {
			bob_subjects(sb, rq, subjects);
		}
	}
	struct fault_plan plan = faults_choose(&sb->faults, rq, subjects, &sb->random);

	free(subjects);
	return plan;
}

static void enter(struct sandbox *sb, struct request *rq, struct passage *way)
{
	bool is_okta = rq->system == SYSTEM_OKTA;

	way->at_ms = util_wall_ms();
	request_parse_json(rq);
	way->found = route_find(rq);
	way->plan = choose_fault(sb, rq);
	way->latency_ms =
	        settings_int(&sb->settings, is_okta ? "okta_latency_ms" : "bob_latency_ms") +
	        way->plan.wait_ms;
	if (is_okta) {
		sb->okta_in_flight++;
		way->is_crowded =
		        sb->okta_in_flight > settings_int(&sb->settings, "okta_concurrency");
		/* A crowded call is refused at the door. */
		way->latency_ms = way->is_crowded ? 0 : way->latency_ms;
	}
}

static void count_call(struct sandbox *sb, const struct request *rq, int status)
{
	bool is_okta = rq->system == SYSTEM_OKTA;

	sb->counters[is_okta ? COUNTER_OKTA_CALLS : COUNTER_BOB_CALLS]++;
	if (is_okta && strcmp(rq->method, "GET") != 0) {
		sb->counters[COUNTER_OKTA_WRITES]++;
	}
	if (is_okta && rq->applied) {
		sb->counters[COUNTER_OKTA_APPLIED]++;
	}
	if (status == 429) {
		sb->counters[is_okta ? COUNTER_OKTA_429 : COUNTER_BOB_429]++;
	}
	if (status == 401) {
		sb->counters[is_okta ? COUNTER_OKTA_401 : COUNTER_BOB_401]++;
	}
}

static json_t *call_entry(const struct request *rq, const struct reply *rp, int64_t at_ms)
{
	json_t *entry = json_object();
	char *route = route_name(rq);

	jsonx_set_int(entry, "seq", 0);
	jsonx_set_int(entry, "at_ms", at_ms);
	jsonx_set_text(entry, "system", rq->system == SYSTEM_OKTA ? "okta" : "bob");
	jsonx_set_text(entry, "method", rq->method);
	jsonx_set_text(entry, "path", rq->path);
	jsonx_set_text(entry, "route", route);
	jsonx_set(entry, "query", rq->query);
	jsonx_set_int(entry, "status", rp->is_cut && rp->cut_bytes == 0 ? 0 : rp->status);
	jsonx_set_is(entry, "applied", rq->applied);
	jsonx_set_text(entry, "user_id", rq->user_id[0] != '\0' ? rq->user_id : NULL);
	jsonx_set_text(entry, "login", rq->login);
	jsonx_set_text(entry, "request_id", rq->request_id[0] != '\0' ? rq->request_id : NULL);
	jsonx_set_text(entry, "error_code", rq->error_code[0] != '\0' ? rq->error_code : NULL);
	jsonx_set_text(entry, "fault", rq->fault);
	jsonx_take(entry, "body", rq->json != NULL ? json_deep_copy(rq->json) : json_null());
	free(route);
	return entry;
}

static void report(const struct sandbox *sb, const struct request *rq, const struct reply *rp)
{
	if (!sb->is_quiet) {
		(void)fprintf(stderr, "%s %s -> %d%s%s\n", rq->method, rq->path, rp->status,
		        rq->fault != NULL ? " fault " : "", rq->fault != NULL ? rq->fault : "");
	}
}

/* One critical section: what the call did and its place in the log belong together. */
static int64_t pass(struct sandbox *sb, struct request *rq, struct reply *rp, struct passage *way)
{
	if (way->plan.action != FAULT_NONE) {
		rq->fault = fault_name(way->plan.action);
		sb->counters[COUNTER_FAULTS_FIRED]++;
	}
	if (rq->system == SYSTEM_OKTA) {
		sb->okta_in_flight--;
		okta_api_begin(sb, rq, rp);
	}
	if (fault_is_before(way->plan.action)) {
		fault_answer_before(sb, &way->plan, rq, rp);
	} else if (rq->system == SYSTEM_OKTA) {
		okta_api_call(sb, rq, rp, way->is_crowded ? ROUTE_CROWDED : way->found);
	} else {
		bob_api_call(sb, rq, rp, way->found);
	}
	reply_render(rp);
	fault_change_after(&way->plan, rp);
	reply_render(rp);
	count_call(sb, rq, rp->status);
	return calls_append(&sb->calls, call_entry(rq, rp, way->at_ms));
}

static void serve_api(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	struct passage way = {0};

	sandbox_lock(sb);
	enter(sb, rq, &way);
	sandbox_unlock(sb);
	if (way.latency_ms > 0) {
		sandbox_wait(sb, way.latency_ms);
	}
	sandbox_lock(sb);
	int64_t seq = pass(sb, rq, rp, &way);

	report(sb, rq, rp);
	json_decref(rq->json);
	rq->json = NULL;
	fault_plan_finish(&way.plan);
	sandbox_unlock(sb);
	calls_sync(&sb->calls, seq);
}

void api_serve(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	switch (rq->system) {
	case SYSTEM_OKTA:
	case SYSTEM_BOB: serve_api(sb, rq, rp); break;
	case SYSTEM_CONTROL: control_serve(sb, rq, rp); break;
	case SYSTEM_NONE: reply_text(rp, 404, "text/plain", "not a path of the sandbox\n"); break;
	}
}
