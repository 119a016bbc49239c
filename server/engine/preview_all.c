/* SPDX-License-Identifier: MIT */
/*
 * How many people a mapping would change, compared with another one: both are
 * applied to everybody Bob lists, who is read once with the fields of both.
 * Nothing is written, and Okta is asked only for groups that a draft names new:
 * what it has else is what the store knows of it.
 */
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/engine/everybody.h"
#include "server/engine/preview_groups.h"
#include "server/engine/run.h"

#include <stdlib.h>
#include <string.h>

#define SAMPLES_MAX 5

/* What the new mapping does to one attribute. */
struct attribute_count {
	const char *okta; /* borrowed from the new rules */
	bool is_known_in_okta; /* the mapping in force has read it, so the store knows it */
	int64_t people; /* for whom it gives something else than the old one */
	int64_t would_write;
	int64_t by_state[ROW_STATE_COUNT];
	json_t *samples;
};

struct comparison {
	struct everybody all;
	const struct preview_all *query;
	struct rule_set before;
	struct rule_set after;
	struct attribute_count *counts; /* one a row of after, in their order */
	int64_t people;
	int64_t left_out; /* leavers, and those who could not be read */
	int64_t changed;
	int64_t would_write;
	int64_t enters_scope;
	int64_t leaves_scope;
	struct preview_groups groups;
};

/* ------------------------------------------------------------------- values */

/* What a row would put into the attribute: a value, null (cleared), or NULL: nothing. */
static const json_t *effect_of(const struct map_result *result, json_t *null)
{
	if (result == NULL) {
		return NULL;
	}
	if (result->state == ROW_VALUE) {
		return result->value;
	}
	bool clears = result->state == ROW_EMPTY && result->row->when_empty == WHEN_EMPTY_CLEAR;
	return clears ? null : NULL;
}

static bool is_change(const json_t *from, const json_t *to)
{
	return to != NULL && (from == NULL || !json_equal(from, to));
}

static const char *state_word(const struct map_result *result)
{
	return result == NULL ? "no_row" : row_state_name(result->state);
}

static json_t *value_json(const json_t *value)
{
	return value != NULL ? json_deep_copy(value) : json_null();
}

/* ------------------------------------------------------------------- people */

/* One person under both mappings. */
struct pair {
	struct employee employee;
	struct run before;
	struct run after;
	json_t *present; /* Okta's profile as last known; NULL: not known */
	json_t *diff; /* what an update would write now */
};

static bool make_side(struct comparison *comparison, struct run *run, struct employee *employee,
        const struct rule_set *set, json_t *source)
{
	struct err err = ERR_INIT;

	*run = (struct run){
	        .runner = &comparison->all.runner,
	        .connection = comparison->all.connection,
	        .employee = employee,
	        .mode = RUN_MODE_PLAN,
	        .presence = PRESENCE_READ,
	        .draft = set,
	        .asked = HOLD_KIND_COUNT,
	};
	return person_parse(&run->person, source, &err) && run_make_profile(run, &err);
}

/* A closed account gets no profile write. */
static bool is_open_account(const struct employee *employee)
{
	return employee->okta_id[0] != '\0' && employee->present_status != ACCOUNT_DEPROVISIONED;
}

static void load_present(struct pair *pair)
{
	const char *text = personal_reveal(&pair->employee.present_profile);

	if (is_open_account(&pair->employee) && text[0] != '\0') {
		pair->present = json_parse(text, strlen(text), NULL);
	}
	if (pair->present != NULL) {
		pair->diff = map_profile_diff(
		        &pair->after.profile, DIFF_FOR_UPDATE, pair->present, NULL);
	}
}

static void pair_finish(struct pair *pair)
{
	run_finish(&pair->before);
	run_finish(&pair->after);
	employee_finish(&pair->employee);
	json_decref(pair->present);
	json_decref(pair->diff);
}

/* False for somebody who cannot be judged; *err is set only where the store fails. */
static bool pair_make(struct comparison *comparison, struct pair *pair,
        const struct everybody_person *person, struct err *err)
{
	*pair = (struct pair){0};
	if (!engine_load_employee(
	            comparison->all.engine->store, &person->key, &pair->employee, err) ||
	        !make_side(comparison, &pair->before, &pair->employee, &comparison->before,
	                person->source) ||
	        !make_side(comparison, &pair->after, &pair->employee, &comparison->after,
	                person->source)) {
		return false;
	}
	load_present(pair);
	return pair->after.person.lifecycle != LIFECYCLE_TERMINATED;
}

static void add_sample(struct attribute_count *count, const struct pair *pair,
        const struct map_result *before, const struct map_result *after)
{
	const struct person *person = &pair->after.person;

	if (json_array_size(count->samples) >= SAMPLES_MAX) {
		return;
	}
	json_t *null = json_null();
	json_array_append_new(count->samples,
	        json_pack("{s:s, s:s, s:s, s:o, s:s, s:o}", "employee_id", person->employee_id,
	                "display_name", personal_reveal(&person->display_name.text), "from_state",
	                state_word(before), "from", value_json(effect_of(before, null)), "to_state",
	                state_word(after), "to", value_json(effect_of(after, null))));
}

/* A row for new accounts does nothing to somebody who has one. */
static bool is_idle(const struct pair *pair, const struct map_result *after)
{
	return after->row->apply == APPLY_ON_CREATE && pair->employee.okta_id[0] != '\0';
}

/* True when the attribute changes. */
static bool compare_attribute(
        struct attribute_count *count, const struct pair *pair, const struct map_result *after)
{
	const struct map_result *before = map_profile_find(&pair->before.profile, count->okta);
	json_t *null = json_null();

	count->by_state[after->state]++;
	if (is_idle(pair, after) || !is_change(effect_of(before, null), effect_of(after, null))) {
		return false;
	}
	count->people++;
	count->would_write += json_object_get(pair->diff, count->okta) != NULL ? 1 : 0;
	add_sample(count, pair, before, after);
	return true;
}

static void compare_scope(struct comparison *comparison, const struct pair *pair)
{
	bool was_in = pair->before.profile.scope == SCOPE_MET;
	bool is_in = pair->after.profile.scope == SCOPE_MET;

	comparison->enters_scope += !was_in && is_in ? 1 : 0;
	comparison->leaves_scope += was_in && pair->after.profile.scope == SCOPE_NOT_MET ? 1 : 0;
}

static void compare_pair(struct comparison *comparison, const struct pair *pair)
{
	bool is_changed = false;

	comparison->people++;
	for (size_t i = 0; i < pair->after.profile.count; i++) {
		if (compare_attribute(
		            &comparison->counts[i], pair, &pair->after.profile.results[i])) {
			is_changed = true;
		}
	}
	comparison->changed += is_changed ? 1 : 0;
	comparison->would_write += json_object_size(pair->diff) > 0 ? 1 : 0;
	compare_scope(comparison, pair);
}

static bool compare_one(void *context, const struct everybody_person *person, struct err *err)
{
	struct comparison *comparison = context;
	struct pair pair;
	bool is_counted = true;

	if (person->source == NULL) {
		return true;
	}
	if (pair_make(comparison, &pair, person, err)) {
		compare_pair(comparison, &pair);
		is_counted =
		        preview_groups_add(&comparison->groups, person, &pair.before.profile, err);
	} else {
		comparison->left_out++;
	}
	pair_finish(&pair);
	return is_counted && !err_is_set(err);
}

/* ------------------------------------------------------------------ opening */

static bool open_sets(
        struct comparison *comparison, const struct preview_all *query, struct err *err)
{
	struct engine *engine = comparison->all.engine;
	const struct connection *connection = comparison->all.connection;

	if (query->draft.rows == NULL) {
		rule_set_in_force(&comparison->after, connection);
	} else if (!rule_set_open_draft(&comparison->after, engine, comparison->all.connection,
	                   &query->draft, err) ||
	        !group_draft_read(&comparison->after, &comparison->all.runner,
	                comparison->all.connection, err)) {
		return false;
	}
	if (query->changed_from == 0) {
		rule_set_in_force(&comparison->before, connection);
		return true;
	}
	return rule_set_open_version(
	        &comparison->before, engine, connection, query->changed_from, err);
}

static bool open_counts(struct comparison *comparison, struct err *err)
{
	const struct map_rules *rules = comparison->after.rules;
	const struct map_rules *in_force = &comparison->all.connection->settings->rules;

	comparison->counts = calloc(rules->count + 1, sizeof(*comparison->counts));
	if (comparison->counts == NULL) {
		err_set(err, ERR_NO_MEMORY, "out of memory for a comparison");
		return false;
	}
	for (size_t i = 0; i < rules->count; i++) {
		const char *okta = rules->rows[i].okta;
		comparison->counts[i] = (struct attribute_count){.okta = okta,
		        .is_known_in_okta = map_rules_find(in_force, okta) != NULL,
		        .samples = json_array()};
	}
	return true;
}

/* What both mappings read, each field once. */
static json_t *fields_of_both(const struct comparison *comparison)
{
	const char *match = comparison->all.connection->settings->policy.match_bob;
	json_t *fields = map_rules_fields(comparison->after.rules, match);
	json_t *others = map_rules_fields(comparison->before.rules, NULL);
	json_t *seen = json_object();
	size_t i = 0;
	json_t *field = NULL;

	json_array_foreach(fields, i, field)
	{
		json_object_set_new(seen, json_string_value(field), json_true());
	}
	json_array_foreach(others, i, field)
	{
		if (json_object_get(seen, json_string_value(field)) == NULL) {
			json_array_append(fields, field);
		}
	}
	json_decref(seen);
	json_decref(others);
	return fields;
}

static bool open_groups(struct comparison *comparison, struct err *err)
{
	comparison->groups = (struct preview_groups){.all = &comparison->all,
	        .before = &comparison->before,
	        .after = &comparison->after};
	return preview_groups_open(&comparison->groups, err);
}

static bool compare_everybody(struct comparison *comparison, struct err *err)
{
	json_t *fields = fields_of_both(comparison);

	comparison->all.job = comparison->query->job;
	bool is_done = fields != NULL && everybody_list(&comparison->all, err) &&
	        everybody_each(&comparison->all, fields, compare_one, comparison, err);

	json_decref(fields);
	if (!is_done) {
		err_set(err, ERR_NO_MEMORY, "out of memory while reading everybody");
	}
	return is_done;
}

/* ------------------------------------------------------------------- report */

static json_t *states_json(const struct attribute_count *count)
{
	json_t *states = json_object();
	for (int state = 0; state < ROW_STATE_COUNT; state++) {
		json_object_set_new(states, row_state_name((enum row_state)state),
		        json_integer((json_int_t)count->by_state[state]));
	}
	return states;
}

static json_t *attributes_json(const struct comparison *comparison)
{
	json_t *attributes = json_array();
	for (size_t i = 0; i < comparison->after.rules->count; i++) {
		const struct attribute_count *count = &comparison->counts[i];
		json_array_append_new(attributes,
		        json_pack("{s:s, s:I, s:I, s:b, s:o, s:O}", "okta", count->okta, "people",
		                (json_int_t)count->people, "would_write",
		                (json_int_t)count->would_write, "is_known_in_okta",
		                count->is_known_in_okta, "states", states_json(count), "samples",
		                count->samples));
	}
	return attributes;
}

/* Attributes that no row fills any more: Okta's values stay as they are. */
static json_t *removed_json(const struct comparison *comparison)
{
	json_t *removed = json_array();
	for (size_t i = 0; i < comparison->before.rules->count; i++) {
		const char *okta = comparison->before.rules->rows[i].okta;
		if (map_rules_find(comparison->after.rules, okta) == NULL) {
			json_array_append_new(removed, json_string(okta));
		}
	}
	return removed;
}

static json_t *comparison_json(const struct comparison *comparison, const struct preview_all *query)
{
	char sentence[SENTENCE_BYTES];

	str_format_cut(sentence, sizeof(sentence),
	        "The mapping gives something else for %lld of %lld people.",
	        (long long)comparison->changed, (long long)comparison->people);
	return json_pack("{s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:s}",
	        "connection", query->connection, "is_draft", query->draft.rows != NULL,
	        "changed_from", (json_int_t)query->changed_from, "people",
	        (json_int_t)comparison->people, "left_out", (json_int_t)comparison->left_out,
	        "changed", (json_int_t)comparison->changed, "would_write",
	        (json_int_t)comparison->would_write, "enters_scope",
	        (json_int_t)comparison->enters_scope, "leaves_scope",
	        (json_int_t)comparison->leaves_scope, "attributes", attributes_json(comparison),
	        "removed", removed_json(comparison), "sentence", sentence);
}

static void comparison_finish(struct comparison *comparison)
{
	for (size_t i = 0; comparison->counts != NULL && i < comparison->after.rules->count; i++) {
		json_decref(comparison->counts[i].samples);
	}
	free(comparison->counts);
	preview_groups_finish(&comparison->groups);
	rule_set_close(&comparison->before);
	rule_set_close(&comparison->after);
	everybody_finish(&comparison->all);
}

bool engine_preview_all(
        struct engine *engine, const struct preview_all *query, json_t **report, struct err *err)
{
	struct comparison comparison = {.query = query};

	*report = NULL;
	if (everybody_open(&comparison.all, engine, query->connection, err) &&
	        open_sets(&comparison, query, err) && open_counts(&comparison, err) &&
	        open_groups(&comparison, err) && compare_everybody(&comparison, err)) {
		*report = comparison_json(&comparison, query);
		preview_groups_report(&comparison.groups, *report);
		if (*report == NULL) {
			err_set(err, ERR_NO_MEMORY, "out of memory for a comparison");
		}
	}
	comparison_finish(&comparison);
	return *report != NULL;
}
