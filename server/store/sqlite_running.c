/* SPDX-License-Identifier: MIT */
/*
 * Running time, which limits count in (engine rule 19), and the store that was
 * put back to an older state, whose windows are full.
 */
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/base/str.h"
#include "server/store/limits.h"
#include "server/store/sqlite.h"

/* A gap between two ticks is running time up to here: beyond, nobody ran (a machine that slept). */
#define STEP_MAX_MS INT64_C(300000)

/* -------------------------------------------------------------------- time */

bool sqlite_running_tick(struct sqlite_conn *conn, struct err *err)
{
	int64_t mono_ms = clock_mono_ms();
	int64_t step_ms = mono_ms - conn->ticked_mono_ms;
	int64_t running_ms = 0;
	if (conn->ticked_mono_ms == 0 || step_ms <= 0) {
		return true; /* no engine has begun */
	}
	conn->ticked_mono_ms = mono_ms;
	return sqlite_state_get(conn, "running_ms", &running_ms, err) &&
	        sqlite_state_set(conn, "running_ms",
	                running_ms + (step_ms < STEP_MAX_MS ? step_ms : STEP_MAX_MS), err);
}

static bool tick_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	int64_t *running_ms = context;
	if (conn->ticked_mono_ms == 0) {
		conn->ticked_mono_ms = clock_mono_ms();
	}
	return sqlite_running_tick(conn, err) &&
	        sqlite_state_get(conn, "running_ms", running_ms, err);
}

/* Behind the store's own state, or even with it: a crash in between is no restore. */
static void write_mark(const struct store *store, int64_t running_ms)
{
	struct sqlite_lock_note note;
	struct err err = ERR_INIT;
	bool is_written = sqlite_lock_read(store, &note, &err);
	note.instance = store->instance;
	note.running_ms = running_ms;
	if (!is_written || !sqlite_lock_write(store, &note, &err)) {
		log_warn("the mark beside the store was not written", F("error", err.text),
		        F("means", "a copy put in the store's place would not be noticed"));
	}
}

bool store_running_tick(struct store *store, struct err *err)
{
	int64_t running_ms = 0;
	if (!sqlite_write(store, tick_run, &running_ms, err)) {
		return false;
	}
	write_mark(store, running_ms);
	return true;
}

/* ---------------------------------------------------------------- put back */

/* Why the file is taken for an older one; NULL: it is the one that ran here last. */
static const char *find_sign(const struct store *store, int64_t is_marked, int64_t running_ms)
{
	struct sqlite_lock_note seen;
	struct err ignored = ERR_INIT;
	if (is_marked != 0) {
		return "it is a backup's copy";
	}
	bool is_read = sqlite_lock_read(store, &seen, &ignored);
	return is_read && (seen.instance > store->instance || seen.running_ms > running_ms)
	        ? "it is older than the store that ran here last"
	        : NULL;
}

static bool fill_windows(
        struct sqlite_conn *conn, int64_t running_ms, const char *why, struct err *err)
{
	const struct employee_key nobody = {0};
	char what[SENTENCE_BYTES];
	str_format_cut(
	        what, sizeof(what), "brake: every window of every limit is full, since %s", why);
	/* One more than before, so that what counted before the copy does not count as since. */
	return sqlite_state_set(conn, "running_ms", running_ms + 1, err) &&
	        sqlite_state_set(conn, SQLITE_STATE_FULL, running_ms + 1, err) &&
	        sqlite_state_set(conn, STORE_STATE_RESTORED, 1, err) &&
	        sqlite_audit(conn, &nobody, "server", what, err);
}

bool sqlite_restored_fill(struct store *store, struct err *err)
{
	struct sqlite_conn *conn = &store->writer;
	int64_t is_marked = 0;
	int64_t running_ms = 0;
	if (!sqlite_state_get(conn, STORE_STATE_RESTORED, &is_marked, err) ||
	        !sqlite_state_get(conn, "running_ms", &running_ms, err)) {
		return false;
	}
	const char *why = find_sign(store, is_marked, running_ms);
	if (why == NULL) {
		return true;
	}
	log_warn("this store was put back: every window of every limit is full", F("why", why));
	return fill_windows(conn, running_ms, why, err) &&
	        (is_marked != 0 || sqlite_state_set(conn, "backup_at_ms", 0, err));
}

void sqlite_restored_mark(struct store *store)
{
	int64_t running_ms = 0;
	struct err ignored = ERR_INIT;
	if (sqlite_state_get(&store->writer, "running_ms", &running_ms, &ignored)) {
		write_mark(store, running_ms);
	}
}
