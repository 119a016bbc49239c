/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/faults.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/sandbox/jsonx.h"
#include "tests/sandbox/route.h"

static const char *const NAMES[] = {
        [FAULT_NONE] = "none",
        [FAULT_STATUS] = "status",
        [FAULT_500_BEFORE] = "500_before",
        [FAULT_500_AFTER] = "500_after",
        [FAULT_SLOW] = "slow",
        [FAULT_CUT] = "cut",
        [FAULT_CUT_AFTER] = "cut_after_apply",
        [FAULT_HANG] = "hang",
        [FAULT_HTML200] = "html200",
        [FAULT_TRUNCATE] = "truncate",
        [FAULT_GARBAGE] = "garbage",
        [FAULT_EMPTY] = "empty",
        [FAULT_429] = "429",
        [FAULT_401] = "401",
};

static const char *const KEYS[] = {"system", "route", "method", "path", "action", "probability",
        "times", "after", "user", "status", "code", "headers", "body", "ms", "bytes", "reset",
        "reset_s", "concurrency", "doubled"};

enum { HANG_DEFAULT_MS = 60000 };

const char *fault_name(enum fault_action action)
{
	return NAMES[action];
}

void faults_init(struct faults *faults)
{
	*faults = (struct faults){0};
}

void faults_clear(struct faults *faults)
{
	for (size_t i = 0; i < faults->count; i++) {
		json_decref(faults->rules[i].json);
	}
	free(faults->rules);
	faults->rules = NULL;
	faults->count = 0;
}

void faults_finish(struct faults *faults)
{
	faults_clear(faults);
}

static bool is_known_key(const char *key)
{
	for (size_t i = 0; i < COUNT(KEYS); i++) {
		if (strcmp(KEYS[i], key) == 0) {
			return true;
		}
	}
	return false;
}

static enum fault_action action_of(const json_t *rule)
{
	const char *text = jsonx_text_or(rule, "action", "");

	for (size_t i = FAULT_STATUS; i < COUNT(NAMES); i++) {
		if (strcmp(NAMES[i], text) == 0) {
			return (enum fault_action)i;
		}
	}
	return FAULT_NONE;
}

static enum system_id system_of(const json_t *rule)
{
	const char *text = jsonx_text_or(rule, "system", "");

	if (strcmp(text, "okta") == 0) {
		return SYSTEM_OKTA;
	}
	return strcmp(text, "bob") == 0 ? SYSTEM_BOB : SYSTEM_NONE;
}

static char *find_problem(const json_t *rule)
{
	const char *key = NULL;
	json_t *value = NULL;
	json_t *copy = json_deep_copy(rule);
	char *problem = NULL;

	json_object_foreach(copy, key, value)
	{
		if (problem == NULL && !is_known_key(key)) {
			problem = util_text("%s: no such key in a fault rule", key);
		}
	}
	json_decref(copy);
	if (problem == NULL && system_of(rule) == SYSTEM_NONE) {
		problem = util_text("system must be okta or bob");
	}
	if (problem == NULL && action_of(rule) == FAULT_NONE) {
		problem = util_text("no such action");
	}
	if (problem == NULL && action_of(rule) == FAULT_STATUS &&
	        jsonx_int(rule, "status", 0) < 200) {
		problem = util_text("action status needs a status");
	}
	return problem;
}

char *faults_add(struct faults *faults, const json_t *rule, int64_t *id)
{
	char *problem =
	        json_is_object(rule) ? find_problem(rule) : util_text("a rule is an object");

	if (problem == NULL && faults->count == FAULTS_MAX_RULES) {
		problem = util_text("too many rules");
	}
	if (problem != NULL) {
		return problem;
	}
	faults->rules = util_grow(faults->rules, (faults->count + 1) * sizeof(*faults->rules));
	*id = ++faults->last_id;
	faults->rules[faults->count++] = (struct fault_rule){.id = *id,
	        .json = json_deep_copy(rule),
	        .action = action_of(rule),
	        .system = system_of(rule),
	        .probability = jsonx_real(rule, "probability", 1.0),
	        .times = jsonx_int(rule, "times", -1),
	        .after = jsonx_int(rule, "after", 0)};
	return NULL;
}

bool faults_remove(struct faults *faults, int64_t id)
{
	for (size_t i = 0; i < faults->count; i++) {
		if (faults->rules[i].id == id) {
			json_decref(faults->rules[i].json);
			memmove(&faults->rules[i], &faults->rules[i + 1],
			        (faults->count - i - 1) * sizeof(*faults->rules));
			faults->count--;
			return true;
		}
	}
	return false;
}

json_t *faults_list(const struct faults *faults)
{
	json_t *list = json_array();

	for (size_t i = 0; i < faults->count; i++) {
		json_t *entry = json_deep_copy(faults->rules[i].json);

		jsonx_set_int(entry, "id", faults->rules[i].id);
		jsonx_set_int(entry, "fired", faults->rules[i].fired);
		jsonx_push(list, entry);
	}
	return list;
}

/* "*" and "POST *" stand for any route. */
static bool matches_route(const char *pattern, const struct request *rq)
{
	size_t length = strlen(pattern);
	char *name = route_name(rq);
	bool matches = strcmp(pattern, name) == 0;

	if (length >= 1 && pattern[length - 1] == '*') {
		matches = strncmp(pattern, name, length - 1) == 0;
	}
	free(name);
	return matches;
}

static bool matches_path(const char *prefix, const struct request *rq)
{
	const char *path = rq->path;

	if (rq->system == SYSTEM_BOB) {
		path += strlen("/bob");
	} else if (rq->okta_prefixed) {
		path += strlen("/okta");
	}
	return strncmp(path, prefix, strlen(prefix)) == 0;
}

static bool matches_user(const char *user, const struct fault_subjects *subjects)
{
	for (size_t i = 0; i < subjects->count; i++) {
		if (strcasecmp(user, subjects->texts[i]) == 0) {
			return true;
		}
	}
	return false;
}

static bool matches(const struct fault_rule *rule, const struct request *rq,
        const struct fault_subjects *subjects)
{
	const char *route = jsonx_text(rule->json, "route");
	const char *method = jsonx_text(rule->json, "method");
	const char *path = jsonx_text(rule->json, "path");
	const char *user = jsonx_text(rule->json, "user");

	return rule->system == rq->system && (route == NULL || matches_route(route, rq)) &&
	        (method == NULL || strcasecmp(method, rq->method) == 0) &&
	        (path == NULL || matches_path(path, rq)) &&
	        (user == NULL || matches_user(user, subjects));
}

static bool fires(struct fault_rule *rule, uint64_t *random)
{
	if (rule->after > 0) {
		rule->after--;
		return false;
	}
	if (rule->times == 0 || !util_chance(random, rule->probability)) {
		return false;
	}
	rule->times -= rule->times > 0;
	rule->fired++;
	return true;
}

struct fault_plan faults_choose(struct faults *faults, const struct request *rq,
        const struct fault_subjects *subjects, uint64_t *random)
{
	struct fault_plan plan = {.action = FAULT_NONE};

	for (size_t i = 0; i < faults->count && plan.action == FAULT_NONE; i++) {
		struct fault_rule *rule = &faults->rules[i];

		if (!matches(rule, rq, subjects) || !fires(rule, random)) {
			continue;
		}
		if (rule->action == FAULT_SLOW) {
			plan.wait_ms += jsonx_int(rule->json, "ms", 1000);
			continue;
		}
		plan.action = rule->action;
		plan.rule = json_deep_copy(rule->json);
	}
	if (plan.action == FAULT_HANG) {
		plan.wait_ms += jsonx_int(plan.rule, "ms", HANG_DEFAULT_MS);
	}
	return plan;
}

void fault_plan_finish(struct fault_plan *plan)
{
	json_decref(plan->rule);
	plan->rule = NULL;
}

bool fault_is_after(enum fault_action action)
{
	return action == FAULT_500_AFTER || action == FAULT_CUT_AFTER || action == FAULT_TRUNCATE;
}

bool fault_is_before(enum fault_action action)
{
	return action != FAULT_NONE && action != FAULT_SLOW && !fault_is_after(action);
}
