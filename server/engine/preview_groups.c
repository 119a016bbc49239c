/* SPDX-License-Identifier: MIT */
#include "server/engine/preview_groups.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/store/limits.h"

#include <stdlib.h>

#define SAMPLES_MAX 5 /* of those who join, and of those who leave */

struct group_tally {
	const char *group; /* borrowed from the new rules */
	int64_t answers[GROUP_IN + 1];
	int64_t people; /* whose answer is another one than before */
	int64_t joins;
	int64_t leaves;
	json_t *samples;
};

/* ------------------------------------------------------------------- opening */

/* How many more people may leave, by the narrowest of the windows. */
static bool look_at_room(struct preview_groups *groups, struct err *err)
{
	const struct connection_settings *settings = groups->all->connection->settings;
	struct limit_state state;

	groups->room = -1;
	if (!store_limit_look(groups->all->engine->store, settings->name, &settings->limits,
	            LIMIT_LEAVE_GROUP, &state, err)) {
		return false;
	}
	for (int i = 0; i < LIMIT_PERIOD_COUNT; i++) {
		const struct limit_fill *fill = &state.fills[i];
		int64_t room = state.is_restored || fill->used > fill->allowed
		        ? 0
		        : fill->allowed - fill->used;
		if (fill->allowed >= 0 && (groups->room < 0 || room < groups->room)) {
			groups->room = room;
		}
	}
	return true;
}

bool preview_groups_open(struct preview_groups *groups, struct err *err)
{
	const struct map_rules *rules = groups->after->rules;
	struct everybody *all = groups->all;

	groups->page = group_draft_use(groups->after, all->connection);
	groups->tallies = calloc(rules->group_count + 1, sizeof(*groups->tallies));
	if (groups->tallies == NULL) {
		err_set(err, ERR_NO_MEMORY, "out of memory for groups");
		return false;
	}
	for (size_t i = 0; i < rules->group_count; i++) {
		groups->tallies[i] = (struct group_tally){
		        .group = rules->groups[i].group, .samples = json_array()};
	}
	return look_at_room(groups, err) &&
	        store_membership_counts(
	                all->engine->store, all->connection->settings->name, &groups->counts, err);
}

void preview_groups_finish(struct preview_groups *groups)
{
	for (size_t i = 0; groups->tallies != NULL && i < groups->after->rules->group_count; i++) {
		json_decref(groups->tallies[i].samples);
	}
	free(groups->tallies);
	group_count_list_finish(&groups->counts);
	if (groups->page != NULL) {
		group_draft_release(groups->after, groups->all->connection, groups->page);
	}
	*groups = (struct preview_groups){0};
}

/* -------------------------------------------------------------------- person */

static enum group_answer answer_before(const struct map_profile *before, const char *group)
{
	for (size_t i = 0; i < before->group_count; i++) {
		if (str_equal(before->groups[i].rule->group, group)) {
			return before->groups[i].answer;
		}
	}
	return GROUP_NO_VERDICT;
}

static void add_answers(struct preview_groups *groups, const struct map_profile *before,
        const struct map_profile *after)
{
	for (size_t i = 0; i < after->group_count; i++) {
		struct group_tally *tally = &groups->tallies[i];
		enum group_answer answer = after->groups[i].answer;
		tally->answers[answer]++;
		tally->people += answer != answer_before(before, tally->group) ? 1 : 0;
	}
}

static void add_sample(struct group_tally *tally, const struct run *run, bool is_join)
{
	int64_t before = is_join ? tally->joins : tally->leaves;

	if (before < SAMPLES_MAX) {
		json_array_append_new(tally->samples,
		        json_pack("{s:s, s:s, s:s}", "employee_id", run->person.employee_id,
		                "display_name", personal_reveal(&run->person.display_name.text),
		                "change", is_join ? "join_group" : "leave_group"));
	}
}

/* A leaver's groups are no row's doing: they have no limit of their own. */
static bool is_of_limit(const json_t *line)
{
	return str_equal(json_get_text(line, "limit"), limit_kind_name(LIMIT_LEAVE_GROUP));
}

static void add_line(struct group_tally *tally, const struct run *run, const json_t *line)
{
	bool is_join = str_equal(json_get_text(line, "kind"), action_kind_name(ACTION_JOIN_GROUP));

	add_sample(tally, run, is_join);
	tally->joins += is_join ? 1 : 0;
	tally->leaves += is_join ? 0 : 1;
}

static struct group_tally *find_tally(struct preview_groups *groups, const char *group)
{
	for (size_t i = 0; group != NULL && i < groups->after->rules->group_count; i++) {
		if (str_equal(groups->tallies[i].group, group)) {
			return &groups->tallies[i];
		}
	}
	return NULL;
}

static void add_changes(struct preview_groups *groups, const struct run *run)
{
	bool is_leaving = false;
	size_t i = 0;
	const json_t *line = NULL;

	json_array_foreach(run->report, i, line)
	{
		struct group_tally *tally = find_tally(groups, json_get_text(line, "group"));
		if (tally != NULL) {
			add_line(tally, run, line);
			is_leaving = is_leaving || is_of_limit(line);
		}
	}
	groups->leaving += is_leaving ? 1 : 0;
}

static void plan(struct preview_groups *groups, struct employee *employee,
        const struct everybody_person *person, const struct map_profile *before)
{
	struct err err = ERR_INIT;
	struct run run = {
	        .runner = &groups->all->runner,
	        .connection = groups->all->connection,
	        .employee = employee,
	        .mode = RUN_MODE_PLAN,
	        .presence = PRESENCE_READ,
	        .read_begun_ms = person->read_begun_ms,
	        .draft = groups->after,
	        .forecast_ms = clock_wall_ms(),
	        .report = json_array(),
	};

	reconcile(&run, person->source);
	if (run.has_profile || run_make_profile(&run, &err)) {
		add_answers(groups, before, &run.profile);
		add_changes(groups, &run);
	}
	run_finish(&run);
}

bool preview_groups_add(struct preview_groups *groups, const struct everybody_person *person,
        const struct map_profile *before, struct err *err)
{
	struct employee employee = {0};

	if (groups->after->rules->group_count == 0) {
		return true;
	}
	bool is_loaded =
	        engine_load_employee(groups->all->engine->store, &person->key, &employee, err);
	if (is_loaded) {
		plan(groups, &employee, person, before);
	}
	employee_finish(&employee);
	return is_loaded;
}

/* -------------------------------------------------------------------- report */

static json_t *tally_json(const struct preview_groups *groups, const struct group_tally *tally)
{
	const struct group_entry *entry = group_page_of_row(groups->page, tally->group);

	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:O}", "group", tally->group,
	        "state", group_state_name(entry != NULL ? entry->state : GROUP_NOT_KNOWN), "reason",
	        entry != NULL ? entry->reason : "", "belong", (json_int_t)tally->answers[GROUP_IN],
	        "people", (json_int_t)tally->people, "joins", (json_int_t)tally->joins, "leaves",
	        (json_int_t)tally->leaves, "unknown", (json_int_t)tally->answers[GROUP_NO_VERDICT],
	        "samples", tally->samples);
}

static bool has_row(const struct map_rules *rules, const char *group)
{
	for (size_t i = 0; i < rules->group_count; i++) {
		if (str_equal(rules->groups[i].group, group)) {
			return true;
		}
	}
	return false;
}

static json_t *gone_json(
        const struct preview_groups *groups, const struct group_page *page, const char *group)
{
	const struct group_entry *entry = group_page_of_row(page, group);
	const struct group_count *count =
	        entry != NULL ? group_count_find(&groups->counts, entry->id) : NULL;

	return json_pack("{s:s, s:I}", "group", group, "given",
	        (json_int_t)(count != NULL ? count->given : 0));
}

/* Rows that are gone take nobody out: what was given stays. */
static json_t *removed_json(const struct preview_groups *groups)
{
	struct connection *connection = groups->all->connection;
	const struct group_page *page = group_draft_use(groups->before, connection);
	json_t *removed = json_array();

	for (size_t i = 0; i < groups->before->rules->group_count; i++) {
		const char *group = groups->before->rules->groups[i].group;
		if (!has_row(groups->after->rules, group)) {
			json_array_append_new(removed, gone_json(groups, page, group));
		}
	}
	group_draft_release(groups->before, connection, page);
	return removed;
}

static json_t *limit_json(const struct preview_groups *groups)
{
	int64_t held = groups->room >= 0 && groups->leaving > groups->room
	        ? groups->leaving - groups->room
	        : 0;
	char sentence[SENTENCE_BYTES] = "";

	if (held > 0) {
		str_format_cut(sentence, sizeof(sentence),
		        "The limit leave_group would be exceeded: %lld people would leave a group,"
		        " and it lets %lld pass now; %lld would be held for release.",
		        (long long)groups->leaving, (long long)groups->room, (long long)held);
	}
	return json_pack("{s:s, s:I, s:I, s:I, s:b, s:s}", "limit",
	        limit_kind_name(LIMIT_LEAVE_GROUP), "leaving", (json_int_t)groups->leaving, "room",
	        (json_int_t)groups->room, "held", (json_int_t)held, "is_exceeded", held > 0,
	        "sentence", sentence);
}

void preview_groups_report(const struct preview_groups *groups, json_t *report)
{
	json_t *list = json_array();

	for (size_t i = 0; i < groups->after->rules->group_count; i++) {
		json_array_append_new(list, tally_json(groups, &groups->tallies[i]));
	}
	json_object_set_new(report, "groups", list);
	json_object_set_new(report, "groups_removed", removed_json(groups));
	json_object_set_new(report, "leave_limit", limit_json(groups));
}
