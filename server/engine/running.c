/* SPDX-License-Identifier: MIT */
/* The present engine, those that are ending, and how one takes another's place. */
#include "server/engine/running.h"

#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/base/str.h"
#include "server/engine/running_parts.h"

#include <stdlib.h>

/* engine_stop aborts calls this long before its deadline (engine.c). */
#define ABORT_BEFORE_DEADLINE_MS 3000
/* For a place among the retiring ones, once the oldest was told to hurry. */
#define PLACE_WAIT_MS 1000

/* --------------------------------------------------------------- ownership */

static void destroy_settings(void *context, void *settings)
{
	(void)context;
	settings_destroy(settings);
}

/* An engine holds its settings for as long as it lives. */
static void destroy_engine(void *context, void *engine)
{
	struct running *running = context;
	const struct settings *settings = engine_settings(engine);

	engine_destroy(engine);
	holder_release(&running->settings, settings);
}

static void on_given_back(void *context, const struct engine *from)
{
	struct running *running = context;
	struct engine *engine = holder_acquire(&running->engines);

	if (engine != NULL && engine != from) {
		engine_notify(engine);
	}
	holder_release(&running->engines, engine);
}

void running_notify_stored(void *context)
{
	struct running *running = context;
	struct engine *engine = holder_acquire(&running->engines);

	if (engine != NULL) {
		engine_notify_stored(engine);
	}
	holder_release(&running->engines, engine);
}

struct running *running_create(const struct running_options *options, struct err *err)
{
	struct running *running = calloc(1, sizeof(*running));

	if (running == NULL || !monitor_init(&running->monitor)) {
		err_set(err, ERR_NO_MEMORY, "no memory for what runs");
		free(running);
		return NULL;
	}
	running->options = *options;
	running->options.engine.on_given_back = on_given_back;
	running->options.engine.on_given_back_context = running;
	running->store = options->engine.store;
	pthread_mutex_init(&running->change, NULL);
	holder_init(&running->settings, destroy_settings, NULL);
	holder_init(&running->engines, destroy_engine, running);
	return running;
}

void running_destroy(struct running *running)
{
	if (running == NULL) {
		return;
	}
	holder_finish(&running->engines);
	holder_finish(&running->settings);
	pthread_mutex_destroy(&running->change);
	monitor_finish(&running->monitor);
	free(running);
}

struct holder *running_engines(struct running *running)
{
	return &running->engines;
}

struct holder *running_settings(struct running *running)
{
	return &running->settings;
}

/* ---------------------------------------------------------------- retiring */

static void *retire(void *argument)
{
	struct retiring *retiring = argument;
	struct running *running = retiring->running;
	struct engine *engine = retiring->engine;

	engine_stop(engine, retiring->deadline_ms);
	/* From here on nobody aborts it any more, so that it may be destroyed. */
	monitor_lock(&running->monitor);
	retiring->has_ended = true;
	monitor_wake_all(&running->monitor);
	monitor_unlock(&running->monitor);
	holder_release(&running->engines, engine);
	return NULL;
}

/* With the monitor locked. */
static void free_ended(struct running *running)
{
	for (size_t i = 0; i < RUNNING_RETIRING_MAX; i++) {
		struct retiring *retiring = &running->retiring[i];
		if (retiring->engine != NULL && retiring->has_ended) {
			thread_join(retiring->thread);
			*retiring = (struct retiring){0};
		}
	}
}

/* With the monitor locked; NULL: all places are taken. */
static struct retiring *free_place(struct running *running)
{
	free_ended(running);
	for (size_t i = 0; i < RUNNING_RETIRING_MAX; i++) {
		if (running->retiring[i].engine == NULL) {
			return &running->retiring[i];
		}
	}
	return NULL;
}

/* With the monitor locked. Aborted calls leave their intents open; those are resolved later. */
static void hurry_oldest(struct running *running)
{
	struct retiring *oldest = NULL;

	for (size_t i = 0; i < RUNNING_RETIRING_MAX; i++) {
		struct retiring *retiring = &running->retiring[i];
		if (retiring->engine != NULL && !retiring->has_ended &&
		        (oldest == NULL || retiring->deadline_ms < oldest->deadline_ms)) {
			oldest = retiring;
		}
	}
	if (oldest != NULL) {
		engine_abort(oldest->engine);
	}
}

/* A place for the engine that is about to be replaced; waits a little for one. */
static bool has_place(struct running *running, struct err *err)
{
	int64_t deadline_ms = clock_mono_ms() + PLACE_WAIT_MS;
	bool is_in_time = true;

	monitor_lock(&running->monitor);
	if (free_place(running) == NULL) {
		hurry_oldest(running);
	}
	while (free_place(running) == NULL && is_in_time) {
		is_in_time = monitor_wait_until(&running->monitor, deadline_ms);
	}
	bool has_one = free_place(running) != NULL;
	monitor_unlock(&running->monitor);
	if (!has_one) {
		err_set(err, ERR_OVERLOADED,
		        "earlier changes of the settings are still ending their work; try again in"
		        " a minute");
	}
	return has_one;
}

/* The engine, held, ends by itself; its place was found before. */
static void retire_engine(struct running *running, struct engine *engine)
{
	struct err err = ERR_INIT;

	monitor_lock(&running->monitor);
	struct retiring *retiring = free_place(running);
	*retiring = (struct retiring){
	        .running = running,
	        .engine = engine,
	        .deadline_ms = clock_mono_ms() + RUNNING_RETIRE_MS + ABORT_BEFORE_DEADLINE_MS,
	};
	bool is_started = thread_start(&retiring->thread, "retire", retire, retiring, &err);
	if (!is_started) {
		*retiring = (struct retiring){0};
	}
	monitor_unlock(&running->monitor);
	if (!is_started) {
		log_warn("engine stopped in place", F("cause", err.text));
		engine_stop(engine, clock_mono_ms() + ABORT_BEFORE_DEADLINE_MS);
		holder_release(&running->engines, engine);
	}
}

/* ----------------------------------------------------------------- putting */

static struct engine *start_engine(
        struct running *running, const struct settings *settings, struct err *err)
{
	struct engine_options options = running->options.engine;
	struct engine *present = holder_acquire(&running->engines);

	options.settings = settings;
	options.is_successor = present != NULL;
	options.predecessor = present;
	struct engine *engine = engine_create(&options, err);
	holder_release(&running->engines, present);
	if (engine != NULL && !engine_start(engine, err)) {
		engine_destroy(engine);
		return NULL;
	}
	return engine;
}

/*
 * The old engine stops claiming before anybody sees the new settings: an event of a connection that
 * only the new ones have is not for it to judge.
 */
static void swap(struct running *running, struct engine *engine, struct settings *settings)
{
	struct engine *old = holder_acquire(&running->engines);
	struct err err = ERR_INIT;

	if (old != NULL) {
		engine_quiesce(old);
	}
	holder_swap(&running->settings, settings);
	holder_keep(&running->settings, settings);
	holder_swap(&running->engines, engine);
	if (old == NULL) {
		return;
	}
	if (!engine_take_over(engine, &err)) {
		log_error("leaving dry_run was not noted", F("cause", err.text));
	}
	retire_engine(running, old);
}

/* The version's row, and that it is the one in force. */
static bool note_version(struct running *running, struct candidate *candidate, struct err *err)
{
	struct settings_version *version = &candidate->version;

	if (version->version == 0 && !store_settings_add(running->store, version, err)) {
		return false;
	}
	candidate->settings->number = version->version;
	return store_settings_version_set(running->store, version->version, err);
}

/* What was noted is taken back, as far as the store lets us. */
static void forget_version(
        struct running *running, const struct candidate *candidate, bool is_new, int64_t before)
{
	struct err err = ERR_INIT;

	if ((is_new && candidate->version.version != 0 &&
	            !store_settings_remove(running->store, candidate->version.version, &err)) ||
	        !store_settings_version_set(running->store, before, &err)) {
		log_error("settings version not taken back", F("cause", err.text));
	}
}

bool running_put(struct running *running, struct candidate *candidate, struct err *err)
{
	bool is_new = candidate->version.version == 0;

	monitor_lock(&running->monitor);
	int64_t before = running->state.version.version;
	monitor_unlock(&running->monitor);
	if (!has_place(running, err) || !holder_reserve(&running->settings) ||
	        !holder_reserve(&running->engines)) {
		err_set(err, ERR_NO_MEMORY, "no memory for another version of the settings");
		return false;
	}
	struct engine *engine = NULL;
	if (note_version(running, candidate, err)) {
		engine = start_engine(running, candidate->settings, err);
	}
	if (engine == NULL) {
		forget_version(running, candidate, is_new, before);
		return false;
	}
	swap(running, engine, candidate->settings);
	candidate->settings = NULL;
	return true;
}

/* -------------------------------------------------------------------- stop */

/* With the monitor locked. */
static bool is_any_retiring(const struct running *running)
{
	for (size_t i = 0; i < RUNNING_RETIRING_MAX; i++) {
		if (running->retiring[i].engine != NULL && !running->retiring[i].has_ended) {
			return true;
		}
	}
	return false;
}

/* With the monitor locked. */
static void abort_retiring(struct running *running)
{
	for (size_t i = 0; i < RUNNING_RETIRING_MAX; i++) {
		if (running->retiring[i].engine != NULL && !running->retiring[i].has_ended) {
			engine_abort(running->retiring[i].engine);
		}
	}
}

void running_abort(struct running *running)
{
	monitor_lock(&running->monitor);
	running->is_aborting = true;
	abort_retiring(running);
	monitor_wake_all(&running->monitor);
	monitor_unlock(&running->monitor);
	struct engine *engine = holder_acquire(&running->engines);
	if (engine != NULL) {
		engine_abort(engine);
	}
	holder_release(&running->engines, engine);
}

/* They get as long as the present one gets. */
static void stop_retiring(struct running *running, int64_t abort_at_ms)
{
	bool is_in_time = true;

	monitor_lock(&running->monitor);
	while (is_any_retiring(running) && !running->is_aborting && is_in_time) {
		is_in_time = monitor_wait_until(&running->monitor, abort_at_ms);
	}
	abort_retiring(running);
	while (is_any_retiring(running)) {
		monitor_wait(&running->monitor);
	}
	free_ended(running);
	monitor_unlock(&running->monitor);
}

void running_stop(struct running *running, int64_t deadline_ms)
{
	monitor_lock(&running->monitor);
	running->is_stopping = true;
	monitor_unlock(&running->monitor);
	struct engine *engine = holder_acquire(&running->engines);
	if (engine != NULL) {
		engine_quiesce(engine);
	}
	/* A change that is under way ends first; what it put to work is the present engine then. */
	pthread_mutex_lock(&running->change);
	holder_release(&running->engines, engine);
	engine = holder_acquire(&running->engines);
	if (engine != NULL) {
		engine_quiesce(engine);
	}
	stop_retiring(running, deadline_ms - ABORT_BEFORE_DEADLINE_MS);
	if (engine != NULL) {
		engine_stop(engine, deadline_ms);
	}
	holder_release(&running->engines, engine);
	pthread_mutex_unlock(&running->change);
}

/* ------------------------------------------------------------------- pause */

/*
 * An engine reads the stored pause when it takes over. Whoever finds, after storing it, that the
 * engine was replaced meanwhile cannot know whether the new one read it before or after: it is told
 * too.
 */
bool running_pause(struct holder *engines, const char *connection, enum pause_mode mode,
        const char *by, struct err *err)
{
	bool is_done = true;
	bool is_present = false;

	while (is_done && !is_present) {
		struct engine *engine = holder_acquire(engines);
		is_done = engine_pause(engine, connection, mode, by, err);
		const struct engine *present = holder_acquire(engines);
		is_present = present == engine;
		holder_release(engines, present);
		holder_release(engines, engine);
	}
	return is_done;
}
