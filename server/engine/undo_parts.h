/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_UNDO_PARTS_H
#define SERVER_ENGINE_UNDO_PARTS_H

/*
 * One undo from the inside: undo.c claims the employee and makes the run,
 * undo_plan.c finds the steps back, undo_act.c does them. Belongs to the
 * thread that makes the run.
 */

#include "server/engine/run.h"
#include "server/engine/undo.h"

#define UNDO_STEPS_MAX 100 /* a status or a profile, and groups */

/* How a step went. */
enum undo_state { UNDO_PLANNED, UNDO_DONE, UNDO_REFUSED, UNDO_STATE_COUNT };
const char *undo_state_name(enum undo_state state);

struct undo_step {
	struct planned_action action; /* its texts are borrowed from the undo; profile is owned */
	char group_name[OKTA_GROUP_NAME_BYTES];
	enum undo_state state;
};

struct undo {
	const struct undo_request *request;
	struct connection *connection; /* of the action */
	bool is_told; /* only the plan is wanted, or the mode is dry_run: nothing is stored or sent
	               */
	const struct action_record *action; /* borrowed */
	json_t *before; /* the account as it was; owned */
	json_t *body; /* what the action wrote; NULL: no profile; owned */
	json_t *profile; /* all of it, as Okta showed it in this run; owned */
	char etag[OKTA_ETAG_BYTES]; /* of that look (engine rule 11) */
	enum account_status present_status; /* before any step */
	struct undo_step *steps; /* owned */
	size_t count;
	json_t *losses; /* array of sentences: what does not come back; owned */
	bool was_held; /* the hold was there before */
	bool has_held; /* the hold is there, before the first step */
};

/* False when out of memory. */
bool undo_open(struct undo *undo, const struct undo_request *request,
        const struct action_record *action) MUST_CHECK;
void undo_close(struct undo *undo);

/* What Okta shows of the user now. */
void undo_see(struct undo *undo, const struct okta_user *user);
/* A fresh plan from what Okta shows now; STEP_STOP with the reason where nothing can be done. */
enum step undo_plan(struct run *run);
/* "" where it may be written back; else why not. Looks in Okta and in the store. */
enum step undo_address(
        struct run *run, const char *attribute, const char *value, char *why, size_t size);
enum step undo_refuse(struct run *run, const char *why);

#endif
