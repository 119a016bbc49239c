/* SPDX-License-Identifier: MIT */
/*
 * The end of a run: what it came to goes into the employee's record, with the
 * three times that decide when it is looked at again (engine rule 1).
 */
#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "server/base/failpoint.h"
#include "server/base/log.h"
#include "server/base/metrics.h"
#include "server/base/str.h"
#include "server/engine/daily.h"
#include "server/engine/limit_hold.h"
#include "server/engine/retry.h"
#include "server/engine/run.h"

/* A row without a verdict: looked at again in about a minute, then ever more rarely. */
#define OPEN_ROW_MIN_MS  (60 * 1000)
#define OPEN_ROW_MAX_MS  (60 * 60 * 1000)
#define ABSENT_REREAD_MS (24 * 60 * 60 * 1000)
/* Second looks are gathered: due times are rounded up to this, so that one search serves many. */
#define REREAD_GRAIN_MS 2000

static int64_t earlier(int64_t a_ms, int64_t b_ms)
{
	if (a_ms == 0 || b_ms == 0) {
		return a_ms + b_ms;
	}
	return a_ms < b_ms ? a_ms : b_ms;
}

static int64_t gathered(int64_t due_ms, int64_t wait_ms)
{
	int64_t grain = wait_ms < REREAD_GRAIN_MS ? wait_ms : REREAD_GRAIN_MS;
	return grain <= 0 ? due_ms : (due_ms + grain - 1) / grain * grain;
}

int64_t run_settles_at_ms(const struct run *run)
{
	const struct employee *employee = run->employee;
	int64_t since_ms = employee->last_event_at_ms;

	if (employee->lowered != LOWER_NONE && employee->lowered_at_ms > since_ms) {
		since_ms = employee->lowered_at_ms;
	}
	return since_ms + (int64_t)run->connection->settings->reread_after_s * 1000;
}

/* Engine rule 3: settled only by a read begun late enough after the last event. */
static bool is_settled(const struct run *run)
{
	int64_t wait_ms = (int64_t)run->connection->settings->reread_after_s * 1000;

	return run->presence != PRESENCE_NOT_READ &&
	        run->read_begun_ms >= run->employee->last_event_at_ms + wait_ms;
}

static int64_t absent_reread_ms(const struct run *run)
{
	int64_t second_ms = run->employee->absent_since_ms + DISAPPEARED_AFTER_MS;

	return run->read_begun_ms < second_ms ? second_ms : run->read_begun_ms + ABSENT_REREAD_MS;
}

static int64_t open_rows_look_ms(struct run *run, int64_t now_ms)
{
	struct employee *employee = run->employee;

	if (!run_has_open_rows(run)) {
		employee->again_since_ms = 0;
		return 0;
	}
	if (employee->again_since_ms == 0) {
		employee->again_since_ms = now_ms;
	}
	int64_t wait_ms = now_ms - employee->again_since_ms;
	wait_ms = wait_ms > OPEN_ROW_MIN_MS ? wait_ms : OPEN_ROW_MIN_MS;
	return now_ms + (wait_ms < OPEN_ROW_MAX_MS ? wait_ms : OPEN_ROW_MAX_MS);
}

static int64_t next_look_ms(struct run *run)
{
	int64_t wait_ms = (int64_t)run->connection->settings->reread_after_s * 1000;
	int64_t now_ms = clock_wall_ms();
	int64_t at_ms = 0;

	if (!is_settled(run)) {
		int64_t after_event_ms = run->employee->last_event_at_ms + wait_ms;
		at_ms = gathered(after_event_ms > now_ms ? after_event_ms : now_ms, wait_ms);
	}
	if (run->wants_reread) {
		at_ms = earlier(at_ms, run->employee->empty_since_ms + EMPTY_AGREES_AFTER_MS);
	}
	if (run->presence == PRESENCE_ABSENT) {
		at_ms = earlier(at_ms, absent_reread_ms(run));
	}
	at_ms = earlier(at_ms, run->look_again_ms);
	return earlier(at_ms, open_rows_look_ms(run, now_ms));
}

/*
 * Nothing announces that a date was taken back, so whoever has one ahead is read
 * daily, when nobody else waits for Bob. A look that is asked for anyway does as well.
 */
static enum lane add_daily_look(struct employee *employee, enum lane lane)
{
	int64_t daily_ms = daily_look_ms(
	        employee->key.employee_id, employee->policy_due_at_ms, clock_wall_ms());

	if (daily_ms == 0 || (employee->reread_at_ms != 0 && employee->reread_at_ms <= daily_ms)) {
		return lane;
	}
	employee->reread_at_ms = daily_ms;
	return LANE_SWEEP;
}

static void observe_done(const struct run *run)
{
	const struct employee *employee = run->employee;

	if (employee->dirty_since_ms > 0 && employee->last_event_at_ms > 0) {
		metrics_observe(METRIC_EVENT_TO_DONE, LABELS(employee->key.connection),
		        (double)(clock_wall_ms() - employee->dirty_since_ms) / 1000.0);
	}
}

static enum employee_state settle_well(struct run *run)
{
	struct employee *employee = run->employee;

	observe_done(run);
	employee->attempts = 0;
	employee->failing_since_ms = 0;
	employee->retry_not_before_ms = 0;
	employee->is_last_run_good = true;
	limit_hold_note_mapped(run);
	employee->last_error[0] = '\0';
	if (run->presence == PRESENCE_READ || run->decision.due_at_ms != 0) {
		/* Without a read the dates are not known: the due time that is there stands. */
		employee->policy_due_at_ms = run->decision.due_at_ms;
	} else if (employee->policy_due_at_ms <= clock_wall_ms()) {
		/* But one that has come is served: it would be due again at once, for ever. */
		employee->policy_due_at_ms = 0;
	}
	employee->reread_at_ms = next_look_ms(run);
	employee->lane = run->has_plan ? run->plan.lane : run->decision.lane;
	if (employee->lane == LANE_REVOKE) {
		/* Carried out: what is left is to be read from Bob like any leaver. */
		employee->lane = LANE_LEAVE;
	}
	employee->lane = add_daily_look(employee, employee->lane);
	if (is_settled(run)) {
		employee->settled_generation = employee->claimed_generation;
	}
	employee->dirty_since_ms = 0;
	bool is_waiting = employee->policy_due_at_ms != 0 || employee->reread_at_ms != 0;
	return is_waiting ? EMPLOYEE_WAITING : EMPLOYEE_IDLE;
}

static void refund(struct employee *employee)
{
	if (employee->attempts > 0) {
		employee->attempts--;
	}
}

static uint32_t random_u32(void)
{
	uint32_t value = 0;
	if (!crypto_random(&value, sizeof(value), NULL)) {
		/* Without randomness the longest wait is the safe one. */
		value = UINT32_MAX;
	}
	return value;
}

static enum employee_state settle_retry(struct run *run, int64_t now_ms)
{
	struct employee *employee = run->employee;

	if (employee->failing_since_ms == 0) {
		employee->failing_since_ms = now_ms;
	}
	if (retry_is_given_up(employee->lane, employee->failing_since_ms, now_ms)) {
		return EMPLOYEE_FAILED;
	}
	int64_t wait_ms = retry_wait_ms(employee->attempts, random_u32());
	employee->retry_not_before_ms = now_ms + wait_ms;
	return EMPLOYEE_DIRTY;
}

/* Engine rule 6: what lowers access never stops trying: hourly; the open account is an alarm. */
static enum employee_state settle_failed(struct run *run, int64_t now_ms)
{
	struct employee *employee = run->employee;

	if (employee->failing_since_ms == 0) {
		employee->failing_since_ms = now_ms;
	}
	if (employee->lane > LANE_LEAVE) {
		return EMPLOYEE_FAILED;
	}
	log_warn("closing is refused", F("connection", employee->key.connection),
	        F("employee_id", employee->key.employee_id), F("cause", run->sentence));
	employee->retry_not_before_ms = now_ms + RETRY_MAX_MS;
	return EMPLOYEE_DIRTY;
}

static enum employee_state settle_badly(struct run *run)
{
	struct employee *employee = run->employee;
	int64_t now_ms = clock_wall_ms();

	employee->is_last_run_good = false;
	if (run->decision.due_at_ms != 0) {
		employee->policy_due_at_ms = run->decision.due_at_ms;
	}
	if (run->has_plan && run->plan.lane < employee->lane) {
		/* Rule 5: a leaver found out by an ordinary event is one for the next try. */
		employee->lane = run->plan.lane;
	}
	str_format_cut(employee->last_error, sizeof(employee->last_error), "%s", run->sentence);
	switch (run->end) {
	case RUN_ENDS_WAITING:
		refund(employee);
		employee->retry_not_before_ms = run->retry_at_ms;
		return EMPLOYEE_DIRTY;
	case RUN_ENDS_PARKED: refund(employee); return EMPLOYEE_PARKED;
	case RUN_ENDS_RETRY: return settle_retry(run, now_ms);
	case RUN_ENDS_FAILED: return settle_failed(run, now_ms);
	case RUN_ENDS_MOVED: refund(employee); return EMPLOYEE_DIRTY;
	case RUN_ENDS_WELL:
	case RUN_ENDS_LOST: break;
	}
	return EMPLOYEE_DIRTY;
}

/* An unread run that changed nothing takes back nothing of what the last read wanted. */
static void note_wanted(struct run *run)
{
	bool is_told = run->decision.reason[0] != '\0' &&
	        (run->presence != PRESENCE_NOT_READ || run->decision.wanted != WANTED_UNCHANGED);

	if (is_told) {
		str_format_cut(run->employee->wanted, sizeof(run->employee->wanted), "%s",
		        wanted_account_name(run->decision.wanted));
	}
}

static void note_sentence(struct run *run)
{
	struct employee *employee = run->employee;

	employee->last_run_at_ms = clock_wall_ms();
	if (run->decision.reason[0] != '\0') {
		str_format_cut(employee->last_rule, sizeof(employee->last_rule), "%s",
		        policy_rule_id(run->decision.rule));
		str_format_cut(employee->last_sentence, sizeof(employee->last_sentence), "%s",
		        run->sentence[0] != '\0' && run->end == RUN_ENDS_WELL
		                ? run->sentence
		                : run->decision.reason);
	}
}

bool run_store_end(struct run *run, struct err *err)
{
	FAILPOINT_ONLY("finish.pre", run->employee->key.employee_id);
	if (!store_employee_finish(run->runner->store, run->employee, run->finish, err)) {
		return false;
	}
	FAILPOINT_ONLY("finish.post", run->employee->key.employee_id);
	pair_ask(run);
	return true;
}

bool run_settle(struct run *run, struct err *err)
{
	enum employee_state finish = EMPLOYEE_DIRTY;

	if (run->end == RUN_ENDS_LOST) {
		return true;
	}
	note_sentence(run);
	note_wanted(run);
	run_note_problems(run);
	if (run->end == RUN_ENDS_WELL) {
		finish = settle_well(run);
	} else {
		finish = settle_badly(run);
		/* Of an outage the connection's own line tells, once. */
		LOG_AT(finish == EMPLOYEE_PARKED ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARN, "not done",
		        F("connection", run->employee->key.connection),
		        F("employee_id", run->employee->key.employee_id),
		        F("state", employee_state_name(finish)), F("cause", run->sentence));
	}
	run->finish = finish;
	return run_store_end(run, err);
}
