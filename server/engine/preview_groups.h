/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_PREVIEW_GROUPS_H
#define SERVER_ENGINE_PREVIEW_GROUPS_H

/*
 * Who would join and leave which group under a mapping: each person is planned
 * as now, without asking Okta, so that what the policy keeps back is kept back
 * here too. What Okta has by others is not known: they count as joining. One
 * thread.
 */

#include "server/engine/everybody.h"
#include "server/engine/group_draft.h"
#include "server/engine/run.h"
#include "server/store/groups.h"

struct group_tally;

struct preview_groups {
	struct everybody *all; /* borrowed, as both sets */
	const struct rule_set *before;
	const struct rule_set *after;
	const struct group_page *page; /* of after */
	struct group_tally *tallies; /* one a group of after, in their order */
	int64_t leaving; /* people who would leave a group at least */
	struct group_count_list counts; /* of memberships on record */
	int64_t room; /* how many people may leave now (policy M2); -1: there is no limit */
};

/* Finish in every case. */
bool preview_groups_open(struct preview_groups *groups, struct err *err) MUST_CHECK;
/* One person; false with err where the store fails. before: the answers under the mapping that it
 * is compared with. */
bool preview_groups_add(struct preview_groups *groups, const struct everybody_person *person,
        const struct map_profile *before, struct err *err) MUST_CHECK;
/* Adds "groups", "groups_removed" and "leave_limit" to the report of docs/http.md. */
void preview_groups_report(const struct preview_groups *groups, json_t *report);
void preview_groups_finish(struct preview_groups *groups);

#endif
