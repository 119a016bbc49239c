/* SPDX-License-Identifier: MIT */
#include "tests/simulation/driver.h"

#include "server/base/clock.h"
#include "server/base/key_ring.h"
#include "server/base/log.h"
#include "server/base/str.h"
#include "server/engine/sweep_parts.h"
#include "server/intake/event.h"
#include "server/settings/settings.h"
#include "tests/simulation/fake_okta.h"
#include "tests/simulation/happening.h"
#include "tests/simulation/running.h"
#include "tests/simulation/world.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TURNS_MAX        400 /* of one step, so that the world goes on */
#define ROUNDS_MS        (3 * HOUR_MS) /* the dispatcher's rounds though nothing happens */
#define RUNNING_GRAIN_MS (2 * MINUTE_MS)
#define RUNNING_STEP_MS  (5 * MINUTE_MS) /* STEP_MAX_MS of sqlite_running.c */
#define STILL_MAX        20000 /* steps without any time passing: something spins */

static char directory[128];
static struct key_ring *keys; /* of this company's store */

static struct connection *connection_of(const struct sim *sim)
{
	return sim->engine->connections[0];
}

/* -------------------------------------------------------- start and stop */

static void make_directory(void)
{
	const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : getenv("TMPDIR");

	str_format_cut(directory, sizeof(directory), "%s/b2o-simulation-XXXXXX",
	        where != NULL ? where : "/tmp");
	must(mkdtemp(directory) != NULL, "directory", NULL);
}

static void remove_directory(void)
{
	DIR *dir = opendir(directory);

	must(dir != NULL, "directory", NULL);
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		unlinkat(dirfd(dir), entry->d_name, 0);
	}
	closedir(dir);
	rmdir(directory);
}

static void open_store(struct sim *sim)
{
	char url[160];
	struct err err = ERR_INIT;
	struct store_options options = {.url = url, .keys = keys, .queue_max = 10000};

	str_format_cut(url, sizeof(url), "sqlite:%s/store.db", directory);
	sim->store = store_open(&options, &err);
	must(sim->store != NULL, "store", &err);
}

static void open_engine(struct sim *sim)
{
	sim->is_sweeping = false; /* a crash ends a sweep on its way */
	struct err err = ERR_INIT;
	struct engine_options options = {
	        .settings = sim->settings,
	        .store = sim->store,
	        .workers = 2,
	        .plain = TRANSPORT_PLAIN_ON_LOOPBACK,
	        .parse_event = event_parse,
	};

	sim->engine = engine_create(&options, &err);
	must(sim->engine != NULL && engine_prepare(sim->engine, &err), "engine", &err);
	sim->dispatcher = dispatcher_open(sim->engine, &err);
	sim->reader = reader_open(sim->engine, connection_of(sim), &err);
	must(sim->dispatcher != NULL && sim->reader != NULL, "threads", &err);
	for (size_t i = 0; i < ARRAY_SIZE(sim->runners); i++) {
		must(runner_init(&sim->runners[i], sim->store, sim->engine->connections, 1, &err),
		        "runner", &err);
	}
	sim->depth = 0;
	sim->acting = -1;
	sim->is_reader_busy = sim->is_dispatcher_busy = false;
	/* Deliveries that came before are found in the store. */
	engine_notify_stored(sim->engine);
}

void driver_start(struct sim *sim)
{
	make_directory();
	keys = key_ring_random(NULL);
	must(keys != NULL, "keys", NULL);
	sim->settings = scenario_settings(sim);
	open_store(sim);
	open_engine(sim);
}

/* An orderly stop: what was claimed is given back. */
static void close_engine(struct sim *sim)
{
	engine_quiesce(sim->engine);
	engine_drain_if_stopping(sim->engine);
	dispatcher_close(sim->dispatcher);
	reader_close(sim->reader);
	for (size_t i = 0; i < ARRAY_SIZE(sim->runners); i++) {
		runner_finish(&sim->runners[i]);
	}
	engine_destroy(sim->engine);
}

void driver_stop(struct sim *sim)
{
	if (sim->is_failed) {
		/* A run was left in the middle: what it held is lost, as after a crash. */
		sim->is_store_dropped = true;
	} else {
		close_engine(sim);
	}
	store_close(sim->store);
	sim->is_store_dropped = false;
	settings_destroy(sim->settings);
	key_ring_destroy(keys);
	remove_directory();
}

/* What a dead process held in memory is gone; here it is never freed. */
void driver_restart(struct sim *sim, bool is_crash)
{
	trace(sim, is_crash ? "the process dies" : "the process stops");
	sim->crashes += is_crash ? 1 : 0;
	if (is_crash) {
		sim->is_store_dropped = true;
	} else {
		close_engine(sim);
	}
	store_close(sim->store);
	sim->is_store_dropped = false;
	int64_t down_ms = random_between(&sim->fate, SECOND_MS,
	        random_chance(&sim->fate, 100) ? 3 * HOUR_MS : 2 * MINUTE_MS);
	sim->down_ms += down_ms;
	sim_advance(sim, down_ms);
	open_store(sim);
	open_engine(sim);
	trace(sim, "the process runs");
}

void driver_crash(struct sim *sim)
{
	longjmp(sim->crash, 1); /* check: allow the process dies in mid-call */
}

/* ----------------------------------------------------------------- turns */

static void turn_dispatcher(struct sim *sim)
{
	if (sim->is_dispatcher_busy) {
		return;
	}
	sim->is_dispatcher_busy = true;
	sim->dispatched_ms = sim->now_ms;
	sim->waited_ms = 0;
	dispatcher_turn(sim->dispatcher);
	sim->dispatcher_wait_ms = sim->waited_ms;
	sim->is_dispatcher_busy = false;
}

/* True when the reader did something. */
static bool turn_reader(struct sim *sim)
{
	if (sim->is_reader_busy || sim->engine->queue.count + BOB_BATCH_MAX > ENGINE_QUEUE_MAX) {
		return false;
	}
	sim->is_reader_busy = true;
	sim->waited_ms = 0;
	reader_turn(sim->reader);
	bool has_waited = sim->waited_ms != 0;
	if (has_waited) {
		sim->reader_wait_ms = sim->waited_ms;
	}
	sim->is_reader_busy = false;
	return !has_waited;
}

/* The first worker only takes what lowers access. */
static struct work *take_work(struct sim *sim)
{
	struct work_queue *queue = &sim->engine->queue;
	bool has_urgent = !list_is_empty(&queue->lanes[LANE_REVOKE]) ||
	        !list_is_empty(&queue->lanes[LANE_LEAVE]);

	if (queue->count == 0) {
		return NULL;
	}
	return work_queue_take(queue, has_urgent ? LANE_LEAVE : LANE_SWEEP);
}

static bool turn_worker(struct sim *sim)
{
	struct work *work = (size_t)sim->depth < ARRAY_SIZE(sim->runners) ? take_work(sim) : NULL;
	int before = sim->acting;
	int64_t before_generation = sim->acting_generation;

	if (work == NULL) {
		return false;
	}
	sim->runs++;
	sim->acting = someone_find(sim, work->employee.key.employee_id);
	sim->is_resolving = false;
	sim->acting_generation = work->employee.claimed_generation;
	trace(sim, "worker: person %d, generation %d, attempt %d", sim->acting,
	        (int)work->employee.claimed_generation, work->employee.attempts);
	worker_do(sim->engine, &sim->runners[sim->depth++], work);
	sim->depth--;
	trace(sim, "worker: person %d done", sim->acting);
	sim->acting = before;
	sim->acting_generation = before_generation;
	return true;
}

void driver_pass_time(struct sim *sim, int64_t ms)
{
	sim_advance(sim, ms);
	if (sim->is_interleaved || !random_chance(&sim->order, 300)) {
		return;
	}
	sim->is_interleaved = true;
	world_catch_up(sim, WORLD_OUTSIDE);
	switch (random_below(&sim->order, 3)) {
	case 0: turn_dispatcher(sim); break;
	case 1: (void)turn_reader(sim); break;
	default: (void)turn_worker(sim); break;
	}
	sim->is_interleaved = false;
}

/* ------------------------------------------------------------------ jumps */

static int64_t sooner(int64_t a_ms, int64_t b_ms)
{
	return a_ms < b_ms ? a_ms : b_ms;
}

static int64_t from_mono(const struct sim *sim, int64_t mono_ms)
{
	return sim->now_ms + mono_ms - sim_mono_ms(sim);
}

static bool has_parked(struct sim *sim)
{
	struct store_counts counts;

	must(store_counts(sim->store, "default", &counts, NULL), "counts", NULL);
	return counts.by_state[EMPLOYEE_PARKED] > 0;
}

/* When the dispatcher has something to do beside its rounds. */
static int64_t dispatcher_next_ms(struct sim *sim)
{
	int64_t probe_ms = connection_okta_probe_ms(connection_of(sim));

	if (probe_ms != 0) {
		sim->was_parked = true;
		return from_mono(sim, probe_ms);
	}
	if (sim->was_parked) {
		sim->was_parked = has_parked(sim);
	}
	return sim->was_parked ? from_mono(sim, sim->dispatcher_wait_ms) : INT64_MAX;
}

static int64_t reader_next_ms(struct sim *sim)
{
	int64_t due_ms = 0;

	must(store_next_due(sim->store, "default", &due_ms, NULL), "next due", NULL);
	if (due_ms == 0) {
		return INT64_MAX;
	}
	int64_t at_ms = due_ms - sim->skew_ms;
	return at_ms > sim->now_ms ? at_ms : from_mono(sim, sim->reader_wait_ms);
}

bool driver_is_idle(struct sim *sim)
{
	return sim->engine->queue.count == 0 && reader_next_ms(sim) > sim->now_ms + MINUTE_MS;
}

/* As if the dispatcher had counted every few seconds: it takes a longer gap for a sleep. */
static void leap(struct sim *sim, int64_t ms)
{
	struct err err = ERR_INIT;
	int64_t left_out_ms = ms - RUNNING_STEP_MS;

	must(left_out_ms <= 0 || running_add(sim->engine->store, left_out_ms, &err), "running time",
	        &err);
	sim_advance(sim, ms);
}

/* Everybody waits: time goes on to where somebody wakes. */
static void jump(struct sim *sim)
{
	int64_t at_ms = agenda_next_ms(sim);

	at_ms = sooner(at_ms, reader_next_ms(sim));
	at_ms = sooner(at_ms, dispatcher_next_ms(sim));
	if (at_ms > sim->now_ms) {
		leap(sim, at_ms - sim->now_ms);
		sim->still = 0;
	}
	must(++sim->still < STILL_MAX, "nothing moves on", NULL);
}

static void step(struct sim *sim)
{
	/* Running time is added up before anybody counts in it, but for a while that no window
	 * sees. */
	if (atomic_load(&sim->engine->is_event_waiting) || sim->was_parked ||
	        sim->now_ms - sim->dispatched_ms >= RUNNING_GRAIN_MS) {
		turn_dispatcher(sim);
	}
	for (int i = 0; i < TURNS_MAX && agenda_next_ms(sim) > sim->now_ms; i++) {
		bool is_worked = random_chance(&sim->order, 700) && turn_worker(sim);
		if (is_worked || turn_reader(sim)) {
			continue;
		}
		if (sim->engine->queue.count == 0) {
			break;
		}
		(void)turn_worker(sim);
	}
	if (sim->engine->queue.count == 0) {
		jump(sim);
	}
}

/* Only then are there turns: a thread that waits and is woken for nothing does nothing. */
static bool has_work(struct sim *sim)
{
	bool is_long_ago = sim->now_ms - sim->dispatched_ms >= ROUNDS_MS;

	return is_long_ago || sim->engine->queue.count > 0 ||
	        atomic_load(&sim->engine->is_event_waiting) || reader_next_ms(sim) <= sim->now_ms ||
	        dispatcher_next_ms(sim) <= sim->now_ms;
}

void driver_run(struct sim *sim)
{
	if (setjmp(sim->crash) != 0) { /* check: allow where it starts anew */
		sim->is_interleaved = false;
		driver_restart(sim, true);
	}
	while (!sim->is_over) {
		world_catch_up(sim, WORLD_ALL);
		if (has_work(sim)) {
			step(sim);
		} else {
			jump(sim);
		}
	}
}

/*
 * The product's own sweep, without its thread: finds what no event announced. One that was
 * disturbed marks nobody and tells the oracle nothing; the next finds it.
 */
void driver_sweep(struct sim *sim)
{
	struct sweep sweep = {.connection = "default", .cause = SWEEP_NIGHTLY};
	int64_t begun_ms = sim->now_ms;
	struct err err = ERR_INIT;

	must(store_sweep_ask(sim->store, &sweep, NULL, &err), "sweep", &err);
	int64_t sweep_id = sweep.sweep_id;
	sim->acting = -1;
	sim->is_sweeping = true;
	sweep_run(sim->engine, connection_of(sim), &sweep);
	sim->is_sweeping = false;
	sweep_finish(&sweep);
	must(store_sweep_get(sim->store, sweep_id, &sweep, &err), "sweep", &err);
	trace(sim, "sweep: %s, %s", sweep_state_name(sweep.state), sweep.sentence);
	for (int i = 0; sweep.state == SWEEP_DONE && i < sim->person_count; i++) {
		struct someone *someone = &sim->people[i];
		if (someone->past[0].until_ms < begun_ms - MINUTE_MS &&
		        someone->left_out_ms < begun_ms) {
			/* A change a moment ago may not be read yet, and who was left out was
			   not seen: the next sweep finds it. */
			someone->is_to_compare = someone->is_unheard = false;
		}
	}
	sweep_finish(&sweep);
	engine_notify(sim->engine);
}
