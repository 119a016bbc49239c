/* SPDX-License-Identifier: MIT */
#include "server/engine/planner.h"

#include "server/base/json.h"
#include "server/base/str.h"
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

/* What the run asks a human, else a human's own hold, which keeps everything back. */
static json_t *hold_json(const struct run *run)
{
	const struct hold *human = run_find_hold(run, HOLD_HUMAN);

	if (run->asked != HOLD_KIND_COUNT) {
		return json_pack("{s:s, s:s}", "kind", hold_kind_name(run->asked), "cause",
		        run->asked_cause);
	}
	if (human != NULL && !run_is_approved(run, HOLD_HUMAN)) {
		return json_pack(
		        "{s:s, s:s}", "kind", hold_kind_name(HOLD_HUMAN), "cause", human->cause);
	}
	return json_null();
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
		str_format_cut(to, size, "Would do %zu action%s: %s", json_array_size(run->report),
		        json_array_size(run->report) == 1 ? "" : "s", run->decision.reason);
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

/* The profile as it is after these attributes were written. */
static void carry_profile(struct employee *employee, const json_t *written)
{
	const char *text = personal_reveal(&employee->present_profile);
	json_t *profile = text[0] != '\0' ? json_parse(text, strlen(text), NULL) : json_object();
	char *carried = NULL;

	if (profile != NULL && json_object_update(profile, (json_t *)(uintptr_t)written) == 0) {
		carried = json_format(profile);
	}
	if (carried != NULL && !personal_set(&employee->present_profile, carried)) {
		personal_finish(&employee->present_profile);
	}
	free(carried);
	json_decref(profile);
}

static void carry_names(struct run *run)
{
	const char *login = map_profile_text(&run->profile, "login");
	const char *email = map_profile_text(&run->profile, "email");

	if (!personal_set(&run->employee->bob_login, login) ||
	        !personal_set(&run->employee->bob_email, email)) {
		personal_finish(&run->employee->bob_login); /* not known: nothing is renamed */
	}
}

static void carry_activated(
        struct employee *employee, const struct planned_action *action, int64_t at_ms)
{
	employee->present_status = ACCOUNT_PROVISIONED;
	employee->is_activated = true;
	employee->activated_at_ms = at_ms;
	employee->lowered = LOWER_NONE;
	if (action->sends_email) {
		employee->mailed_at_ms = at_ms;
		employee->mails++;
	}
}

static void carry_created(struct run *run, const struct planned_action *action, int64_t at_ms)
{
	struct employee *employee = run->employee;

	str_format_cut(employee->okta_id, sizeof(employee->okta_id), "%s", FORECAST_ID);
	employee->origin = ORIGIN_CREATED;
	employee->present_status = ACCOUNT_STAGED;
	employee->is_compared = true;
	str_format_cut(employee->activation, sizeof(employee->activation), "%s",
	        activation_mode_name(run_policy(run)->activation));
	personal_finish(&employee->present_profile);
	carry_profile(employee, action->profile);
	carry_names(run);
	if (action->is_activating) {
		carry_activated(employee, action, at_ms);
	}
}

static void carry_lowered(
        struct employee *employee, const struct planned_action *action, int64_t at_ms)
{
	employee->present_status =
	        action->kind == ACTION_SUSPEND ? ACCOUNT_SUSPENDED : ACCOUNT_DEPROVISIONED;
	employee->lowered = action->lower_cause;
	employee->lowered_at_ms = at_ms;
	if (action->lower_cause == LOWER_REVOKED) {
		facts_note_revoked(employee, at_ms);
	}
}

static void carry_action(struct run *run, const struct planned_action *action, int64_t at_ms)
{
	struct employee *employee = run->employee;

	switch (action->kind) {
	case ACTION_CREATE: carry_created(run, action, at_ms); break;
	case ACTION_UPDATE:
		carry_profile(employee, action->profile);
		if (action->is_rename) {
			carry_names(run);
		}
		break;
	case ACTION_ACTIVATE:
	case ACTION_REACTIVATE: carry_activated(employee, action, at_ms); break;
	case ACTION_UNSUSPEND:
		employee->present_status = ACCOUNT_ACTIVE;
		employee->lowered = LOWER_NONE;
		break;
	case ACTION_SUSPEND:
	case ACTION_DEACTIVATE: carry_lowered(employee, action, at_ms); break;
	case ACTION_END_SESSIONS: employee->is_sessions_due = false; break;
	case ACTION_JOIN_GROUP:
	case ACTION_LEAVE_GROUP:
	case ACTION_LINK:
	case ACTION_UNLINK:
	case ACTION_KIND_COUNT: break;
	}
}

/* Engine rule 2: what a human is asked keeps no lowering back; a human's own hold all. */
static bool is_kept_back(const struct run *run, const struct planned_action *action)
{
	bool is_lowering = action->kind == ACTION_SUSPEND || action->kind == ACTION_DEACTIVATE ||
	        action->kind == ACTION_END_SESSIONS;
	bool is_plain = action->kind == ACTION_UPDATE && !action->is_rename;

	if (run_has_hold(run, HOLD_HUMAN) && !run_is_approved(run, HOLD_HUMAN)) {
		return true;
	}
	return run->asked != HOLD_KIND_COUNT && !is_lowering && !is_plain;
}

/* People follow the link they are mailed: of a forecast's own mail that is taken for granted. */
static void carry(struct run *run, int64_t at_ms)
{
	struct employee *employee = run->employee;
	int mails = employee->mails;

	for (size_t i = 0; run->has_plan && i < run->plan.count; i++) {
		if (!is_kept_back(run, &run->plan.actions[i])) {
			carry_action(run, &run->plan.actions[i], at_ms);
		}
	}
	if (employee->mails > mails && employee->present_status == ACCOUNT_PROVISIONED) {
		employee->present_status = ACCOUNT_ACTIVE;
	}
}

/* ---------------------------------------------------------------------- plan */

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
		json_object_set_new(planned->report, "move",
		        pair_json(planner->runner->store, planner->settings, employee));
		planned->due_at_ms = run.decision.due_at_ms;
		if (time->carries) {
			carry(&run, run_now_ms(&run));
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
