/* SPDX-License-Identifier: MIT */
#include "server/engine/everybody.h"

#include "server/base/clock.h"
#include "server/base/str.h"

#include <string.h>

#define STOPPED         "the server stops, or its settings changed, before everybody was read"
#define TRIES_MAX       4 /* of one search, where another one may go better */
#define LOOK_AGAIN_MS   1000 /* others spend of the same budget */
#define WAIT_FOR_BOB_MS (10 * 60 * 1000) /* for one search to be allowed and answered */
#define CAUSE_BYTES     256

bool everybody_open(
        struct everybody *all, struct engine *engine, const char *connection, struct err *err)
{
	*all = (struct everybody){.engine = engine,
	        .connection = engine_need_connection(engine, connection, err),
	        .urgency = CALL_NORMAL};
	if (all->connection == NULL ||
	        !runner_init(&all->runner, engine->store, engine->connections,
	                engine->connection_count, err)) {
		return false;
	}
	all->runner.stop = &engine->is_stopping;
	all->scratch = scratch_open(engine->store, err);
	return all->scratch != NULL;
}

void everybody_finish(struct everybody *all)
{
	scratch_close(all->scratch);
	all->scratch = NULL;
	if (all->runner.okta != NULL) {
		runner_finish(&all->runner);
	}
}

/* --------------------------------------------------------------------- job */

bool everybody_goes_on(const struct everybody *all, struct err *err)
{
	return all->job == NULL || job_goes_on(all->job, err);
}

static void tell(const struct everybody *all)
{
	if (all->job != NULL) {
		job_count(all->job, all->listed, all->read);
	}
}

/* ------------------------------------------------------------------- pacing */

/* Waits until a search may start; give_up_ms is monotonic. */
static bool wait_turn(struct everybody *all, int64_t give_up_ms, struct err *err)
{
	char cause[CAUSE_BYTES];
	for (;;) {
		int64_t now_ms = clock_mono_ms();
		int64_t ready_ms = connection_bob_ready_ms(all->connection, all->urgency);
		if (atomic_load(&all->engine->is_stopping)) {
			err_set(err, ERR_STOPPED, STOPPED);
			return false;
		}
		if (!everybody_goes_on(all, err)) {
			return false;
		}
		if (connection_bob_parked_for(all->connection, cause, sizeof(cause))) {
			err_set(err, ERR_REFUSED, "Bob cannot be asked: %s", cause);
			return false;
		}
		if (now_ms >= give_up_ms) {
			err_set(err, ERR_NETWORK, "Bob: no search was allowed for ten minutes");
			return false;
		}
		if (ready_ms <= now_ms) {
			return true;
		}
		engine_wait(all->engine, &all->seen,
		        ready_ms < now_ms + LOOK_AGAIN_MS ? ready_ms : now_ms + LOOK_AGAIN_MS);
	}
}

/* A human who waits is told at once. */
static int tries_of(const struct everybody *all)
{
	return all->urgency == CALL_BACKGROUND ? TRIES_MAX : 1;
}

/* A rate limit is waited out; a failure may go better a few times. */
static bool is_worth_another(const struct call_outcome *outcome, int *tries)
{
	*tries -= outcome->call_class == CALL_RETRY_LATER ? 1 : 0;
	return *tries > 0 &&
	        (outcome->call_class == CALL_RETRY_AT || outcome->call_class == CALL_RETRY_LATER);
}

/* One search, however it is made; true when it was answered. */
typedef bool search_once(struct everybody *all, struct bob_client *client, void *context,
        struct call_outcome *outcome);

static bool search_patiently(
        struct everybody *all, search_once *search, void *context, struct err *err)
{
	struct bob_client *client = runner_bob(&all->runner, all->connection, err);
	struct call_outcome outcome;
	int64_t give_up_ms = clock_mono_ms() + WAIT_FOR_BOB_MS;
	int tries = tries_of(all);

	if (client == NULL) {
		return false;
	}
	do {
		if (!wait_turn(all, give_up_ms, err)) {
			return false;
		}
		bool is_answered = search(all, client, context, &outcome);
		connection_bob_outcome(all->connection, &outcome);
		if (is_answered) {
			return true;
		}
	} while (is_worth_another(&outcome, &tries));
	if (outcome.call_class == CALL_ABORTED) {
		err_set(err, ERR_STOPPED, STOPPED);
	}
	engine_err_from_call(err, "Bob", &outcome);
	return false;
}

/* ---------------------------------------------------------------------- ids */

struct listing {
	struct scratch *scratch;
	struct err *err;
};

static bool note_id(void *context, const char *employee_id)
{
	const struct listing *listing = context;

	return scratch_add_employee(listing->scratch, employee_id, listing->err);
}

static bool stream_once(struct everybody *all, struct bob_client *client, void *context,
        struct call_outcome *outcome)
{
	size_t count = 0;

	/* Ids of a stream that broke stay: the next one brings them again. */
	all->searches++;
	bob_stream_ids(client, note_id, context, &count, outcome);
	return outcome->call_class == CALL_DONE;
}

bool everybody_list(struct everybody *all, struct err *err)
{
	struct listing listing = {all->scratch, err};
	bool is_listed = search_patiently(all, stream_once, &listing, err) &&
	        scratch_employee_count(all->scratch, &all->listed, err);

	tell(all);
	return is_listed;
}

/* ------------------------------------------------------------------- people */

struct batch {
	const struct scratch_ids *ids;
	const json_t *fields;
	struct bob_people people;
};

static bool read_once(struct everybody *all, struct bob_client *client, void *context,
        struct call_outcome *outcome)
{
	struct batch *batch = context;
	const char *ids[BOB_BATCH_MAX];

	for (size_t i = 0; i < batch->ids->count; i++) {
		ids[i] = batch->ids->items[i];
	}
	bob_search(client, ids, batch->ids->count, batch->fields, &batch->people, outcome);
	all->searches += (int64_t)batch->people.searches;
	return outcome->call_class == CALL_DONE;
}

static bool visit_batch(struct everybody *all, const struct batch *batch, everybody_visit *visit,
        void *context, struct err *err)
{
	struct everybody_person person = {.read_begun_ms = batch->people.begun_at_ms};

	str_format_cut(person.key.connection, sizeof(person.key.connection), "%s",
	        all->connection->settings->name);
	for (size_t i = 0; i < batch->ids->count; i++) {
		memcpy(person.key.employee_id, batch->ids->items[i],
		        sizeof(person.key.employee_id));
		person.source = bob_people_find(&batch->people, person.key.employee_id);
		person.is_refused = person.source == NULL && batch->people.refused > 0;
		if (!everybody_goes_on(all, err)) {
			return false;
		}
		if (!visit(context, &person, err)) {
			err_set(err, ERR_NO_MEMORY, "out of memory while looking at everybody");
			return false;
		}
		all->read++;
		tell(all);
	}
	return true;
}

bool everybody_each(struct everybody *all, const json_t *fields, everybody_visit *visit,
        void *context, struct err *err)
{
	char after[EMPLOYEE_ID_BYTES] = "";

	for (;;) {
		struct scratch_ids ids = {0};
		struct batch batch = {.ids = &ids, .fields = fields};
		if (!scratch_next_employees(all->scratch, after, BOB_BATCH_MAX, &ids, err)) {
			return false;
		}
		bool is_over = ids.count == 0;
		bool is_done = is_over ||
		        (search_patiently(all, read_once, &batch, err) &&
		                visit_batch(all, &batch, visit, context, err));
		if (!is_over) {
			memcpy(after, ids.items[ids.count - 1], sizeof(after));
		}
		bob_people_finish(&batch.people);
		scratch_ids_finish(&ids);
		if (is_over || !is_done) {
			return is_done && everybody_goes_on(all, err);
		}
	}
}
