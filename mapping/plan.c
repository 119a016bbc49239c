/* SPDX-License-Identifier: MIT */
#include "mapping/plan.h"

#include "server/base/buf.h"
#include "server/base/json.h"
#include "server/base/str.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Without these Okta creates nobody (okta.md 1.8). */
static const char *const REQUIRED[] = {"login", "email", "firstName", "lastName"};

static const char *const ADDRESSES[] = {"login", "email"};

static bool has_bit(unsigned bits, enum hold_kind kind)
{
	return (bits & (1U << (unsigned)kind)) != 0;
}

/* The reason and rule of the decision, until the caller sets others. */
static struct planned_action *add_action(
        struct plan *plan, const struct plan_input *input, enum action_kind kind, enum lane lane)
{
	assert(plan->count < PLAN_ACTIONS_MAX);
	struct planned_action *action = &plan->actions[plan->count++];
	*action = (struct planned_action){
	        .kind = kind,
	        .rule = input->decision->rule,
	        .limit = LIMIT_NONE,
	        .lower_cause = LOWER_NONE,
	};
	str_format_cut(action->reason, sizeof(action->reason), "%s", input->decision->reason);
	if (lane < plan->lane) {
		plan->lane = lane;
	}
	return action;
}

/* ------------------------------------------------------------------ lowering */

static bool is_lowering_wanted(const struct plan_input *input)
{
	return input->decision->wanted == WANTED_SUSPENDED ||
	        input->decision->wanted == WANTED_DEACTIVATED;
}

/* For a revocation only a status that was read in this run says so (engine rule 10). */
static bool is_already_lowered(const struct plan_input *input)
{
	if (input->decision->is_revocation && input->account->is_status_stale) {
		return false;
	}
	return input->account->status == ACCOUNT_DEPROVISIONED ||
	        (input->account->status == ACCOUNT_SUSPENDED &&
	                input->decision->wanted == WANTED_SUSPENDED);
}

/*
 * L4: Okta suspends only ACTIVE users; an old or unknown status leaves it to
 * Okta's answer. Nobody is deactivated for a leave (E1).
 */
static enum action_kind lowering_kind(const struct plan_input *input)
{
	if (input->decision->lower_cause == LOWER_LEAVE) {
		return ACTION_SUSPEND;
	}
	const enum account_status status = input->account->status;
	const bool may_be_active = status == ACCOUNT_ACTIVE || status == ACCOUNT_UNKNOWN ||
	        status == ACCOUNT_NONE || input->account->is_status_stale;
	return input->decision->wanted == WANTED_SUSPENDED && may_be_active ? ACTION_SUSPEND
	                                                                    : ACTION_DEACTIVATE;
}

/* What a human closed by name needs no brake (M4). */
static enum limit_kind lowering_limit(enum lower_cause cause)
{
	switch (cause) {
	case LOWER_REVOKED: return LIMIT_REVOKE;
	case LOWER_CLOSE: return LIMIT_NONE;
	case LOWER_NONE:
	case LOWER_LEAVER:
	case LOWER_LEAVE:
	case LOWER_SCOPE:
	case LOWER_DUPLICATE: return LIMIT_LOWER;
	}
	return LIMIT_LOWER;
}

/* True when the account is lowered by this plan. */
static bool plan_lowering(struct plan *plan, const struct plan_input *input)
{
	const enum lower_cause cause = input->decision->lower_cause;
	if (!is_lowering_wanted(input) || is_already_lowered(input)) {
		return false;
	}
	struct planned_action *action =
	        add_action(plan, input, lowering_kind(input), input->decision->lane);
	action->lower_cause = cause;
	action->limit = lowering_limit(cause);
	return true;
}

/* V2 ends sessions whatever the setting says; rule 9 repeats what may not have happened. */
static void plan_sessions(struct plan *plan, const struct plan_input *input, bool is_lowered_now)
{
	const bool is_revoking =
	        input->decision->is_revocation && input->account->status != ACCOUNT_DEPROVISIONED;
	if (input->is_sessions_due || is_revoking ||
	        (is_lowered_now && input->settings->leaver.ends_sessions)) {
		const enum lane lane = input->decision->is_revocation ? LANE_REVOKE : LANE_LEAVE;
		add_action(plan, input, ACTION_END_SESSIONS, lane);
	}
}

/* ------------------------------------------------------------------- raising */

/* R3, once more at the last door: what somebody else closed stays closed. */
static bool may_reopen(const struct account_facts *account)
{
	return account->lowered != LOWER_NONE ||
	        has_bit(account->approvals, HOLD_CLOSED_BY_OTHER) ||
	        has_bit(account->approvals, HOLD_MATCH) ||
	        has_bit(account->approvals, HOLD_REHIRE) ||
	        has_bit(account->approvals, HOLD_REVOKED);
}

static struct planned_action *plan_activation(struct plan *plan, const struct plan_input *input)
{
	struct planned_action *action = add_action(plan, input, ACTION_ACTIVATE, LANE_JOIN);
	action->limit = LIMIT_RAISE;
	return action;
}

/* True when a closed account is opened. Silently: who is mailed is written first. */
static bool plan_reopening(struct plan *plan, const struct plan_input *input)
{
	if (input->decision->wanted != WANTED_ACTIVE || !may_reopen(input->account)) {
		return false;
	}
	if (input->account->status == ACCOUNT_SUSPENDED) {
		add_action(plan, input, ACTION_UNSUSPEND, LANE_JOIN)->limit = LIMIT_RAISE;
		return true;
	}
	if (input->account->status == ACCOUNT_DEPROVISIONED) {
		plan_activation(plan, input);
		return true;
	}
	return false;
}

/* ------------------------------------------------------------------- mailing */

static const char *why_mailed(const struct plan_input *input, bool is_reopened_now)
{
	if (is_reopened_now) {
		return "opened again: the activation mail goes to the present address";
	}
	return input->account->mails == 0 ? "the activation mail is due"
	                                  : "not activated since the mail: it is sent once more";
}

/* After the update, so that the mail goes to the right address. It opens nothing: no limit. */
static void plan_mail(struct plan *plan, const struct plan_input *input, bool is_reopened_now)
{
	const bool is_first = is_reopened_now && input->decision->is_mail_with_activation &&
	        input->account->status == ACCOUNT_DEPROVISIONED;
	if (!is_first && !input->decision->is_mail_due) {
		return;
	}
	struct planned_action *mail = add_action(plan, input, ACTION_REACTIVATE, LANE_JOIN);
	mail->sends_email = true;
	mail->rule = is_reopened_now ? input->decision->rule : RULE_R1;
	str_format_cut(
	        mail->reason, sizeof(mail->reason), "%s", why_mailed(input, is_reopened_now));
}

/* ------------------------------------------------------------------ creating */

static bool is_filled(const struct map_profile *wanted, const char *okta)
{
	const struct map_result *result = map_profile_find(wanted, okta);
	return result != NULL && result->state == ROW_VALUE;
}

static void add_missing(struct plan *plan, const struct map_profile *wanted, const char *okta)
{
	char before[sizeof(plan->missing)];
	const struct map_result *result = map_profile_find(wanted, okta);
	str_format_cut(before, sizeof(before), "%s", plan->missing);
	str_format_cut(plan->missing, sizeof(plan->missing), "%s%s%s", before,
	        before[0] == '\0' ? "" : ",", okta);
	if (plan->missing_reason[0] == '\0' && result != NULL && result->reason[0] != '\0') {
		str_format_cut(plan->missing_reason, sizeof(plan->missing_reason), "%s: %s", okta,
		        result->reason);
	}
}

static bool is_own_requirement(const char *okta)
{
	for (size_t i = 0; i < ARRAY_SIZE(REQUIRED); i++) {
		if (strcmp(okta, REQUIRED[i]) == 0) {
			return true;
		}
	}
	return false;
}

/* An org may do without first and last names (okta.md 1.8). */
static bool is_required(const struct plan_input *input, const char *okta)
{
	const struct attribute *attribute = attribute_catalog_find(input->attributes, okta);
	return attribute == NULL || attribute->is_required || strcmp(okta, "login") == 0 ||
	        strcmp(okta, "email") == 0;
}

/* What another source fills or nobody may write is not ours to give. */
static bool is_ours_to_give(const struct attribute *attribute)
{
	return attribute->is_required && !attribute->is_read_only &&
	        !attribute->is_sourced_elsewhere;
}

/* Okta's own four first, then what the org's schema requires beside them. */
static void find_missing(struct plan *plan, const struct plan_input *input)
{
	for (size_t i = 0; i < ARRAY_SIZE(REQUIRED); i++) {
		if (is_required(input, REQUIRED[i]) &&
		        map_profile_text(input->wanted, REQUIRED[i]) == NULL) {
			add_missing(plan, input->wanted, REQUIRED[i]);
		}
	}
	for (size_t i = 0; i < attribute_catalog_count(input->attributes); i++) {
		const struct attribute *attribute = attribute_catalog_at(input->attributes, i);
		if (!is_own_requirement(attribute->name) && is_ours_to_give(attribute) &&
		        !is_filled(input->wanted, attribute->name)) {
			add_missing(plan, input->wanted, attribute->name);
		}
	}
}

/*
 * Okta's create always mails the person when it activates. Without the mail
 * it takes two calls: create as STAGED, then activate.
 */
static bool plan_create(struct plan *plan, const struct plan_input *input)
{
	const enum wanted_account wanted = input->decision->wanted;
	if (!input->decision->may_create || input->wanted == NULL ||
	        (wanted != WANTED_ACTIVE && wanted != WANTED_STAGED)) {
		return true;
	}
	find_missing(plan, input);
	if (plan->missing[0] != '\0') {
		return true;
	}
	json_t *profile = map_profile_diff(input->wanted, DIFF_FOR_CREATE, NULL, NULL);
	if (profile == NULL) {
		return false;
	}
	const bool sends_email = input->decision->is_mail_with_activation;
	struct planned_action *create = add_action(plan, input, ACTION_CREATE, LANE_JOIN);
	create->limit = LIMIT_CREATE;
	create->profile = profile;
	create->is_activating = wanted == WANTED_ACTIVE && sends_email;
	create->sends_email = create->is_activating;
	if (wanted == WANTED_ACTIVE && !sends_email) {
		add_action(plan, input, ACTION_ACTIVATE, LANE_JOIN);
	}
	return true;
}

/* ------------------------------------------------------------------ updating */

/* The part after the last @; "" without one. */
static const char *domain_of(const char *address)
{
	const char *at = address == NULL ? NULL : strrchr(address, '@');
	return at == NULL ? "" : at + 1;
}

static const char *present_address(const struct plan_input *input, const char *okta)
{
	const char *present = json_get_text(input->present, okta);
	return present != NULL ? present : input->account->login;
}

/* C2: only what changed in Bob since we linked or wrote it, and only inside the list. */
static bool is_rename_due(const struct plan_input *input, const char *okta, const char *wanted)
{
	const char *known = strcmp(okta, "login") == 0 ? input->bob_login : input->bob_email;
	if (!input->decision->may_rename || input->present == NULL || known == NULL ||
	        wanted == NULL || str_equal_fold(wanted, known)) {
		return false;
	}
	return strchr(wanted, '@') == NULL || policy_domain_allowed(input->settings, wanted);
}

/* Records the question once; the cause names domains only. */
static bool is_held_for_domain(
        struct plan *plan, const struct plan_input *input, const char *okta, const char *wanted)
{
	const char *from = domain_of(present_address(input, okta));
	const char *to = domain_of(wanted);
	if (str_equal_fold(from, to) || has_bit(input->account->approvals, HOLD_DOMAIN)) {
		return false;
	}
	if (plan->hold == HOLD_KIND_COUNT) {
		plan->hold = HOLD_DOMAIN;
		str_format_cut(plan->hold_cause, sizeof(plan->hold_cause), "%s -> %s", from, to);
		str_fold(plan->hold_cause);
	}
	return true;
}

/* Takes out of the difference what may not be written; true when a rename is left in it. */
static bool filter_addresses(struct plan *plan, const struct plan_input *input, json_t *diff)
{
	bool is_rename = false;
	for (size_t i = 0; i < ARRAY_SIZE(ADDRESSES); i++) {
		const json_t *value = json_object_get(diff, ADDRESSES[i]);
		if (value == NULL) {
			continue;
		}
		if (is_rename_due(input, ADDRESSES[i], json_string_value(value)) &&
		        !is_held_for_domain(plan, input, ADDRESSES[i], json_string_value(value))) {
			is_rename = true;
		} else {
			json_object_del(diff, ADDRESSES[i]);
		}
	}
	return is_rename;
}

static bool is_listed(const char *names, const char *name)
{
	const size_t len = strlen(name);
	for (const char *at = names; at != NULL && *at != '\0';) {
		const size_t part = strcspn(at, ",");
		if (part == len && strncmp(at, name, len) == 0) {
			return true;
		}
		at += at[part] == ',' ? part + 1 : part;
	}
	return false;
}

static void remove_stopped(json_t *diff, const char *stopped)
{
	const char *key;
	json_t *value;
	void *next;
	json_object_foreach_safe(diff, next, key, value)
	{
		if (is_listed(stopped, key)) {
			json_object_del(diff, key);
		}
	}
}

/* The login that this update replaces goes into the attribute named for it, unless a row fills it.
 */
static bool keep_old_login(const struct plan_input *input, json_t *diff)
{
	const char *attribute = input->settings->old_login_attribute;
	const char *login = present_address(input, "login");
	if (attribute == NULL || login == NULL || json_object_get(diff, "login") == NULL ||
	        map_profile_find(input->wanted, attribute) != NULL ||
	        is_listed(input->stopped, attribute)) {
		return true;
	}
	return json_object_set_new(diff, attribute, json_string(login)) == 0;
}

static void describe_update(struct planned_action *action)
{
	struct buf names;
	const char *key;
	json_t *value;
	buf_init(&names, sizeof(action->reason));
	json_object_foreach(action->profile, key, value)
	{
		buf_add_format(&names, "%s%s", names.len == 0 ? "" : ", ", key);
	}
	str_format_cut(action->reason, sizeof(action->reason), "differs from Bob: %s%s",
	        buf_text(&names), names.failed ? ", and more" : "");
	buf_finish(&names);
}

static bool may_write(const struct plan_input *input, bool is_reopened_now)
{
	const enum account_status status = input->account->status;
	return input->wanted != NULL && input->decision->may_write_profile &&
	        !input->is_sourced_elsewhere && !is_lowering_wanted(input) &&
	        status != ACCOUNT_NONE && status != ACCOUNT_UNKNOWN &&
	        (status != ACCOUNT_DEPROVISIONED || is_reopened_now);
}

/* One partial update of what differs (C1). */
static bool plan_update(struct plan *plan, const struct plan_input *input, bool is_reopened_now)
{
	if (!may_write(input, is_reopened_now)) {
		return true;
	}
	json_t *diff =
	        map_profile_diff(input->wanted, DIFF_FOR_UPDATE, input->present, input->may_clear);
	if (diff == NULL) {
		return false;
	}
	const bool is_rename = filter_addresses(plan, input, diff);
	remove_stopped(diff, input->stopped);
	if (!keep_old_login(input, diff)) {
		json_decref(diff);
		return false;
	}
	if (json_object_size(diff) == 0) {
		json_decref(diff);
		return true;
	}
	struct planned_action *update = add_action(plan, input, ACTION_UPDATE, LANE_UPDATE);
	update->profile = diff;
	update->is_rename = is_rename;
	update->rule = is_rename ? RULE_C2 : RULE_C1;
	update->limit = is_rename ? LIMIT_RENAME : LIMIT_NONE;
	describe_update(update);
	return true;
}

/* ---------------------------------------------------------------------- plan */

/* STAGED is written before it is activated, so that the mail goes to the right address. */
static bool plan_account(struct plan *plan, const struct plan_input *input)
{
	const bool is_lowered_now = plan_lowering(plan, input);
	plan_sessions(plan, input, is_lowered_now);
	const bool is_reopened_now = plan_reopening(plan, input);
	if (!plan_update(plan, input, is_reopened_now)) {
		return false;
	}
	if (input->decision->wanted == WANTED_ACTIVE && input->account->status == ACCOUNT_STAGED) {
		plan_activation(plan, input)->sends_email =
		        input->decision->is_mail_with_activation;
	}
	plan_mail(plan, input, is_reopened_now);
	return true;
}

bool plan_make(struct plan *plan, const struct plan_input *input, struct err *err)
{
	const enum policy_rule rule = input->decision->rule;
	memset(plan, 0, sizeof(*plan));
	plan->hold = HOLD_KIND_COUNT;
	plan->lane = input->decision->is_revocation ? LANE_REVOKE : LANE_UPDATE;
	if (rule == RULE_PROTECTED || rule == RULE_HUMAN_HOLD) {
		return true;
	}
	const bool is_made =
	        input->account->is_linked ? plan_account(plan, input) : plan_create(plan, input);
	if (!is_made) {
		err_set(err, ERR_NO_MEMORY, "no memory for a plan");
		plan_finish(plan);
	}
	return is_made;
}

void plan_finish(struct plan *plan)
{
	if (plan == NULL) {
		return;
	}
	for (size_t i = 0; i < plan->count; i++) {
		json_decref(plan->actions[i].profile);
	}
	plan->count = 0;
}
