/* SPDX-License-Identifier: MIT */
#include "server/engine/revoke_row.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/engine/run.h"

/* A question Bob did not answer. */
#define UNANSWERED_AGAIN_MS (5 * 60 * 1000)
#define REFUSED_AGAIN_MS    (24 * 60 * 60 * 1000LL)

static const char MISSING[] =
        "access was revoked, and Bob has no termination behind it: the account stays closed until"
        " somebody says what is right";
static const char UNSEEN[] =
        "access was revoked; whether a termination is behind it cannot be seen: the service user"
        " may not read the lifecycle history";

void revoke_row_want(struct employee *employee)
{
	employee->revoke_row = REVOKE_ROW_WANTED;
	employee->revoke_row_asked_at_ms = 0;
}

void revoke_row_forget(struct employee *employee)
{
	employee->revoke_row = REVOKE_ROW_NONE;
	employee->revoke_row_asked_at_ms = 0;
}

bool revoke_row_ends(const json_t *row, int32_t today)
{
	const char *status = json_get_text(row, "status");
	const char *date = json_get_text(row, "effectiveDate");
	int32_t from = 0;

	if (status == NULL || date == NULL) {
		return false;
	}
	enum lifecycle lifecycle = person_lifecycle(status);
	return (lifecycle == LIFECYCLE_TERMINATED || lifecycle == LIFECYCLE_GARDEN_LEAVE) &&
	        date_parse(date, &from) && from >= today - REVOKE_ROW_PAST_DAYS;
}

static bool has_ending(const json_t *rows, int32_t today)
{
	for (size_t i = 0; i < json_array_size(rows); i++) {
		if (revoke_row_ends(json_array_get(rows, i), today)) {
			return true;
		}
	}
	return false;
}

static void say_missing(struct run *run)
{
	str_format_cut(run->sentence, sizeof(run->sentence), "%s", MISSING);
}

static void note_none(struct run *run, int64_t now_ms)
{
	struct employee *employee = run->employee;
	bool is_agreed = employee->revoke_row_asked_at_ms != 0 &&
	        now_ms - employee->revoke_row_asked_at_ms >= REVOKE_ROW_AGREES_MS;

	if (!is_agreed) {
		employee->revoke_row_asked_at_ms = now_ms;
		run->look_again_ms = now_ms + REVOKE_ROW_AGAIN_MS;
		return;
	}
	say_missing(run);
	employee->revoke_row_asked_at_ms = now_ms;
	employee->revoke_row = REVOKE_ROW_MISSING;
}

static void note_unanswered(struct run *run, const struct call_outcome *outcome, int64_t now_ms)
{
	bool is_refused = outcome->call_class == CALL_STOP_CONFIG;

	if (is_refused) {
		connection_note_history_refused(run->connection, outcome->sentence);
		str_format_cut(run->sentence, sizeof(run->sentence), "%s", UNSEEN);
	}
	run->look_again_ms = now_ms + (is_refused ? REFUSED_AGAIN_MS : UNANSWERED_AGAIN_MS);
}

/* An answer that says nothing of this person is no evidence either. */
static void ask(struct run *run, int64_t now_ms)
{
	const char *id = run->employee->key.employee_id;
	struct bob_client *client = runner_bob(run->runner, run->connection, NULL);
	struct call_outcome outcome = {.call_class = CALL_RETRY_LATER};
	json_t *rows = NULL;

	if (!connection_may_ask_history(run->connection)) {
		outcome.call_class = CALL_STOP_CONFIG;
	} else if (client != NULL) {
		bob_lifecycle(client, &id, 1, &rows, &outcome);
	}
	const json_t *own = json_object_get(rows, id);
	int32_t today = zone_date(policy_zone(&run->connection->policy, &run->person), now_ms);
	if (outcome.call_class != CALL_DONE || own == NULL) {
		note_unanswered(run, &outcome, now_ms);
	} else if (has_ending(own, today)) {
		run->employee->revoke_row = REVOKE_ROW_FOUND;
	} else {
		note_none(run, now_ms);
	}
	json_decref(rows);
}

static bool is_open_question(const struct employee *employee)
{
	bool is_news = employee->last_event_at_ms > employee->revoke_row_asked_at_ms;

	return employee->revoke_row == REVOKE_ROW_WANTED ||
	        (employee->revoke_row == REVOKE_ROW_MISSING && is_news);
}

enum step revoke_row_look(struct run *run)
{
	struct employee *employee = run->employee;
	int64_t now_ms = clock_wall_ms();
	int64_t asked_at_ms = employee->revoke_row_asked_at_ms;

	if (run->mode != RUN_MODE_WORK || run->presence != PRESENCE_READ ||
	        employee->revoke_row == REVOKE_ROW_NONE) {
		return STEP_NEXT;
	}
	if (!run_has_hold(run, HOLD_REVOKED)) {
		revoke_row_forget(employee);
	} else if (run->decision.is_leaver) {
		employee->revoke_row = REVOKE_ROW_FOUND;
	} else if (!is_open_question(employee)) {
		if (employee->revoke_row == REVOKE_ROW_MISSING) {
			say_missing(run);
		}
	} else if (employee->revoke_row == REVOKE_ROW_WANTED && asked_at_ms != 0 &&
	        now_ms - asked_at_ms < REVOKE_ROW_AGREES_MS) {
		run->look_again_ms = asked_at_ms + REVOKE_ROW_AGAIN_MS;
	} else {
		ask(run, now_ms);
	}
	return STEP_NEXT;
}
