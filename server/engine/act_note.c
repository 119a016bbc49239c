/* SPDX-License-Identifier: MIT */
/* What the record says after an action was carried out. */
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/engine/act_parts.h"
#include "server/engine/revoke_row.h"

/* ------------------------------------------------------------- the record */

void act_note_lowered(struct employee *employee, enum lower_cause cause, int64_t at_ms)
{
	employee->lowered = cause;
	employee->lowered_at_ms = at_ms;
	/* M3: whatever the first comparison would have lowered, this was decided. */
	employee->is_compared = true;
	if (cause == LOWER_REVOKED) {
		facts_note_revoked(employee, clock_wall_ms());
		revoke_row_want(employee);
	}
}

static void note_mailed(struct employee *employee, int64_t at_ms)
{
	employee->mails++;
	employee->mailed_at_ms = at_ms;
}

void act_note_activated(struct employee *employee, enum act_mail mail, int64_t at_ms)
{
	employee->is_activated = true;
	employee->activated_at_ms = at_ms;
	employee->lowered = LOWER_NONE;
	employee->lowered_at_ms = 0;
	employee->mails = 0;
	employee->mailed_at_ms = 0;
	if (mail == ACT_MAILED) {
		note_mailed(employee, at_ms);
	}
}

void act_note_unsuspended(struct employee *employee)
{
	employee->is_activated = true;
	employee->lowered = LOWER_NONE;
	employee->lowered_at_ms = 0;
}

void act_note_mail_unclear(struct employee *employee, int64_t at_ms)
{
	bool is_first = employee->mails == 0 && employee->mailed_at_ms == 0;

	employee->mailed_at_ms = at_ms;
	if (!is_first) {
		employee->mails++;
	}
}

/* ------------------------------------------------------------- the actions */

/* C2: an address that was left out of the rename is not in Okta yet, and stays due. */
static bool note_renamed(struct run *run)
{
	const char *login = map_profile_text(&run->profile, "login");
	const char *email = map_profile_text(&run->profile, "email");
	struct employee *employee = run->employee;

	return (!str_equal_fold(login, json_get_text(run->present, "login")) ||
	               personal_set(&employee->bob_login, login)) &&
	        (!str_equal_fold(email, json_get_text(run->present, "email")) ||
	                personal_set(&employee->bob_email, email));
}

/* The address of before is the baseline again, so that a rename is planned anew once released. */
static bool note_renamed_back(struct run *run, const struct planned_action *action)
{
	const char *login = json_get_text(action->profile, "login");
	const char *email = json_get_text(action->profile, "email");

	return (login == NULL || personal_set(&run->employee->bob_login, login)) &&
	        (email == NULL || personal_set(&run->employee->bob_email, email));
}

/* A link that was handed out takes the mail's place, which would void it. */
static enum act_mail mail_of(const struct run *run, const struct planned_action *action)
{
	return action->sends_email || run->link != NULL ? ACT_MAILED : ACT_NOT_MAILED;
}

static bool note_created(
        struct run *run, const struct planned_action *action, const struct okta_user *user)
{
	struct run_account account = {
	        .origin = ORIGIN_CREATED,
	        .is_activated = action->is_activating,
	        .is_compared = true,
	        .bob_login = map_profile_text(&run->profile, "login"),
	        .bob_email = map_profile_text(&run->profile, "email"),
	};

	if (run->is_match_answered) {
		run_unhold(run, HOLD_MATCH);
	}
	if (action->is_activating) {
		act_note_activated(run->employee, mail_of(run, action), run_now_ms(run));
	}
	return run_note_account(run, user, &account);
}

static bool note_updated(
        struct run *run, const struct planned_action *action, const struct okta_user *user)
{
	run->written = action->profile;
	bool is_noted = run_note_user(run, user) &&
	        (!action->is_rename ||
	                (run->undo != NULL ? note_renamed_back(run, action) : note_renamed(run)));
	run->written = NULL;
	return is_noted;
}

bool act_note_done(
        struct run *run, const struct planned_action *action, const struct okta_user *user)
{
	struct employee *employee = run->employee;
	int64_t now_ms = run_now_ms(run);

	switch (action->kind) {
	case ACTION_CREATE: return note_created(run, action, user);
	case ACTION_UPDATE: return note_updated(run, action, user);
	case ACTION_ACTIVATE:
		employee->present_status = ACCOUNT_PROVISIONED;
		act_note_activated(employee, mail_of(run, action), now_ms);
		return true;
	case ACTION_REACTIVATE:
		/* The status stays what it was. */
		if (mail_of(run, action) == ACT_MAILED) {
			note_mailed(employee, now_ms);
		}
		return true;
	case ACTION_UNSUSPEND:
		employee->present_status = ACCOUNT_ACTIVE;
		act_note_unsuspended(employee);
		return true;
	case ACTION_SUSPEND:
	case ACTION_DEACTIVATE:
		employee->present_status =
		        action->kind == ACTION_SUSPEND ? ACCOUNT_SUSPENDED : ACCOUNT_DEPROVISIONED;
		act_note_lowered(employee, action->lower_cause, now_ms);
		employee->is_sessions_due = act_makes_sessions_due(run, action);
		return true;
	case ACTION_END_SESSIONS: employee->is_sessions_due = false; return true;
	case ACTION_JOIN_GROUP:
	case ACTION_LEAVE_GROUP:
	case ACTION_LINK:
	case ACTION_UNLINK:
	case ACTION_KIND_COUNT: break;
	}
	return true;
}
