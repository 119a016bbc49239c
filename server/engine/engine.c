/* SPDX-License-Identifier: MIT */
/* Start and stop of the engine, and what its threads share. */
#include "server/engine/engine.h"

#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/base/str.h"
#include "server/engine/limit_watch.h"
#include "server/engine/parts.h"
#include "server/store/sweeps.h"

#include <stdlib.h>
#include <string.h>

#define ABORT_BEFORE_DEADLINE_MS 3000
#define STORE_AGAIN_MS           1000

/* ------------------------------------------------------------------ wake */

void engine_wake(struct engine *engine)
{
	monitor_lock(&engine->wake);
	engine->wake_count++;
	monitor_wake_all(&engine->wake);
	monitor_unlock(&engine->wake);
}

static void tell_given_back(const struct engine *engine)
{
	if (engine->options.on_given_back != NULL) {
		engine->options.on_given_back(engine->options.on_given_back_context, engine);
	}
}

void engine_notify(struct engine *engine)
{
	engine_wake(engine);
	if (atomic_load(&engine->is_stopping)) {
		tell_given_back(engine);
	}
}

void engine_notify_stored(struct engine *engine)
{
	if (!atomic_exchange(&engine->is_event_waiting, true)) {
		engine_wake(engine);
	}
}

void engine_wait(struct engine *engine, uint64_t *seen, int64_t deadline_ms)
{
	bool is_in_time = true;

	monitor_lock(&engine->wake);
	while (engine->wake_count == *seen && !atomic_load(&engine->is_stopping) && is_in_time) {
		is_in_time = monitor_wait_until(&engine->wake, deadline_ms);
	}
	*seen = engine->wake_count;
	monitor_unlock(&engine->wake);
}

void engine_thread_begins(struct engine *engine)
{
	monitor_lock(&engine->wake);
	engine->threads_running++;
	monitor_unlock(&engine->wake);
}

void engine_thread_ended(struct engine *engine)
{
	monitor_lock(&engine->wake);
	engine->threads_running--;
	monitor_wake_all(&engine->wake);
	monitor_unlock(&engine->wake);
	tell_given_back(engine);
}

struct connection *engine_connection(struct engine *engine, const char *name)
{
	for (size_t i = 0; i < engine->connection_count; i++) {
		if (str_equal(engine->connections[i]->settings->name, name)) {
			return engine->connections[i];
		}
	}
	return NULL;
}

bool engine_may_store_again(struct engine *engine, struct err *err)
{
	bool is_passing = err->code == ERR_STORE_FULL || err->code == ERR_STORE_UNAVAILABLE ||
	        err->code == ERR_NO_MEMORY;
	int64_t until_ms = clock_mono_ms() + STORE_AGAIN_MS;

	if (!is_passing || atomic_load(&engine->is_stopping)) {
		return false;
	}
	monitor_lock(&engine->wake);
	while (!atomic_load(&engine->is_stopping) && monitor_wait_until(&engine->wake, until_ms)) {
	}
	monitor_unlock(&engine->wake);
	*err = ERR_INIT;
	return true;
}

void engine_hand_back(struct engine *engine, struct employee *employee, enum employee_state state,
        const char *why)
{
	struct err err = ERR_INIT;

	str_format_cut(employee->last_error, sizeof(employee->last_error), "%s", why);
	bool is_stored = false;
	do {
		is_stored = store_employee_finish(engine->store, employee, state, &err);
	} while (!is_stored && engine_may_store_again(engine, &err));
	if (!is_stored) {
		log_warn("employee not given back", F("connection", employee->key.connection),
		        F("employee_id", employee->key.employee_id), F("cause", err.text));
	}
}

void engine_give_back(struct engine *engine, struct employee *employee, const char *why)
{
	if (employee->attempts > 0) {
		employee->attempts--;
	}
	engine_hand_back(engine, employee, EMPLOYEE_DIRTY, why);
}

void engine_hand_unread(
        struct engine *engine, struct connection *connection, struct employee *employee)
{
	struct work *work = work_create(connection);

	if (work == NULL) {
		engine_give_back(engine, employee, "out of memory");
		return;
	}
	work->employee = *employee;
	*employee = (struct employee){0};
	work_queue_put(&engine->queue, work);
	engine_drain_if_stopping(engine);
}

/* Nobody takes from a closed queue: the successor, or the next start, shall have it. */
void engine_drain_if_stopping(struct engine *engine)
{
	if (!atomic_load(&engine->is_stopping)) {
		return;
	}
	for (struct work *work = work_queue_drain(&engine->queue); work != NULL;
	        work = work_queue_drain(&engine->queue)) {
		engine_give_back(engine, &work->employee, "stopped before it was begun");
		work_destroy(work);
	}
	tell_given_back(engine);
}

/* ---------------------------------------------------------------- create */

static int worker_count(const struct engine *engine)
{
	return engine->options.workers < 2 ? 2 : engine->options.workers;
}

/* The same connection of the engine before; NULL: none. */
static struct connection *predecessor_of(const struct engine *engine, const char *name)
{
	struct engine *before = engine->options.predecessor;

	return before != NULL ? engine_connection(before, name) : NULL;
}

static bool create_connections(struct engine *engine, struct err *err)
{
	const struct settings *settings = engine->options.settings;

	engine->connections = calloc(settings->connection_count, sizeof(struct connection *));
	if (engine->connections == NULL) {
		err_set(err, ERR_NO_MEMORY, "out of memory for connections");
		return false;
	}
	for (size_t i = 0; i < settings->connection_count; i++) {
		struct connection_options options = {
		        .settings = &settings->connections[i],
		        .settings_version = settings->number,
		        .workers = worker_count(engine) - 1, /* one is kept for the urgent */
		        .plain = engine->options.plain,
		        .abort = &engine->is_aborting,
		        .predecessor = predecessor_of(engine, settings->connections[i].name),
		        .spawner = engine->options.spawner,
		};
		engine->connections[i] = connection_create(&options, err);
		if (engine->connections[i] == NULL) {
			err_prefix(err, "connection %s", settings->connections[i].name);
			return false;
		}
		engine->connection_count++;
		if (!limit_note_mapping(engine->store, engine->connections[i], err)) {
			return false;
		}
	}
	return true;
}

struct engine *engine_create(const struct engine_options *options, struct err *err)
{
	struct engine *engine = calloc(1, sizeof(*engine));

	if (engine == NULL) {
		err_set(err, ERR_NO_MEMORY, "out of memory for the engine");
		return NULL;
	}
	engine->options = *options;
	engine->store = options->store;
	atomic_init(&engine->is_stopping, false);
	atomic_init(&engine->is_aborting, false);
	if (!monitor_init(&engine->wake) || !work_queue_init(&engine->queue, ENGINE_QUEUE_MAX) ||
	        !alone_init(&engine->alone) || !adopt_job_init(&engine->adopt_job, engine)) {
		err_set(err, ERR_INTERNAL, "locks cannot be made");
		free(engine);
		return NULL;
	}
	bool is_made = create_connections(engine, err);
	engine->options.predecessor = NULL; /* it may be gone any time now */
	if (!is_made) {
		engine_destroy(engine);
		return NULL;
	}
	return engine;
}

static void close_jobs(struct engine *engine)
{
	job_close(&engine->adopt_job.job);
	for (size_t i = 0; i < engine->connection_count; i++) {
		everybody_jobs_close(&engine->connections[i]->jobs);
	}
}

void engine_destroy(struct engine *engine)
{
	if (engine == NULL) {
		return;
	}
	/* One that was never started may still have had a job. */
	atomic_store(&engine->is_stopping, true);
	engine_wake(engine);
	close_jobs(engine);
	for (size_t i = 0; i < engine->connection_count; i++) {
		connection_destroy(engine->connections[i]);
	}
	free(engine->connections);
	free(engine->readers);
	free(engine->sweepers);
	free(engine->workers);
	work_queue_finish(&engine->queue);
	alone_finish(&engine->alone);
	job_finish(&engine->adopt_job.job);
	monitor_finish(&engine->wake);
	free(engine);
}

const struct settings *engine_settings(const struct engine *engine)
{
	return engine->options.settings;
}

/* ----------------------------------------------------------------- start */

/* After a crash: whoever has an open intent is worked on first of all (design 1.3). */
static bool mark_open_intents(struct engine *engine, struct err *err)
{
	struct action_list open = {0};
	bool is_marked = store_intent_list_open(engine->store, NULL, &open, err);

	for (size_t i = 0; i < open.count && is_marked; i++) {
		is_marked = store_employee_mark(engine->store, &open.items[i].intent.key,
		        open.items[i].intent.lane, "an action was begun and its end is not known",
		        err);
	}
	if (open.count > 0) {
		log_warn("actions with unknown end", F("count", open.count));
	}
	action_list_finish(&open);
	return is_marked;
}

/* Nothing is done for them any more, their leaving neither: that is said loudly. */
static void tell_set_aside(struct engine *engine)
{
	struct hold_list holds = {0};

	if (!store_hold_list(engine->store, NULL, NULL, &holds, NULL)) {
		return;
	}
	for (size_t i = 0; i < holds.count; i++) {
		const struct employee_key *key = &holds.items[i].key;
		struct employee employee = {0};
		if (holds.items[i].kind != HOLD_CRASH ||
		        !store_employee_get(engine->store, key, &employee, NULL)) {
			continue;
		}
		bool is_lowering = employee.lane <= LANE_LEAVE;
		log_error(is_lowering ? "alarm" : "set aside", F("connection", key->connection),
		        F("employee_id", key->employee_id), F("rule", is_lowering ? "L3" : ""),
		        F("reason", holds.items[i].cause));
		employee_finish(&employee);
	}
	hold_list_finish(&holds);
}

static void load_pause(struct engine *engine, struct connection *connection)
{
	char *value = NULL;

	struct err err = ERR_INIT;

	bool is_paused =
	        store_value_get(engine->store, connection->settings->name, "pause", &value, &err);
	if (!is_paused && err.code != ERR_NOT_FOUND) {
		return;
	}
	monitor_lock(&connection->monitor);
	connection->pause = !is_paused           ? PAUSE_NONE
	        : str_starts_with(value, "pass") ? PAUSE_PASS_REVOCATIONS
	                                         : PAUSE_EVERYTHING;
	monitor_unlock(&connection->monitor);
	free(value);
}

/* M1: leaving dry_run plans everyone afresh. */
static bool note_mode(
        struct engine *engine, const struct connection_settings *settings, struct err *err)
{
	const char *mode = settings->mode == SETTINGS_LIVE ? "live" : "dry_run";
	char *before = NULL;
	bool is_noted = true;
	size_t marked = 0;

	if (store_value_get(engine->store, settings->name, "mode", &before, NULL) &&
	        str_equal(before, "dry_run") && settings->mode == SETTINGS_LIVE) {
		is_noted = store_employee_mark_all(engine->store, settings->name,
		        EMPLOYEE_STATE_COUNT, LANE_SWEEP, &marked, err);
		log_info("left dry_run", F("connection", settings->name), F("employees", marked));
	}
	free(before);
	return is_noted && store_value_set(engine->store, settings->name, "mode", mode, err);
}

/* Parked is a state of the outside world at another time: everyone is looked at again. */
static bool recover(struct engine *engine, struct err *err)
{
	size_t marked = 0;

	for (size_t i = 0; i < engine->connection_count; i++) {
		const struct connection_settings *settings = engine->connections[i]->settings;
		if (!note_mode(engine, settings, err) ||
		        !store_employee_mark_all(engine->store, settings->name, EMPLOYEE_PARKED,
		                LANE_COUNT, &marked, err)) {
			return false;
		}
	}
	return store_sweep_void(engine->store, err) && mark_open_intents(engine, err);
}

static void load_pauses(struct engine *engine)
{
	for (size_t i = 0; i < engine->connection_count; i++) {
		load_pause(engine, engine->connections[i]);
	}
}

/*
 * Intents that are open may be in the hands of the engine before, which closes them; and only when
 * that one has stopped claiming it is sure that nobody is planned by the old mode any more.
 */
bool engine_take_over(struct engine *engine, struct err *err)
{
	bool is_taken = true;

	load_pauses(engine);
	for (size_t i = 0; i < engine->connection_count && is_taken; i++) {
		is_taken = note_mode(engine, engine->connections[i]->settings, err);
	}
	engine_notify_stored(engine);
	engine_wake(engine);
	return is_taken;
}

static bool start_thread(struct engine *engine, pthread_t *thread, const char *name,
        void *(*run)(void *), void *argument, struct err *err)
{
	engine_thread_begins(engine);
	if (argument == NULL || !thread_start(thread, name, run, argument, err)) {
		err_set(err, ERR_NO_MEMORY, "thread %s cannot be started", name);
		engine_thread_ended(engine);
		return false;
	}
	return true;
}

/* The reader or the sweeper of a connection. */
static bool start_for_connection(struct engine *engine, struct connection *connection,
        pthread_t *thread, const char *name, void *(*run)(void *), struct err *err)
{
	struct reader_argument *argument = calloc(1, sizeof(*argument));

	if (argument != NULL) {
		*argument = (struct reader_argument){.engine = engine, .connection = connection};
	}
	if (!start_thread(engine, thread, name, run, argument, err)) {
		free(argument);
		return false;
	}
	return true;
}

static bool start_reader(struct engine *engine, struct connection *connection, struct err *err)
{
	bool is_started = start_for_connection(engine, connection,
	        &engine->readers[engine->readers_started], "reader", reader_run, err);

	engine->readers_started += is_started ? 1 : 0;
	return is_started;
}

static bool start_sweeper(struct engine *engine, struct connection *connection, struct err *err)
{
	bool is_started = start_for_connection(engine, connection,
	        &engine->sweepers[engine->sweepers_started], "sweeper", sweeper_run, err);

	engine->sweepers_started += is_started ? 1 : 0;
	return is_started;
}

static bool start_worker(struct engine *engine, struct err *err)
{
	struct worker_argument *argument = calloc(1, sizeof(*argument));

	if (argument != NULL) {
		bool is_reserved = engine->workers_started == 0;
		*argument = (struct worker_argument){
		        .engine = engine, .lane_at_most = is_reserved ? LANE_LEAVE : LANE_SWEEP};
	}
	pthread_t *thread = &engine->workers[engine->workers_started];
	if (!start_thread(engine, thread, "worker", worker_run, argument, err)) {
		free(argument);
		return false;
	}
	engine->workers_started++;
	return true;
}

bool engine_prepare(struct engine *engine, struct err *err)
{
	load_pauses(engine);
	if (engine->options.is_successor) {
		return true;
	}
	tell_set_aside(engine);
	return recover(engine, err);
}

bool engine_start(struct engine *engine, struct err *err)
{
	int workers = worker_count(engine);
	bool is_started = engine_prepare(engine, err);

	engine->readers = calloc(engine->connection_count, sizeof(pthread_t));
	engine->sweepers = calloc(engine->connection_count, sizeof(pthread_t));
	engine->workers = calloc((size_t)workers, sizeof(pthread_t));
	if (engine->readers == NULL || engine->sweepers == NULL || engine->workers == NULL) {
		err_set(err, ERR_NO_MEMORY, "out of memory for threads");
		return false;
	}
	for (int i = 0; i < workers && is_started; i++) {
		is_started = start_worker(engine, err);
	}
	for (size_t i = 0; i < engine->connection_count && is_started; i++) {
		is_started = start_reader(engine, engine->connections[i], err) &&
		        start_sweeper(engine, engine->connections[i], err);
	}
	if (is_started) {
		is_started = start_thread(
		        engine, &engine->dispatcher, "dispatcher", dispatcher_run, engine, err);
		engine->is_dispatcher_started = is_started;
	}
	if (!is_started) {
		engine_stop(engine, clock_mono_ms() + ABORT_BEFORE_DEADLINE_MS);
	}
	return is_started;
}

/* ------------------------------------------------------------------ stop */

void engine_abort(struct engine *engine)
{
	atomic_store(&engine->is_aborting, true);
	engine_wake(engine);
}

/* True when all threads have ended by then. */
static bool wait_for_threads(struct engine *engine, int64_t deadline_ms)
{
	bool is_in_time = true;

	monitor_lock(&engine->wake);
	while (engine->threads_running > 0 && is_in_time && !atomic_load(&engine->is_aborting)) {
		is_in_time = monitor_wait_until(&engine->wake, deadline_ms);
	}
	bool has_ended = engine->threads_running == 0;
	monitor_unlock(&engine->wake);
	return has_ended;
}

static void join_all(struct engine *engine)
{
	for (int i = 0; i < engine->workers_started; i++) {
		thread_join(engine->workers[i]);
	}
	for (int i = 0; i < engine->readers_started; i++) {
		thread_join(engine->readers[i]);
	}
	for (int i = 0; i < engine->sweepers_started; i++) {
		thread_join(engine->sweepers[i]);
	}
	if (engine->is_dispatcher_started) {
		thread_join(engine->dispatcher);
	}
	close_jobs(engine);
	engine->workers_started = 0;
	engine->readers_started = 0;
	engine->sweepers_started = 0;
	engine->is_dispatcher_started = false;
}

void engine_quiesce(struct engine *engine)
{
	atomic_store(&engine->is_stopping, true);
	work_queue_close(&engine->queue);
	alone_close(&engine->alone);
	engine_wake(engine);
}

void engine_stop(struct engine *engine, int64_t deadline_ms)
{
	engine_quiesce(engine);
	engine_drain_if_stopping(engine);
	if (!wait_for_threads(engine, deadline_ms - ABORT_BEFORE_DEADLINE_MS)) {
		engine_abort(engine);
	}
	join_all(engine);
	engine_drain_if_stopping(engine);
}
