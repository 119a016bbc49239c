/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_STORE_FIXTURE_H
#define TESTS_SUPPORT_STORE_FIXTURE_H

/*
 * A fresh store for a test, and short ways to do what most store tests begin
 * with. The only place of the suite that knows which store it is: another
 * implementation is tested by another URL. Helpers abort on failure, since a
 * test that cannot begin must not pass. Each check test is a process, so that
 * one static store is enough.
 */

#include "server/store/store.h"

/* Makes a directory and a URL in it; remove with store_fixture_clean. */
const char *store_fixture_url(void);
const char *store_fixture_directory(void);
void store_fixture_clean(void);

/* The master keys of that store, in a file beside it; the fixture's. Starts crypto too. */
struct key_ring *store_fixture_keys(void);
/* Opens the store at that URL (again, after a close). */
struct store *store_fixture_open(void);
struct store *store_fixture_open_with(size_t queue_max);

/* Running time that limits count in (limits.h), as if so much of it had passed. */
void store_fixture_pass(struct store *store, int64_t ms);

struct employee_key store_fixture_key(const char *employee_id);
/* Appends a body and waits for what became of it. */
enum err_code store_fixture_append(struct store *store, const char *body);
/* The newest unparsed event's id; it must exist. */
int64_t store_fixture_event(struct store *store);
/* Appends a body and settles it as accepted for that employee. */
void store_fixture_deliver(
        struct store *store, const char *body, const char *employee_id, enum lane lane);
/* Claims exactly this one and returns it as a worker has it; finish it with employee_finish. */
struct employee store_fixture_claim(struct store *store, const char *employee_id);
struct employee store_fixture_get(struct store *store, const char *employee_id);
/* Marks, claims, sets the account, and finishes as idle. */
void store_fixture_link(struct store *store, const char *employee_id, const char *okta_id,
        const char *login, enum account_status status);
/* An intent as a worker opens it for an employee it has claimed. */
struct intent store_fixture_intent(
        const struct employee *employee, enum action_kind kind, enum limit_kind limit);

#endif
