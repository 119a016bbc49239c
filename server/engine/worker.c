/* SPDX-License-Identifier: MIT */
/* A worker: takes one employee at a time from the queue and converges it. */
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/base/str.h"
#include "server/engine/parts.h"
#include "server/engine/run.h"

#include <stdlib.h>

#define ALONE_WAIT_MS 30000

/*
 * A revocation is carried out without asking Bob, who goes on saying "active"
 * (V1). Only somebody without a known account must be read first, to be looked up.
 */
static void read_unlinked(struct runner *runner, struct work *work)
{
	const char *id = work->employee.key.employee_id;
	struct bob_people people = {0};
	struct call_outcome outcome;
	struct bob_client *client = runner_bob(runner, work->connection, NULL);

	if (client == NULL) {
		return;
	}
	bob_search(client, &id, 1, work->connection->fields, &people, &outcome);
	connection_bob_outcome(work->connection, &outcome);
	if (outcome.call_class == CALL_DONE) {
		json_t *source = bob_people_find(&people, id);
		work->source = source != NULL ? json_deep_copy(source) : NULL;
		work->presence = work->source != NULL ? PRESENCE_READ : PRESENCE_ABSENT;
		work->read_begun_ms = people.begun_at_ms;
	}
	bob_people_finish(&people);
}

static void settle(struct engine *engine, struct run *run)
{
	struct err err = ERR_INIT;
	bool is_stored = run_settle(run, &err);

	while (!is_stored && run_has_lease(run) && engine_may_store_again(engine, &err)) {
		is_stored = run_store_end(run, &err);
	}
	if (!is_stored) {
		log_warn("run not stored", F("connection", run->employee->key.connection),
		        F("employee_id", run->employee->key.employee_id), F("cause", err.text));
	}
}

static void converge(
        struct engine *engine, struct runner *runner, struct work *work, int64_t lease_ends_ms)
{
	struct run run = {
	        .runner = runner,
	        .connection = work->connection,
	        .employee = &work->employee,
	        .mode = RUN_MODE_WORK,
	        .presence = work->presence,
	        .read_begun_ms = work->read_begun_ms,
	        .lease_ends_ms = lease_ends_ms,
	};

	reconcile(&run, work->source);
	if (run.end == RUN_ENDS_WELL || run.end == RUN_ENDS_FAILED) {
		atomic_fetch_add(&work->connection->runs, 1);
	}
	settle(engine, &run);
	run_finish(&run);
}

/* Renews the lease; from here on a crash counts for this employee (engine rule 6). */
static bool take_in_hand(struct engine *engine, const struct employee *employee)
{
	struct err err = ERR_INIT;
	bool is_begun = false;

	do {
		is_begun = store_employee_begin(engine->store, &employee->key,
		        employee->lease_token, ENGINE_LEASE_MS, &err);
	} while (!is_begun && engine_may_store_again(engine, &err));
	if (!is_begun) {
		log_warn("employee dropped", F("connection", employee->key.connection),
		        F("employee_id", employee->key.employee_id), F("cause", err.text));
		return false;
	}
	return true;
}

void worker_do(struct engine *engine, struct runner *runner, struct work *work)
{
	/* Before the store counts from it, so that ours ends first. */
	int64_t lease_ends_ms = clock_mono_ms() + ENGINE_LEASE_MS;

	if (take_in_hand(engine, &work->employee)) {
		if (work->presence == PRESENCE_NOT_READ && work->employee.okta_id[0] == '\0') {
			read_unlinked(runner, work);
		}
		converge(engine, runner, work, lease_ends_ms);
	}
	work_queue_end(&engine->queue, work);
	work_destroy(work);
	engine_wake(engine);
}

/* Beside whom it may be in hand (alone.h); a simulation has one thread, and nobody to wait for. */
static void do_in_turn(struct engine *engine, struct runner *runner, struct work *work)
{
	enum alone_kind kind = alone_kind_of(&work->employee);

	if (alone_enter(&engine->alone, kind, clock_mono_ms() + ALONE_WAIT_MS)) {
		worker_do(engine, runner, work);
		alone_leave(&engine->alone, kind);
		return;
	}
	engine_give_back(engine, &work->employee,
	        "somebody who was in hand when the process ended runs alone");
	work_queue_end(&engine->queue, work);
	work_destroy(work);
	engine_wake(engine);
}

void *worker_run(void *worker_argument)
{
	struct worker_argument *argument = worker_argument;
	struct engine *engine = argument->engine;
	struct runner runner;
	struct err err = ERR_INIT;

	if (!runner_init(
	            &runner, engine->store, engine->connections, engine->connection_count, &err)) {
		log_error("worker did not start", F("cause", err.text));
	} else {
		struct work *work = work_queue_take(&engine->queue, argument->lane_at_most);
		while (work != NULL) {
			do_in_turn(engine, &runner, work);
			work = work_queue_take(&engine->queue, argument->lane_at_most);
		}
		runner_finish(&runner);
	}
	engine_thread_ended(engine);
	free(argument);
	return NULL;
}
