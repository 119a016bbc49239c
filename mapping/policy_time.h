/* SPDX-License-Identifier: MIT */
#ifndef MAPPING_POLICY_TIME_H
#define MAPPING_POLICY_TIME_H

/*
 * When something happens to one person: Bob's dates, with the lead days, times
 * of day and time zones of the settings, as instants. Internal to the policy;
 * decides nothing.
 */

#include "mapping/policy.h"

/* Counted from the start date; all instants are 0 without one. */
struct policy_times {
	struct lead_days lead; /* of this person: employment type, else site, else default */
	int64_t starts_at_ms; /* first instant of the start date */
	int64_t creates_at_ms; /* with CREATE_ON_START_DATE */
	int64_t activates_at_ms; /* with ACTIVATION_BOB_STATUS */
	int64_t mails_at_ms; /* the activation mail, if it has a time of its own; else 0 */
};

/* Of the present employment: a date before the start date belongs to an earlier one (L1). 0: no
 * such date. */
struct policy_ends {
	int64_t last_day_begins_ms;
	int64_t last_day_over_ms;
	int64_t termination_over_ms;
	int64_t closes_at_ms; /* the trigger's date at the leaver's time of day; 0: no date closes
	                       */
	int64_t closing_day_over_ms;
	bool closes_on_last_day; /* of work; else on the termination date */
};

/* person must have been read. */
void policy_times_read(const struct policy_settings *settings, const struct person *person,
        struct policy_times *times);
void policy_ends_read(const struct policy_settings *settings, const struct person *person,
        struct policy_ends *ends);

/* False for an instant of 0, which stands for "no such date". */
bool policy_has_come(int64_t now_ms, int64_t instant_ms);
/* Moves a due time forward to an instant that is still to come. */
void policy_due_at(int64_t *due_at_ms, int64_t now_ms, int64_t instant_ms);

/* "to be created 14 days before the start date at 08:00" from what = "to be created" */
void policy_time_say(char *text, size_t size, const char *what, int days, int minute);

#endif
