/* SPDX-License-Identifier: MIT */
#include "server/engine/adopt_link.h"

#include "server/base/log.h"
#include "server/base/str.h"

#define LEASE_MS (2 * 60 * 1000)

bool adopt_check_intents(struct store *store, const struct employee_key *key, struct err *err)
{
	struct action_list open = {0};
	bool done = store_intent_list_open(store, key, &open, err);

	if (done && open.count > 0) {
		err_set(err, ERR_CONFLICT,
		        "an action for employee %s was begun and its end is not known yet; try"
		        " again soon",
		        key->employee_id);
		done = false;
	}
	action_list_finish(&open);
	return done;
}

/* From now on the run works on the claimed record. */
static bool claim(struct adopt_person *person, struct err *err)
{
	struct store *store = person->look->runner->store;
	const struct employee_key key = person->employee.key;
	struct employee claimed = {0};

	if (!store_employee_ensure(store, &key, err) ||
	        !store_employee_claim_one(store, &key, LEASE_MS, &claimed, err)) {
		return false;
	}
	employee_finish(&person->employee);
	person->employee = claimed;
	person->run.mode = RUN_MODE_WORK;
	return true;
}

static bool check(const struct adopt_person *person, struct err *err)
{
	const struct employee *employee = &person->employee;

	if (employee->okta_id[0] != '\0') {
		err_set(err, ERR_CONFLICT, "employee %s is linked to Okta user %s already",
		        employee->key.employee_id, employee->okta_id);
		return false;
	}
	return adopt_check_intents(person->look->runner->store, &employee->key, err);
}

/* What `unlink` asked for has its answer. */
static void let_go(struct run *run)
{
	const struct hold *hold = run_find_hold(run, HOLD_HUMAN);

	if (hold != NULL && str_starts_with(hold->cause, ADOPT_UNLINKED)) {
		run_unhold(run, HOLD_HUMAN);
	}
	lookup_forget(run);
}

static bool link_claimed(struct adopt_person *person, const struct okta_user *user,
        const struct link_reason *reason, struct err *err)
{
	struct run *run = &person->run;

	if (!store_hold_list(run->runner->store, NULL, &person->employee.key, &run->holds, err)) {
		return false;
	}
	if (!facts_note_read(
	            &person->employee, &run->person, run_policy(run), run->read_begun_ms)) {
		err_set(err, ERR_NO_MEMORY, "out of memory while linking");
		return false;
	}
	switch (link_user(run, user, reason)) {
	case LINK_DONE: let_go(run); return true;
	case LINK_TAKEN:
		err_set(err, ERR_CONFLICT,
		        "the Okta user, or its login, is linked to another employee");
		return false;
	case LINK_STOPPED: break;
	}
	err_set(err, ERR_CONFLICT, "not linked: %s", run->sentence);
	return false;
}

/* No attempt is used up; a record that is linked now is compared like all others. */
static void give_back(struct adopt_person *person)
{
	struct employee *employee = &person->employee;
	struct err err = ERR_INIT;

	if (employee->attempts > 0) {
		employee->attempts--;
	}
	employee->lane = LANE_SWEEP;
	if (!store_employee_finish(person->look->runner->store, employee, EMPLOYEE_DIRTY, &err)) {
		log_warn("employee not given back", F("connection", employee->key.connection),
		        F("employee_id", employee->key.employee_id), F("cause", err.text));
	}
}

bool adopt_link(struct adopt_person *person, const struct okta_user *user,
        const struct link_reason *reason, struct err *err)
{
	if (!claim(person, err)) {
		return false;
	}
	bool done = check(person, err) && link_claimed(person, user, reason, err);
	give_back(person);
	return done;
}
