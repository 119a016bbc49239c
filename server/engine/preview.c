/* SPDX-License-Identifier: MIT */
/*
 * What a mapping makes of one person, row by row. The person is read from Bob
 * and the account from Okta; then the run of `plan` says what would be sent, and
 * why a row is not in it is read off the same functions. Nothing is written.
 */
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/engine/group_draft.h"
#include "server/engine/run.h"

#include <stdlib.h>
#include <string.h>

struct preview {
	struct engine *engine;
	struct connection *connection;
	const struct mapping_draft *draft;
	struct runner runner;
	struct rule_set set;
	struct employee employee;
	struct bob_people people;
	struct run run;
};

/* ------------------------------------------------------------------ reading */

/* What the rows and the policy need of the person, whatever the mapping in force reads. */
static json_t *read_person(struct preview *preview, struct err *err)
{
	const struct connection_settings *settings = preview->connection->settings;
	const char *id = preview->employee.key.employee_id;
	struct bob_client *client = runner_bob(&preview->runner, preview->connection, err);
	json_t *fields = map_rules_fields(preview->set.rules, settings->policy.match_bob);
	struct call_outcome outcome;

	if (client == NULL || fields == NULL) {
		err_set(err, ERR_NO_MEMORY, "out of memory while reading from Bob");
		json_decref(fields);
		return NULL;
	}
	bob_search(client, &id, 1, fields, &preview->people, &outcome);
	json_decref(fields);
	connection_bob_outcome(preview->connection, &outcome);
	if (outcome.call_class != CALL_DONE) {
		engine_err_from_call(err, "Bob", &outcome);
		return NULL;
	}
	json_t *source = bob_people_find(&preview->people, id);
	if (source == NULL) {
		err_set(err, ERR_NOT_FOUND, "Bob does not bring employee %s", id);
	}
	return source;
}

/* In the record at hand only: the run takes it for what Okta said last. */
static bool take_user(struct preview *preview, const struct okta_user *user, struct err *err)
{
	json_t *mapped = map_rules_project(preview->set.rules, user->profile);
	char *text = mapped != NULL ? json_format(mapped) : NULL;
	bool is_taken = text != NULL && personal_set(&preview->employee.present_profile, text);

	preview->employee.present_status = user->status;
	preview->run.is_status_fresh = true;
	if (!is_taken) {
		err_set(err, ERR_NO_MEMORY, "out of memory for an Okta user");
	}
	free(text);
	json_decref(mapped);
	return is_taken;
}

/* A user who is gone is what the run of a worker would find, too. */
static bool read_user(struct preview *preview, struct err *err)
{
	struct okta_client *client = NULL;
	struct okta_user user = {0};
	struct call_outcome outcome;
	bool is_read = true;

	if (preview->employee.okta_id[0] == '\0') {
		return true;
	}
	client = runner_okta(&preview->runner, preview->connection, err);
	if (client == NULL) {
		return false;
	}
	okta_user_get(client, preview->employee.okta_id, &user, &outcome);
	connection_okta_outcome(preview->connection, preview->employee.key.employee_id, &outcome);
	if (outcome.call_class == CALL_DONE) {
		is_read = take_user(preview, &user, err);
	} else if (outcome.call_class != CALL_NOT_FOUND) {
		engine_err_from_call(err, "Okta", &outcome);
		is_read = false;
	}
	okta_user_finish(&user);
	return is_read;
}

/* ----------------------------------------------------------------- verdicts */

/* What becomes of one row, and why. The words are those of docs/http.md. */
struct verdict {
	const char *word;
	char reason[SENTENCE_BYTES];
};

static void say(struct verdict *verdict, const char *word, const char *reason)
{
	verdict->word = word;
	str_format_cut(verdict->reason, sizeof(verdict->reason), "%s", reason);
}

static bool is_planned(const struct run *run, const char *okta)
{
	for (size_t i = 0; run->has_plan && i < run->plan.count; i++) {
		if (json_object_get(run->plan.actions[i].profile, okta) != NULL) {
			return true;
		}
	}
	return false;
}

static bool is_listed(const char *names, const char *name)
{
	size_t len = strlen(name);
	for (const char *at = names; at != NULL; at = strchr(at, ',')) {
		at += *at == ',' ? 1 : 0;
		if (strncmp(at, name, len) == 0 && (at[len] == ',' || at[len] == '\0')) {
			return true;
		}
	}
	return false;
}

/* True when the attribute would differ if these names had been agreed on twice (K4). */
static bool differs(const struct run *run, const char *okta, const char *may_clear)
{
	enum diff_purpose purpose =
	        run->employee->okta_id[0] != '\0' ? DIFF_FOR_UPDATE : DIFF_FOR_CREATE;
	json_t *diff = map_profile_diff(&run->profile, purpose, run->present, may_clear);
	bool is_different = json_object_get(diff, okta) != NULL;

	json_decref(diff);
	return is_different;
}

/* Why nothing of the person is written now. */
static void say_not_now(const struct run *run, struct verdict *verdict)
{
	if (run->employee->is_sourced_elsewhere) {
		say(verdict, "sourced_elsewhere", "another directory owns this profile");
	} else if (run->asked != HOLD_KIND_COUNT) {
		say(verdict, "held", run->asked_cause);
	} else if (run->sentence[0] != '\0') {
		say(verdict, "not_now", run->sentence);
	} else {
		say(verdict, "not_now", run->decision.reason);
	}
}

static bool is_name(const char *okta)
{
	return str_equal(okta, "login") || str_equal(okta, "email");
}

static void judge_difference(const struct run *run, const char *okta, struct verdict *verdict)
{
	if (is_listed(run->stopped, okta)) {
		say(verdict, "stopped", "somebody sets this attribute back in Okta");
	} else if (is_name(okta) && run->has_plan && run->plan.hold == HOLD_DOMAIN) {
		say(verdict, "held", run->plan.hold_cause);
	} else if (is_name(okta) && run->has_plan && run->decision.may_write_profile &&
	        run->employee->okta_id[0] != '\0') {
		say(verdict, "name_kept",
		        "login and e-mail change only when Bob's value changes after linking");
	} else {
		say_not_now(run, verdict);
	}
}

static void judge_row(
        const struct run *run, const struct map_result *result, struct verdict *verdict)
{
	const char *okta = result->row->okta;
	bool is_linked = run->employee->okta_id[0] != '\0';

	say(verdict, "same", "");
	if (is_planned(run, okta)) {
		say(verdict, "sent", "");
	} else if (result->state != ROW_VALUE && result->state != ROW_EMPTY) {
		say(verdict, row_state_name(result->state), result->reason);
	} else if (is_linked && result->row->apply == APPLY_ON_CREATE) {
		say(verdict, "on_create", "set only when the account is created");
	} else if (differs(run, okta, run->may_clear)) {
		judge_difference(run, okta, verdict);
	} else if (differs(run, okta, okta)) {
		say(verdict, "two_reads", "two reads of Bob must agree that it is empty");
	} else if (result->state == ROW_EMPTY &&
	        (result->row->when_empty == WHEN_EMPTY_KEEP || !is_linked)) {
		say(verdict, "keep",
		        is_linked ? "empty in Bob: Okta's value stays" : "empty in Bob");
	}
}

/* ------------------------------------------------------------------- report */

static json_t *copy_or_null(const json_t *value)
{
	return value != NULL ? json_deep_copy(value) : json_null();
}

static json_t *source_json(const struct map_row *row)
{
	switch (row->source) {
	case ROW_FROM_BOB: return json_string(row->bob);
	case ROW_FROM_VALUE: return json_string("");
	case ROW_FROM_EXPRESSION: break;
	}
	return json_string(row->expressions[0].text);
}

static const char *source_word(enum row_source source)
{
	return source == ROW_FROM_BOB ? "bob" : source == ROW_FROM_VALUE ? "value" : "expr";
}

static json_t *row_json(const struct run *run, const struct map_result *result)
{
	struct verdict verdict;

	judge_row(run, result, &verdict);
	return json_pack("{s:s, s:s, s:o, s:s, s:o, s:o, s:o, s:b, s:s, s:s}", "okta",
	        result->row->okta, "from", source_word(result->row->source), "source",
	        source_json(result->row), "state", row_state_name(result->state), "source_value",
	        copy_or_null(result->source), "result", copy_or_null(result->value), "okta_value",
	        copy_or_null(json_object_get(run->present, result->row->okta)), "is_sent",
	        str_equal(verdict.word, "sent"), "verdict", verdict.word, "reason", verdict.reason);
}

static const char *scope_word(enum scope_answer scope)
{
	return scope == SCOPE_MET ? "met" : scope == SCOPE_NOT_MET ? "not_met" : "unknown";
}

static json_t *rows_json(const struct run *run, size_t *sent)
{
	json_t *rows = json_array();
	for (size_t i = 0; i < run->profile.count; i++) {
		json_t *row = row_json(run, &run->profile.results[i]);
		*sent += json_get_bool(row, "is_sent", false) ? 1 : 0;
		json_array_append_new(rows, row);
	}
	return rows;
}

/* "join_group", "leave_group", or "none": what the run would do about that group. */
static const char *change_of(const struct run *run, const char *group)
{
	size_t i = 0;
	const json_t *line = NULL;

	json_array_foreach(run->report, i, line)
	{
		if (str_equal(json_get_text(line, "group"), group)) {
			return json_get_text(line, "kind");
		}
	}
	return "none";
}

/* What the condition could not say, or why Okta's group is not to be used. */
static json_t *group_json(
        const struct run *run, const struct group_page *page, const struct map_group_result *result)
{
	const struct group_entry *entry = group_page_of_row(page, result->rule->group);
	enum group_state state = entry != NULL ? entry->state : GROUP_NOT_KNOWN;
	const char *reason =
	        result->reason[0] != '\0' || entry == NULL ? result->reason : entry->reason;

	return json_pack("{s:s, s:s, s:s, s:s, s:s}", "group", result->rule->group, "answer",
	        group_answer_name(result->answer), "change", change_of(run, result->rule->group),
	        "state", group_state_name(state), "reason", reason);
}

static json_t *groups_json(const struct run *run)
{
	const struct group_page *page = group_draft_use(run->draft, run->connection);
	json_t *groups = json_array();

	for (size_t i = 0; i < run->profile.group_count; i++) {
		json_array_append_new(groups, group_json(run, page, &run->profile.groups[i]));
	}
	group_draft_release(run->draft, run->connection, page);
	return groups;
}

static json_t *preview_json(const struct preview *preview)
{
	const struct run *run = &preview->run;
	size_t sent = 0;
	json_t *rows = rows_json(run, &sent);
	char sentence[SENTENCE_BYTES];

	str_format_cut(sentence, sizeof(sentence), "%zu of %zu rows would be sent.%s%s", sent,
	        run->profile.count, run->sentence[0] != '\0' ? " " : "", run->sentence);
	return json_pack("{s:s, s:s, s:s, s:s, s:b, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:s}",
	        "connection", run->employee->key.connection, "employee_id",
	        run->employee->key.employee_id, "display_name",
	        personal_reveal(&run->employee->display_name), "okta_id", run->employee->okta_id,
	        "is_draft", preview->draft->rows != NULL, "scope", scope_word(run->profile.scope),
	        "scope_reason", run->profile.scope_reason, "wanted",
	        wanted_account_name(run->decision.wanted), "rule",
	        policy_rule_id(run->decision.rule), "reason", run->decision.reason,
	        "present_status", account_status_name(run->employee->present_status), "rows", rows,
	        "groups", groups_json(run), "sentence", sentence);
}

/* --------------------------------------------------------------------- make */

static bool open_set(struct preview *preview, struct err *err)
{
	if (preview->draft->rows == NULL) {
		rule_set_in_force(&preview->set, preview->connection);
		return true;
	}
	return rule_set_open_draft(
	               &preview->set, preview->engine, preview->connection, preview->draft, err) &&
	        group_draft_read(&preview->set, &preview->runner, preview->connection, err);
}

/* L3 makes no profile for somebody who loses access; here it is shown all the same. */
static bool run_preview(struct preview *preview, json_t *source, struct err *err)
{
	struct run *run = &preview->run;

	run->runner = &preview->runner;
	run->connection = preview->connection;
	run->employee = &preview->employee;
	run->mode = RUN_MODE_PLAN;
	run->presence = PRESENCE_READ;
	run->read_begun_ms = preview->people.begun_at_ms;
	run->draft = &preview->set;
	run->report = json_array();
	reconcile(run, source);
	if (!run->has_profile && run->end == RUN_ENDS_RETRY) {
		err_set(err, ERR_INTERNAL, "%s", run->sentence);
		return false;
	}
	return run->has_profile || run_make_profile(run, err);
}

static void finish(struct preview *preview)
{
	run_finish(&preview->run);
	employee_finish(&preview->employee);
	bob_people_finish(&preview->people);
	rule_set_close(&preview->set);
	if (preview->runner.okta != NULL) {
		runner_finish(&preview->runner);
	}
}

bool engine_preview(struct engine *engine, const struct employee_key *key,
        const struct mapping_draft *draft, json_t **report, struct err *err)
{
	struct preview preview = {.engine = engine,
	        .connection = engine_need_connection(engine, key->connection, err),
	        .draft = draft};
	json_t *source = NULL;

	*report = NULL;
	if (preview.connection != NULL &&
	        runner_init(&preview.runner, engine->store, engine->connections,
	                engine->connection_count, err) &&
	        open_set(&preview, err) &&
	        engine_load_employee(engine->store, key, &preview.employee, err)) {
		source = read_person(&preview, err);
	}
	if (source != NULL && read_user(&preview, err) && run_preview(&preview, source, err)) {
		*report = preview_json(&preview);
		if (*report == NULL) {
			err_set(err, ERR_NO_MEMORY, "out of memory for a preview");
		}
	}
	finish(&preview);
	return *report != NULL;
}
