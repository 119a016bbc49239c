/* SPDX-License-Identifier: MIT */
/*
 * The sweeper of one connection: keeps the heartbeat that tells a downtime,
 * asks for a sweep when one is due, and runs the one that waits. One sweep at
 * a time; when the engine stops it is left waiting for the successor.
 */
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/base/str.h"
#include "server/engine/parts.h"
#include "server/engine/sweep_parts.h"
#include "server/engine/sweep_time.h"

#include <stdlib.h>

#define LOOK_MS      5000
#define LOOK_SOON_MS 500
#define BEAT_MS      30000
#define RHYTHM_MS    (60 * 60 * 1000)
#define HEARTBEAT    "heartbeat_ms"
#define SINCE        "sweep_since_ms"

struct sweeper {
	struct engine *engine;
	struct connection *connection;
	uint64_t seen;
	int64_t beat_mono_ms; /* 0: not yet */
	int64_t beat_wall_ms;
	bool is_kept_waiting; /* a sweep waits for Okta to be there */
	int64_t rhythm_at_ms; /* monotonic: when the deliveries were last looked at */
	struct sweep_history history;
};

static const char *name_of(const struct sweeper *sweeper)
{
	return sweeper->connection->settings->name;
}

/* -------------------------------------------------------------------- values */

/* 0 when it was never set. */
static int64_t load_time(const struct sweeper *sweeper, const char *value_name)
{
	return store_value_get_number(sweeper->engine->store, name_of(sweeper), value_name);
}

static void save_time(const struct sweeper *sweeper, const char *value_name, int64_t value)
{
	struct err err = ERR_INIT;

	if (!store_value_set_number(
	            sweeper->engine->store, name_of(sweeper), value_name, value, &err)) {
		log_warn("time not stored", F("value", value_name), F("cause", err.text));
	}
}

static void ask(struct sweeper *sweeper, enum sweep_cause cause)
{
	struct sweep wanted = {.cause = cause};
	struct err err = ERR_INIT;
	bool is_new = false;

	str_format_cut(wanted.connection, sizeof(wanted.connection), "%s", name_of(sweeper));
	if (!store_sweep_ask(sweeper->engine->store, &wanted, &is_new, &err)) {
		log_error("sweep not asked for", F("cause", err.text));
	} else if (is_new) {
		log_info("sweep is due", F("connection", wanted.connection),
		        F("sweep_id", wanted.sweep_id), F("cause", sweep_cause_name(cause)));
	}
}

/* ----------------------------------------------------------------- heartbeat */

/*
 * Nothing could be received for a while: the process was not there, or the whole machine was
 * asleep, which the monotonic clock does not count.
 */
static void beat(struct sweeper *sweeper)
{
	int64_t mono_ms = clock_mono_ms();
	int64_t wall_ms = clock_wall_ms();
	bool is_first = sweeper->beat_mono_ms == 0;

	if (!is_first && mono_ms - sweeper->beat_mono_ms < BEAT_MS) {
		return;
	}
	int64_t last_ms = is_first ? load_time(sweeper, HEARTBEAT) : sweeper->beat_wall_ms;
	int64_t awake_ms = is_first ? 0 : mono_ms - sweeper->beat_mono_ms;
	if (last_ms != 0 && wall_ms - last_ms - awake_ms >= SWEEP_AWAY_MS) {
		ask(sweeper, SWEEP_DOWNTIME);
	}
	sweeper->beat_mono_ms = mono_ms;
	sweeper->beat_wall_ms = wall_ms;
	save_time(sweeper, HEARTBEAT, wall_ms);
}

/* ----------------------------------------------------------------------- due */

static void load_since(struct sweeper *sweeper)
{
	if (sweeper->history.known_since_ms != 0) {
		return;
	}
	sweeper->history.known_since_ms = load_time(sweeper, SINCE);
	if (sweeper->history.known_since_ms == 0) {
		sweeper->history.known_since_ms = clock_wall_ms();
		save_time(sweeper, SINCE, sweeper->history.known_since_ms);
	}
}

static bool load_history(struct sweeper *sweeper, struct err *err)
{
	struct store *store = sweeper->engine->store;
	struct sweep_history *history = &sweeper->history;
	struct sweep good = {0};
	struct err found = ERR_INIT;
	int64_t now_ms = clock_mono_ms();

	load_since(sweeper);
	if (!store_sweep_newest(store, name_of(sweeper), SWEEP_DONE, &good, &found) &&
	        found.code != ERR_NOT_FOUND) {
		err_set(err, found.code, "%s", found.text);
		return false;
	}
	history->good_started_at_ms = good.started_at_ms;
	sweep_finish(&good);
	if (sweeper->rhythm_at_ms == 0 || now_ms - sweeper->rhythm_at_ms >= RHYTHM_MS) {
		sweeper->rhythm_at_ms = now_ms;
		if (!store_delivery_rhythm(store, name_of(sweeper),
		            clock_wall_ms() - SWEEP_RHYTHM_MS, &history->rhythm, err)) {
			return false;
		}
	}
	return store_sweep_faults(
	        store, name_of(sweeper), &history->faults, &history->fault_ended_at_ms, err);
}

static void show_outlook(struct sweeper *sweeper)
{
	struct connection *connection = sweeper->connection;
	const struct sweep_history *history = &sweeper->history;
	int64_t now_ms = clock_wall_ms();
	struct sweep_outlook outlook = {
	        .next_at_ms = sweep_next_ms(
	                history, &connection->settings->sweep, connection->policy.zone, now_ms),
	        .last_delivery_at_ms = history->rhythm.last_at_ms,
	        .is_silent = sweep_is_silent(&history->rhythm, now_ms),
	        .is_fault = history->faults > 0,
	};

	monitor_lock(&connection->monitor);
	connection->sweep_outlook = outlook;
	monitor_unlock(&connection->monitor);
}

static void ask_if_due(struct sweeper *sweeper)
{
	const struct connection *connection = sweeper->connection;
	enum sweep_cause cause = SWEEP_NIGHTLY;
	struct err err = ERR_INIT;

	if (!load_history(sweeper, &err)) {
		log_error("history of sweeps not read", F("cause", err.text));
		return;
	}
	if (sweep_is_due(&sweeper->history, &connection->settings->sweep, connection->policy.zone,
	            clock_wall_ms(), &cause)) {
		if (cause == SWEEP_SILENCE) {
			log_warn("Bob is silent for longer than usual",
			        F("connection", name_of(sweeper)));
		}
		ask(sweeper, cause);
	}
	show_outlook(sweeper);
}

/* ---------------------------------------------------------------------- turn */

/* Okta must be there: a sweep that waits for it at its beginning is no fault. */
static void run_waiting(struct sweeper *sweeper)
{
	struct sweep sweep = {0};
	bool is_waiting = store_sweep_newest(
	        sweeper->engine->store, name_of(sweeper), SWEEP_WAITING, &sweep, NULL);

	sweeper->is_kept_waiting = is_waiting && connection_is_okta_parked(sweeper->connection);
	if (is_waiting && !sweeper->is_kept_waiting) {
		sweep_run(sweeper->engine, sweeper->connection, &sweep);
		/* What it changed in the outlook is shown at once. */
		ask_if_due(sweeper);
	}
	sweep_finish(&sweep);
}

/* Woken by all that happens; looked at only when it is time, or when somebody asks. */
static void wait_for_turn(struct sweeper *sweeper)
{
	struct engine *engine = sweeper->engine;
	int64_t until_ms = clock_mono_ms() + (sweeper->is_kept_waiting ? LOOK_SOON_MS : LOOK_MS);

	while (clock_mono_ms() < until_ms && !atomic_load(&engine->is_stopping) &&
	        !atomic_exchange(&sweeper->connection->is_sweep_asked, false)) {
		engine_wait(engine, &sweeper->seen, until_ms);
	}
}

static void turn(struct sweeper *sweeper)
{
	beat(sweeper);
	ask_if_due(sweeper);
	run_waiting(sweeper);
	wait_for_turn(sweeper);
}

void *sweeper_run(void *sweeper_argument)
{
	struct reader_argument *argument = sweeper_argument;
	struct sweeper sweeper = {.engine = argument->engine, .connection = argument->connection};

	while (!atomic_load(&sweeper.engine->is_stopping)) {
		turn(&sweeper);
	}
	if (sweeper.beat_mono_ms != 0) {
		save_time(&sweeper, HEARTBEAT, clock_wall_ms());
	}
	engine_thread_ended(sweeper.engine);
	free(argument);
	return NULL;
}

/* ------------------------------------------------------------------- control */

bool engine_sweep(struct engine *engine, const struct sweep_request *request, int64_t *sweep_id,
        struct err *err)
{
	struct connection *connection = engine_need_connection(engine, request->connection, err);
	struct sweep wanted = {.cause = SWEEP_BY_HAND, .accepts_shorter = request->accepts_shorter};

	if (connection == NULL) {
		return false;
	}
	str_format_cut(wanted.connection, sizeof(wanted.connection), "%s", request->connection);
	str_format_cut(wanted.by, sizeof(wanted.by), "%s", request->by);
	if (!store_sweep_ask(engine->store, &wanted, NULL, err)) {
		return false;
	}
	*sweep_id = wanted.sweep_id;
	atomic_store(&connection->is_sweep_asked, true);
	engine_notify(engine);
	return true;
}

bool engine_sweep_outlook(struct engine *engine, const char *name, struct sweep_outlook *outlook)
{
	struct connection *connection = engine_connection(engine, name);

	*outlook = (struct sweep_outlook){0};
	if (connection == NULL) {
		return false;
	}
	monitor_lock(&connection->monitor);
	*outlook = connection->sweep_outlook;
	monitor_unlock(&connection->monitor);
	return true;
}
