/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_CALLS_H
#define TESTS_SANDBOX_CALLS_H

/*
 * The ordered, append-only log of API calls, in memory and (if asked for) in a file, one JSON
 * object a line. calls_append runs under the sandbox's lock, so that the order is the order in
 * which calls took effect; calls_sync runs without it and returns once the line is on disk. One
 * fsync serves all who wait for it.
 */

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "tests/sandbox/util.h"

enum { CALLS_MAX_KEPT = 500000 };

struct calls {
	json_t *entries; /* array */
	int64_t dropped; /* entries that were cut off the front */
	int64_t last_seq;
	_Atomic int64_t written_seq; /* what the next fsync will cover */
	int fd; /* -1: no file */
	pthread_mutex_t sync_lock;
	pthread_cond_t synced;
	/* protected by sync_lock: */
	int64_t synced_seq;
	bool is_syncing;
};

/* path may be NULL; false when it cannot be opened. */
bool calls_init(struct calls *calls, const char *path) MUST_CHECK;
void calls_finish(struct calls *calls);
void calls_clear(struct calls *calls);
/* Takes the entry, gives it its sequence number and returns that. */
int64_t calls_append(struct calls *calls, json_t *taken);
void calls_sync(struct calls *calls, int64_t seq);

#endif
