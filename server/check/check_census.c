/* SPDX-License-Identifier: MIT */
/* The rows tried on everybody Bob showed: whose value would fail, and why. */
#include "server/check/check.h"

#include "server/base/clock.h"
#include "server/base/str.h"
#include "server/evaluator/rules_pool.h"

#include <stdlib.h>

struct census {
	struct check_report *report;
	const struct connection_settings *connection;
	const struct check_facts *facts;
	struct evaluator_pool *pool; /* NULL: none */
	json_t **reasons; /* per row: reason -> people */
	size_t people;
	size_t scope[3]; /* by enum scope_answer */
	char scope_reason[ROW_REASON_BYTES];
};

/* ----------------------------------------------------------------- expressions */

static void report_compiled(struct census *census, const struct evaluation *results, size_t count)
{
	const struct map_rules *rules = &census->connection->rules;
	size_t failed = 0;
	for (size_t i = 0; i < count; i++) {
		char name[120];
		char what[160];
		if (results[i].state == EVALUATION_VALUE) {
			continue;
		}
		failed++;
		map_rules_program_name(rules, i, name, sizeof(name));
		str_format_cut(what, sizeof(what), "expression %s", name);
		check_report_add(census->report, CHECK_FAILURE, what, results[i].reason,
		        "correct the expression; docs/mapping.md lists the functions");
	}
	if (failed == 0) {
		char found[80];
		str_format_cut(found, sizeof(found), "%zu compile", count);
		check_report_add(census->report, CHECK_OK, "expressions", found, NULL);
	}
}

static void compile(struct census *census, size_t count)
{
	struct err err = ERR_INIT;
	struct evaluation *results = calloc(count, sizeof(*results));
	if (results == NULL) {
		return;
	}
	if (evaluator_pool_compile(census->pool, results, &err)) {
		report_compiled(census, results, count);
	} else {
		check_report_add(census->report, CHECK_FAILURE, "expressions", err.text, NULL);
	}
	for (size_t i = 0; i < count; i++) {
		json_decref(results[i].value);
	}
	free(results);
}

static void open_pool(struct census *census)
{
	const struct map_rules *rules = &census->connection->rules;
	size_t count = map_rules_program_count(rules);
	struct err err = ERR_INIT;
	if (count == 0 || census->facts->spawner == NULL) {
		return;
	}
	census->pool = rules_pool_create(census->facts->spawner, rules, &err);
	if (census->pool != NULL) {
		compile(census, count);
	} else {
		check_report_add(census->report, CHECK_FAILURE, "expressions", err.text, NULL);
	}
}

/* -------------------------------------------------------------------- counting */

static void count_reason(json_t *reasons, const char *reason)
{
	json_int_t people = json_integer_value(json_object_get(reasons, reason));
	json_object_set_new(reasons, reason, json_integer(people + 1));
}

static void count_profile(struct census *census, const struct map_profile *profile)
{
	census->people++;
	census->scope[profile->scope]++;
	if (profile->scope == SCOPE_UNKNOWN) {
		str_format_cut(census->scope_reason, sizeof(census->scope_reason), "%s",
		        profile->scope_reason);
	}
	for (size_t i = 0; i < profile->count; i++) {
		/* Fields that cannot be read are counted field by field; who waits for a
		 * colleague's account cannot be known here. */
		if (profile->results[i].state == ROW_FAILED) {
			count_reason(census->reasons[i], profile->results[i].reason);
		}
	}
}

/* Nobody writes a leaver's profile. */
static void count_person(struct census *census, json_t *source)
{
	const struct policy_settings *policy = &census->connection->policy;
	struct person person = {0};
	struct map_profile profile = {0};
	struct evaluator evaluator = {0};
	if (!person_parse(&person, source, NULL)) {
		return;
	}
	if (census->pool != NULL) {
		evaluator = evaluator_pool_interface(census->pool);
	}
	struct map_context context = {
	        .fields = census->facts->fields,
	        .attributes = census->facts->attributes,
	        .evaluator = census->pool != NULL ? &evaluator : NULL,
	        .today = zone_date(policy_zone(policy, &person), clock_wall_ms()),
	};
	if (person.lifecycle != LIFECYCLE_TERMINATED &&
	        map_profile_make(&profile, &census->connection->rules, &context, &person, NULL)) {
		count_profile(census, &profile);
		map_profile_finish(&profile);
	}
	person_finish(&person);
}

/* ------------------------------------------------------------------- reporting */

static void report_row(struct census *census, size_t index)
{
	const char *okta = census->connection->rules.rows[index].okta;
	const char *reason = NULL;
	const char *commonest = "";
	json_t *count = NULL;
	json_int_t most = 0;
	json_int_t all = 0;
	char what[160];
	char found[400];
	json_object_foreach(census->reasons[index], reason, count)
	{
		all += json_integer_value(count);
		if (json_integer_value(count) > most) {
			most = json_integer_value(count);
			commonest = reason;
		}
	}
	if (all == 0) {
		return;
	}
	str_format_cut(what, sizeof(what), "row %s", okta);
	str_format_cut(found, sizeof(found), "%lld %s: %s", (long long)most,
	        most == 1 ? "person" : "people", commonest);
	if (all > most) {
		char first[400];
		str_format_cut(first, sizeof(first), "%s", found);
		str_format_cut(found, sizeof(found), "%s; %lld more for other reasons", first,
		        (long long)(all - most));
	}
	check_report_add(census->report, CHECK_WARNING, what, found,
	        "the attribute stays as it is for them; a person's page, or bob2okta person ID, shows it");
}

static void report_scope(struct census *census)
{
	char found[400];
	if (census->connection->rules.scope.text == NULL) {
		return;
	}
	size_t unknown = census->scope[SCOPE_UNKNOWN];
	str_format_cut(found, sizeof(found), "met by %zu of %zu people", census->scope[SCOPE_MET],
	        census->people);
	check_report_add(census->report, CHECK_OK, "scope", found, NULL);
	if (unknown > 0) {
		str_format_cut(found, sizeof(found), "not known for %zu people: %s", unknown,
		        census->scope_reason);
		check_report_add(census->report, CHECK_WARNING, "scope", found,
		        "nobody of them gets an account, and no account of theirs is touched");
	}
}

static bool open_reasons(struct census *census)
{
	size_t count = census->connection->rules.count;
	census->reasons = calloc(count + 1, sizeof(json_t *));
	for (size_t i = 0; census->reasons != NULL && i < count; i++) {
		census->reasons[i] = json_object();
	}
	return census->reasons != NULL;
}

void check_census(struct check_report *report, const struct connection_settings *connection,
        const struct check_facts *facts)
{
	struct census census = {.report = report, .connection = connection, .facts = facts};
	open_pool(&census);
	if (facts->people != NULL && open_reasons(&census)) {
		for (size_t i = 0; i < json_array_size(facts->people); i++) {
			count_person(&census, json_array_get(facts->people, i));
		}
		for (size_t i = 0; i < connection->rules.count; i++) {
			report_row(&census, i);
			json_decref(census.reasons[i]);
		}
		report_scope(&census);
		free(census.reasons);
	}
	evaluator_pool_destroy(census.pool);
}
