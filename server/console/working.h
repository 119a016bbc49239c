/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CONSOLE_WORKING_H
#define SERVER_CONSOLE_WORKING_H

/*
 * "Is it working?" in one sentence, with every reason against it and the page
 * where one goes on. Pure.
 */

#include "server/engine/engine.h"

#include <jansson.h>

/* good: nothing to do. attention: it works, and somebody should look. bad: it does not work. */
enum working_state { WORKING_GOOD, WORKING_ATTENTION, WORKING_BAD };
const char *working_state_name(enum working_state state);

struct working_facts {
	const struct engine_health *health;
	const char *store_cause; /* why nothing can be stored; "": it can */
	const char *setup_lack; /* the first thing that is not entered yet; "": nothing */
	int64_t last_delivery_at_ms; /* 0: none */
	bool is_bob_silent;
	int64_t critical; /* open alarms that nobody has acknowledged */
	int64_t warnings;
	const char *alarm; /* the meaning of the most pressing one; "": none */
	int64_t held; /* people */
	int64_t failed; /* people */
	int64_t waiting; /* people */
};

/* {"state", "sentence", "reasons": [{"code", "state", "sentence", "page"}]}, worst first; new
 * reference. */
json_t *working_json(const struct working_facts *facts);

#endif
