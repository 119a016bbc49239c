/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_ADOPT_LINK_H
#define SERVER_ENGINE_ADOPT_LINK_H

/* The link of one person that adopt and `link` make after their second look. */

#include "server/engine/adopt_person.h"
#include "server/engine/link.h"

#define ADOPT_UNLINKED "unlinked by hand"

/*
 * Takes the employee under a lease of its own, links, and leaves it marked at sweep priority. The
 * person must have been read from Bob just now (run.read_begun_ms). ERR_CONFLICT: somebody works
 * on the employee, it is linked, an action is open, or the user is another's.
 */
bool adopt_link(struct adopt_person *person, const struct okta_user *user,
        const struct link_reason *reason, struct err *err) MUST_CHECK;
/* ERR_CONFLICT while an action of the employee has no known end. */
bool adopt_check_intents(
        struct store *store, const struct employee_key *key, struct err *err) MUST_CHECK;

#endif
