/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_ACT_PARTS_H
#define SERVER_ENGINE_ACT_PARTS_H

/*
 * An action from the inside: what is written down before it (act_intent.c),
 * and what the record says after it (act_note.c), whether Okta's answer told
 * (act.c), a later read (resolve.c), or a forecast assumes it (planner.c). Only
 * those files include it.
 */

#include "server/engine/run.h"

/* False when the store or memory failed; intent_finish in every case. */
bool act_fill_intent(struct intent *intent, const struct run *run,
        const struct planned_action *action, struct err *err) MUST_CHECK;
/* A revocation ends the sessions whatever the setting says (V2). */
bool act_makes_sessions_due(const struct run *run, const struct planned_action *action);

/* What the record says after the action went well; user: as Okta answered, where it tells one. */
bool act_note_done(struct run *run, const struct planned_action *action,
        const struct okta_user *user) MUST_CHECK;

enum act_mail { ACT_NOT_MAILED, ACT_MAILED };

/* Suspended or deactivated for that cause; the status is the caller's to note. */
void act_note_lowered(struct employee *employee, enum lower_cause cause, int64_t at_ms);
/* Activated, for the first time or again: mails count from here. */
void act_note_activated(struct employee *employee, enum act_mail mail, int64_t at_ms);
void act_note_unsuspended(struct employee *employee);
/*
 * A mail of which nobody can say whether it left: Okta shows nothing of it. The
 * first one of an activation is sent once more, since without it the person cannot
 * begin; any other counts as sent. So nobody gets more than one too many.
 */
void act_note_mail_unclear(struct employee *employee, int64_t at_ms);

/* Okta tells the value as it was sent to it: texts whatever their letter case. have may be NULL. */
bool act_is_as_sent(const json_t *sent, const json_t *have);

/* Ends an open intent of an earlier run (resolve.c). */
enum step resolve_close(struct run *run, const struct intent *intent, enum outcome_state state,
        const char *sentence);

#endif
