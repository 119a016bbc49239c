/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_LIMIT_HOLD_H
#define SERVER_ENGINE_LIMIT_HOLD_H

/*
 * What a limit keeps back for a human (policy M2): one hold a person and limit,
 * which binds the actions of that limit and nothing else. It says what would be
 * done, so that a human can judge it; the values are personal data and go to the
 * admin API alone. A run belongs to the thread that makes it.
 */

#include "server/engine/run.h"

/* True while a hold keeps work back for that limit, be it rejected or not. */
bool limit_hold_is_set(const struct run *run, enum limit_kind limit);
/* True when a human let go what that limit held, and nothing has used it yet. */
bool limit_hold_is_released(const struct run *run, enum limit_kind limit);
/* Asks a human, or once more with what is wanted now. */
enum step limit_hold_ask(struct run *run, const struct planned_action *action);
/* The hold that keeps this back says what is wanted today. */
void limit_hold_renew(struct run *run, const struct planned_action *action);
/* That limit keeps nothing back any more. */
void limit_hold_drop(struct run *run, enum limit_kind limit);
/* The same for every limit that no action of the plan is about; groups see to their own. */
void limit_hold_drop_stale(struct run *run);

/*
 * Plain attributes that are written because the mapping is another one count against a limit of
 * their own; those of somebody whose account the present mapping has filled before do not.
 */
void limit_hold_count_settings(const struct run *run, struct planned_action *action);
/* After a good run: the present mapping has filled this account. */
void limit_hold_note_mapped(struct run *run);

#endif
