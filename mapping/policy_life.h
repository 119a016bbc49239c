/* SPDX-License-Identifier: MIT */
#ifndef MAPPING_POLICY_LIFE_H
#define MAPPING_POLICY_LIFE_H

/*
 * Where a person stands in their employment, worked out from lifecycle, dates
 * and events (policy G1, L1, L2, K1 to K3). Internal to the policy; says
 * nothing about accounts.
 */

#include "mapping/policy.h"
#include "mapping/policy_time.h"

enum standing {
	STANDING_HERE, /* hired, employed or on leave */
	STANDING_LEAVER, /* L1, L2 */
	STANDING_CONTRADICTED, /* lifecycle and dates say different things (L1) */
	STANDING_UNKNOWN_WORD, /* K1 */
	STANDING_UNREADABLE, /* K2: lifecycle or access status is not in the answer */
	STANDING_NOT_READ, /* Bob was not asked, or could not answer */
	STANDING_ABSENT, /* not in Bob's answer; no second read yet */
	STANDING_LEFT_UNSEEN, /* not in Bob's answer, and an event said left (L2) */
	STANDING_DISAPPEARED, /* not in two answers (L2) */
};

struct life {
	enum standing standing;
	const char *why; /* half a sentence; static */
	enum lifecycle lifecycle; /* as Bob says, with the leave words of the settings (K1) */
	bool is_suspending_leave; /* on a leave that the settings suspend for (E1) */
	bool is_started_by_word; /* Bob's status says so, whatever the start date */
	bool has_started; /* Bob says so, or the start date has come */
	bool has_start_date;
	bool has_end_in_sight; /* an end of the present employment is still to come */
	struct policy_times times;
	int64_t closes_at_ms; /* come or to come; 0: none, or contradicted by Bob's status */
	int64_t due_at_ms; /* when the standing may change by itself; 0: never */
};

void policy_life_read(const struct policy_input *input, struct life *life);

#endif
