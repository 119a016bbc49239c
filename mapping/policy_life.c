/* SPDX-License-Identifier: MIT */
#include "mapping/policy_life.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS  (24 * HOUR_MS)
/* How long after a date we look hourly whether Bob has followed it; daily from then on. */
#define FOLLOW_MS (2 * DAY_MS)

/* One read of one person, on its way to a standing. */
struct reading {
	const struct policy_input *input;
	const struct person *person;
	int64_t now_ms;
	struct policy_ends ends;
};

static bool has_come(const struct reading *reading, int64_t instant_ms)
{
	return policy_has_come(reading->now_ms, instant_ms);
}

static void stand(struct life *life, enum standing standing, const char *why)
{
	life->standing = standing;
	life->why = why;
}

static void due_at(const struct reading *reading, struct life *life, int64_t instant_ms)
{
	policy_due_at(&life->due_at_ms, reading->now_ms, instant_ms);
}

/* Bob usually follows its own date within minutes; until then nothing is done, but we look. */
static void contradict(const struct reading *reading, struct life *life, int64_t since_ms)
{
	const bool is_new = reading->now_ms - since_ms < FOLLOW_MS;
	const bool is_at_work =
	        life->lifecycle == LIFECYCLE_HIRED || life->lifecycle == LIFECYCLE_EMPLOYED;
	stand(life, STANDING_CONTRADICTED,
	        is_at_work ? "Bob's lifecycle status says employed or hired, its end dates say over"
	                   : "Bob's lifecycle status says on leave, its termination date is over");
	due_at(reading, life, reading->now_ms + (is_new ? HOUR_MS : DAY_MS));
}

static const char *why_closed(const struct reading *reading)
{
	if (!has_come(reading, reading->ends.closing_day_over_ms)) {
		return reading->ends.closes_on_last_day
		        ? "on the last day of work the closing time has come"
		        : "on the termination date the closing time has come";
	}
	return reading->ends.closes_on_last_day ? "the last day of work is over"
	                                        : "the termination date is over";
}

static void read_ends(const struct reading *reading, struct life *life)
{
	if (has_come(reading, reading->ends.closes_at_ms)) {
		stand(life, STANDING_LEAVER, why_closed(reading));
	}
}

/* Whether Bob, after the end of the last day, would still say employed by rights. */
static bool may_be_employed_on(const struct reading *reading)
{
	return reading->person->lifecycle == LIFECYCLE_EMPLOYED &&
	        reading->ends.termination_over_ms != 0;
}

/*
 * Employed until the termination date is what Bob itself says after the last
 * day of work (unless the company uses garden leave), so that day closes. An
 * end date that is over although Bob says employed or hired contradicts it. On
 * the closing day itself the day is not over in Bob, and contradicts nothing.
 */
static void read_hired_or_employed(const struct reading *reading, struct life *life)
{
	const struct policy_ends *ends = &reading->ends;
	if (has_come(reading, ends->termination_over_ms)) {
		contradict(reading, life, ends->termination_over_ms);
	} else if (has_come(reading, ends->last_day_over_ms) && !may_be_employed_on(reading)) {
		contradict(reading, life, ends->last_day_over_ms);
	} else {
		read_ends(reading, life);
	}
}

/* Where the trigger looks at no termination date, one that is over still raises nobody. */
static void read_leave(const struct reading *reading, struct life *life)
{
	read_ends(reading, life);
	if (life->standing == STANDING_HERE &&
	        has_come(reading, reading->ends.termination_over_ms)) {
		contradict(reading, life, reading->ends.termination_over_ms);
	}
}

static bool closes_on_garden_leave(enum leaver_trigger trigger)
{
	return trigger == LEAVER_AT_EARLIEST || trigger == LEAVER_AT_LAST_DAY;
}

/* From the last day of work on; the word alone says that this day has come. */
static void read_garden_leave(const struct reading *reading, struct life *life)
{
	const int64_t begins_ms = reading->ends.last_day_begins_ms;
	if (!closes_on_garden_leave(reading->input->settings->leaver.trigger)) {
		read_leave(reading, life);
		return;
	}
	life->closes_at_ms = begins_ms;
	if (begins_ms == 0 || has_come(reading, begins_ms)) {
		stand(life, STANDING_LEAVER, "garden leave from the last day of work");
	} else {
		due_at(reading, life, begins_ms);
		read_ends(reading, life);
	}
}

static void read_unknown(const struct reading *reading, struct life *life)
{
	if (reading->person->lifecycle_word[0] == '\0') {
		stand(life, STANDING_UNREADABLE, "Bob did not show the lifecycle status");
	} else {
		stand(life, STANDING_UNKNOWN_WORD, "the lifecycle status is not in the list");
	}
	read_ends(reading, life);
}

static void read_lifecycle(const struct reading *reading, struct life *life)
{
	switch (life->lifecycle) {
	case LIFECYCLE_TERMINATED:
		stand(life, STANDING_LEAVER, "Bob's lifecycle status is terminated");
		break;
	case LIFECYCLE_GARDEN_LEAVE: read_garden_leave(reading, life); break;
	case LIFECYCLE_HIRED:
	case LIFECYCLE_EMPLOYED: read_hired_or_employed(reading, life); break;
	case LIFECYCLE_LEAVE: read_leave(reading, life); break;
	case LIFECYCLE_UNKNOWN: read_unknown(reading, life); break;
	}
}

static void read_start(const struct reading *reading, struct life *life)
{
	const struct person *person = reading->person;
	policy_times_read(reading->input->settings, person, &life->times);
	life->has_start_date = person->start_date.state == FIELD_VALUE;
	life->is_started_by_word = person->access == BOB_ACCESS_ACTIVE ||
	        life->lifecycle == LIFECYCLE_EMPLOYED || life->lifecycle == LIFECYCLE_LEAVE ||
	        life->lifecycle == LIFECYCLE_GARDEN_LEAVE;
	life->has_started = life->is_started_by_word || has_come(reading, life->times.starts_at_ms);
	due_at(reading, life, life->times.starts_at_ms);
}

/* Naming a word among the leave types makes it known (K1). */
static void read_leave_type(const struct reading *reading, struct life *life)
{
	const struct policy_settings *settings = reading->input->settings;
	const struct person *person = reading->person;
	const struct leave_type *type = policy_leave_type(settings, person);
	life->lifecycle = type != NULL ? LIFECYCLE_LEAVE : person->lifecycle;
	const enum leave_access access = type != NULL ? type->access : settings->leave;
	life->is_suspending_leave = life->lifecycle == LIFECYCLE_LEAVE && access == LEAVE_SUSPENDS;
}

/* For a trigger that does not look at the last day it matters only without a termination date. */
static bool is_last_day_looked_at(const struct reading *reading)
{
	const enum leaver_trigger trigger = reading->input->settings->leaver.trigger;
	return closes_on_garden_leave(trigger) || reading->ends.termination_over_ms == 0;
}

static void read_due(const struct reading *reading, struct life *life)
{
	const struct policy_ends *ends = &reading->ends;
	life->has_end_in_sight = ends->last_day_over_ms > reading->now_ms ||
	        ends->termination_over_ms > reading->now_ms;
	due_at(reading, life, ends->closes_at_ms);
	due_at(reading, life, ends->termination_over_ms);
	if (is_last_day_looked_at(reading)) {
		due_at(reading, life, ends->last_day_over_ms);
	}
}

/* Garden leave has its own instant, if that comes first. */
static void read_closing(const struct reading *reading, struct life *life)
{
	const int64_t closes_at_ms = reading->ends.closes_at_ms;
	if (life->closes_at_ms == 0 || (closes_at_ms != 0 && closes_at_ms < life->closes_at_ms)) {
		life->closes_at_ms = closes_at_ms;
	}
	if (life->standing == STANDING_CONTRADICTED) {
		life->closes_at_ms = 0;
	}
}

static void read_person(const struct policy_input *input, struct life *life)
{
	struct reading reading = {.input = input, .person = input->person, .now_ms = input->now_ms};
	policy_ends_read(input->settings, input->person, &reading.ends);
	stand(life, STANDING_HERE, "");
	read_leave_type(&reading, life);
	read_start(&reading, life);
	read_lifecycle(&reading, life);
	if (life->standing == STANDING_HERE && input->person->access == BOB_ACCESS_UNKNOWN) {
		stand(life, STANDING_UNREADABLE, "Bob did not show the access status");
	}
	read_closing(&reading, life);
	read_due(&reading, life);
}

/* Deleted takes the event and an answer without the person: a failed read confirms nothing (L2). */
static void read_absence(const struct policy_input *input, struct life *life)
{
	if (input->account->is_deleted) {
		stand(life, STANDING_LEAVER, "the employee's file was deleted in Bob");
	} else if (input->account->is_left_announced) {
		stand(life, STANDING_LEFT_UNSEEN,
		        "an event said that this person left, and Bob does not show them any more");
	} else if (input->presence == PRESENCE_DISAPPEARED) {
		stand(life, STANDING_DISAPPEARED,
		        "Bob does not show this person any more, and no event said why");
	} else {
		stand(life, STANDING_ABSENT,
		        "this person was not in Bob's answer; it is read again");
	}
}

void policy_life_read(const struct policy_input *input, struct life *life)
{
	*life = (struct life){0};
	switch (input->presence) {
	case PRESENCE_READ:
		if (input->person != NULL) {
			read_person(input, life);
			return;
		}
		break;
	case PRESENCE_NOT_READ: break;
	case PRESENCE_ABSENT:
	case PRESENCE_DISAPPEARED: read_absence(input, life); return;
	}
	stand(life, STANDING_NOT_READ, "Bob could not be read");
}
