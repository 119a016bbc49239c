/* SPDX-License-Identifier: MIT */
/*
 * The reader of one connection: claims dirty and due employees and reads them
 * from Bob, many in one search. While a search is in flight more employees gather, so
 * a storm costs few searches; alone, an employee is read at once. Two searches
 * start at least GATHER_MS apart, and never faster than Bob's budget allows.
 */
#include "server/base/clock.h"
#include "server/base/failpoint.h"
#include "server/base/log.h"
#include "server/base/str.h"
#include "server/engine/ending.h"
#include "server/engine/parts.h"

#include <stdlib.h>

#define GATHER_MS    500
#define IDLE_WAIT_MS 60000
#define ROOM_WAIT_MS 1000

struct reader {
	struct engine *engine;
	struct connection *connection;
	struct runner runner;
	uint64_t seen;
	int64_t last_search_ms; /* monotonic */
	enum lane lane_at_most; /* what may be read now: when Bob's budget runs low, only what
	                           lowers access */
	struct ending ending; /* L6 */
};

/* Monotonic time before which no search may start. */
static int64_t not_before_ms(struct reader *reader, enum call_urgency urgency)
{
	int64_t ready_ms = connection_bob_ready_ms(reader->connection, urgency);
	int64_t gathered_ms = reader->last_search_ms != 0 ? reader->last_search_ms + GATHER_MS : 0;

	return ready_ms > gathered_ms ? ready_ms : gathered_ms;
}

/* ------------------------------------------------------------------ read */

static void hand_over(
        struct reader *reader, struct employee *employee, const struct bob_people *people)
{
	struct work *work = work_create(reader->connection);
	json_t *source = bob_people_find(people, employee->key.employee_id);

	if (work == NULL) {
		engine_give_back(reader->engine, employee, "out of memory");
		return;
	}
	work->employee = *employee;
	*employee = (struct employee){0};
	/* A deep copy: the worker is the only one to touch it (J4). */
	work->source = source != NULL ? json_deep_copy(source) : NULL;
	work->presence = work->source != NULL ? PRESENCE_READ : PRESENCE_ABSENT;
	if (work->source == NULL && people->refused > 0) {
		/* Somebody's id was refused, perhaps this one's: that is no absence. */
		work->presence = PRESENCE_NOT_READ;
	}
	work->read_begun_ms = people->begun_at_ms;
	work_queue_put(&reader->engine->queue, work);
	engine_drain_if_stopping(reader->engine);
}

static bool is_refused_alone(const struct employee_list *batch, const struct call_outcome *outcome)
{
	return batch->count == 1 && outcome->call_class == CALL_PERMANENT;
}

static void read_batch(struct reader *reader, struct employee_list *batch)
{
	const char *ids[BOB_BATCH_MAX];
	struct bob_people people = {0};
	struct call_outcome outcome = {.call_class = CALL_RETRY_LATER};
	struct bob_client *client = runner_bob(&reader->runner, reader->connection, NULL);

	for (size_t i = 0; i < batch->count; i++) {
		ids[i] = batch->items[i].key.employee_id;
	}
	reader->last_search_ms = clock_mono_ms();
	FAILPOINT_ONLY("bob.pre", NULL);
	if (client != NULL) {
		bob_search(
		        client, ids, batch->count, reader->connection->fields, &people, &outcome);
	}
	FAILPOINT_ONLY("bob.post", NULL);
	if (is_refused_alone(batch, &outcome)) {
		/* Bob will never bring this one: it must not keep the others waiting. */
		batch->items[0].is_last_run_good = false;
		engine_hand_back(
		        reader->engine, &batch->items[0], EMPLOYEE_FAILED, outcome.sentence);
		bob_people_finish(&people);
		return;
	}
	connection_bob_outcome(reader->connection, &outcome);
	log_debug("read from Bob", F("connection", reader->connection->settings->name),
	        F("employees", batch->count), F("result", call_class_name(outcome.call_class)));
	for (size_t i = 0; i < batch->count; i++) {
		if (outcome.call_class == CALL_DONE) {
			hand_over(reader, &batch->items[i], &people);
		} else {
			engine_give_back(reader->engine, &batch->items[i], outcome.sentence);
		}
	}
	bob_people_finish(&people);
}

/* ----------------------------------------------------------------- claim */

/*
 * Revocations wait for no read, whoever of reader and dispatcher claims them: Bob may hang. What is
 * left in the batch is to be read.
 */
static void hand_revocations(struct reader *reader, struct employee_list *batch)
{
	size_t left = 0;

	for (size_t i = 0; i < batch->count; i++) {
		struct employee *employee = &batch->items[i];
		if (employee->lane == LANE_REVOKE) {
			engine_hand_unread(reader->engine, reader->connection, employee);
			employee_finish(employee);
		} else if (left++ != i) {
			batch->items[left - 1] = *employee;
			*employee = (struct employee){0};
		}
	}
	batch->count = left;
}

static bool claim(struct reader *reader, struct employee_list *batch)
{
	struct claim_query query = {
	        .connection = reader->connection->settings->name,
	        .lane_at_most = reader->lane_at_most,
	        .limit = BOB_BATCH_MAX,
	        .now_ms = clock_wall_ms(),
	        .lease_ms = ENGINE_LEASE_MS,
	};
	struct err err = ERR_INIT;

	if (!store_employee_claim(reader->engine->store, &query, batch, &err)) {
		log_error("claim failed", F("connection", query.connection), F("cause", err.text));
		return false;
	}
	if (batch->count > 0) {
		FAILPOINT_ONLY("claim.post_commit", NULL);
	}
	return batch->count > 0;
}

/* Wall clock of the next due employee; 0: none. */
static int64_t next_due_ms(const struct reader *reader)
{
	int64_t due_ms = 0;

	if (!store_next_due(
	            reader->engine->store, reader->connection->settings->name, &due_ms, NULL)) {
		return clock_wall_ms() + ROOM_WAIT_MS;
	}
	return due_ms;
}

static void wait_until(struct reader *reader, int64_t mono_ms)
{
	engine_wait(reader->engine, &reader->seen, mono_ms);
}

static void wait_for_due(struct reader *reader, int64_t due_ms)
{
	int64_t wait_ms = due_ms == 0 ? IDLE_WAIT_MS : due_ms - clock_wall_ms();

	wait_until(reader, clock_mono_ms() + (wait_ms < IDLE_WAIT_MS ? wait_ms : IDLE_WAIT_MS));
}

/*
 * Engine rule 16: the last searches of a minute are kept for revocations and leavers. Else has
 * waited until one of the two may go.
 */
static bool may_search(struct reader *reader)
{
	int64_t now_ms = clock_mono_ms();
	int64_t urgent_ms = not_before_ms(reader, CALL_URGENT);

	reader->lane_at_most = LANE_SWEEP;
	if (not_before_ms(reader, CALL_NORMAL) <= now_ms) {
		return true;
	}
	if (urgent_ms <= now_ms) {
		reader->lane_at_most = LANE_LEAVE;
		return true;
	}
	wait_until(reader, urgent_ms);
	return false;
}

/*
 * Room for a batch, or has waited. What lowers access has its place beside others (work.h), so it
 * must not wait outside of a queue that others fill: one batch of it goes in beyond.
 */
static bool has_room(struct reader *reader)
{
	struct work_queue *queue = &reader->engine->queue;
	int64_t now_ms = clock_mono_ms();

	if (work_queue_wait_room(queue, reader->connection, BOB_BATCH_MAX, now_ms + ROOM_WAIT_MS)) {
		return true;
	}
	reader->lane_at_most = LANE_LEAVE;
	return work_queue_wait_room(queue, reader->connection, 0, now_ms);
}

/* True when Bob may be asked now; else has waited. */
static bool is_ready(struct reader *reader)
{
	struct connection *connection = reader->connection;
	struct bob_client *client = runner_bob(&reader->runner, connection, NULL);

	if (client == NULL) {
		wait_until(reader, clock_mono_ms() + ROOM_WAIT_MS);
		return false;
	}
	if (connection_probe_bob(connection, client)) {
		engine_wake(reader->engine);
	}
	if (connection_is_bob_parked(connection)) {
		wait_until(reader, connection_bob_probe_ms(connection));
		return false;
	}
	int64_t due_ms = next_due_ms(reader);
	if (due_ms == 0 || due_ms > clock_wall_ms()) {
		wait_for_due(reader, due_ms);
		return false;
	}
	if (!may_search(reader)) {
		return false;
	}
	return has_room(reader);
}

void reader_turn(struct reader *reader)
{
	struct employee_list batch = {0};

	ending_look(&reader->ending, reader->engine, reader->connection);
	if (!is_ready(reader) || atomic_load(&reader->engine->is_stopping)) {
		return;
	}
	if (claim(reader, &batch)) {
		hand_revocations(reader, &batch);
		if (batch.count > 0) {
			read_batch(reader, &batch);
		}
	} else {
		wait_until(reader, clock_mono_ms() + GATHER_MS);
	}
	employee_list_finish(&batch);
}

struct reader *reader_open(struct engine *engine, struct connection *connection, struct err *err)
{
	struct reader *reader = calloc(1, sizeof(*reader));

	if (reader == NULL) {
		err_set(err, ERR_NO_MEMORY, "out of memory for a reader");
		return NULL;
	}
	*reader = (struct reader){.engine = engine, .connection = connection};
	if (!runner_init(&reader->runner, engine->store, engine->connections,
	            engine->connection_count, err)) {
		free(reader);
		return NULL;
	}
	ending_start(&reader->ending, engine, connection);
	return reader;
}

void reader_close(struct reader *reader)
{
	runner_finish(&reader->runner);
	free(reader);
}

void *reader_run(void *reader_argument)
{
	struct reader_argument *argument = reader_argument;
	struct engine *engine = argument->engine;
	struct err err = ERR_INIT;
	struct reader *reader = reader_open(engine, argument->connection, &err);

	if (reader == NULL) {
		log_error("reader did not start", F("cause", err.text));
	} else {
		while (!atomic_load(&engine->is_stopping)) {
			reader_turn(reader);
		}
		reader_close(reader);
	}
	engine_thread_ended(engine);
	free(argument);
	return NULL;
}
