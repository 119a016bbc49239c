/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ALARM_SILENCE_H
#define SERVER_ALARM_SILENCE_H

/*
 * How long Bob has sent a connection nothing, counted while we could have
 * received it, and on working days only: neither a downtime, nor a weekend, nor
 * a clock that jumps is a silence. It counts on over restarts. One thread.
 */

#include "server/settings/settings.h"
#include "server/store/store.h"

struct silence {
	char connection[CONNECTION_NAME_BYTES];
	bool is_loaded;
	double deliveries; /* since the process began, as the metrics have it */
	int64_t silent_ms;
	int64_t stored_ms; /* of it, what the store has */
};

/* Monday to Friday where the connection is. */
bool silence_is_working_day(const struct connection_settings *settings, int64_t now_ms);
/* elapsed_ms have passed since the last call; what changed much is stored. */
void silence_count(
        struct silence *silence, struct store *store, bool is_working_day, int64_t elapsed_ms);

#endif
