/* SPDX-License-Identifier: MIT */
/*
 * What the rows want for the person of a run: gathers what mapping/ may know
 * (catalogs, an evaluator, colleagues' accounts) and notes what the rows could
 * not do.
 */
#include "server/base/buf.h"
#include "server/base/json.h"
#include "server/base/metrics.h"
#include "server/base/str.h"
#include "server/engine/run.h"

#include <stdlib.h>
#include <string.h>

#define WAITS_FOR_MAX_BYTES 4096

/* ------------------------------------------------------------- references */

struct references {
	struct map_reference *items;
	char **logins; /* what the items borrow */
	size_t count;
};

static void references_finish(struct references *references)
{
	for (size_t i = 0; i < references->count; i++) {
		free(references->logins[i]);
	}
	free(references->logins);
	free(references->items);
}

static char *login_of(const struct employee *employee)
{
	const char *text = personal_reveal(&employee->present_profile);
	json_t *profile = text[0] != '\0' ? json_parse(text, strlen(text), NULL) : NULL;
	char *login = str_dup(json_get_text(profile, "login"));

	json_decref(profile);
	return login;
}

/* A colleague the store has never heard of has no account that we know of. */
static bool find_colleague(
        struct run *run, const char *employee_id, struct references *references, struct err *err)
{
	struct map_reference *reference = &references->items[references->count];
	struct employee_key key = run->employee->key;
	struct employee colleague = {0};
	struct err found = ERR_INIT;

	if (!str_copy(reference->employee_id, sizeof(reference->employee_id), employee_id) ||
	        !str_copy(key.employee_id, sizeof(key.employee_id), employee_id)) {
		return true; /* no id of Bob's: nobody to be found */
	}
	if (store_employee_get(run->runner->store, &key, &colleague, &found)) {
		str_format_cut(
		        reference->okta_id, sizeof(reference->okta_id), "%s", colleague.okta_id);
		references->logins[references->count] =
		        colleague.okta_id[0] != '\0' ? login_of(&colleague) : NULL;
		reference->login = references->logins[references->count];
		employee_finish(&colleague);
	} else if (found.code != ERR_NOT_FOUND) {
		err_set(err, found.code, "%s", found.text);
		return false;
	}
	references->count++;
	return true;
}

static bool find_references(struct run *run, struct references *references, struct err *err)
{
	json_t *ids = map_references_needed(run_rules(run), run->catalogs.fields, &run->person);
	size_t count = json_array_size(ids);
	bool is_found = ids != NULL;

	references->items = calloc(count + 1, sizeof(*references->items));
	references->logins = calloc(count + 1, sizeof(*references->logins));
	if (!is_found || references->items == NULL || references->logins == NULL) {
		err_set(err, ERR_NO_MEMORY, "out of memory while looking for colleagues");
		is_found = false;
	}
	for (size_t i = 0; i < count && is_found; i++) {
		is_found = find_colleague(
		        run, json_string_value(json_array_get(ids, i)), references, err);
	}
	json_decref(ids);
	return is_found;
}

static bool has_state(const struct map_profile *profile, enum row_state state)
{
	for (size_t i = 0; i < profile->count; i++) {
		if (profile->results[i].state == state) {
			return true;
		}
	}
	return false;
}

/* The ids of those who have an account, or of those who have none; NULL: nobody. */
static char *list_colleagues(const struct references *references, bool has_account)
{
	struct buf ids;
	char *text = NULL;

	buf_init(&ids, WAITS_FOR_MAX_BYTES);
	for (size_t i = 0; i < references->count; i++) {
		const struct map_reference *reference = &references->items[i];
		if ((reference->okta_id[0] != '\0') == has_account) {
			buf_add_format(
			        &ids, "%s%s", ids.len == 0 ? "" : ",", reference->employee_id);
		}
	}
	if (ids.len > 0 && !ids.failed) {
		text = buf_take(&ids);
	}
	buf_finish(&ids);
	return text;
}

/* An account's id never changes; its login does. */
static bool uses_logins(const struct map_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		if (rules->rows[i].form == FIELD_FORM_OKTA_LOGIN) {
			return true;
		}
	}
	return false;
}

/* Whose new account, or new login, is to wake this employee. */
static void note_waits(struct run *run, const struct references *references)
{
	struct employee *employee = run->employee;

	free(employee->waits_for);
	employee->waits_for =
	        has_state(&run->profile, ROW_WAITING) ? list_colleagues(references, false) : NULL;
	free(employee->refers_to);
	employee->refers_to =
	        uses_logins(run_rules(run)) ? list_colleagues(references, true) : NULL;
}

/* ---------------------------------------------------------------- profile */

static const struct evaluator *evaluator_of(const struct run *run)
{
	const struct connection *connection = run->connection;

	if (run->draft != NULL) {
		return run->draft->evaluator;
	}
	return connection->evaluator.evaluate != NULL ? &connection->evaluator : NULL;
}

const struct map_rules *run_rules(const struct run *run)
{
	return run->draft != NULL ? run->draft->rules : &run->connection->settings->rules;
}

bool run_make_profile(struct run *run, struct err *err)
{
	struct connection *connection = run->connection;
	struct references references = {0};
	bool is_linked = run->employee->okta_id[0] != '\0';

	catalogs_use(&connection->catalogs, &run->catalogs);
	if (find_references(run, &references, err)) {
		struct map_context context = {
		        .fields = run->catalogs.fields,
		        .attributes = run->catalogs.attributes,
		        .evaluator = evaluator_of(run),
		        .references = references.items,
		        .reference_count = references.count,
		        .remembered_login = is_linked ? run->employee->bob_login.text : NULL,
		        .today = zone_date(
		                policy_zone(run_policy(run), &run->person), run_now_ms(run)),
		};
		run->has_profile = map_profile_make(
		        &run->profile, run_rules(run), &context, &run->person, err);
	}
	if (run->has_profile) {
		note_waits(run, &references);
	}
	references_finish(&references);
	return run->has_profile;
}

bool run_has_open_rows(const struct run *run)
{
	for (size_t i = 0; run->has_profile && i < run->profile.count; i++) {
		if (run->profile.results[i].is_again) {
			return true;
		}
	}
	for (size_t i = 0; run->has_profile && i < run->profile.group_count; i++) {
		if (run->profile.groups[i].is_again) {
			return true;
		}
	}
	return run->has_profile && run->profile.is_scope_again;
}

/* --------------------------------------------------------------- problems */

static bool has_problem(const json_t *problems, const json_t *problem)
{
	size_t i = 0;
	const json_t *known = NULL;

	json_array_foreach(problems, i, known)
	{
		if (json_equal(known, problem)) {
			return true;
		}
	}
	return false;
}

/* Counts what is new: a person who is looked at again does not count again. */
static void count_problems(const struct employee *employee, const json_t *problems)
{
	const char *text = employee->row_problems;
	json_t *before = text != NULL ? json_parse(text, strlen(text), NULL) : NULL;
	size_t i = 0;
	const json_t *problem = NULL;

	json_array_foreach(problems, i, problem)
	{
		if (!has_problem(before, problem)) {
			metrics_add(METRIC_MAPPING_PROBLEMS,
			        LABELS(employee->key.connection, json_get_text(problem, "okta"),
			                json_get_text(problem, "state")),
			        1);
		}
	}
	json_decref(before);
}

/* Rows matter only for somebody whose profile is written, or soon will be. */
static bool are_rows_wanted(const struct run *run)
{
	return run->has_profile && (run->decision.may_create || run->decision.may_write_profile);
}

void run_note_problems(struct run *run)
{
	struct employee *employee = run->employee;
	json_t *problems = NULL;
	char *text = NULL;

	if (run->presence != PRESENCE_READ || run->decision.reason[0] == '\0') {
		return; /* nothing new is known of the rows */
	}
	if (are_rows_wanted(run)) {
		problems = map_profile_problems(&run->profile);
		text = json_array_size(problems) > 0 ? json_format(problems) : NULL;
		count_problems(employee, problems);
	}
	free(employee->row_problems);
	employee->row_problems = text;
	json_decref(problems);
}
