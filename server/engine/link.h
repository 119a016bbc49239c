/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_LINK_H
#define SERVER_ENGINE_LINK_H

/*
 * The link between an employee and an Okta user: our own record, made and
 * taken back like every action with intent and outcome, its uniqueness checked in the
 * store. Nothing is sent to Okta. The employee is under the run's lease.
 */

#include "server/engine/run.h"

struct link_reason {
	const char *rule; /* "G4" */
	const char *text;
	bool is_compared; /* an event named the person: the first lowering needs no question (M3) */
};

enum link_result {
	LINK_DONE,
	LINK_TAKEN, /* the user, or its login, is another employee's */
	LINK_STOPPED, /* run->end says why */
};

/* Links as adopted; the run has a profile, and login and e-mail stay as they are (G5). */
enum link_result link_user(
        struct run *run, const struct okta_user *user, const struct link_reason *reason);
/* Forgets the account; the record is as if there had never been one. */
enum link_result link_cut(struct run *run, const struct link_reason *reason);
/*
 * The other employee who is linked to an Okta user, or is about to get that login; "" when there is
 * none. False when the store failed.
 */
bool link_other(struct store *store, const struct employee_key *key, const char *id_or_login,
        char employee_id[EMPLOYEE_ID_BYTES], struct err *err) MUST_CHECK;
/* What is known of an account goes; the caller stores the record. */
void link_forget(struct employee *employee);

#endif
