/* SPDX-License-Identifier: MIT */
#include "server/engine/undo.h"

#include "server/base/json.h"
#include "server/base/str.h"

#include <string.h>

/* Actions of one kind take each other's place. */
enum family { FAMILY_STATUS, FAMILY_PROFILE, FAMILY_GROUP, FAMILY_NONE };

static enum family family_of(enum action_kind kind)
{
	switch (kind) {
	case ACTION_ACTIVATE:
	case ACTION_SUSPEND:
	case ACTION_UNSUSPEND:
	case ACTION_DEACTIVATE: return FAMILY_STATUS;
	case ACTION_UPDATE: return FAMILY_PROFILE;
	case ACTION_JOIN_GROUP:
	case ACTION_LEAVE_GROUP: return FAMILY_GROUP;
	case ACTION_CREATE:
	case ACTION_REACTIVATE:
	case ACTION_END_SESSIONS:
	case ACTION_LINK:
	case ACTION_UNLINK:
	case ACTION_KIND_COUNT: break;
	}
	return FAMILY_NONE;
}

/* NULL: there may be a way back. */
static const char *why_never(enum action_kind kind)
{
	switch (kind) {
	case ACTION_CREATE: return "an account is never deleted; close it instead";
	case ACTION_ACTIVATE:
		return "Okta has no way back to not activated; close the account instead";
	case ACTION_UNSUSPEND:
		return "it gave access back; close the account instead, which holds it closed";
	case ACTION_REACTIVATE: return "a mail or link that was sent cannot be called back";
	case ACTION_END_SESSIONS: return "ended sessions do not come back: people sign in again";
	case ACTION_LINK: return "no call to Okta; unlink the person instead";
	case ACTION_UNLINK: return "no call to Okta; link the person again instead";
	case ACTION_UPDATE:
	case ACTION_SUSPEND:
	case ACTION_DEACTIVATE:
	case ACTION_JOIN_GROUP:
	case ACTION_LEAVE_GROUP:
	case ACTION_KIND_COUNT: break;
	}
	return NULL;
}

static const char *why_not_done(enum outcome_state state)
{
	switch (state) {
	case OUTCOME_OPEN: return "how it ended is not known yet: the next run reads Okta";
	case OUTCOME_REFUSED: return "Okta refused it: it changed nothing";
	case OUTCOME_NOT_SENT: return "it was never sent, or did not arrive: it changed nothing";
	case OUTCOME_DRY_RUN: return "it was only told (mode dry_run): it changed nothing";
	case OUTCOME_DONE:
	case OUTCOME_STATE_COUNT: break;
	}
	return NULL;
}

static bool has_effect(const struct action_record *action)
{
	return action->outcome.state == OUTCOME_DONE || action->outcome.state == OUTCOME_OPEN;
}

static json_t *body_of(const struct action_record *action)
{
	const char *text = personal_reveal(&action->intent.body);

	return text[0] != '\0' ? json_parse(text, strlen(text), NULL) : NULL;
}

/* Every attribute that the one wrote was written again; some of them is undone for the others. */
static bool overwrites(const struct action_record *later, const struct action_record *action)
{
	json_t *after = body_of(later);
	json_t *body = body_of(action);
	const char *key = NULL;
	json_t *value = NULL;
	bool is_whole = json_object_size(body) > 0;

	json_object_foreach(body, key, value)
	{
		is_whole = is_whole && json_object_get(after, key) != NULL;
	}
	json_decref(after);
	json_decref(body);
	return is_whole;
}

static bool takes_place(const struct action_record *later, const struct action_record *action)
{
	enum family family = family_of(action->intent.kind);

	if (!has_effect(later) || family_of(later->intent.kind) != family ||
	        !str_equal(later->intent.okta_id, action->intent.okta_id)) {
		return false;
	}
	switch (family) {
	case FAMILY_STATUS: return true;
	case FAMILY_PROFILE: return overwrites(later, action);
	case FAMILY_GROUP: return str_equal(later->intent.group_id, action->intent.group_id);
	case FAMILY_NONE: break;
	}
	return false;
}

/* The step that undid it, and not one of the groups that came along. */
static bool takes_back(const struct action_record *later, const struct action_record *action)
{
	return later->intent.undoes == action->intent.intent_id && has_effect(later) &&
	        str_equal(later->intent.group_id, action->intent.group_id);
}

static void find_later(const struct action_list *actions, const struct action_record *action,
        struct undo_verdict *verdict)
{
	for (size_t i = 0; i < actions->count; i++) {
		const struct action_record *later = &actions->items[i];
		if (later->intent.intent_id <= action->intent.intent_id) {
			continue;
		}
		if (takes_back(later, action)) {
			verdict->undone_by = later->intent.intent_id;
		} else if (takes_place(later, action) && verdict->superseded_by == 0) {
			verdict->superseded_by = later->intent.intent_id;
		}
	}
}

/* What Okta cannot give back: the account would be more open than it was. */
static const char *why_no_status(const struct action_record *action)
{
	const char *text = personal_reveal(&action->intent.before);
	json_t *before = text[0] != '\0' ? json_parse(text, strlen(text), NULL) : NULL;
	const char *status = json_get_text(before, "status");
	const char *why = NULL;

	if (action->intent.kind == ACTION_DEACTIVATE && str_equal(status, "STAGED")) {
		why = "the account was STAGED, never open: Okta would open it";
	} else if (action->intent.kind == ACTION_DEACTIVATE && str_equal(status, "SUSPENDED")) {
		why = "the account was SUSPENDED: Okta would open it and cannot suspend it again";
	} else if (before == NULL &&
	        (action->intent.kind == ACTION_UPDATE ||
	                action->intent.kind == ACTION_DEACTIVATE)) {
		why = "what was there before is not kept, or not any more";
	}
	json_decref(before);
	return why;
}

static void refuse(struct undo_verdict *verdict, const char *why)
{
	if (why != NULL && verdict->why[0] == '\0') {
		str_format_cut(verdict->why, sizeof(verdict->why), "%s", why);
	}
}

void undo_judge(const struct action_list *actions, const struct action_record *action,
        const char *okta_id, struct undo_verdict *verdict)
{
	char why[SENTENCE_BYTES];

	*verdict = (struct undo_verdict){0};
	find_later(actions, action, verdict);
	refuse(verdict, why_never(action->intent.kind));
	refuse(verdict, why_not_done(action->outcome.state));
	if (verdict->undone_by != 0) {
		str_format_cut(why, sizeof(why), "it is undone already, by action %lld",
		        (long long)verdict->undone_by);
		refuse(verdict, why);
	}
	if (verdict->superseded_by != 0) {
		str_format_cut(why, sizeof(why), "action %lld came later and took its place",
		        (long long)verdict->superseded_by);
		refuse(verdict, why);
	}
	if (!str_equal(action->intent.okta_id, okta_id)) {
		refuse(verdict,
		        "it was done to an Okta user this employee is not linked to any more");
	}
	refuse(verdict, why_no_status(action));
	verdict->is_possible = verdict->why[0] == '\0';
}
