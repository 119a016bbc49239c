/* SPDX-License-Identifier: MIT */
/*
 * The steps back from one action: the opposite call where Okta has one, and
 * what was there before where nobody has changed it since. What does not come
 * back is said.
 */
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/engine/act_parts.h"
#include "server/engine/undo_parts.h"
#include "server/store/groups.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define WHY_BYTES 160

/* Adds a sentence to what does not come back. */
static PRINTF(2, 3) void say(struct undo *undo, const char *format, ...)
{
	char text[SENTENCE_BYTES];
	va_list args;

	va_start(args, format);
	str_vformat_cut(text, sizeof(text), format, args);
	va_end(args);
	json_array_append_new(undo->losses, json_string(text));
}

static struct undo_step *add_step(struct run *run, enum action_kind kind, enum limit_kind limit)
{
	struct undo *undo = run->undo;

	if (undo->count == UNDO_STEPS_MAX) {
		return NULL;
	}
	struct undo_step *step = &undo->steps[undo->count++];
	*step = (struct undo_step){.action = {.kind = kind, .rule = RULE_M4, .limit = limit}};
	str_format_cut(step->action.reason, sizeof(step->action.reason), "undoes action %lld (%s)",
	        (long long)undo->request->action_id, action_kind_name(undo->action->intent.kind));
	return step;
}

/* -------------------------------------------------------------------- groups */

static void add_group(
        struct run *run, enum action_kind kind, enum limit_kind limit, const char *group_id)
{
	struct undo_step *step = add_step(run, kind, limit);

	if (step == NULL) {
		say(run->undo, "the membership in group %s: too many groups for one undo",
		        group_id);
		return;
	}
	const struct group_page *page = group_book_use(run->connection->groups);
	const struct group_entry *entry = group_page_find(page, group_id);
	str_format_cut(step->group_name, sizeof(step->group_name), "%s",
	        entry != NULL ? entry->name : group_id);
	group_book_release(run->connection->groups, page);
	step->action.group_id = group_id;
	step->action.group = step->group_name;
}

/* Those we gave: after a deactivation Okta may have dropped them, and a leaver lost them. */
static enum step plan_groups(struct run *run)
{
	const struct employee *employee = run->employee;
	bool was_suspended = run->undo->action->intent.kind == ACTION_SUSPEND;
	struct membership_list held = {0};
	struct err err = ERR_INIT;
	size_t i = 0;
	const json_t *id = NULL;

	if (!store_membership_list(
	            run->runner->store, employee->key.connection, employee->okta_id, &held, &err)) {
		return run_stop(run, RUN_ENDS_RETRY, err.text);
	}
	json_array_foreach(json_object_get(run->undo->before, "groups"), i, id)
	{
		const char *group_id = json_string_value(id);
		const struct membership *now =
		        group_id != NULL ? membership_find(&held, group_id) : NULL;
		bool is_there = was_suspended && now != NULL && now->state == MEMBERSHIP_GIVEN;
		if (group_id != NULL && !is_there) {
			add_group(run, ACTION_JOIN_GROUP, LIMIT_NONE, group_id);
		}
	}
	membership_list_finish(&held);
	return STEP_NEXT;
}

/* -------------------------------------------------------------------- status */

static enum step refuse_status(struct run *run, enum account_status needed)
{
	char why[SENTENCE_BYTES];

	str_format_cut(why, sizeof(why),
	        "the account is %s in Okta now, not %s: somebody else has changed it since",
	        account_status_name(run->employee->present_status), account_status_name(needed));
	return undo_refuse(run, why);
}

static void say_ended(struct undo *undo)
{
	say(undo, "sessions and tokens that were ended: the person signs in again");
}

static enum step plan_unsuspend(struct run *run)
{
	if (run->employee->present_status != ACCOUNT_SUSPENDED) {
		return refuse_status(run, ACCOUNT_SUSPENDED);
	}
	(void)add_step(run, ACTION_UNSUSPEND, LIMIT_RAISE);
	say_ended(run->undo);
	return plan_groups(run);
}

/* okta.md 1.6: id and profile are kept; applications go; of memberships nothing is promised. */
static enum step plan_open(struct run *run)
{
	bool is_mailed = run_policy(run)->activation_email.is_sent;

	if (run->employee->present_status != ACCOUNT_DEPROVISIONED) {
		return refuse_status(run, ACCOUNT_DEPROVISIONED);
	}
	struct undo_step *step = add_step(run, ACTION_ACTIVATE, LIMIT_RAISE);
	if (step != NULL) {
		step->action.sends_email = is_mailed;
	}
	say(run->undo,
	        "the status: Okta opens a deactivated account as PROVISIONED; the"
	        " person sets a new password, %s",
	        is_mailed ? "by the mail that Okta sends"
	                  : "by an activation link, which is made by hand");
	say(run->undo,
	        "applications that were assigned by hand: Okta takes them away at a"
	        " deactivation; assign them again");
	say(run->undo,
	        "memberships in groups that bob2okta did not give, and factors: Okta"
	        " does not say whether they last; look");
	say_ended(run->undo);
	return plan_groups(run);
}

/* ------------------------------------------------------------------- profile */

static const json_t *old_value(const struct undo *undo, const char *attribute)
{
	const json_t *profile = json_object_get(undo->before, "profile");

	/* Before schema 13 the values that were written over stood beside the status. */
	return json_object_get(json_is_object(profile) ? profile : undo->before, attribute);
}

static bool is_address(const char *attribute)
{
	return str_equal(attribute, "login") || str_equal(attribute, "email");
}

/* Of a profile that was taken from a record without one, nothing is known. */
static bool is_kept(const struct undo *undo)
{
	return !json_is_null(json_object_get(undo->before, "profile"));
}

/* STEP_NEXT with "" in why: may be written back. */
static enum step judge_value(
        struct run *run, const char *attribute, const json_t *written, char *why)
{
	const struct undo *undo = run->undo;
	const json_t *old = old_value(undo, attribute);
	const char *text = json_string_value(old);

	why[0] = '\0';
	if (!is_kept(undo)) {
		str_format_cut(why, WHY_BYTES, "what it was before is not known");
	} else if (!act_is_as_sent(written, json_object_get(undo->profile, attribute))) {
		str_format_cut(why, WHY_BYTES, "changed since, left alone");
	} else if (is_address(attribute) && text == NULL) {
		str_format_cut(why, WHY_BYTES, "Okta must have one, and none was kept");
	} else if (is_address(attribute)) {
		return undo_address(run, attribute, text, why, WHY_BYTES);
	}
	return STEP_NEXT;
}

static enum step collect(struct run *run, json_t *profile)
{
	struct undo *undo = run->undo;
	const char *attribute = NULL;
	json_t *written = NULL;
	char why[WHY_BYTES];

	json_object_foreach(undo->body, attribute, written)
	{
		if (judge_value(run, attribute, written, why) == STEP_STOP) {
			return STEP_STOP;
		}
		const json_t *old = old_value(undo, attribute);
		if (why[0] != '\0') {
			say(undo, "%.60s: %s", attribute, why);
		} else if (json_object_set_new(profile, attribute,
		                   old != NULL ? json_deep_copy(old) : json_null()) != 0) {
			return run_stop(run, RUN_ENDS_RETRY, "out of memory while undoing");
		}
	}
	return STEP_NEXT;
}

static enum step refuse_profile(struct run *run)
{
	const char *first = json_string_value(json_array_get(run->undo->losses, 0));
	char why[SENTENCE_BYTES];

	str_format_cut(why, sizeof(why), "nothing is left to put back; %s",
	        first != NULL ? first : "nothing was written");
	return undo_refuse(run, why);
}

static enum step plan_profile(struct run *run)
{
	json_t *profile = json_object();

	if (run->employee->present_status == ACCOUNT_DEPROVISIONED) {
		json_decref(profile);
		return undo_refuse(
		        run, "the account is deactivated: nothing is written to its profile");
	}
	if (collect(run, profile) == STEP_STOP || json_object_size(profile) == 0) {
		bool is_stopped = run->sentence[0] != '\0';
		json_decref(profile);
		return is_stopped ? STEP_STOP : refuse_profile(run);
	}
	bool is_rename = json_object_get(profile, "login") != NULL ||
	        json_object_get(profile, "email") != NULL;
	struct undo_step *step =
	        add_step(run, ACTION_UPDATE, is_rename ? LIMIT_RENAME : LIMIT_NONE);
	if (step == NULL) {
		json_decref(profile);
		return undo_refuse(run, "too many steps");
	}
	step->action.is_rename = is_rename;
	step->action.profile = profile;
	return STEP_NEXT;
}

/* ---------------------------------------------------------------- membership */

static enum step plan_leave(struct run *run)
{
	const struct intent *intent = &run->undo->action->intent;
	struct membership_list held = {0};
	struct err err = ERR_INIT;

	if (!store_membership_list(
	            run->runner->store, intent->key.connection, intent->okta_id, &held, &err)) {
		return run_stop(run, RUN_ENDS_RETRY, err.text);
	}
	const struct membership *now = membership_find(&held, intent->group_id);
	bool is_ours = now != NULL && now->state != MEMBERSHIP_FOUND;
	membership_list_finish(&held);
	if (!is_ours) {
		return undo_refuse(run, "the membership is not on record as given by bob2okta");
	}
	add_group(run, ACTION_LEAVE_GROUP, LIMIT_LEAVE_GROUP, intent->group_id);
	return STEP_NEXT;
}

static enum step plan_join(struct run *run)
{
	if (run->employee->present_status == ACCOUNT_DEPROVISIONED) {
		return undo_refuse(run, "the account is deactivated: Okta takes it into no group");
	}
	add_group(run, ACTION_JOIN_GROUP, LIMIT_NONE, run->undo->action->intent.group_id);
	return STEP_NEXT;
}

static void forget_steps(struct undo *undo)
{
	for (size_t i = 0; i < undo->count; i++) {
		json_decref(undo->steps[i].action.profile);
	}
	undo->count = 0;
}

enum step undo_plan(struct run *run)
{
	forget_steps(run->undo);
	json_array_clear(run->undo->losses);
	run->undo->present_status = run->employee->present_status;
	switch (run->undo->action->intent.kind) {
	case ACTION_SUSPEND: return plan_unsuspend(run);
	case ACTION_DEACTIVATE: return plan_open(run);
	case ACTION_UPDATE: return plan_profile(run);
	case ACTION_JOIN_GROUP: return plan_leave(run);
	case ACTION_LEAVE_GROUP: return plan_join(run);
	case ACTION_CREATE:
	case ACTION_ACTIVATE:
	case ACTION_REACTIVATE:
	case ACTION_UNSUSPEND:
	case ACTION_END_SESSIONS:
	case ACTION_LINK:
	case ACTION_UNLINK:
	case ACTION_KIND_COUNT: break;
	}
	return undo_refuse(run, "there is no way back from it");
}

/* ------------------------------------------------------------------ ownership */

static json_t *parse_text(const struct personal *personal)
{
	const char *text = personal_reveal(personal);

	return text[0] != '\0' ? json_parse(text, strlen(text), NULL) : NULL;
}

bool undo_open(
        struct undo *undo, const struct undo_request *request, const struct action_record *action)
{
	*undo = (struct undo){
	        .request = request,
	        .action = action,
	        .before = parse_text(&action->intent.before),
	        .body = parse_text(&action->intent.body),
	        .losses = json_array(),
	        .steps = calloc(UNDO_STEPS_MAX, sizeof(struct undo_step)),
	};
	return undo->losses != NULL && undo->steps != NULL;
}

void undo_close(struct undo *undo)
{
	if (undo->steps != NULL) {
		forget_steps(undo);
	}
	json_decref(undo->before);
	json_decref(undo->body);
	json_decref(undo->profile);
	json_decref(undo->losses);
	free(undo->steps);
	*undo = (struct undo){0};
}

void undo_see(struct undo *undo, const struct okta_user *user)
{
	json_decref(undo->profile);
	undo->profile = json_incref(user->profile);
	str_format_cut(undo->etag, sizeof(undo->etag), "%s", user->etag);
}
