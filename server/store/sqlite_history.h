/* SPDX-License-Identifier: MIT */
#ifndef SERVER_STORE_SQLITE_HISTORY_H
#define SERVER_STORE_SQLITE_HISTORY_H

/* Counting (history.h) inside a write: of events, actions and runs. Private to sqlite*.c. */

#include "server/store/history.h"
#include "server/store/sqlite.h"

/* What deliveries turned out to be, alike and in the same quarter of an hour. */
struct history_deliveries {
	char connection[CONNECTION_NAME_BYTES];
	int64_t slot_ms;
	enum event_state state;
	bool is_duplicate;
	int64_t count; /* 0: none yet */
};
/* Counts one more; those before are written first if it is not like them. */
bool sqlite_history_delivery(struct sqlite_conn *conn, struct history_deliveries *tally,
        const struct history_deliveries *one, struct err *err) MUST_CHECK;
/* Writes what was counted; of the same write. */
bool sqlite_history_deliveries(
        struct sqlite_conn *conn, struct history_deliveries *tally, struct err *err) MUST_CHECK;
/* An event is about this employee: unless an older one waits, its answer is timed from now on. */
bool sqlite_history_begin(struct sqlite_conn *conn, const struct employee_key *key,
        int64_t received_at_ms, struct err *err) MUST_CHECK;
/* An intent has its outcome. A change in Okta, or one a dry run would have made, is an answer. */
struct history_action {
	const struct employee_key *key;
	const char *kind; /* action_kind_name */
	enum outcome_state state;
};
bool sqlite_history_action(
        struct sqlite_conn *conn, const struct history_action *action, struct err *err) MUST_CHECK;
/* A run ended, before its row is written. A good one is an answer, if no action was. */
struct history_end {
	const struct employee_key *key;
	enum employee_state state;
	bool is_good; /* the last run, which this one need not be */
};
bool sqlite_history_run(
        struct sqlite_conn *conn, const struct history_end *end, struct err *err) MUST_CHECK;

#endif
