/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_UNDO_H
#define SERVER_ENGINE_UNDO_H

/*
 * The way back from one action, for an administrator who asks for it. What
 * Okta allows is done, what it does not allow is said in words. From then on
 * nothing is done for that employee until the hold `undo` is released
 * (engine rule 2). What the account was before stands in the action's intent
 * (act_intent.c); what Okta says of suspend, deactivate and activate is in
 * okta.md 1.6.
 */

#include "server/engine/engine.h"

/* Can it be taken back, as far as our own records tell? Pure. */
struct undo_verdict {
	bool is_possible;
	int64_t undone_by; /* the action that took it back already; 0: none */
	int64_t superseded_by; /* the later action that took its place; 0: none */
	char why[SENTENCE_BYTES]; /* unless possible: a sentence for an administrator */
};
/*
 * actions: of one employee, newest first, without a gap from the newest down to the one that is
 * judged. okta_id: the user the employee is linked to now.
 */
void undo_judge(const struct action_list *actions, const struct action_record *action,
        const char *okta_id, struct undo_verdict *verdict);

enum undo_how { UNDO_PLAN, UNDO_APPLY };
struct undo_request {
	int64_t action_id; /* of an intent */
	enum undo_how how;
	const char *by;
};
/*
 * Report as docs/http.md has it; new reference. In mode dry_run an apply is only told. ERR_CONFLICT
 * with the reason where there is no way back. Runs on the caller's thread.
 */
bool engine_undo(struct engine *engine, const struct undo_request *request, json_t **report,
        struct err *err) MUST_CHECK;

#endif
