/* SPDX-License-Identifier: MIT */
#include "server/engine/ending.h"

#include "server/base/clock.h"
#include "server/base/log.h"

#define UNREAD_SINCE  "bob_unread_since_ms"
#define LOOK_EVERY_MS (60 * 1000)
#define AT_ONCE       16

void ending_start(struct ending *ending, struct engine *engine, struct connection *connection)
{
	*ending = (struct ending){.kept_since_ms = store_value_get_number(
	                                  engine->store, connection->settings->name, UNREAD_SINCE)};
	if (ending->kept_since_ms != 0) {
		connection_note_bob_unread(connection, ending->kept_since_ms);
	}
}

static void keep(
        struct ending *ending, struct engine *engine, const char *connection, int64_t since_ms)
{
	struct err err = ERR_INIT;

	if (since_ms == ending->kept_since_ms) {
		return;
	}
	if (store_value_set_number(engine->store, connection, UNREAD_SINCE, since_ms, &err)) {
		ending->kept_since_ms = since_ms;
	} else {
		log_warn("outage of Bob not noted", F("connection", connection),
		        F("cause", err.text));
	}
}

static void hand_over(struct engine *engine, struct connection *connection)
{
	int64_t now_ms = clock_wall_ms();
	struct claim_query query = {
	        .connection = connection->settings->name,
	        .lane_at_most = LANE_SWEEP,
	        .limit = AT_ONCE,
	        .now_ms = now_ms,
	        .lease_ms = ENGINE_LEASE_MS,
	        .run_before_ms = now_ms - ENDING_AGAIN_MS,
	};
	struct employee_list list = {0};
	struct err err = ERR_INIT;

	if (!store_employee_claim_ending(engine->store, &query, &list, &err)) {
		log_error("claim failed", F("connection", query.connection), F("cause", err.text));
		return;
	}
	for (size_t i = 0; i < list.count; i++) {
		list.items[i].lane = LANE_LEAVE;
		engine_hand_unread(engine, connection, &list.items[i]);
	}
	employee_list_finish(&list);
}

void ending_look(struct ending *ending, struct engine *engine, struct connection *connection)
{
	int64_t since_ms = connection_bob_unread_since_ms(connection);
	int64_t mono_ms = clock_mono_ms();

	keep(ending, engine, connection->settings->name, since_ms);
	bool is_long = since_ms != 0 && clock_wall_ms() - since_ms >= ENDING_UNREAD_MS;
	bool is_time = ending->looked_at_ms == 0 || mono_ms - ending->looked_at_ms >= LOOK_EVERY_MS;
	if (!is_long || !is_time ||
	        !work_queue_wait_room(&engine->queue, connection, AT_ONCE, clock_mono_ms())) {
		return;
	}
	ending->looked_at_ms = mono_ms;
	hand_over(engine, connection);
}
