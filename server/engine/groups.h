/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_GROUPS_H
#define SERVER_ENGINE_GROUPS_H

/*
 * The last step of a run: memberships in Okta's groups. After status,
 * sessions and profile are done (L3), what the rows want is compared with
 * what we gave (store/groups.h), never with what Okta shows, which lags. What
 * was there before us is noted as found once, and never touched.
 *
 *   groups_plan.c    which memberships are to change
 *   groups.c         intent, call, outcome of each, through act.c
 *   groups_again.c   what an earlier run began is repeated (engine rule 9)
 */

#include "server/engine/run.h"
#include "server/store/groups.h"

enum step groups_act(struct run *run);
/* What is open of an earlier run; with that done STEP_NEXT. */
enum step groups_act_again(struct run *run);
/* Okta refused the action; its intent is closed. Nobody's other work fails for it. */
enum step groups_refused(
        struct run *run, const struct planned_action *action, const struct call_outcome *outcome);

/* ------------------------------------------------- for the step's own files */

struct group_step {
	enum group_change change; /* JOIN or LEAVE */
	enum group_membership membership;
	char group_id[OKTA_ID_BYTES];
	char name[OKTA_GROUP_NAME_BYTES]; /* for reasons; the id where no name is known */
	struct map_group_result *result; /* of the row; NULL: a leaver's, or the row is gone */
};

struct group_plan {
	struct group_step *steps; /* joins first: who moves is never without a group in between */
	size_t count;
	bool is_leaver;
	bool has_leave;
	struct membership_list held;
};

/* False when the store or memory failed; finish in every case. */
bool group_plan_make(struct group_plan *plan, struct run *run, struct err *err) MUST_CHECK;
void group_plan_finish(struct group_plan *plan);

#endif
