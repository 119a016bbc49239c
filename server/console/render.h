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
/* What happens next by itself and when, or what a human has to do. */
void render_next_step(const struct employee *employee, char *to, size_t size);

#endif
