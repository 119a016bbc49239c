/* SPDX-License-Identifier: MIT */
#include "server/engine/planner.h"

#include "server/base/json.h"
#include "server/base/log.h"
#include "server/base/str.h"
#include "server/engine/act_parts.h"
#include "server/engine/pair.h"

#include <stdlib.h>
#include <string.h>

/* Stands for the account that a forecast creates. */
#define FORECAST_ID "forecast"

/* ------------------------------------------------------------------ opening */

/* Where the connection stands in the document; NULL: nowhere. */
static const json_t *find_json(const json_t *document, const char *name, char *place, size_t size)
{
	const json_t *connections = json_object_get(document, "connections");

	for (size_t i = 0; i < json_array_size(connections); i++) {
		const json_t *connection = json_array_get(connections, i);
		if (str_equal(json_get_text(connection, "name"), name)) {
			str_format_cut(place, size, "connections[%zu]", i);
			return connection;
		}
	}
	return NULL;
}

static bool open_draft(struct planner *planner, struct engine *engine,
        const struct plan_settings *settings, struct err *err)
{
	const char *name = planner->connection->settings->name;
	char place[32] = "";

	if (!settings_load_draft(
	            settings->document, name, &planner->draft, settings->mistakes, err)) {
		return false;
	}
	planner->is_draft = true;
	const struct rule_set_source source = {
	        .json = find_json(settings->document, name, place, sizeof(place)),
	        .place = place,
	        .mistakes = settings->mistakes,
	};
	return rule_set_open_settings(&planner->rules, engine, &planner->draft, &source, err);
}

bool planner_open(struct planner *planner, struct engine *engine, struct connection *connection,
        const struct plan_settings *settings, struct err *err)
{
	*planner = (struct planner){.connection = connection, .settings = engine->options.settings};
	if (settings == NULL || settings->document == NULL) {
		planner->fields = json_incref(connection->fields);
		return true;
	}
	if (!open_draft(planner, engine, settings, err)) {
		return false;
	}
	planner->fields = connection_fields_of(planner->rules.rules, &planner->draft.policy);
	if (planner->fields == NULL) {
		err_set(err, ERR_NO_MEMORY, "out of memory while naming the fields to read");
	}
	return planner->fields != NULL;
}

void planner_close(struct planner *planner)
{
	json_decref(planner->fields);
	rule_set_close(&planner->rules);
	if (planner->is_draft) {
		settings_connection_finish(&planner->draft);
	}
	*planner = (struct planner){0};
}

const struct policy_settings *planner_policy(const struct planner *planner)
{
	return planner->is_draft ? &planner->draft.policy : &planner->connection->policy;
}

const struct limit_set *planner_limits(const struct planner *planner)
{
	return planner->is_draft ? &planner->draft.limits : &planner->connection->settings->limits;
}

/* -------------------------------------------------------------------- report */

static bool is_kept(const struct run *run, enum hold_kind kind)
{
	return run_has_hold(run, kind) && !run_is_approved(run, kind);
}

static json_t *kept_json(const struct run *run, enum hold_kind kind)
{
	const struct hold *hold = run_find_hold(run, kind);

	return json_pack("{s:s, s:s}", "kind", hold_kind_name(kind), "cause",
	        hold != NULL ? hold->cause : "");
}

/* An undo, which keeps all of it back; else what the run asks a human; else a human's own hold. */
static json_t *hold_json(const struct run *run)
{
	if (is_kept(run, HOLD_UNDO)) {
		return kept_json(run, HOLD_UNDO);
	}
	if (run->asked != HOLD_KIND_COUNT) {
		return json_pack("{s:s, s:s}", "kind", hold_kind_name(run->asked), "cause",
		        run->asked_cause);
	}
	return is_kept(run, HOLD_HUMAN) ? kept_json(run, HOLD_HUMAN) : json_null();
}

static void plan_sentence(const struct run *run, char *to, size_t size)
{
	if (run->sentence[0] != '\0') {
		str_format_cut(to, size, "%s", run->sentence);
	} else if (run->asked != HOLD_KIND_COUNT) {
		str_format_cut(to, size, "Would be held for a human: %s", run->asked_cause);
	} else if (json_array_size(run->report) == 0) {
		str_format_cut(to, size, "Nothing to do: %s", run->decision.reason);
	} else {
		str_format_cut(to, size, "%s %zu action%s: %s",
		        is_kept(run, HOLD_UNDO) ? "Held after an undo; once released would do"
		                                : "Would do",
		        json_array_size(run->report), json_array_size(run->report) == 1 ? "" : "s",
		        run->decision.reason);
	}
}

static json_t *plan_json(const struct run *run)
{
	const struct employee *employee = run->employee;
	char sentence[SENTENCE_BYTES];

	plan_sentence(run, sentence, sizeof(sentence));
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:o, s:s, s:O, s:s}",
	        "connection", employee->key.connection, "employee_id", employee->key.employee_id,
	        "display_name", personal_reveal(&employee->display_name), "okta_id",
	        employee->okta_id, "present_status", account_status_name(employee->present_status),
	        "wanted", wanted_account_name(run->decision.wanted), "rule",
	        policy_rule_id(run->decision.rule), "reason", run->decision.reason, "lane",
	        lane_name(run->has_plan ? run->plan.lane : run->decision.lane), "due_at_ms",
	        (json_int_t)run->decision.due_at_ms, "hold", hold_json(run), "missing",
	        run->has_plan ? run->plan.missing : "", "actions", run->report, "sentence",
	        sentence);
}

/* ----------------------------------------------------------- carrying forward */

/* The profile as Okta would tell it after these attributes (NULL: none) were written. New
 * reference. */
static json_t *written_profile(const struct run *run, const json_t *written)
{
	json_t *profile = run->present != NULL ? json_copy(run->present) : json_object();

	if (profile != NULL && written != NULL &&
	        json_object_update(profile, (json_t *)(uintptr_t)written) != 0) {
		json_decref(profile);
		return NULL;
	}
	return profile;
}

/* As if Okta had done it, and told what it has now. */
static void carry_action(struct run *run, const struct planned_action *action)
{
	struct okta_user user = {.status = run->employee->present_status};
	bool is_created = action->kind == ACTION_CREATE;

	str_format_cut(
	        user.id, sizeof(user.id), "%s", is_created ? FORECAST_ID : run->employee->okta_id);
	if (is_created) {
		user.status = action->is_activating ? ACCOUNT_PROVISIONED : ACCOUNT_STAGED;
	}
	user.profile = written_profile(run, action->profile);
	/* Without memory the next plan begins from the record as it was. */
	if (user.profile != NULL && !act_note_done(run, action, &user)) {
		log_warn("forecast is not carried on",
		        F("connection", run->employee->key.connection));
	}
	okta_user_finish(&user);
}

/* Engine rule 2: what a human is asked keeps no lowering back; a human's own hold all. */
static bool is_kept_back(const struct run *run, const struct planned_action *action)
{
	bool is_lowering = action->kind == ACTION_SUSPEND || action->kind == ACTION_DEACTIVATE ||
	        action->kind == ACTION_END_SESSIONS;
	bool is_plain = action->kind == ACTION_UPDATE && !action->is_rename;

	if (is_kept(run, HOLD_HUMAN) || is_kept(run, HOLD_UNDO)) {
		return true;
	}
	return run->asked != HOLD_KIND_COUNT && !is_lowering && !is_plain;
}

/* People follow the link they are mailed: of a forecast's own mail that is taken for granted. */
static void carry(struct run *run)
{
	struct employee *employee = run->employee;
	int64_t mailed_at_ms = employee->mailed_at_ms;

	for (size_t i = 0; run->has_plan && i < run->plan.count; i++) {
		if (!is_kept_back(run, &run->plan.actions[i])) {
			carry_action(run, &run->plan.actions[i]);
		}
	}
	if (employee->mailed_at_ms > mailed_at_ms &&
	        employee->present_status == ACCOUNT_PROVISIONED) {
		employee->present_status = ACCOUNT_ACTIVE;
	}
}

/* ---------------------------------------------------------------------- plan */

/* The other half of a move between two connections, which is about the present. */
static void note_move(const struct planner *planner, const struct employee *employee,
        const struct planner_time *time, json_t *report)
{
	if (time->at_ms == 0) {
		json_object_set_new(report, "move",
		        pair_json(planner->runner->store, planner->settings, employee));
	}
}

void planner_plan(const struct planner *planner, struct employee *employee, json_t *source,
        const struct planner_time *time, struct planned *planned)
{
	struct run run = {
	        .runner = planner->runner,
	        .connection = planner->connection,
	        .employee = employee,
	        .mode = RUN_MODE_PLAN,
	        .presence = source != NULL ? PRESENCE_READ : PRESENCE_ABSENT,
	        .read_begun_ms = planner->read_begun_ms,
	        .draft = planner->is_draft ? &planner->rules : NULL,
	        .as_of = planner->is_draft ? &planner->draft : NULL,
	        .forecast_ms = time->at_ms,
	        .report = json_array(),
	};

	*planned = (struct planned){0};
	if (run.report != NULL) {
		reconcile(&run, source);
		planned->report = plan_json(&run);
		note_move(planner, employee, time, planned->report);
		planned->due_at_ms = run.decision.due_at_ms;
		if (time->carries) {
			carry(&run);
		}
	}
	run_finish(&run);
}

bool planner_read(const struct planner *planner, const char *const *employee_ids, size_t count,
        struct bob_people *people, struct err *err)
{
	struct bob_client *client = runner_bob(planner->runner, planner->connection, err);
	struct call_outcome outcome;

	if (client == NULL) {
		return false;
	}
	bob_search(client, employee_ids, count, planner->fields, people, &outcome);
	connection_bob_outcome(planner->connection, &outcome);
	if (outcome.call_class != CALL_DONE) {
		engine_err_from_call(err, "Bob", &outcome);
		return false;
	}
	return true;
}
