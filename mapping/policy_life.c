/* SPDX-License-Identifier: MIT */
#include "mapping/policy_life.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS  (24 * HOUR_MS)
/* How long after a date we look hourly whether Bob has followed it; daily from then on. */
#define FOLLOW_MS (2 * DAY_MS)

/* The instants that matter in one person's employment; 0: no such date, or of an earlier one. */
struct instants {
	int64_t now_ms;
	int64_t last_day_begins_ms;
	int64_t last_day_over_ms;
	int64_t termination_over_ms;
};

/* A date before the start date belongs to an earlier employment: a rehire reuses the record (L1).
 */
static bool is_of_this_employment(const struct person *person, const struct field_date *end)
{
	return end->state == FIELD_VALUE &&
	        (person->start_date.state != FIELD_VALUE || end->days >= person->start_date.days);
}

static void read_instants(const struct policy_input *input, struct instants *at)
{
	const struct person *person = input->person;
	const struct zone *zone = policy_zone(input->settings, person);
	*at = (struct instants){.now_ms = input->now_ms};
	if (is_of_this_employment(person, &person->last_day)) {
		at->last_day_begins_ms = zone_first_instant_ms(zone, person->last_day.days);
		at->last_day_over_ms = zone_first_instant_ms(zone, person->last_day.days + 1);
	}
	if (is_of_this_employment(person, &person->termination_date)) {
		at->termination_over_ms =
		        zone_first_instant_ms(zone, person->termination_date.days + 1);
	}
}

static bool has_come(int64_t now_ms, int64_t instant_ms)
{
	return instant_ms != 0 && now_ms >= instant_ms;
}

static void stand(struct life *life, enum standing standing, const char *why)
{
	life->standing = standing;
	life->why = why;
}

/* Lowers the due time to an instant that is still to come. */
static void due_at(struct life *life, int64_t now_ms, int64_t instant_ms)
{
	if (instant_ms > now_ms && (life->due_at_ms == 0 || instant_ms < life->due_at_ms)) {
		life->due_at_ms = instant_ms;
	}
}

/* Bob usually follows its own date within minutes; until then nothing is done, but we look. */
static void contradict(struct life *life, int64_t now_ms, int64_t since_ms)
{
	stand(life, STANDING_CONTRADICTED,
	        "Bob's lifecycle status says employed or hired, its end dates say over");
	due_at(life, now_ms, now_ms + (now_ms - since_ms < FOLLOW_MS ? HOUR_MS : DAY_MS));
}

/*
 * Employed until the termination date is what Bob itself says after the last
 * day of work (unless the company uses garden leave), so that day closes. An
 * end date that is over although Bob says employed or hired contradicts it.
 */
static void read_hired_or_employed(
        const struct person *person, const struct instants *at, struct life *life)
{
	if (has_come(at->now_ms, at->termination_over_ms)) {
		contradict(life, at->now_ms, at->termination_over_ms);
	} else if (has_come(at->now_ms, at->last_day_over_ms)) {
		if (person->lifecycle == LIFECYCLE_EMPLOYED && at->termination_over_ms != 0) {
			stand(life, STANDING_LEAVER, "the last day of work is over");
		} else {
			contradict(life, at->now_ms, at->last_day_over_ms);
		}
	}
}

static void read_ends(const struct instants *at, struct life *life)
{
	if (has_come(at->now_ms, at->termination_over_ms)) {
		stand(life, STANDING_LEAVER, "the termination date is over");
	} else if (has_come(at->now_ms, at->last_day_over_ms)) {
		stand(life, STANDING_LEAVER, "the last day of work is over");
	}
}

/* From the last day of work on; the word alone says that this day has come. */
static void read_garden_leave(const struct instants *at, struct life *life)
{
	if (at->last_day_begins_ms == 0 || has_come(at->now_ms, at->last_day_begins_ms)) {
		stand(life, STANDING_LEAVER, "garden leave from the last day of work");
	} else {
		due_at(life, at->now_ms, at->last_day_begins_ms);
		read_ends(at, life);
	}
}

static void read_lifecycle(
        const struct person *person, const struct instants *at, struct life *life)
{
	switch (person->lifecycle) {
	case LIFECYCLE_TERMINATED:
		stand(life, STANDING_LEAVER, "Bob's lifecycle status is terminated");
		break;
	case LIFECYCLE_GARDEN_LEAVE: read_garden_leave(at, life); break;
	case LIFECYCLE_HIRED:
	case LIFECYCLE_EMPLOYED: read_hired_or_employed(person, at, life); break;
	case LIFECYCLE_LEAVE: read_ends(at, life); break;
	case LIFECYCLE_UNKNOWN:
		if (person->lifecycle_word[0] == '\0') {
			stand(life, STANDING_UNREADABLE, "Bob did not show the lifecycle status");
		} else {
			stand(life, STANDING_UNKNOWN_WORD,
			        "the lifecycle status is not in the list");
		}
		read_ends(at, life);
		break;
	}
}

static void read_start(const struct policy_input *input, struct life *life)
{
	const struct person *person = input->person;
	life->has_start_date = person->start_date.state == FIELD_VALUE;
	life->has_started = person->access == BOB_ACCESS_ACTIVE ||
	        person->lifecycle == LIFECYCLE_EMPLOYED || person->lifecycle == LIFECYCLE_LEAVE ||
	        person->lifecycle == LIFECYCLE_GARDEN_LEAVE;
	if (life->has_start_date) {
		life->starts_at_ms = zone_first_instant_ms(
		        policy_zone(input->settings, person), person->start_date.days);
		life->has_started = life->has_started || input->now_ms >= life->starts_at_ms;
		due_at(life, input->now_ms, life->starts_at_ms);
	}
}

static void read_person(const struct policy_input *input, struct life *life)
{
	struct instants at;
	read_instants(input, &at);
	stand(life, STANDING_HERE, "");
	read_start(input, life);
	read_lifecycle(input->person, &at, life);
	if (life->standing == STANDING_HERE && input->person->access == BOB_ACCESS_UNKNOWN) {
		stand(life, STANDING_UNREADABLE, "Bob did not show the access status");
	}
	life->has_end_in_sight =
	        at.last_day_over_ms > at.now_ms || at.termination_over_ms > at.now_ms;
	due_at(life, at.now_ms, at.last_day_over_ms);
	due_at(life, at.now_ms, at.termination_over_ms);
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
