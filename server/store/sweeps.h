/* SPDX-License-Identifier: MIT */
#ifndef SERVER_STORE_SWEEPS_H
#define SERVER_STORE_SWEEPS_H

/*
 * Sweeps: when one was asked for, how far it is, what it found, and the marks
 * it sets. The same threads and errors as store.h.
 */

#include "server/store/store.h"

enum sweep_cause {
	SWEEP_NIGHTLY,
	SWEEP_BY_HAND,
	SWEEP_DOWNTIME, /* nothing could be received for a while */
	SWEEP_SILENCE, /* Bob sent nothing for longer than usual */
	SWEEP_REPEAT, /* after a source fault */
	SWEEP_CAUSE_COUNT
};
enum sweep_state {
	SWEEP_WAITING, /* asked for, or stopped on its way: begins anew */
	SWEEP_RUNNING,
	SWEEP_DONE,
	SWEEP_FAULT, /* what was read cannot be trusted: nobody was marked */
	SWEEP_STATE_COUNT
};
enum sweep_phase {
	SWEEP_PHASE_NONE,
	SWEEP_PHASE_IDS, /* Bob's ids */
	SWEEP_PHASE_USERS, /* Okta's pages */
	SWEEP_PHASE_PEOPLE, /* Bob in batches, compared */
	SWEEP_PHASE_MARKS, /* all was read: findings and marks are stored */
	SWEEP_PHASE_COUNT
};

struct sweep {
	int64_t sweep_id;
	char connection[CONNECTION_NAME_BYTES];
	enum sweep_cause cause;
	char by[64]; /* "" unless by hand */
	enum sweep_state state;
	enum sweep_phase phase;
	int64_t done; /* of total, in this phase; users have no total */
	int64_t total;
	bool accepts_shorter; /* somebody said that a shorter list is right */
	int64_t asked_at_ms;
	int64_t started_at_ms; /* 0: not yet */
	int64_t ended_at_ms;
	int64_t bob_calls;
	int64_t okta_calls;
	char sentence[SENTENCE_BYTES]; /* what it came to, or why it is a fault */
	char *counts; /* JSON, as docs/http.md has it; NULL before it is done */
};
void sweep_finish(struct sweep *sweep);

struct sweep_list {
	struct sweep *items;
	size_t count;
};
void sweep_list_finish(struct sweep_list *list);

/* Stable words: "by_hand", "fault", "people". */
const char *sweep_cause_name(enum sweep_cause cause);
const char *sweep_state_name(enum sweep_state state);
const char *sweep_phase_name(enum sweep_phase phase);

/*
 * Asks for a sweep; where one of the connection waits or runs already it is that one, and
 * accepts_shorter is added to one that waits. *is_new may be NULL.
 */
bool store_sweep_ask(
        struct store *store, struct sweep *wanted, bool *is_new, struct err *err) MUST_CHECK;
/* At a start: what an earlier process left running waits again. */
bool store_sweep_void(struct store *store, struct err *err) MUST_CHECK;
/* Writes all but id, connection, cause and by; ERR_NOT_FOUND. */
bool store_sweep_write(struct store *store, const struct sweep *sweep, struct err *err) MUST_CHECK;
bool store_sweep_get(
        struct store *store, int64_t sweep_id, struct sweep *sweep, struct err *err) MUST_CHECK;
/* The newest of a connection in that state, any with SWEEP_STATE_COUNT; ERR_NOT_FOUND. */
bool store_sweep_newest(struct store *store, const char *connection, enum sweep_state state,
        struct sweep *sweep, struct err *err) MUST_CHECK;
/* Newest first. */
bool store_sweep_list(struct store *store, const char *connection, size_t limit,
        struct sweep_list *sweeps, struct err *err) MUST_CHECK;
/* Faults since the last good one, and when the newest of them ended. */
bool store_sweep_faults(struct store *store, const char *connection, int64_t *faults,
        int64_t *ended_at_ms, struct err *err) MUST_CHECK;

/* -------------------------------------------------------------- findings */

#define SWEEP_FINDINGS_MAX 10000 /* of one kind and sweep; more are only counted */

enum finding_kind {
	FINDING_CHANGE, /* Bob says something else than the record, and no event announced it */
	FINDING_STATUS, /* the status in Okta is another than the record's */
	FINDING_DRIFT, /* attributes were changed in Okta; detail: which */
	FINDING_NO_USER, /* somebody who is here has no linked user; okta_id: one that looks alike
	                  */
	FINDING_NO_EMPLOYEE, /* a user nobody in Bob is known for: shown, never touched */
	FINDING_DUPLICATE, /* two people with one address or number, or two users for one person */
	FINDING_ABSENT, /* linked, and not in Bob's list: two reads of their own decide */
	FINDING_KIND_COUNT
};
const char *finding_kind_name(enum finding_kind kind);
enum finding_kind finding_kind_parse(const char *text); /* COUNT for an unknown word */

struct finding {
	int64_t finding_id;
	enum finding_kind kind;
	char employee_id[EMPLOYEE_ID_BYTES]; /* "" with NO_EMPLOYEE */
	char okta_id[OKTA_ID_BYTES];
	struct personal login; /* with NO_EMPLOYEE */
	char detail[SENTENCE_BYTES]; /* no personal data */
};
void finding_finish(struct finding *finding);
struct finding_list {
	struct finding *items;
	size_t count;
};
void finding_list_finish(struct finding_list *list);

/* One commit; findings of all but the newest sweeps that have any go with it. */
bool store_sweep_findings_add(struct store *store, int64_t sweep_id,
        const struct finding_list *findings, struct err *err) MUST_CHECK;
/* By kind (FINDING_KIND_COUNT: all) behind that id, in the order of ids. */
struct findings_query {
	int64_t sweep_id;
	enum finding_kind kind;
	int64_t after_id;
	size_t limit;
};
bool store_sweep_findings(struct store *store, const struct findings_query *query,
        struct finding_list *findings, struct err *err) MUST_CHECK;

/* ----------------------------------------------------------------- marks */

struct sweep_mark {
	struct employee_key key;
	enum doubt doubt; /* is added to what the record has */
};
/* Marks as store_employee_mark_each does, at sweep priority, a few hundred in a commit. */
bool store_sweep_mark(struct store *store, const struct sweep_mark *marks, size_t count,
        struct err *err) MUST_CHECK;
/*
 * Takes another status among the activated ones (R2) into the record without a run, unless one was
 * made since the record was loaded.
 */
struct sweep_status {
	struct employee_key key;
	enum account_status status;
	int64_t last_run_at_ms; /* as it was loaded */
};
bool store_sweep_take_status(struct store *store, const struct sweep_status *statuses, size_t count,
        struct err *err) MUST_CHECK;

/* ---------------------------------------------------------------- rhythm */

/* When the last delivery came, and the longest gap between two since then; 0: none. */
struct delivery_rhythm {
	int64_t last_at_ms;
	int64_t longest_gap_ms;
};
bool store_delivery_rhythm(struct store *store, const char *connection, int64_t since_ms,
        struct delivery_rhythm *rhythm, struct err *err) MUST_CHECK;

#endif
