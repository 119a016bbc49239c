/* SPDX-License-Identifier: MIT */
/*
 * The writer thread: takes everything that waits, runs each write in a
 * savepoint of one transaction, commits, and tells everybody. A lone write
 * waits for nobody; while one commit is on its way to the disk the next group
 * gathers by itself (D3). It also does all checkpoints, after it has told
 * everybody, so that no waiter pays for one.
 */
#include "server/store/sqlite.h"

#include "server/base/clock.h"
#include "server/base/failpoint.h"
#include "server/base/log.h"
#include "server/base/metrics.h"
#include "server/store/sqlite_audit.h"

#include <unistd.h>

#define CHECKPOINT_PAGES      4000 /* at once, between two groups: about 16 MB of log */
#define CHECKPOINT_IDLE_PAGES 100 /* when nobody has written for a while */
#define CHECKPOINT_IDLE_MS    1000
/* A group of so many deliveries is a flood: more are expected within that pause. */
#define FLOOD_DELIVERIES 4
#define FLOOD_PAUSE_MS   3

static const char SQL_BEGIN[] = "BEGIN IMMEDIATE"; /* S1 */
static const char SQL_SAVE[] = "SAVEPOINT one";
static const char SQL_RELEASE[] = "RELEASE one";
static const char SQL_UNDO[] = "ROLLBACK TO one";

/* A delivery, or a probe: nobody waits in sqlite_write. */
static bool is_delivery(const struct sqlite_write *write)
{
	return write->complete != NULL;
}

static void take_all(struct list *from, struct list *to)
{
	struct list *link;
	while ((link = list_take_first(from)) != NULL) {
		list_add_last(to, link);
	}
}

/* ------------------------------------------------------- telling everybody */

/* Woken once for all of them. */
static void finish_waited(struct store *store, struct list *waited)
{
	struct list *link;
	if (list_is_empty(waited)) {
		return;
	}
	monitor_lock(&store->done);
	while ((link = list_take_first(waited)) != NULL) {
		/* From here on the write is its waiter's again. */
		LIST_ENTRY(link, struct sqlite_write, link)->is_done = true;
	}
	monitor_unlock(&store->done);
	monitor_wake_all(&store->done);
}

/* The group's place in the queue is free before anybody is told, so that the told may come again.
 */
static void finish_group(struct store *store, struct list *group)
{
	struct list *link;
	struct list waited;
	size_t deliveries = 0;
	list_init(&waited);
	for (link = group->next; link != group; link = link->next) {
		deliveries += is_delivery(LIST_ENTRY(link, struct sqlite_write, link)) ? 1 : 0;
	}
	monitor_lock(&store->waiting);
	store->deliveries -= deliveries;
	if (deliveries >= FLOOD_DELIVERIES) {
		store->quiet_at_ms = clock_mono_ms() + FLOOD_PAUSE_MS;
	}
	monitor_unlock(&store->waiting);
	while ((link = list_take_first(group)) != NULL) {
		struct sqlite_write *write = LIST_ENTRY(link, struct sqlite_write, link);
		if (is_delivery(write)) {
			write->complete(write);
		} else {
			list_add_last(&waited, link);
		}
	}
	finish_waited(store, &waited);
}

static void set_failed(struct sqlite_write *write, const struct err *err)
{
	if (write->code == ERR_OK) {
		write->code = err->code;
		err_set(write->err, err->code, "%s", err->text);
	}
}

static void fail_group(struct list *group, const struct err *err)
{
	for (struct list *link = group->next; link != group; link = link->next) {
		set_failed(LIST_ENTRY(link, struct sqlite_write, link), err);
	}
}

void sqlite_writer_exit(const struct err *err)
{
	bool is_damaged = err->code == ERR_STORE_CORRUPT;
	int status = is_damaged ? STORE_EXIT_CORRUPT : STORE_EXIT_FSYNC;

	log_error(is_damaged ? err_code_hint(err->code)
	                     : "the disk failed while the store was written; the process ends",
	        F("error", err->text), F("exit_status", status));
	_exit(status);
}

/*
 * Engine rule 12. The kernel reports a lost page once and then calls it clean,
 * so nothing this process reads back can be trusted: no retry, no close (which
 * would checkpoint), no exit handlers.
 */
static void die(struct store *store, struct list *group, const struct err *err)
{
	struct list rest;
	list_init(&rest);
	monitor_lock(&store->waiting);
	store->is_dead = true;
	take_all(&store->queue, &rest);
	take_all(&store->patient, &rest);
	monitor_unlock(&store->waiting);
	fail_group(group, err);
	fail_group(&rest, err);
	finish_group(store, group);
	finish_group(store, &rest);
	if (store->on_fatal != NULL) {
		store->on_fatal(store->on_fatal_context);
	}
	sqlite_writer_exit(err);
}

/* A reader's page was damaged: nobody waits on it, and nothing it read may be acted on. */
void sqlite_writer_end(struct store *store, const char *cause)
{
	log_error(err_code_hint(ERR_STORE_CORRUPT), F("store", store->path), F("cause", cause));
	_exit(STORE_EXIT_CORRUPT);
}

/* ---------------------------------------------------------- one transaction */

/* What became of a write: done, taken back alone, or lost with the transaction it stood in. */
enum saved { SAVED_DONE, SAVED_UNDONE, SAVED_LOST };

/*
 * Half of a write must never be committed with the others: where it cannot be taken back (no memory
 * for the statement), the whole transaction goes.
 */
static enum saved take_back(struct sqlite_conn *conn, struct err *err)
{
	bool is_back =
	        sqlite_exec(conn, SQL_UNDO, NULL, err) && sqlite_exec(conn, SQL_RELEASE, NULL, err);

	return is_back ? SAVED_UNDONE : SAVED_LOST;
}

static enum saved run_saved(struct sqlite_conn *conn, struct sqlite_write *write, struct err *err)
{
	if (write->is_single) {
		return write->run(conn, write->context, err) ? SAVED_DONE : SAVED_UNDONE;
	}
	if (!sqlite_exec(conn, SQL_SAVE, NULL, err)) {
		return SAVED_UNDONE;
	}
	conn->origin = write->origin;
	bool done = write->run(conn, write->context, err);
	conn->origin = NULL;
	if (!sqlite_is_in_transaction(conn)) {
		return SAVED_LOST;
	}
	if (!done) {
		return take_back(conn, err);
	}
	return sqlite_exec(conn, SQL_RELEASE, NULL, err) ? SAVED_DONE : SAVED_LOST;
}

/* False: the whole transaction is lost (SQLite may roll it back on a full disk). */
static bool run_all(struct sqlite_conn *conn, struct list *group, size_t *count, struct err *err)
{
	for (struct list *link = group->next; link != group; link = link->next) {
		struct sqlite_write *write = LIST_ENTRY(link, struct sqlite_write, link);
		struct err own = ERR_INIT;
		(*count)++;
		enum saved saved = run_saved(conn, write, &own);
		if (saved == SAVED_DONE) {
			continue;
		}
		err_set(&own, ERR_INTERNAL, "a write failed without a reason");
		if (saved == SAVED_LOST || !sqlite_is_in_transaction(conn) || conn->is_fatal) {
			*err = own;
			return false;
		}
		set_failed(write, &own);
	}
	return true;
}

static bool run_transaction(
        struct sqlite_conn *conn, struct list *group, size_t *count, struct err *err)
{
	bool done = sqlite_exec(conn, SQL_BEGIN, NULL, err) && run_all(conn, group, count, err) &&
	        sqlite_commit(conn, err);
	if (!done && !conn->is_fatal) {
		sqlite_rollback(conn);
	}
	return done;
}

static void checkpoint(struct store *store, enum sqlite_checkpoint mode)
{
	struct list nobody;
	struct err err = ERR_INIT;
	list_init(&nobody);
	FAILPOINT_ONLY("checkpoint.start", NULL);
	if (!sqlite_checkpoint(&store->writer, mode, &err) && store->writer.is_fatal) {
		die(store, &nobody, &err);
	}
	FAILPOINT_ONLY("checkpoint.end", NULL);
}

/* Asked for by who erases; one that fails is asked for again. */
static void empty_log(struct store *store)
{
	struct list nobody;
	struct err err = ERR_INIT;
	list_init(&nobody);
	if (sqlite_truncate_soon(&store->writer, &err)) {
		atomic_fetch_add(&store->truncated, 1);
	} else if (store->writer.is_fatal) {
		die(store, &nobody, &err);
	}
}

/* For readiness: a group that was committed, and no write of it met a full disk. */
static enum err_code judge(struct list *group, const struct err *err)
{
	for (struct list *link = group->next; link != group; link = link->next) {
		if (LIST_ENTRY(link, struct sqlite_write, link)->code == ERR_STORE_FULL) {
			return ERR_STORE_FULL;
		}
	}
	return err->code;
}

static void run_group(struct store *store, struct list *group)
{
	struct err err = ERR_INIT;
	size_t count = 0;
	int64_t began_us = clock_mono_us();
	bool done = run_transaction(&store->writer, group, &count, &err);
	if (!done && store->writer.is_fatal) {
		atomic_store(&store->last_commit, err.code);
		die(store, group, &err);
	}
	if (!done) {
		fail_group(group, &err);
	}
	enum err_code verdict = judge(group, &err);
	if (verdict == ERR_STORE_FULL) {
		atomic_store(&store->full_at_ms, clock_mono_ms());
	}
	atomic_store(&store->last_commit, verdict);
	metrics_observe(METRIC_STORE_COMMIT, NULL, (double)(clock_mono_us() - began_us) / 1e6);
	metrics_add(METRIC_STORE_BATCH, NULL, (double)count);
	finish_group(store, group);
	sqlite_audit_committed(store);
	if (atomic_exchange(&store->wants_truncate, false)) {
		empty_log(store);
	}
	/* On a full disk the log may shrink by this, which is what lets the next group through. */
	if (store->writer.wal_pages >= CHECKPOINT_PAGES || verdict == ERR_STORE_FULL) {
		checkpoint(store, CHECKPOINT_PASSIVE);
	}
}

/* -------------------------------------------------------------- the thread */

/* With the lock held: may those that leave deliveries the first turn have theirs? */
static bool is_patience_over(const struct store *store, int64_t now_ms)
{
	if (list_is_empty(&store->patient)) {
		return false;
	}
	const struct sqlite_write *first =
	        LIST_ENTRY(store->patient.next, struct sqlite_write, link);
	return first->patient_until_ms <= now_ms || store->is_stopping ||
	        (list_is_empty(&store->queue) && store->quiet_at_ms <= now_ms);
}

/* With the lock held: when the writer has something to do though nobody comes. */
static int64_t next_turn_ms(const struct store *store, int64_t idle_at_ms)
{
	if (list_is_empty(&store->patient)) {
		return idle_at_ms;
	}
	const struct sqlite_write *first =
	        LIST_ENTRY(store->patient.next, struct sqlite_write, link);
	return first->patient_until_ms < store->quiet_at_ms ? first->patient_until_ms
	                                                    : store->quiet_at_ms;
}

/* With the lock held; until there is something to write, a pause for a checkpoint, or a stop. */
static void wait_for_turn(struct store *store)
{
	bool idles = store->writer.wal_pages >= CHECKPOINT_IDLE_PAGES;
	int64_t now_ms = clock_mono_ms();
	int64_t idle_at_ms = idles ? now_ms + CHECKPOINT_IDLE_MS : INT64_MAX;
	while (list_is_empty(&store->queue) && !is_patience_over(store, now_ms) &&
	        !store->is_stopping && now_ms < idle_at_ms) {
		int64_t until_ms = next_turn_ms(store, idle_at_ms);
		if (until_ms == INT64_MAX) {
			monitor_wait(&store->waiting);
		} else {
			monitor_wait_until(&store->waiting, until_ms);
		}
		now_ms = clock_mono_ms();
	}
}

/* False when the thread shall end: stopping, and nothing waits. An empty group: it is idle. */
static bool wait_for_work(struct store *store, struct list *group)
{
	monitor_lock(&store->waiting);
	wait_for_turn(store);
	bool takes_patient = is_patience_over(store, clock_mono_ms());
	take_all(&store->queue, group);
	if (takes_patient) {
		take_all(&store->patient, group);
	}
	bool goes_on = !store->is_stopping || !list_is_empty(group);
	monitor_unlock(&store->waiting);
	return goes_on;
}

static void *run_writer(void *arg)
{
	struct store *store = arg;
	struct list group;
	list_init(&group);
	while (wait_for_work(store, &group)) {
		if (list_is_empty(&group)) {
			checkpoint(store, CHECKPOINT_PASSIVE);
		} else {
			run_group(store, &group);
		}
	}
	return NULL;
}

bool sqlite_writer_start(struct store *store, struct err *err)
{
	if (!thread_start(&store->thread, "store-writer", run_writer, store, err)) {
		return false;
	}
	store->is_thread_started = true;
	return true;
}

void sqlite_writer_stop(struct store *store)
{
	if (!store->is_thread_started) {
		return;
	}
	monitor_lock(&store->waiting);
	store->is_stopping = true;
	monitor_wake_all(&store->waiting);
	monitor_unlock(&store->waiting);
	thread_join(store->thread);
	store->is_thread_started = false;
}

/* ----------------------------------------------------------------- callers */

static enum err_code enqueue(struct store *store, struct sqlite_write *write)
{
	enum err_code code = ERR_OK;
	bool wakes = false;
	monitor_lock(&store->waiting);
	if (store->is_dead) {
		code = ERR_STORE_FAILED;
	} else if (store->is_stopping) {
		code = ERR_DRAINING;
	} else if (is_delivery(write) && store->deliveries >= store->queue_max) {
		code = ERR_OVERLOADED;
	} else {
		struct list *queue = write->patient_until_ms > 0 ? &store->patient : &store->queue;
		store->deliveries += is_delivery(write) ? 1 : 0;
		wakes = list_is_empty(queue);
		list_add_last(queue, &write->link);
	}
	monitor_unlock(&store->waiting);
	if (wakes) {
		/* Without the lock, which the woken one takes at once. */
		monitor_wake_all(&store->waiting);
	}
	return code;
}

enum err_code sqlite_writer_queue(struct store *store, struct sqlite_write *write)
{
	return enqueue(store, write);
}

bool sqlite_write_patiently(struct store *store,
        bool (*run)(struct sqlite_conn *conn, void *context, struct err *err), void *context,
        int64_t patience_ms, struct err *err)
{
	struct sqlite_write write = {
	        .run = run, .context = context, .err = err, .origin = audit_origin()};
	write.patient_until_ms = patience_ms > 0 ? clock_mono_ms() + patience_ms : 0;
	enum err_code code = enqueue(store, &write);
	if (code != ERR_OK) {
		err_set(err, code, "the store takes no writes any more");
		return false;
	}
	monitor_lock(&store->done);
	while (!write.is_done) {
		monitor_wait(&store->done);
	}
	monitor_unlock(&store->done);
	return write.code == ERR_OK;
}

bool sqlite_write(struct store *store,
        bool (*run)(struct sqlite_conn *conn, void *context, struct err *err), void *context,
        struct err *err)
{
	return sqlite_write_patiently(store, run, context, 0, err);
}

static bool nothing_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	(void)conn;
	(void)context;
	(void)err;
	return true;
}

bool sqlite_write_nothing(struct store *store, struct err *err)
{
	return sqlite_write(store, nothing_run, NULL, err);
}

void store_quiesce(struct store *store)
{
	atomic_store(&store->is_quiesced, true);
}

bool sqlite_is_quiesced(const struct store *store, struct err *err)
{
	if (!atomic_load(&store->is_quiesced)) {
		return false;
	}
	err_set(err, ERR_DRAINING, "the server stopped before that was done");
	return true;
}
