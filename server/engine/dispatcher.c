/* SPDX-License-Identifier: MIT */
/*
 * The dispatcher: parses stored events and marks their employees dirty, takes
 * revocations to the workers without waiting for Bob, asks a parked Okta
 * whether it works again, and keeps house.
 */
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/base/metrics.h"
#include "server/base/str.h"
#include "server/engine/limit_watch.h"
#include "server/engine/parts.h"
#include "server/engine/secret_use.h"
#include "server/store/limits.h"

#include <stdlib.h>

#define TURN_MS          1000
#define SETTLE_GAP_MS    25
#define RUNNING_EVERY_MS 5000
#define GAUGES_EVERY_MS  2000
#define USES_EVERY_MS    10000
#define REVOKES_AT_ONCE  16

struct dispatcher {
	struct engine *engine;
	struct runner runner;
	uint64_t seen;
	int64_t settled_at_ms; /* monotonic, when events were last settled */
	bool has_more; /* events were left that could not be read with the last ones */
	bool has_revocations; /* an event of lane revoke was settled since the last claim */
	int64_t revokes_at_ms; /* monotonic; all of them: when last done */
	int64_t running_at_ms;
	int64_t gauges_at_ms;
	int64_t uses_at_ms;
};

/* ---------------------------------------------------------------- events */

static const char *company_of(const struct engine *engine, const char *connection)
{
	const struct connection_settings *settings =
	        settings_find(engine->options.settings, connection);
	return settings != NULL ? settings->bob.company_id : "";
}

/* Engine rule 6: nobody reads it again before a human asks for that. */
static void set_aside(const struct event *event, struct event_verdict *verdict)
{
	*verdict = (struct event_verdict){
	        .event_id = event->event_id, .state = EVENT_UNUSABLE, .lane = LANE_SWEEP};
	str_format_cut(verdict->reason, sizeof(verdict->reason),
	        "set aside: the process ended %lld times while reading it; it is tried"
	        " again by hand only",
	        (long long)event->crashes);
	log_error("event set aside", F("connection", event->connection),
	        F("event_id", event->event_id), F("reason", verdict->reason));
}

/* False: there is no memory for it now. */
static bool parse_event(
        const struct engine *engine, const struct event *event, struct event_verdict *verdict)
{
	if (event->crashes >= STORE_CRASHES_MAX) {
		set_aside(event, verdict);
		return true;
	}
	engine->options.parse_event(event->body, event->body_len,
	        company_of(engine, event->connection), event->received_at_ms, verdict);
	verdict->event_id = event->event_id;
	return verdict->state != EVENT_RECEIVED;
}

/* Once it is durable; a duplicate that changes nothing is a number and no line. */
static void tell_settled(const struct event *event, const struct event_verdict *verdict)
{
	if (verdict->fate == EVENT_FATE_DUPLICATE || verdict->fate == EVENT_FATE_REOPENED) {
		metrics_add(METRIC_DUPLICATES, LABELS(event->connection), 1);
	}
	if (verdict->fate == EVENT_FATE_DUPLICATE || verdict->fate == EVENT_FATE_GONE) {
		return;
	}
	metrics_add(METRIC_EVENTS, LABELS(event->connection, event_state_name(verdict->state)), 1);
	log_info("event", F("connection", event->connection), F("event_id", event->event_id),
	        F("type", verdict->type), F("employee_id", verdict->employee_id),
	        F("state", event_state_name(verdict->state)), F("reason", verdict->reason));
}

static bool is_revocation(const struct event_verdict *verdict)
{
	return verdict->lane == LANE_REVOKE && verdict->state == EVENT_ACCEPTED &&
	        (verdict->fate == EVENT_FATE_NEW || verdict->fate == EVENT_FATE_REOPENED);
}

/* Of these the first ones that may be read together: one on which the process ended is alone. */
static size_t span_of(const struct event *events, size_t count)
{
	size_t span = 1;

	while (span < count && events[0].crashes == 0 && events[span].crashes == 0) {
		span++;
	}
	return span;
}

/* How many could be parsed; one that could not waits, and those behind it with it. */
static size_t parse_events(const struct engine *engine, const struct event *events, size_t count,
        struct event_verdict *verdicts)
{
	size_t parsed = 0;

	while (parsed < count && parse_event(engine, &events[parsed], &verdicts[parsed])) {
		parsed++;
	}
	if (parsed < count) {
		log_error("no memory for events, they wait", F("waiting", count - parsed));
	}
	return parsed;
}

/*
 * A crash while they are read counts for all of them, which is on the disk before. *count becomes
 * how many were settled.
 */
static bool settle_span(
        struct dispatcher *dispatcher, const struct event *events, size_t *count, struct err *err)
{
	struct store *store = dispatcher->engine->store;
	struct event_verdict *verdicts = calloc(*count, sizeof(*verdicts));

	if (verdicts == NULL) {
		err_set(err, ERR_NO_MEMORY, "out of memory for events");
		return false;
	}
	bool is_settled =
	        store_event_begin(store, events[0].event_id, events[*count - 1].event_id, err);
	*count = is_settled ? parse_events(dispatcher->engine, events, *count, verdicts) : 0;
	is_settled = is_settled && store_event_settle(store, verdicts, *count, err);
	for (size_t i = 0; is_settled && i < *count; i++) {
		tell_settled(&events[i], &verdicts[i]);
		dispatcher->has_revocations |= is_revocation(&verdicts[i]);
	}
	free(verdicts);
	return is_settled;
}

static size_t settle_list(struct dispatcher *dispatcher, const struct event_list *events)
{
	struct err err = ERR_INIT;
	size_t settled = 0;

	while (settled < events->count) {
		size_t span = span_of(&events->items[settled], events->count - settled);
		size_t done = span;
		if (!settle_span(dispatcher, &events->items[settled], &done, &err)) {
			log_error("events not settled", F("cause", err.text));
			break;
		}
		settled += done;
		if (done < span) {
			break;
		}
	}
	return settled;
}

/*
 * Returns how many events were settled; 0 also when the store could not. What was read after this
 * engine was told to stop may belong to a connection that only its successor knows.
 */
static size_t settle_some(struct dispatcher *dispatcher)
{
	struct event_list events = {0};
	struct err err = ERR_INIT;

	dispatcher->has_more = false;
	if (!store_event_next(dispatcher->engine->store, ENGINE_EVENTS_AT_ONCE, &events, &err)) {
		log_error("events not read", F("cause", err.text));
		return 0;
	}
	if (atomic_load(&dispatcher->engine->is_stopping)) {
		event_list_finish(&events);
		return 0;
	}
	size_t settled = settle_list(dispatcher, &events);
	dispatcher->has_more = settled > 0 && events.has_more;
	event_list_finish(&events);
	return settled;
}

/*
 * A lone event is settled at once; of a flood those that came in meanwhile are
 * settled together, so that the disk is asked for deliveries and not for these.
 * The flag falls before the store is read: what comes later wakes again.
 */
static void gather_events(struct dispatcher *dispatcher)
{
	struct engine *engine = dispatcher->engine;
	int64_t until_ms = dispatcher->settled_at_ms + SETTLE_GAP_MS;

	while (clock_mono_ms() < until_ms && !atomic_load(&engine->is_stopping)) {
		engine_wait(engine, &dispatcher->seen, until_ms);
	}
	atomic_store(&engine->is_event_waiting, false);
}

static void settle_events(struct dispatcher *dispatcher)
{
	gather_events(dispatcher);
	if (settle_some(dispatcher) == 0) {
		return;
	}
	dispatcher->settled_at_ms = clock_mono_ms();
	while (dispatcher->has_more && !atomic_load(&dispatcher->engine->is_stopping)) {
		settle_some(dispatcher);
	}
	engine_wake(dispatcher->engine);
}

/* ----------------------------------------------------------- revocations */

static void take_revocations(struct engine *engine, struct connection *connection)
{
	struct claim_query query = {
	        .connection = connection->settings->name,
	        .lane_at_most = LANE_REVOKE,
	        .limit = REVOKES_AT_ONCE,
	        .now_ms = clock_wall_ms(),
	        .lease_ms = ENGINE_LEASE_MS,
	};
	struct store_counts counts;
	struct employee_list list = {0};
	struct err err = ERR_INIT;

	if (!store_counts(engine->store, query.connection, &counts, NULL) ||
	        counts.by_lane[LANE_REVOKE] == 0) {
		return;
	}
	if (!store_employee_claim(engine->store, &query, &list, &err)) {
		log_error("claim failed", F("connection", query.connection), F("cause", err.text));
		return;
	}
	for (size_t i = 0; i < list.count; i++) {
		engine_hand_unread(engine, connection, &list.items[i]);
	}
	employee_list_finish(&list);
}

/* At once after such an event; else, for those that are tried again, once a turn. */
static void take_all_revocations(struct dispatcher *dispatcher)
{
	struct engine *engine = dispatcher->engine;
	int64_t now_ms = clock_mono_ms();

	if (!dispatcher->has_revocations && now_ms - dispatcher->revokes_at_ms < TURN_MS) {
		return;
	}
	dispatcher->revokes_at_ms = now_ms;
	for (size_t i = 0; i < engine->connection_count; i++) {
		struct store_counts counts;
		const char *name = engine->connections[i]->settings->name;
		if (dispatcher->has_revocations ||
		        (store_counts(engine->store, name, &counts, NULL) &&
		                counts.by_lane[LANE_REVOKE] > 0)) {
			take_revocations(engine, engine->connections[i]);
		}
	}
	dispatcher->has_revocations = false;
}

/* ---------------------------------------------------------------- parked */

static void wake_parked(struct engine *engine, struct connection *connection)
{
	size_t marked = 0;
	struct err err = ERR_INIT;

	if (!store_employee_mark_all(engine->store, connection->settings->name, EMPLOYEE_PARKED,
	            LANE_COUNT, &marked, &err)) {
		log_error("parked work not woken", F("cause", err.text));
	}
	engine_wake(engine);
}

/* Another schema in Okta: what it refused for an attribute may be well now. */
static void wake_failed(struct engine *engine, struct connection *connection)
{
	const char *name = connection->settings->name;
	size_t marked = 0;
	struct err err = ERR_INIT;

	if (!store_employee_mark_all(
	            engine->store, name, EMPLOYEE_FAILED, LANE_UPDATE, &marked, &err)) {
		log_error("failed work not woken", F("cause", err.text));
	}
	log_info("user schema has changed", F("connection", name), F("retried", marked));
	engine_wake(engine);
}

static void probe(struct dispatcher *dispatcher, struct connection *connection)
{
	struct okta_client *client = runner_okta(&dispatcher->runner, connection, NULL);
	bool is_changed = false;

	if (client == NULL) {
		return;
	}
	if (connection_probe_okta(connection, client)) {
		wake_parked(dispatcher->engine, connection);
	}
	if (learn_attributes(connection, client, &is_changed) && is_changed) {
		wake_failed(dispatcher->engine, connection);
	}
	if (group_book_turn(connection, client)) {
		wake_parked(dispatcher->engine, connection);
	}
}

/* ----------------------------------------------------------------- house */

/*
 * A worker may park somebody just after everybody parked was woken: while nothing blocks, nobody
 * may stay parked.
 */
static void wake_stragglers(
        struct engine *engine, struct connection *connection, const struct store_counts *counts)
{
	char why[SENTENCE_BYTES];

	if (counts->by_state[EMPLOYEE_PARKED] > 0 &&
	        !connection_is_blocked(connection, WORK_ORDINARY, why, sizeof(why))) {
		wake_parked(engine, connection);
	}
}

static void show_waiting(struct connection *connection, const struct store_counts *counts)
{
	const char *name = connection->settings->name;
	int64_t waiting = 0;

	for (int lane = 0; lane < LANE_COUNT; lane++) {
		metrics_set(METRIC_WAITING, LABELS(name, lane_name((enum lane)lane)),
		        (double)counts->waiting[lane]);
		waiting += counts->waiting[lane];
	}
	connection_look_at_drain(connection, waiting);
	int64_t left_ms = connection_drain_ms(connection, waiting);
	metrics_set(METRIC_DRAIN, LABELS(name),
	        left_ms == DRAIN_UNKNOWN ? -1.0 : (double)left_ms / 1000.0);
}

static void look_over(struct engine *engine, struct connection *connection)
{
	const char *name = connection->settings->name;
	struct store_counts counts;

	if (!store_counts(engine->store, name, &counts, NULL)) {
		return;
	}
	for (int state = 0; state < EMPLOYEE_STATE_COUNT; state++) {
		metrics_set(METRIC_EMPLOYEES,
		        LABELS(name, employee_state_name((enum employee_state)state)),
		        (double)counts.by_state[state]);
	}
	for (int kind = 0; kind < HOLD_KIND_COUNT; kind++) {
		metrics_set(METRIC_HELD, LABELS(name, hold_kind_name((enum hold_kind)kind)),
		        (double)counts.holds[kind]);
	}
	int64_t age_ms = counts.oldest_dirty_ms != 0 ? clock_wall_ms() - counts.oldest_dirty_ms : 0;
	metrics_set(METRIC_DIRTY_AGE, LABELS(name), (double)age_ms / 1000.0);
	show_waiting(connection, &counts);
	wake_stragglers(engine, connection, &counts);
}

/* Limits count in running time, so that downtime and clock jumps do not drain them (engine rule
 * 19). What they come to is shown, and what was approved for today is let go. */
static void keep_limits(struct dispatcher *dispatcher)
{
	struct engine *engine = dispatcher->engine;
	struct err err = ERR_INIT;

	if (!store_running_tick(engine->store, &err)) {
		log_error("running time not stored", F("cause", err.text));
	}
	for (size_t i = 0; i < engine->connection_count; i++) {
		limit_watch(engine->store, engine->connections[i]);
	}
}

static void recall_uses(struct engine *engine)
{
	for (size_t i = 0; i < engine->connection_count; i++) {
		secret_use_recall(engine->store, engine->connections[i]->settings);
	}
}

static void keep_uses(struct engine *engine, int64_t step_ms)
{
	for (size_t i = 0; i < engine->connection_count; i++) {
		secret_use_keep(engine->store, engine->connections[i]->settings, step_ms);
	}
}

static void keep_house(struct dispatcher *dispatcher)
{
	struct engine *engine = dispatcher->engine;
	int64_t now_ms = clock_mono_ms();

	if (now_ms - dispatcher->running_at_ms >= RUNNING_EVERY_MS) {
		dispatcher->running_at_ms = now_ms;
		keep_limits(dispatcher);
	}
	if (now_ms - dispatcher->gauges_at_ms >= GAUGES_EVERY_MS) {
		dispatcher->gauges_at_ms = now_ms;
		for (size_t i = 0; i < engine->connection_count; i++) {
			look_over(engine, engine->connections[i]);
		}
	}
	if (now_ms - dispatcher->uses_at_ms >= USES_EVERY_MS) {
		dispatcher->uses_at_ms = now_ms;
		keep_uses(engine, SECRET_USE_STEP_MS);
	}
}

static int64_t next_turn_ms(const struct engine *engine)
{
	int64_t at_ms = clock_mono_ms() + TURN_MS;

	for (size_t i = 0; i < engine->connection_count; i++) {
		int64_t probe_ms = connection_okta_probe_ms(engine->connections[i]);
		if (probe_ms != 0 && probe_ms < at_ms) {
			at_ms = probe_ms;
		}
		if (group_book_is_reading(engine->connections[i]->groups)) {
			return 0;
		}
	}
	return at_ms;
}

void dispatcher_turn(struct dispatcher *dispatcher)
{
	struct engine *engine = dispatcher->engine;

	settle_events(dispatcher);
	take_all_revocations(dispatcher);
	for (size_t i = 0; i < engine->connection_count; i++) {
		probe(dispatcher, engine->connections[i]);
	}
	keep_house(dispatcher);
	engine_wait(engine, &dispatcher->seen, next_turn_ms(engine));
}

struct dispatcher *dispatcher_open(struct engine *engine, struct err *err)
{
	struct dispatcher *dispatcher = calloc(1, sizeof(*dispatcher));

	if (dispatcher == NULL) {
		err_set(err, ERR_NO_MEMORY, "out of memory for the dispatcher");
		return NULL;
	}
	*dispatcher = (struct dispatcher){
	        .engine = engine, .running_at_ms = clock_mono_ms() - RUNNING_EVERY_MS};
	if (!runner_init(&dispatcher->runner, engine->store, engine->connections,
	            engine->connection_count, err)) {
		free(dispatcher);
		return NULL;
	}
	return dispatcher;
}

void dispatcher_close(struct dispatcher *dispatcher)
{
	runner_finish(&dispatcher->runner);
	free(dispatcher);
}

void *dispatcher_run(void *engine_argument)
{
	struct engine *engine = engine_argument;
	struct err err = ERR_INIT;
	struct dispatcher *dispatcher = dispatcher_open(engine, &err);

	if (dispatcher == NULL) {
		log_error("dispatcher did not start", F("cause", err.text));
	} else {
		recall_uses(engine);
		while (!atomic_load(&engine->is_stopping)) {
			dispatcher_turn(dispatcher);
		}
		keep_uses(engine, 0);
		dispatcher_close(dispatcher);
	}
	engine_thread_ended(engine);
	return NULL;
}
