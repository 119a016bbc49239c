/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_FACTS_H
#define SERVER_ENGINE_FACTS_H

/*
 * Between the employee's record and the pure core: what the policy may know
 * of the record, and what a read changes in it. No I/O.
 */

#include "mapping/mapping.h"
#include "server/store/record.h"

#include <stdint.h>

/* Absent in two reads at least this far apart (engine rule 3). */
#define DISAPPEARED_AFTER_MS (30 * 1000)
/* A read may show a deleted person for this long (bob.md 4: up to 20 s; give it a minute). */
#define STALE_READ_MS (60 * 1000)
/* K4: two reads at least this far apart that agree on "empty". */
#define EMPTY_AGREES_AFTER_MS (20 * 1000)

/*
 * Borrows from employee and login; holds gives since-times. What the record does not know is the
 * caller's to add: login, unread_since_ms, is_move_pending.
 */
void facts_from_employee(struct account_facts *facts, const struct employee *employee,
        enum presence presence, const struct hold_list *holds);

/*
 * Notes in the record that Bob answered without this person, and tells how absent it is: ABSENT, or
 * DISAPPEARED once two reads far enough apart agree.
 */
enum presence facts_note_absent(struct employee *employee, int64_t read_begun_ms);
/* Notes a good read, with the zone that policy has for it. False when out of memory. */
bool facts_note_read(struct employee *employee, const struct person *person,
        const struct policy_settings *policy, int64_t read_begun_ms);

/*
 * K4: notes which attributes are empty now and returns those that may be cleared (borrowed, in the
 * record), or NULL. wants_reread is set when a second read must confirm.
 */
const char *facts_note_empty(
        struct employee *employee, char *empty_now, int64_t read_begun_ms, bool *wants_reread);

/* V1: the pending revocation was carried out. A time far ahead must not outdo the next one. */
void facts_note_revoked(struct employee *employee, int64_t now_ms);
/* V1: a human said that a doubtful revocation is none. */
void facts_forget_revocation(struct employee *employee);

#endif
