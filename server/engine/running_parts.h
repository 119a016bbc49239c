/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_RUNNING_PARTS_H
#define SERVER_ENGINE_RUNNING_PARTS_H

/* What running.c (engines) and change.c (settings) share; nobody else includes it. */

#include "server/base/thread.h"
#include "server/engine/running.h"

struct retiring {
	struct running *running;
	struct engine *engine; /* held; NULL: the place is free */
	int64_t deadline_ms; /* monotonic */
	pthread_t thread;
	bool has_ended; /* protected by the monitor: its thread is to be joined */
};

struct running {
	struct running_options options;
	struct store *store;
	struct holder settings;
	struct holder engines;
	pthread_mutex_t change; /* one change at a time; taken before the monitor */

	struct monitor monitor;
	/* protected by monitor: */
	bool is_stopping;
	bool is_aborting;
	struct running_state state;
	struct retiring retiring[RUNNING_RETIRING_MAX];
};

/* A version that may be put to work. */
struct candidate {
	struct settings *settings; /* owned until it runs */
	json_t *kept; /* the document without secrets; owned */
	struct settings_version version; /* version 0: to be added to the store */
};
void candidate_finish(struct candidate *candidate);

/*
 * Puts it to work in the place of what runs now, if anything does: an engine is made and started,
 * then swapped in. With `change` held. False: all is as it was.
 */
bool running_put(struct running *running, struct candidate *candidate, struct err *err) MUST_CHECK;

#endif
