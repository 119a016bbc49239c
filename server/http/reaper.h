/* SPDX-License-Identifier: MIT */
#ifndef SERVER_HTTP_REAPER_H
#define SERVER_HTTP_REAPER_H

/*
 * Ends connections whose peer is too slow. libmicrohttpd only knows inactivity
 * (H6), so one thread looks at every connection of a listener a few times a
 * second and shuts down the socket of those past their deadline; libmicrohttpd
 * then sees the end of the stream and cleans up as usual (engine rule 17).
 * An entry lives from the connection's start to its close; the phase may be
 * set from any thread.
 */

#include "server/base/attr.h"
#include "server/base/err.h"

#include <stdint.h>

struct reaper;
struct reaper_entry;

struct reaper_options {
	int64_t header_deadline_ms;
	int64_t body_deadline_ms;
	int64_t write_deadline_ms;
};

#define REAPER_FILE_MS (10 * 60 * 1000)

enum reaper_phase {
	REAPER_HEADERS, /* connected, no whole request head yet */
	REAPER_BODY,
	REAPER_HANDLING, /* ours to be slow: no deadline here */
	REAPER_WRITING,
	REAPER_SENDING_FILE, /* as long as a file may take: REAPER_FILE_MS */
	REAPER_IDLE /* kept alive; the header deadline starts with the next byte */
};

struct reaper *reaper_start(const struct reaper_options *options, struct err *err) MUST_CHECK;
/* After the last entry is removed. Accepts NULL. */
void reaper_stop(struct reaper *reaper);

/* In phase REAPER_HEADERS. NULL when out of memory: refuse the connection. */
struct reaper_entry *reaper_add(struct reaper *reaper, int fd) MUST_CHECK;
/* Before the socket is closed: afterwards its number may be somebody else's. */
void reaper_remove(struct reaper *reaper, struct reaper_entry *entry);
void reaper_set(struct reaper *reaper, struct reaper_entry *entry, enum reaper_phase phase);

#endif
