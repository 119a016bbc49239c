/* SPDX-License-Identifier: MIT */
#ifndef SERVER_STORE_SQLITE_H
#define SERVER_STORE_SQLITE_H

/*
 * What the files of the SQLite store share; private to server/store/sqlite*.c.
 *
 * Connections: one writes and checkpoints, and belongs to the writer thread
 * alone (the WAL-reset bug of 3.40 needs two); a few read, and belong to
 * whoever took them from the pool. Each is opened NOMUTEX (S6) and keeps its
 * prepared statements. A write is a function that runs on the writer thread
 * inside a savepoint; everything named *_run is one.
 */

#include "server/base/buf.h"
#include "server/base/err.h"
#include "server/base/list.h"
#include "server/base/thread.h"
#include "server/store/store.h"

#include <stdatomic.h>

struct sqlite3;
struct sqlite3_stmt;
struct data_keys;
struct audit_keys;

/* ----------------------------------------------- sqlite.c: a connection */

#define CONN_STATEMENTS_MAX 256 /* a power of two, well above the number of texts in use */

enum sqlite_role {
	SQLITE_ROLE_WRITER,
	SQLITE_ROLE_READER,
	SQLITE_ROLE_COPY, /* read only, and not in use: a backup has no write-ahead log */
	SQLITE_ROLE_SCRATCH
};

struct sqlite_conn {
	struct sqlite3 *db;
	struct {
		const char *sql; /* compared by address: a static array */
		struct sqlite3_stmt *stmt;
	} statements[CONN_STATEMENTS_MAX];
	bool is_io_failure; /* the last failure was an I/O error, and not a full disk */
	bool is_fatal; /* a fsync or a commit failed on I/O, or the file is damaged: the process
	                  must end (rule 12) */
	int wal_pages; /* in the log after the last commit */
	const struct audit_keys *audit; /* borrowed; the writer has them, and who reads the trail */
	const char *origin; /* of the write that runs; NULL: the server itself */
	int audit_written; /* records since the last commit, rolled back ones too */
	int64_t ticked_mono_ms; /* the writer's: up to when running time is counted; 0: nothing runs
	                         */
};

enum sqlite_value_kind { VALUE_END, VALUE_INT, VALUE_TEXT, VALUE_BYTES };
struct sqlite_value {
	enum sqlite_value_kind kind;
	const char *text;
	size_t len;
	int64_t number;
};
#define INT(value)  ((struct sqlite_value){.kind = VALUE_INT, .number = (value)})
#define TEXT(value) ((struct sqlite_value){.kind = VALUE_TEXT, .text = (value)})
#define BYTES(value, size) \
	((struct sqlite_value){.kind = VALUE_BYTES, .text = (const char *)(value), .len = (size)})
#define VALUES(...) ((const struct sqlite_value[]){__VA_ARGS__ __VA_OPT__(, ){.kind = VALUE_END}})

enum sqlite_row { ROW_FOUND, ROW_NONE, ROW_FAILED };

/* Opens, sets the pragmas, and refuses (false) when one reads back otherwise. */
bool sqlite_open(struct sqlite_conn *conn, const char *path, enum sqlite_role role,
        struct err *err) MUST_CHECK;
void sqlite_close(struct sqlite_conn *conn);
/* Closing moves nothing from the log into the file, which it may not belong to. */
void sqlite_leave_log(struct sqlite_conn *conn);
/* A kept statement with its values bound; the texts must live until sqlite_done. NULL: failed. */
struct sqlite3_stmt *sqlite_query(struct sqlite_conn *conn, const char *sql,
        const struct sqlite_value *values, struct err *err) MUST_CHECK;
enum sqlite_row sqlite_step(
        struct sqlite_conn *conn, struct sqlite3_stmt *stmt, struct err *err) MUST_CHECK;
/* Gives the statement back; accepts NULL. */
void sqlite_done(struct sqlite3_stmt *stmt);
/* Runs a statement without rows; sqlite_changes says how many rows it touched. */
bool sqlite_exec(struct sqlite_conn *conn, const char *sql, const struct sqlite_value *values,
        struct err *err) MUST_CHECK;
/* Runs a script that is used once (schema, pragma). */
bool sqlite_script(struct sqlite_conn *conn, const char *sql, struct err *err) MUST_CHECK;
int sqlite_changes(const struct sqlite_conn *conn);
int64_t sqlite_inserted(const struct sqlite_conn *conn);
/* The first column of the first row; *number stays as it was when there is none. */
bool sqlite_number(struct sqlite_conn *conn, const char *sql, const struct sqlite_value *values,
        int64_t *number, struct err *err) MUST_CHECK;
bool sqlite_is_in_transaction(const struct sqlite_conn *conn);
bool sqlite_commit(struct sqlite_conn *conn, struct err *err) MUST_CHECK;
/* Gives up a transaction that is open; what fails then shows at the next BEGIN. */
void sqlite_rollback(struct sqlite_conn *conn);
/* Passive: moves what it can into the file; truncate: all of it, and empties the log. */
enum sqlite_checkpoint { CHECKPOINT_PASSIVE, CHECKPOINT_TRUNCATE };
/* Truncate, waiting for readers only for a moment. */
bool sqlite_truncate_soon(struct sqlite_conn *conn, struct err *err) MUST_CHECK;
bool sqlite_checkpoint(
        struct sqlite_conn *conn, enum sqlite_checkpoint mode, struct err *err) MUST_CHECK;

/* --------------------------------- sqlite_column.c: structs from and to rows */

enum sqlite_column_kind {
	COLUMN_INT64,
	COLUMN_INT,
	COLUMN_UNSIGNED,
	COLUMN_BOOL,
	COLUMN_TEXT, /* an array in the struct */
	COLUMN_HEAP, /* char * owned by the struct */
	COLUMN_PERSONAL,
	COLUMN_WORD /* an enum, stored as its word */
};

struct sqlite_words {
	const char *(*name)(int value);
	int count; /* the value for a word that is not known */
};

struct sqlite_column {
	enum sqlite_column_kind kind;
	unsigned group; /* which updates write it */
	size_t offset;
	size_t size;
	const struct sqlite_words *words;
};

extern const struct sqlite_words sqlite_words_lane;
extern const struct sqlite_words sqlite_words_employee_state;
extern const struct sqlite_words sqlite_words_event_state;
extern const struct sqlite_words sqlite_words_account_status;
extern const struct sqlite_words sqlite_words_account_origin;
extern const struct sqlite_words sqlite_words_lower_cause;
extern const struct sqlite_words sqlite_words_hold_kind;
extern const struct sqlite_words sqlite_words_action_kind;
extern const struct sqlite_words sqlite_words_limit_kind;
extern const struct sqlite_words sqlite_words_outcome_state;
extern const struct sqlite_words sqlite_words_settings_source;
extern const struct sqlite_words sqlite_words_revoke_row;
extern const struct sqlite_words sqlite_words_doubt;

/* Fills the struct from the row, columns in their order from the left. */
bool sqlite_column_read(struct sqlite3_stmt *stmt, const struct sqlite_column *columns,
        size_t count, void *record, struct err *err) MUST_CHECK;
/* The value that column has in the record; borrowed. */
struct sqlite_value sqlite_column_value(const struct sqlite_column *column, const void *record);

/* Grows an array by one zeroed element; NULL when out of memory (nothing is lost). */
void *sqlite_grow(void **items, size_t *count, size_t size);

/* --------------------------------------------- the store and its threads */

#define READERS 4

struct sqlite_write {
	struct list link;
	bool (*run)(struct sqlite_conn *conn, void *context, struct err *err);
	/* On the writer thread when the fate is known; NULL: somebody waits in sqlite_write. */
	void (*complete)(struct sqlite_write *write);
	void *context;
	const char *origin; /* where its caller's request came from (audit.h); borrowed */
	bool is_single; /* one statement, which is atomic without a savepoint */
	int64_t patient_until_ms; /* monotonic; until then deliveries go first; 0: at once */
	bool is_done; /* protected by done */
	enum err_code code;
	struct err *err; /* may be NULL */
};

struct store {
	char *path;
	int lock_fd;
	struct sqlite_conn writer; /* the writer thread's alone, once it runs */
	int64_t instance; /* counts openings; the upper half of lease tokens */
	int64_t lease_count; /* writer thread */
	struct key_ring *keys; /* borrowed */
	struct data_keys *data_keys; /* sqlite_data_keys.c; read-only once the store is open */
	struct audit_keys *audit; /* sqlite_audit.c; read-only once the store is open */
	int audit_unlogged; /* writer thread: records since a head was logged */
	int64_t audit_logged_ms; /* writer thread: when, monotonic */
	int64_t last_event_id; /* writer thread */
	_Atomic int64_t inbox_count; /* deliveries that are durable and not settled */
	_Atomic int64_t settle_lag_ms; /* how old the events were that were settled last */
	size_t queue_max;
	void (*on_fatal)(void *context);
	void *on_fatal_context;
	pthread_t thread;
	bool is_thread_started;

	struct monitor waiting; /* guards: */
	struct list queue;
	struct list patient; /* writes that let deliveries go first */
	int64_t quiet_at_ms; /* monotonic; before it more deliveries are expected */
	size_t deliveries; /* queued or being committed */
	bool is_stopping;
	bool is_dead;

	atomic_bool is_backing_up; /* a copy is being made */
	atomic_bool is_changing_keys; /* master keys are added or removed */
	atomic_bool is_quiesced; /* what may take long is given up */

	struct monitor done; /* guards is_done of writes, and: */
	bool is_probing;

	_Atomic enum err_code last_commit;
	_Atomic int64_t full_at_ms; /* monotonic: when a write last met a full disk; 0: never */
	atomic_bool wants_truncate; /* the writer shall empty the log after its next group */
	atomic_int truncated; /* how often it did so */

	struct monitor idle; /* guards: */
	struct sqlite_conn *readers[READERS]; /* NULL while taken */
	struct sqlite_conn reader_conns[READERS];
};

/* sqlite_writer.c */
bool sqlite_writer_start(struct store *store, struct err *err) MUST_CHECK;
/* Says so and ends the process after a failed sync: no exit handlers, SQLite stays open. */
_Noreturn void sqlite_writer_exit(const struct err *err);
/* Commits what waits, then ends the thread. */
void sqlite_writer_stop(struct store *store);
/* Ends the process: a reader met a page that makes no sense. Any thread. */
_Noreturn void sqlite_writer_end(struct store *store, const char *cause);
/* Queues a write whose complete() is set; it counts against queue_max. */
enum err_code sqlite_writer_queue(struct store *store, struct sqlite_write *write) MUST_CHECK;
/* Runs a function on the writer thread and returns after the commit. */
bool sqlite_write(struct store *store,
        bool (*run)(struct sqlite_conn *conn, void *context, struct err *err), void *context,
        struct err *err) MUST_CHECK;
/* The same, but while deliveries wait it is left behind them for so long. */
bool sqlite_write_patiently(struct store *store,
        bool (*run)(struct sqlite_conn *conn, void *context, struct err *err), void *context,
        int64_t patience_ms, struct err *err) MUST_CHECK;

/* Commits a group of its own, with nothing in it: what is done behind a commit is done then. */
bool sqlite_write_nothing(struct store *store, struct err *err) MUST_CHECK;
/* Asked between the pieces of what may take long; true with ERR_DRAINING: the server stops. */
bool sqlite_is_quiesced(const struct store *store, struct err *err);

/* sqlite_append.c: at a start, before the writer runs. */
bool sqlite_inbox_begin(struct store *store, struct err *err) MUST_CHECK;

/* sqlite_pool.c */
bool sqlite_pool_open(struct store *store, struct err *err) MUST_CHECK;
void sqlite_pool_close(struct store *store);
/* A reading connection, given back soon; waits for one, NULL after a while. */
struct sqlite_conn *sqlite_pool_take(struct store *store, struct err *err) MUST_CHECK;
void sqlite_pool_give(struct store *store, struct sqlite_conn *conn);

/* sqlite_data_keys.c: loads the data keys, or makes those that are missing. */
bool sqlite_data_keys_open(struct store *store, struct err *err) MUST_CHECK;
void sqlite_data_keys_close(struct store *store);

/* sqlite_lock.c: what the lock file notes of the store beside it; zeros: nothing yet. */
struct sqlite_lock_note {
	int64_t identity; /* the store's number (sqlite_sound.c) */
	int64_t instance; /* how often it was opened, and how long it ran: how far it has been */
	int64_t running_ms;
};
bool sqlite_lock_read(
        const struct store *store, struct sqlite_lock_note *note, struct err *err) MUST_CHECK;
bool sqlite_lock_write(
        const struct store *store, const struct sqlite_lock_note *note, struct err *err) MUST_CHECK;

/* sqlite_sound.c; the log is asked before anything is moved from it, the others after it is. */
bool sqlite_sound_log(struct store *store, struct err *err) MUST_CHECK;
bool sqlite_sound_file(struct store *store, struct err *err) MUST_CHECK;
bool sqlite_sound_people(struct sqlite_conn *conn, struct err *err) MUST_CHECK;

/* sqlite_crash.c: who and what the process before this one ended on (rule 6). */
#define SQLITE_NOT_ASIDE                                                                   \
	" AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.connection = employees.connection" \
	" AND h.employee_id = employees.employee_id AND h.kind = 'crash')"
/*
 * At the start, inside the transaction that voids the leases and before it does: counts what was in
 * hand and what was being read when an earlier process ended without closing the store.
 */
bool sqlite_crash_count(struct sqlite_conn *conn, struct err *err) MUST_CHECK;
/* Events of these ids are being read from now on; 0, 0: none. */
bool sqlite_crash_read(
        struct sqlite_conn *conn, int64_t first_id, int64_t last_id, struct err *err) MUST_CHECK;

/* sqlite_schema.c: migrates to this program's version; refuses a newer one. */
bool sqlite_schema_migrate(struct sqlite_conn *conn, struct err *err) MUST_CHECK;
/* The file is a store, and of no newer version than this program. */
bool sqlite_schema_check(struct sqlite_conn *conn, struct err *err) MUST_CHECK;

/* sqlite_backup.c: what a crash may have left of a copy. */
void sqlite_backup_forget(const struct store *store);

/* sqlite_restore.c: in the transaction of the start; does nothing but on a marked copy. */
bool sqlite_restore_begin(struct sqlite_conn *conn, struct err *err) MUST_CHECK;
/* V1: a revocation from before that start may have been carried out already. */
bool sqlite_restore_doubts(struct sqlite_conn *conn, const struct event_verdict *verdict,
        bool *is_doubtful, struct err *err) MUST_CHECK;

/* ------------------------------------------------ rows, inside a write */

/* sqlite_employee.c */
#define EMPLOYEE_GROUP_KEY     0x01u
#define EMPLOYEE_GROUP_STATE   0x02u
#define EMPLOYEE_GROUP_CLAIM   0x04u /* generation captured, lease; approvals */
#define EMPLOYEE_GROUP_EVENT   0x08u /* what events and marks change too */
#define EMPLOYEE_GROUP_RUN     0x10u /* what only a run finds out */
#define EMPLOYEE_GROUP_ACCOUNT 0x20u /* the account; an outcome writes it too */

/* ROW_NONE: there is no such employee. Finish the struct in every case. */
enum sqlite_row sqlite_employee_load(struct sqlite_conn *conn, const struct employee_key *key,
        struct employee *employee, struct err *err) MUST_CHECK;
/* As load, and makes an idle row if there is none. */
bool sqlite_employee_ensure(struct sqlite_conn *conn, const struct employee_key *key,
        struct employee *employee, struct err *err) MUST_CHECK;
/* Writes the columns of EVENT; or EVENT, RUN and ACCOUNT; or ACCOUNT. */
bool sqlite_employee_write_event(
        struct sqlite_conn *conn, const struct employee *employee, struct err *err) MUST_CHECK;
bool sqlite_employee_write_run(
        struct sqlite_conn *conn, const struct employee *employee, struct err *err) MUST_CHECK;
bool sqlite_employee_write_account(
        struct sqlite_conn *conn, const struct employee *employee, struct err *err) MUST_CHECK;
/* The one place that changes the state; a move that is not allowed is ERR_CONFLICT. */
bool sqlite_employee_set_state(struct sqlite_conn *conn, struct employee *employee,
        enum employee_state to, struct err *err) MUST_CHECK;
/*
 * One more generation, lane raised; idle, waiting and failed ones become dirty (the failed with
 * fresh attempts). Worked on: the finish sees the generation. Parked: stays. The caller writes
 * EVENT after it.
 */
bool sqlite_employee_dirty(struct sqlite_conn *conn, struct employee *employee, enum lane lane,
        int64_t since_ms, struct err *err) MUST_CHECK;

/* No backoff any more, nor the one that a run in progress will ask for. */
bool sqlite_employee_waive_retry(
        struct sqlite_conn *conn, struct employee *employee, struct err *err) MUST_CHECK;

/* sqlite_search.c: what the row is found by, with the folded login; to is made here. */
void sqlite_search_text(const struct employee *employee, const char *login, struct buf *to);
/* While the store opens: folds what an older program wrote. */
bool sqlite_search_begin(struct sqlite_conn *conn, struct err *err) MUST_CHECK;

/* sqlite_mark.c: a mark from outside an event; wakes a parked one too. */
bool sqlite_mark(struct sqlite_conn *conn, const struct employee_key *key, enum lane lane,
        struct err *err) MUST_CHECK;

/* Marks all whose rows refer to that employee's account, which is new or has a new login. */
bool sqlite_mark_waiting(
        struct sqlite_conn *conn, const struct employee_key *account, struct err *err) MUST_CHECK;

/* sqlite_waits.c */
#define SQLITE_LOGIN_BYTES 512
/* The folded login of the account as the row has it; "" while there is none. */
bool sqlite_waits_login(struct sqlite_conn *conn, const struct employee_key *key, char *login,
        struct err *err) MUST_CHECK;
/* After the row was written: those who used the login of before are marked if it is another now. */
bool sqlite_waits_renamed(struct sqlite_conn *conn, const struct employee_key *key,
        const char *before, struct err *err) MUST_CHECK;
/*
 * Takes over whom the employee waits for and refers to. *is_over: one of them has an account by
 * now, which its own transaction could not tell this employee.
 */
bool sqlite_waits_write(struct sqlite_conn *conn, const struct employee *employee, bool *is_over,
        struct err *err) MUST_CHECK;

/* sqlite_groups.c: what an outcome says about a membership. */
struct membership_change {
	char okta_id[OKTA_ID_BYTES];
	char group_id[OKTA_ID_BYTES];
	bool is_join;
};
bool sqlite_membership_write(struct sqlite_conn *conn, const struct employee_key *key,
        const struct membership_change *change, struct err *err) MUST_CHECK;

/* sqlite_audit.c: the kind is the first word of what, if it is one (audit_kinds.def). */
bool sqlite_audit(struct sqlite_conn *conn, const struct employee_key *key, const char *who,
        const char *what, struct err *err) MUST_CHECK;

/* sqlite_value.c */
bool sqlite_state_set(
        struct sqlite_conn *conn, const char *name, int64_t value, struct err *err) MUST_CHECK;
/* 0 when unset. */
bool sqlite_state_get(
        struct sqlite_conn *conn, const char *name, int64_t *value, struct err *err) MUST_CHECK;

/* sqlite_approval.c: what was approved in advance for this intent, and is valid when it opens. */
struct approval;
bool sqlite_approval_find(struct sqlite_conn *conn, const struct intent *intent,
        struct approval *approval, bool *is_found, struct err *err) MUST_CHECK;
/* Notes and audits that it let somebody pass. */
bool sqlite_approval_use(struct sqlite_conn *conn, const struct approval *approval, int64_t at_ms,
        struct err *err) MUST_CHECK;

/* sqlite_release.c: keeps in the decision's list of releases that this hold was let go. */
bool sqlite_release_add(struct sqlite_conn *conn, const struct hold_decision *decision,
        const struct hold *hold, struct err *err) MUST_CHECK;
/* sqlite_hold.c: takes a hold away that an approval in advance covers; ERR_NOT_FOUND: none. */
bool sqlite_hold_let_go(
        struct sqlite_conn *conn, const struct hold_decision *decision, struct err *err) MUST_CHECK;

/* sqlite_running.c */
#define SQLITE_STATE_FULL "limits_full_ms" /* running time from which on all windows are full */
/* Counts what has passed since the last time; inside a write. */
bool sqlite_running_tick(struct sqlite_conn *conn, struct err *err) MUST_CHECK;
/* While the store opens, in the transaction of the new instance: a store that was put back to an
   older state starts with full windows. */
bool sqlite_restored_fill(struct store *store, struct err *err) MUST_CHECK;
/* Afterwards: notes beside the store how far it is. */
void sqlite_restored_mark(struct store *store);

/* sqlite_limit.c: would one more action of this employee go over a window? */
bool sqlite_limit_check(struct sqlite_conn *conn, const struct intent *intent,
        const struct limit_set *limits, bool *is_over, struct err *err) MUST_CHECK;
/* Linked employees whose account counts as activated (R2): what percentages are taken of. */
bool sqlite_managed_active(struct sqlite_conn *conn, const char *connection, int64_t *count,
        struct err *err) MUST_CHECK;

#endif
