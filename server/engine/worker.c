/* SPDX-License-Identifier: MIT */
/* A worker: takes one employee at a time from the queue and converges it. */
#include "server/base/log.h"
#include "server/base/str.h"
#include "server/engine/parts.h"
#include "server/engine/run.h"

#include <stdlib.h>

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

static void converge(struct runner *runner, struct work *work)
{
	struct err err = ERR_INIT;
	struct run run = {
	        .runner = runner,
	        .connection = work->connection,
	        .employee = &work->employee,
	        .mode = RUN_MODE_WORK,
	        .presence = work->presence,
	        .read_begun_ms = work->read_begun_ms,
	};

	reconcile(&run, work->source);
	if (!run_settle(&run, &err)) {
		log_warn("run not stored", F("connection", work->employee.key.connection),
		        F("employee_id", work->employee.key.employee_id), F("cause", err.text));
	}
	run_finish(&run);
}

/* Renews the lease; from here on a crash counts for this employee (engine rule 6). */
static bool take_in_hand(struct engine *engine, const struct employee *employee)
{
	struct err err = ERR_INIT;

	if (!store_employee_begin(
	            engine->store, &employee->key, employee->lease_token, ENGINE_LEASE_MS, &err)) {
		log_warn("employee dropped", F("connection", employee->key.connection),
		        F("employee_id", employee->key.employee_id), F("cause", err.text));
		return false;
	}
	return true;
}

void worker_do(struct engine *engine, struct runner *runner, struct work *work)
{
	if (!take_in_hand(engine, &work->employee)) {
		work_destroy(work);
		return;
	}
	if (work->presence == PRESENCE_NOT_READ && work->employee.okta_id[0] == '\0') {
		read_unlinked(runner, work);
	}
	converge(runner, work);
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
			worker_do(engine, &runner, work);
			work = work_queue_take(&engine->queue, argument->lane_at_most);
		}
		runner_finish(&runner);
	}
	engine_thread_ended(engine);
	free(argument);
	return NULL;
}
