/* SPDX-License-Identifier: MIT */
/* Bob's webhooks (bob.md 1.2 to 1.4), and what becomes of them on the way. */
#include "server/base/clock.h"
#include "server/base/str.h"
#include "server/base/thread.h"
#include "tests/simulation/fake_okta.h"
#include "tests/simulation/weather.h"
#include "tests/simulation/world.h"

#include <stdlib.h>
#include <string.h>

static void send(struct sim *sim, struct someone *someone, const char *type, json_t *data)
{
	char at[CLOCK_TEXT_BYTES];
	char stamp[48];

	clock_format(at, sim->now_ms);
	at[strlen(at) - 1] = '\0';
	str_format_cut(stamp, sizeof(stamp), "%s%03d", at, (int)(sim->event_count++ % 1000));
	json_object_set_new(data, "employeeId", json_string(someone->id));
	json_t *body = json_pack("{s:i, s:s, s:s, s:s, s:s, s:o}", "companyId", 636192, "type",
	        type, "triggeredBy", "system", "triggeredAt", stamp, "version", "v2", "data", data);
	char *text = json_dumps(body, JSON_COMPACT);
	must(text != NULL, "an event's body", NULL);
	weather_send(sim, someone_index(sim, someone), type, text);
	free(text);
	json_decref(body);
}

void bob_tells(struct sim *sim, struct someone *someone, const char *type, const char *field)
{
	json_t *data = json_object();

	if (field != NULL) {
		json_object_set_new(data, "fieldUpdates", json_pack("[{s:s}]", "id", field));
	}
	send(sim, someone, type, data);
}

void bob_tells_row(
        struct sim *sim, struct someone *someone, const char *type, const char *table, int32_t date)
{
	char text[CLOCK_TEXT_BYTES];

	date_format(text, date);
	send(sim, someone, type, json_pack("{s:s, s:s}", "tableId", table, "effectiveDate", text));
}

/* ------------------------------------------------------------- delivery */

struct ticket {
	struct monitor monitor;
	bool is_done;
	enum err_code code;
};

static void on_appended(void *context, enum err_code code)
{
	struct ticket *ticket = context;

	monitor_lock(&ticket->monitor);
	ticket->is_done = true;
	ticket->code = code;
	monitor_wake_all(&ticket->monitor);
	monitor_unlock(&ticket->monitor);
}

/* What the truth says of a delivery: only a revocation in time acts by itself (V1). */
static void note_delivery(struct sim *sim, const struct world_item *item)
{
	struct someone *someone = &sim->people[item->person];
	json_t *body = json_loads(item->body, 0, NULL);
	const char *type = json_string_value(json_object_get(body, "type"));
	int64_t at_ms = 0;

	someone->told_ms = sim->now_ms;
	someone->on_their_way--;
	if (str_equal(type, "employee.deleted")) {
		someone->is_deletion_told = true;
	}
	if (str_equal(type, "employee.access.revoked.immediately") &&
	        time_parse(json_string_value(json_object_get(body, "triggeredAt")), &at_ms) &&
	        sim->now_ms + sim->skew_ms - at_ms < 4 * DAY_MS + 14 * HOUR_MS &&
	        at_ms > someone->revoked_ms) {
		someone->revoked_ms = at_ms;
		struct okta_account *account = okta_of(sim, item->person);
		if (account != NULL) {
			/* Its sessions are ended once more (V2). */
			account->is_sessions_ended = false;
		}
	}
	json_decref(body);
}

void world_deliver(struct sim *sim, struct world_item *item)
{
	struct ticket ticket = {.code = ERR_OK};

	note_delivery(sim, item);
	must(monitor_init(&ticket.monitor), "monitor", NULL);
	char *body = str_dup(item->body);
	must(body != NULL &&
	                store_append(sim->store, "default", body, strlen(body), on_appended,
	                        &ticket) == ERR_OK,
	        "append", NULL);
	monitor_lock(&ticket.monitor);
	while (!ticket.is_done) {
		monitor_wait(&ticket.monitor);
	}
	monitor_unlock(&ticket.monitor);
	monitor_finish(&ticket.monitor);
	must(ticket.code == ERR_OK || ticket.code == ERR_CONFLICT, "append", NULL);
	trace(sim, "webhook for person %d arrives%s", item->person,
	        ticket.code == ERR_CONFLICT ? " again" : "");
	sim->events++;
	engine_notify_stored(sim->engine);
}
