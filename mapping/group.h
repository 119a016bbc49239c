/* SPDX-License-Identifier: MIT */
#ifndef MAPPING_GROUP_H
#define MAPPING_GROUP_H

/*
 * Groups: for whom a row's condition is met, and what follows for memberships.
 * Only what we gave is ever taken; what was there before us is left alone for
 * good. Pure: which Okta group a row means, and what we gave, is handed in.
 */

#include "mapping/profile.h"

#define GROUP_LABEL_BYTES 300

/* How a membership is on record; none: we never gave it, and never saw it. */
enum group_membership {
	GROUP_NONE,
	GROUP_GIVEN, /* by us, and not taken since */
	GROUP_FOUND, /* was there before we gave it: not ours */
	GROUP_LAPSED, /* by us, before the account was closed and opened again: Okta may have
	                 dropped it, so that it is given again where it is wanted */
};

enum group_change { GROUP_STAYS, GROUP_JOIN, GROUP_LEAVE };

/*
 * Without a verdict nothing changes: a condition that cannot be judged neither gives nor takes.
 */
enum group_change group_decide(enum group_answer answer, enum group_membership membership);
/* The same where a leaver loses what we gave. */
enum group_change group_decide_leaver(enum group_membership membership);

/* Copies of all rows into rules, which has none; false when out of memory. */
bool map_groups_copy(struct map_rules *rules, const struct map_rules *from) MUST_CHECK;
/* Adds a row; takes its content in every case. */
bool map_groups_add(struct map_rules *rules, struct map_group *group) MUST_CHECK;

/* "group Engineering": how a row's problem names it, for people. */
void map_group_label(const struct map_group *group, char *to, size_t size);

#endif
