/* SPDX-License-Identifier: MIT */
#ifndef SERVER_STORE_STORE_H
#define SERVER_STORE_STORE_H

/*
 * What is durable: events, employees, holds, intents and outcomes, audit. This
 * is an interface: no type of a database crosses it, and sqlite.c is one
 * implementation. Writes of all threads go to one writer thread that commits
 * whatever waits in one transaction (D3); each write is a savepoint of its own,
 * so that one failure never rolls back its neighbours (engine rule 13). A write
 * call returns after its commit. Reads run on connections of their own, any
 * thread. All times are Unix ms unless named otherwise.
 *
 * Ownership: functions that fill a struct or list give it to the caller, who
 * finishes it with the function named beside it.
 */

#include "server/base/account.h"
#include "server/base/attr.h"
#include "server/base/err.h"
#include "server/base/sensitive.h"
#include "server/store/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct key_ring;
struct store;

struct store_options {
	const char *url; /* "sqlite:PATH" */
	struct key_ring *keys; /* borrowed; NULL in tests: a random ring of its own */
	size_t queue_max; /* deliveries that may wait for the writer; beyond: ERR_OVERLOADED */
	/* Called on the writer thread when a fsync failed (engine rule 12): sends the 503s; then
	   the store ends the process with STORE_EXIT_FSYNC. NULL in tests. */
	void (*on_fatal)(void *context);
	void *on_fatal_context;
};

/* Crashes of the process after which an employee or an event is set aside (engine rule 6). */
#define STORE_CRASHES_MAX 3
/* The process's exit status after a failed fsync, and after a page that makes no sense was read. */
#define STORE_EXIT_FSYNC   74
#define STORE_EXIT_CORRUPT 65

/* After crypto_start. Locks the file, migrates the schema, recovers, reads the pragmas back, voids
 * old leases. */
struct store *store_open(const struct store_options *options, struct err *err) MUST_CHECK;
/*
 * The server stops: what may take long ends with ERR_DRAINING at its next piece (a copy, a walk
 * through the audit trail, emptying what is kept no longer). All else goes on. Any thread.
 */
void store_quiesce(struct store *store);
void store_close(struct store *store);
/*
 * True while the last commit succeeded and for ten seconds no write has met a full disk; false also
 * when the writer is gone.
 */
bool store_is_writable(struct store *store, struct err *err);
/* Commits one harmless row: what /readyz asks. Blocks at most timeout_ms. */
bool store_probe(struct store *store, int64_t timeout_ms, struct err *err) MUST_CHECK;

/* ------------------------------------------------------------ deliveries */

/* Called once per delivery on the writer thread after the commit (or its failure): short, no
   store calls. */
typedef void (*store_appended)(void *context, enum err_code code);

/*
 * Appends one delivery. body (on the heap) is taken in every case. Returns
 * ERR_OK when it was queued: then `done` will be called exactly once. Another
 * code (ERR_OVERLOADED, ERR_DRAINING) means it was not queued and done is never called.
 * Whether its body was stored before shows when it is settled.
 */
enum err_code store_append(struct store *store, const char *connection, char *body, size_t body_len,
        store_appended done, void *context) MUST_CHECK;

/* Events nobody has parsed yet, oldest first, with their bodies; at most 4 MB of these. */
bool store_event_next(
        struct store *store, size_t limit, struct event_list *events, struct err *err) MUST_CHECK;
/*
 * Before they are parsed: should the process end before they are settled, it counts for those of
 * these ids that are not (engine rule 6). One such span at a time.
 */
bool store_event_begin(
        struct store *store, int64_t first_id, int64_t last_id, struct err *err) MUST_CHECK;
/*
 * What parsing found, in few transactions, which let deliveries go first for a while; those before
 * a failure stay settled. Per verdict: the event's type, employee, state and reason; for a dirtying
 * one the employee's row (made if need be) with generation + 1, lane raised, state
 * idle/waiting/failed/parked -> dirty as engine rule 1 allows, and its event facts. One whose
 * (connection, SHA-256) is known only counts up that first row, and reopens it as engine rule 14
 * says. A verdict on an event that is settled already changes nothing. Sets each fate.
 */
bool store_event_settle(struct store *store, struct event_verdict *verdicts, size_t count,
        struct err *err) MUST_CHECK;
/* Newest first, without bodies; of all of a connection with employee_id "". */
bool store_event_list(struct store *store, const struct employee_key *key, size_t limit,
        struct event_list *events, struct err *err) MUST_CHECK;
/* Those on which the process ended STORE_CRASHES_MAX times, newest first, without bodies. */
bool store_event_aside(struct store *store, const char *connection, size_t limit,
        struct event_list *events, struct err *err) MUST_CHECK;
/*
 * A human has an unusable or foreign event read once more, crashes forgotten. Audited.
 * ERR_NOT_FOUND: no such event; ERR_CONFLICT: it is another kind, or its body is gone.
 */
struct event_retry {
	const char *connection;
	int64_t event_id;
	const char *by;
};
bool store_event_retry(
        struct store *store, const struct event_retry *retry, struct err *err) MUST_CHECK;
/* Empties raw bodies of events done before that time; the hashes stay until hashes_before_ms. */
bool store_event_expire(struct store *store, int64_t bodies_before_ms, int64_t hashes_before_ms,
        int64_t *changed, struct err *err) MUST_CHECK;

/* ------------------------------------------------------------- employees */

struct claim_query {
	const char *connection;
	enum lane lane_at_most; /* LANE_REVOKE: only revocations; LANE_SWEEP: all */
	size_t limit;
	int64_t now_ms;
	int64_t lease_ms;
	int64_t run_before_ms; /* claim_ending only: not who was run since, and is not due again */
};
/*
 * Takes dirty employees and those whose policy_due_at or reread_at has come (and whose
 * retry_not_before has passed), by lane with a share for each (lane_share.h), then longest waiting,
 * but nobody who is set aside; state working, fresh lease token,
 * attempts + 1, claimed_generation = generation, retry_not_before_ms = 0 (it was waited for).
 * Parked ones come too when something new came for them, and held ones: the engine decides what
 * they may do. Times up to the claim count as served for one that is failed or parked.
 * A lease that ran out (monotonic time) may be claimed by another.
 */
bool store_employee_claim(struct store *store, const struct claim_query *query,
        struct employee_list *employees, struct err *err) MUST_CHECK;
/*
 * The same for those whose closing instant, as last read, has come and whose account is not closed,
 * whatever else they wait for (policy L6); the lane says nothing.
 */
bool store_employee_claim_ending(struct store *store, const struct claim_query *query,
        struct employee_list *employees, struct err *err) MUST_CHECK;
/*
 * The same for one person at once, whatever is due; ERR_CONFLICT while somebody works on it, and
 * when it is set aside.
 */
bool store_employee_claim_one(struct store *store, const struct employee_key *key, int64_t lease_ms,
        struct employee *employee, struct err *err) MUST_CHECK;
/*
 * A worker takes a claimed employee into its hands: renews the lease, and from now on a crash of
 * the process counts for this employee (engine rule 6). A claim_one does that by itself.
 * ERR_CONFLICT when the lease is not ours any more.
 */
bool store_employee_begin(struct store *store, const struct employee_key *key, int64_t lease_token,
        int64_t lease_ms, struct err *err) MUST_CHECK;
/*
 * Ends a run: writes the employee's facts and times. finish says how it ended; the row becomes
 * dirty again when generation moved since the claim, and then keeps its event facts. A good run
 * that left no hold uses up the approvals. It becomes dirty again, too, when somebody it waits
 * for got an account meanwhile. ERR_CONFLICT when the lease is not ours any more
 * (nothing is written).
 */
bool store_employee_finish(struct store *store, const struct employee *employee,
        enum employee_state finish, struct err *err) MUST_CHECK;
/* Marks one employee dirty from outside an event (sync, retry, release); makes the row if need be.
 */
bool store_employee_mark(struct store *store, const struct employee_key *key, enum lane lane,
        const char *cause, struct err *err) MUST_CHECK;
/* The same for many, in few commits; not audited. Those before a failure stay marked. */
bool store_employee_mark_each(struct store *store, const struct employee_key *keys, size_t count,
        enum lane lane, struct err *err) MUST_CHECK;
/* Marks all of a connection in a state (failed, parked, or any state with EMPLOYEE_STATE_COUNT). */
bool store_employee_mark_all(struct store *store, const char *connection, enum employee_state state,
        enum lane lane, size_t *marked, struct err *err) MUST_CHECK;
bool store_employee_get(struct store *store, const struct employee_key *key,
        struct employee *employee, struct err *err) MUST_CHECK; /* ERR_NOT_FOUND */
/* By Okta id or folded login among links and open create intents; ERR_NOT_FOUND. */
bool store_employee_by_okta_id(struct store *store, const char *connection, const char *okta_id,
        struct employee *employee, struct err *err) MUST_CHECK;
/* ERR_CONFLICT: by name, and who the page begins after is gone. */
bool store_employee_list(struct store *store, const struct employee_filter *filter,
        struct employee_list *employees, struct err *err) MUST_CHECK;
/* How many there are from the start, counted up to most; of one connection. */
bool store_employee_count(struct store *store, const struct employee_filter *filter, size_t most,
        size_t *count, struct err *err) MUST_CHECK;
/* When the next employee is due; 0: none. */
bool store_next_due(
        struct store *store, const char *connection, int64_t *due_ms, struct err *err) MUST_CHECK;
/* How many live by connection, state and lane; open holds; managed active users. */
bool store_counts(struct store *store, const char *connection, struct store_counts *counts,
        struct err *err) MUST_CHECK;
/* The same but for what a month of settled events and everybody's rows came to: for who asks often.
 */
bool store_counts_now(struct store *store, const char *connection, struct store_counts *counts,
        struct err *err) MUST_CHECK;

/* At most ROW_PROBLEMS_MAX, the commonest first. */
bool store_row_problems(struct store *store, const char *connection, struct row_problem_list *list,
        struct err *err) MUST_CHECK;

/* ------------------------------------------- intents, outcomes, and limits */

/*
 * Writes an intent if, in this one transaction: the lease is ours; for create, raise and rename
 * the generation has not moved since the claim; no other employee holds or is about to take this
 * login or Okta id; and the limits allow it (distinct employees in running time; an employee that
 * is counted already in that window, that carries an approval, or that has one in advance
 * (approvals.h), passes; one that was let go while the run was on its way is INTENT_MOVED: it is
 * planned afresh). Uses up the approvals, sets is_sessions_due as the intent says, and
 * intent->intent_id. Windows count every intent but those that ended as NOT_SENT or DRY_RUN.
 */
enum intent_result store_intent_open(struct store *store, struct intent *intent,
        const struct limit_set *limits, struct err *err) MUST_CHECK;
/*
 * The outcome with the employee's changed facts (link, present user, sessions_due, lowered...), one
 * transaction; employee NULL: no facts. A new link marks those who wait for it. Nothing sent or dry
 * run gives the approvals back. ERR_CONFLICT, and nothing written, when the lease is not ours any
 * more or the intent is closed: whoever has the employee finds the intent open and resolves it.
 */
bool store_intent_close(struct store *store, const struct outcome *outcome,
        const struct employee *employee, struct err *err) MUST_CHECK;
/* Open intents: of one employee, or of all with key NULL (at start). */
bool store_intent_list_open(struct store *store, const struct employee_key *key,
        struct action_list *actions, struct err *err) MUST_CHECK;
/* Finished and open ones of one employee, or of all with key NULL; newest first. */
bool store_action_list(struct store *store, const struct employee_key *key, size_t limit,
        struct action_list *actions, struct err *err) MUST_CHECK;

/* One of them by its id; ERR_NOT_FOUND. The list has one element with true. */
bool store_action_get(struct store *store, int64_t intent_id, struct action_list *actions,
        struct err *err) MUST_CHECK;

/* ------------------------------------------------------- holds, decisions */

/*
 * One row per (employee, kind), and of limits one for each; the employee is made if need be. The
 * same again changes nothing; another cause or another value wanted replaces it, ends a rejection
 * and an unused approval of that kind. Audited.
 */
bool store_hold_add(struct store *store, const struct hold *hold, struct err *err) MUST_CHECK;
/*
 * A human lets go: removes the hold (all kinds with HOLD_KIND_COUNT), records an approval for what
 * it held, of a limit for this one alone, and marks the employee dirty, in the lane of what was
 * held. ERR_NOT_FOUND when there is none.
 */
bool store_hold_release(
        struct store *store, const struct hold_decision *decision, struct err *err) MUST_CHECK;
/* A human says no: the hold stays as HOLD_REJECTED until the facts change or it is released; the
 * employee is marked dirty, since what waited for the answer may go on. */
bool store_hold_reject(
        struct store *store, const struct hold_decision *decision, struct err *err) MUST_CHECK;
/* The engine's own removal when the cause is gone; no approval. */
bool store_hold_remove(struct store *store, const struct employee_key *key, enum hold_kind kind,
        struct err *err) MUST_CHECK;
/* The same for one limit's. */
bool store_hold_remove_of_limit(struct store *store, const struct employee_key *key,
        enum limit_kind limit, struct err *err) MUST_CHECK;
/* Of one employee, or of all with key NULL; connection may be NULL. */
bool store_hold_list(struct store *store, const char *connection, const struct employee_key *key,
        struct hold_list *holds, struct err *err) MUST_CHECK;

/* What a human or the program decided, as an audit line without personal data. */
bool store_audit(struct store *store, const char *connection, const char *employee_id,
        const char *who, const char *what, struct err *err) MUST_CHECK;

/* ------------------------------------------------------- settings versions */

/* Adds a version and sets its number and, if that is 0, its time. */
bool store_settings_add(
        struct store *store, struct settings_version *version, struct err *err) MUST_CHECK;
/* Takes back one that could not be put to work; its number is not used again. */
bool store_settings_remove(struct store *store, int64_t version, struct err *err) MUST_CHECK;
/* Newest first, without documents. */
bool store_settings_list(struct store *store, size_t limit, struct settings_version_list *versions,
        struct err *err) MUST_CHECK;
/* ERR_NOT_FOUND: there is no such version. */
bool store_settings_get(struct store *store, int64_t number, struct settings_version *version,
        struct err *err) MUST_CHECK;
/* The newest of a source, or of all with SETTINGS_SOURCE_COUNT; ERR_NOT_FOUND: none yet. */
bool store_settings_newest(struct store *store, enum settings_source source,
        struct settings_version *version, struct err *err) MUST_CHECK;
/* The version in force from now on: audit lines name it. */
bool store_settings_version_set(struct store *store, int64_t version, struct err *err) MUST_CHECK;

/* ----------------------------------------------------------- small values */

/* Named values of a connection that survive restarts: "pause", "mapping", "mode"... */
bool store_value_set(struct store *store, const char *connection, const char *name,
        const char *value, struct err *err) MUST_CHECK; /* value NULL removes */
/* ERR_NOT_FOUND when unset; caller frees. */
bool store_value_get(struct store *store, const char *connection, const char *name, char **value,
        struct err *err) MUST_CHECK;
/* The same of a whole number; 0 removes, and is what is not set or cannot be read. */
bool store_value_set_number(struct store *store, const char *connection, const char *name,
        int64_t number, struct err *err) MUST_CHECK;
int64_t store_value_get_number(struct store *store, const char *connection, const char *name);

#endif
