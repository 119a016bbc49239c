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
#include "server/base/log.h"
#include "server/base/metrics.h"

#include <unistd.h>

#define CHECKPOINT_PAGES      2000 /* at once, between two groups: about 8 MB of log */
#define CHECKPOINT_IDLE_PAGES 100 /* when nobody has written for a while */
#define CHECKPOINT_IDLE_MS    1000

static const char SQL_BEGIN[] = "BEGIN IMMEDIATE"; /* S1 */
static const char SQL_SAVE[] = "SAVEPOINT one";
static const char SQL_RELEASE[] = "RELEASE one";
static const char SQL_UNDO[] = "ROLLBACK TO one";

/* ------------------------------------------------------- telling everybody */

static void finish_write(struct store *store, struct sqlite_write *write)
{
	if (write->complete != NULL) {
		write->complete(write);
		monitor_lock(&store->waiting);
		store->deliveries--;
		monitor_unlock(&store->waiting);
		return;
	}
	monitor_lock(&store->done);
	write->is_done = true; /* from here on the write is its waiter's again */
	monitor_wake_all(&store->done);
	monitor_unlock(&store->done);
}

static void finish_group(struct store *store, struct list *group)
{
	struct list *link;
	while ((link = list_take_first(group)) != NULL) {
		finish_write(store, LIST_ENTRY(link, struct sqlite_write, link));
	}
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
	struct list *link;
	while ((link = list_take_first(&store->queue)) != NULL) {
		list_add_last(&rest, link);
	}
	monitor_unlock(&store->waiting);
	log_error("the disk failed while the store was written; the process ends",
	        F("error", err->text));
	fail_group(group, err);
	fail_group(&rest, err);
	finish_group(store, group);
	finish_group(store, &rest);
	if (store->on_fatal != NULL) {
		store->on_fatal(store->on_fatal_context);
	}
	_exit(STORE_EXIT_FSYNC);
}

/* ---------------------------------------------------------- one transaction */

static bool run_saved(struct sqlite_conn *conn, struct sqlite_write *write, struct err *err)
{
	if (write->is_single) {
		return write->run(conn, write->context, err);
	}
	if (!sqlite_exec(conn, SQL_SAVE, NULL, err)) {
		return false;
	}
	bool done = write->run(conn, write->context, err);
	if (!sqlite_is_in_transaction(conn)) {
		return false;
	}
	if (!done && !sqlite_exec(conn, SQL_UNDO, NULL, err)) {
		return false;
	}
	return sqlite_exec(conn, SQL_RELEASE, NULL, err) && done;
}

/* False: the whole transaction is lost (SQLite may roll it back on a full disk). */
static bool run_all(struct sqlite_conn *conn, struct list *group, size_t *count, struct err *err)
{
	for (struct list *link = group->next; link != group; link = link->next) {
		struct sqlite_write *write = LIST_ENTRY(link, struct sqlite_write, link);
		struct err own = ERR_INIT;
		(*count)++;
		if (run_saved(conn, write, &own)) {
			continue;
		}
		err_set(&own, ERR_INTERNAL, "a write failed without a reason");
		if (!sqlite_is_in_transaction(conn) || conn->is_fatal) {
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
	if (!sqlite_checkpoint(&store->writer, mode, &err) && store->writer.is_fatal) {
		die(store, &nobody, &err);
	}
}

/* What readiness shows: a group that was committed, and no write of it met a full disk. */
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
	atomic_store(&store->last_commit, verdict);
	metrics_observe(METRIC_STORE_COMMIT, NULL, (double)(clock_mono_us() - began_us) / 1e6);
	metrics_add(METRIC_STORE_BATCH, NULL, (double)count);
	finish_group(store, group);
	/* On a full disk the log may shrink by this, which is what lets the next group through. */
	if (store->writer.wal_pages >= CHECKPOINT_PAGES || verdict == ERR_STORE_FULL) {
		checkpoint(store, CHECKPOINT_PASSIVE);
	}
}

/* -------------------------------------------------------------- the thread */

static void take_all(struct list *from, struct list *to)
{
	struct list *link;
	while ((link = list_take_first(from)) != NULL) {
		list_add_last(to, link);
	}
}

/* False when the thread shall end: stopping, and nothing waits. An empty group: it is idle. */
static bool wait_for_work(struct store *store, struct list *group)
{
	bool idles = store->writer.wal_pages >= CHECKPOINT_IDLE_PAGES;
	int64_t until_ms = clock_mono_ms() + CHECKPOINT_IDLE_MS;
	monitor_lock(&store->waiting);
	while (list_is_empty(&store->queue) && !store->is_stopping) {
		if (!idles) {
			monitor_wait(&store->waiting);
		} else if (!monitor_wait_until(&store->waiting, until_ms)) {
			break;
		}
	}
	take_all(&store->queue, group);
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
	monitor_lock(&store->waiting);
	if (store->is_dead) {
		code = ERR_STORE_FAILED;
	} else if (store->is_stopping) {
		code = ERR_DRAINING;
	} else if (write->complete != NULL && store->deliveries >= store->queue_max) {
		code = ERR_OVERLOADED;
	} else {
		store->deliveries += write->complete != NULL ? 1 : 0;
		if (list_is_empty(&store->queue)) {
			monitor_wake_all(&store->waiting);
		}
		list_add_last(&store->queue, &write->link);
	}
	monitor_unlock(&store->waiting);
	return code;
}

enum err_code sqlite_writer_queue(struct store *store, struct sqlite_write *write)
{
	return enqueue(store, write);
}

bool sqlite_write(struct store *store,
        bool (*run)(struct sqlite_conn *conn, void *context, struct err *err), void *context,
        struct err *err)
{
	struct sqlite_write write = {.run = run, .context = context, .err = err};
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
