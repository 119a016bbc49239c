/* SPDX-License-Identifier: MIT */
/* Which memberships are to change: what the rows say, against what is on record. */
#include "server/base/str.h"
#include "server/engine/group_draft.h"
#include "server/engine/groups.h"

#include <stdlib.h>

/* ------------------------------------------------------------------ whether */

static bool is_only_told(const struct run *run)
{
	return run->mode == RUN_MODE_PLAN || run->connection->settings->mode == SETTINGS_DRY_RUN;
}

static bool plans(const struct run *run, enum action_kind kind)
{
	for (size_t i = 0; run->has_plan && i < run->plan.count; i++) {
		if (run->plan.actions[i].kind == kind) {
			return true;
		}
	}
	return false;
}

static bool is_closed(enum account_status status)
{
	return status == ACCOUNT_SUSPENDED || status == ACCOUNT_DEPROVISIONED;
}

/* What is only told is not in the record: the plan stands for it. */
static bool is_open_now(const struct run *run)
{
	bool is_told = is_only_told(run);

	if (run->employee->okta_id[0] == '\0') {
		return is_told && plans(run, ACTION_CREATE) && !run->is_held;
	}
	return !is_closed(run->employee->present_status) ||
	        (is_told && (plans(run, ACTION_UNSUSPEND) || plans(run, ACTION_ACTIVATE)));
}

/* L3: only once the status is low and the sessions are ended. */
static bool is_closed_now(const struct run *run)
{
	const struct employee *employee = run->employee;

	if (employee->okta_id[0] == '\0') {
		return false;
	}
	if (is_only_told(run)) {
		return is_closed(employee->present_status) || plans(run, ACTION_SUSPEND) ||
		        plans(run, ACTION_DEACTIVATE);
	}
	return is_closed(employee->present_status) && !employee->is_sessions_due;
}

static bool loses_groups(const struct run *run)
{
	return run->decision.is_leaver && run->decision.rule != RULE_PROTECTED &&
	        run->connection->policy.leaver.groups == LEAVER_LOSES_GROUPS && is_closed_now(run);
}

/* K1, K2: of whom too little is known, nothing is given and nothing taken. */
static bool follows_rows(const struct run *run)
{
	const struct decision *decision = &run->decision;
	bool is_low =
	        decision->wanted == WANTED_SUSPENDED || decision->wanted == WANTED_DEACTIVATED;

	return run->has_profile && run->presence == PRESENCE_READ && !is_low &&
	        decision->may_write_profile && decision->rule != RULE_K1 &&
	        decision->rule != RULE_K2 && run->profile.group_count > 0 && is_open_now(run);
}

/* -------------------------------------------------------------------- steps */

static enum group_membership on_record(
        const struct group_plan *plan, const struct run *run, const char *group_id)
{
	const struct membership *held = membership_find(&plan->held, group_id);
	bool reopens = run->employee->present_status == ACCOUNT_DEPROVISIONED;

	if (held == NULL) {
		return GROUP_NONE;
	}
	switch (held->state) {
	case MEMBERSHIP_GIVEN: return reopens && !plan->is_leaver ? GROUP_LAPSED : GROUP_GIVEN;
	case MEMBERSHIP_FOUND: return GROUP_FOUND;
	case MEMBERSHIP_LAPSED:
	case MEMBERSHIP_STATE_COUNT: break;
	}
	return GROUP_LAPSED;
}

static void add_step(struct group_plan *plan, const struct group_step *step)
{
	plan->has_leave = plan->has_leave || step->change == GROUP_LEAVE;
	plan->steps[plan->count++] = *step;
}

/* Who belongs into a group that is not known yet is looked at again. */
static void add_row(struct group_plan *plan, struct run *run, const struct group_page *page,
        struct map_group_result *result)
{
	/* A draft's row may be another object than the one the page was made for. */
	const struct group_entry *entry = group_page_of_row(page, result->rule->group);
	struct group_step step = {.result = result};

	if (entry == NULL || entry->state == GROUP_NOT_KNOWN) {
		result->is_again = result->is_again || result->answer == GROUP_IN;
		return;
	}
	step.membership = on_record(plan, run, entry->id);
	step.change = group_decide(result->answer, step.membership);
	if (entry->state == GROUP_USABLE && step.change != GROUP_STAYS) {
		str_format_cut(step.group_id, sizeof(step.group_id), "%s", entry->id);
		str_format_cut(step.name, sizeof(step.name), "%s", entry->name);
		add_step(plan, &step);
	}
}

static void add_held(
        struct group_plan *plan, struct run *run, const struct group_page *page, size_t index)
{
	const struct membership *held = &plan->held.items[index];
	const struct group_entry *entry = group_page_find(page, held->group_id);
	struct group_step step = {.membership = on_record(plan, run, held->group_id)};

	step.change = group_decide_leaver(step.membership);
	if (step.change == GROUP_STAYS) {
		return;
	}
	str_format_cut(step.group_id, sizeof(step.group_id), "%s", held->group_id);
	str_format_cut(
	        step.name, sizeof(step.name), "%s", entry != NULL ? entry->name : held->group_id);
	add_step(plan, &step);
}

static int by_change(const void *a, const void *b)
{
	const struct group_step *left = a;
	const struct group_step *right = b;

	return (int)left->change - (int)right->change;
}

static void fill(struct group_plan *plan, struct run *run, const struct group_page *page)
{
	for (size_t i = 0; plan->is_leaver && i < plan->held.count; i++) {
		add_held(plan, run, page, i);
	}
	for (size_t i = 0; !plan->is_leaver && i < run->profile.group_count; i++) {
		add_row(plan, run, page, &run->profile.groups[i]);
	}
	if (plan->count > 0) {
		qsort(plan->steps, plan->count, sizeof(*plan->steps), by_change);
	}
}

bool group_plan_make(struct group_plan *plan, struct run *run, struct err *err)
{
	const struct employee *employee = run->employee;

	*plan = (struct group_plan){.is_leaver = loses_groups(run)};
	if (!plan->is_leaver && !follows_rows(run)) {
		return true;
	}
	if (employee->okta_id[0] != '\0' &&
	        !store_membership_list(run->runner->store, employee->key.connection,
	                employee->okta_id, &plan->held, err)) {
		return false;
	}
	plan->steps = calloc(run->profile.group_count + plan->held.count + 1, sizeof(*plan->steps));
	if (plan->steps == NULL) {
		err_set(err, ERR_NO_MEMORY, "out of memory for groups");
		return false;
	}
	const struct group_page *page = group_draft_use(run->draft, run->connection);
	fill(plan, run, page);
	group_draft_release(run->draft, run->connection, page);
	return true;
}

void group_plan_finish(struct group_plan *plan)
{
	free(plan->steps);
	membership_list_finish(&plan->held);
	*plan = (struct group_plan){0};
}
