/* SPDX-License-Identifier: MIT */
/*
 * What a sweep saw in Okta and the record does not say. A list may be stale,
 * so nothing of it goes into the record: the run reads the user by id.
 */
#include "server/base/clock.h"
#include "server/engine/run.h"

/*
 * The status alone: policy decides what it means that somebody opened or closed the account. The
 * profile stays what we wrote, so that no plan arises from what was changed by hand.
 */
static enum step take_status(struct run *run)
{
	struct okta_client *client = run_okta(run);
	struct call_outcome outcome;
	struct okta_user user = {0};

	if (client == NULL) {
		return STEP_STOP;
	}
	okta_user_get(client, run->employee->okta_id, &user, &outcome);
	if (outcome.call_class == CALL_DONE) {
		connection_okta_outcome(run->connection, run->employee->key.employee_id, &outcome);
		run->employee->present_status = user.status;
		run->employee->present_at_ms = clock_wall_ms();
		run->is_status_fresh = true;
		run->employee->doubt = DOUBT_NONE;
	}
	okta_user_finish(&user);
	if (outcome.call_class == CALL_NOT_FOUND) {
		/* Gone: run_reread asks a human about it. */
		run->employee->doubt = DOUBT_NONE;
		return run_reread(run);
	}
	return outcome.call_class == CALL_DONE ? STEP_NEXT : run_stop_outcome(run, &outcome);
}

enum step run_ask_doubt(struct run *run)
{
	struct employee *employee = run->employee;
	bool is_asked = run->mode == RUN_MODE_WORK && employee->doubt != DOUBT_NONE &&
	        employee->okta_id[0] != '\0' && !connection_is_okta_parked(run->connection);

	if (!is_asked) {
		return STEP_NEXT;
	}
	if (employee->doubt == DOUBT_STATUS) {
		return take_status(run);
	}
	enum step step = run_reread(run);
	if (step == STEP_NEXT) {
		employee->doubt = DOUBT_NONE;
	}
	return step;
}
