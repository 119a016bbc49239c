/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CONSOLE_RENDER_H
#define SERVER_CONSOLE_RENDER_H

/* Records as JSON, with the names and shapes of docs/http.md. New references. */

#include "server/store/store.h"

#include <jansson.h>

json_t *render_employee(const struct employee *employee); /* as lists show it */
json_t *render_employee_full(const struct employee *employee); /* all fields */
json_t *render_event(const struct event *event);
json_t *render_hold(struct store *store, const struct hold *hold); /* looks the name up */
json_t *render_action(const struct action_record *action);
json_t *render_lanes(const int64_t by_lane[LANE_COUNT]);
/* Of Bob and of Okta: "ok", "parked", "unknown" (not asked yet). */
const char *render_system_state(bool is_parked, int64_t success_at_ms);
/* What happens next by itself and when, or what a human has to do. */
void render_next_step(const struct employee *employee, char *to, size_t size);
/* When that is, as far as it has a time; 0: it has none. */
int64_t render_next_ms(const struct employee *employee);
/* The zone kept with somebody; that of the connection where none is yet. Borrowed. */
const char *render_time_zone(const char *kept, const struct zone *connection);

#endif
