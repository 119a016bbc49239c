/* SPDX-License-Identifier: MIT */
#include "server/engine/activation_link.h"

#include "server/base/str.h"
#include "server/engine/parts.h"
#include "server/engine/run.h"

#define LINK_LEASE_MS (2 * 60 * 1000)
#define LINK_REASON   "an administrator asked for the activation link"

/* The run's end stands for "no"; its sentence says why. */
static enum step refuse(struct run *run, const char *why)
{
	return run_stop(run, RUN_ENDS_FAILED, why);
}

static enum step refuse_decided(struct run *run)
{
	char why[SENTENCE_BYTES];

	str_format_cut(why, sizeof(why), "%s %s: %s",
	        run->employee->okta_id[0] != '\0' ? "the account is not to be open now"
	                                          : "there is no account yet",
	        policy_rule_id(run->decision.rule), run->decision.reason);
	return refuse(run, why);
}

/* What gives a link to an account in that status; false: nothing does. */
static bool choose_action(const struct run *run, struct planned_action *action)
{
	*action = (struct planned_action){.rule = run->decision.rule};
	str_format_cut(action->reason, sizeof(action->reason), LINK_REASON);
	switch (run->employee->present_status) {
	case ACCOUNT_STAGED:
		action->kind = ACTION_ACTIVATE;
		action->limit = LIMIT_RAISE;
		return true;
	case ACCOUNT_PROVISIONED: action->kind = ACTION_REACTIVATE; return true;
	case ACCOUNT_NONE:
	case ACCOUNT_UNKNOWN:
	case ACCOUNT_ACTIVE:
	case ACCOUNT_RECOVERY:
	case ACCOUNT_PASSWORD_EXPIRED:
	case ACCOUNT_LOCKED_OUT:
	case ACCOUNT_SUSPENDED:
	case ACCOUNT_DEPROVISIONED: break;
	}
	return false;
}

static enum step act_one(struct run *run, const struct planned_action *action)
{
	run->plan = (struct plan){
	        .actions = {*action}, .count = 1, .lane = LANE_JOIN, .hold = HOLD_KIND_COUNT};
	run->has_plan = true;
	enum step step = act_all(run);
	if (step == STEP_NEXT && run->is_held && !secret_is_set(run->link)) {
		return refuse(run, "a hold or a limit keeps this account as it is");
	}
	return step;
}

enum step activation_link_act(struct run *run)
{
	struct planned_action action;
	char why[SENTENCE_BYTES];

	if (run->employee->okta_id[0] == '\0' || run->decision.wanted != WANTED_ACTIVE ||
	        run->decision.rule == RULE_PROTECTED) {
		return refuse_decided(run);
	}
	/* A look first: whoever has come in meanwhile needs no link, and must not lose a token. */
	enum step step = run_reread(run);
	if (step != STEP_NEXT) {
		return step;
	}
	if (!choose_action(run, &action)) {
		str_format_cut(why, sizeof(why),
		        "the account is %s in Okta: only one that is STAGED or PROVISIONED has a link",
		        account_status_name(run->employee->present_status));
		return refuse(run, why);
	}
	return act_one(run, &action);
}

static bool read_person(struct runner *runner, struct connection *connection,
        const struct employee_key *key, struct bob_people *people, struct err *err)
{
	const char *id = key->employee_id;
	struct bob_client *client = runner_bob(runner, connection, err);
	struct call_outcome outcome;

	if (client == NULL) {
		return false;
	}
	bob_search(client, &id, 1, connection->fields, people, &outcome);
	connection_bob_outcome(connection, &outcome);
	if (outcome.call_class != CALL_DONE) {
		engine_err_from_call(err, "Bob", &outcome);
		return false;
	}
	if (bob_people_find(people, id) == NULL) {
		err_set(err, ERR_CONFLICT, "no link: Bob does not show employee %s", id);
		return false;
	}
	return true;
}

/* What is dirty of the employee stays so: only the one action is done here. */
static bool run_for_link(struct runner *runner, struct connection *connection,
        struct employee *employee, struct secret *link, struct err *err)
{
	struct bob_people people = {0};
	struct run run = {
	        .runner = runner,
	        .connection = connection,
	        .employee = employee,
	        .mode = RUN_MODE_LINK,
	        .presence = PRESENCE_READ,
	        .link = link,
	};

	if (read_person(runner, connection, &employee->key, &people, err)) {
		run.read_begun_ms = people.begun_at_ms;
		reconcile(&run, bob_people_find(&people, employee->key.employee_id));
		if (!secret_is_set(link)) {
			err_set(err, ERR_CONFLICT, "no link: %s",
			        run.sentence[0] != '\0' ? run.sentence : run.decision.reason);
		}
	}
	run_finish(&run);
	bob_people_finish(&people);
	return secret_is_set(link);
}

bool engine_activation_link(
        struct engine *engine, const struct employee_key *key, struct secret *link, struct err *err)
{
	struct connection *connection = engine_need_connection(engine, key->connection, err);
	struct employee employee = {0};
	struct runner runner = {0};

	*link = (struct secret){0};
	if (connection == NULL) {
		return false;
	}
	if (connection->settings->mode == SETTINGS_DRY_RUN) {
		err_set(err, ERR_CONFLICT,
		        "no link: connection %s is in mode dry_run, where nothing leaves for Okta",
		        key->connection);
		return false;
	}
	if (!store_employee_claim_one(engine->store, key, LINK_LEASE_MS, &employee, err)) {
		return false;
	}
	if (runner_init(
	            &runner, engine->store, engine->connections, engine->connection_count, err)) {
		(void)run_for_link(&runner, connection, &employee, link, err);
		runner_finish(&runner);
	}
	engine_give_back(engine, &employee, "");
	employee_finish(&employee);
	engine_notify(engine);
	return secret_is_set(link);
}
