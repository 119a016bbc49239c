/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_SANDBOX_H
#define TESTS_SANDBOX_SANDBOX_H

/*
 * Everything the sandbox knows, behind one lock. Functions of the other modules that take a
 * `struct sandbox *` expect the caller to hold it (http.c's threads take it in api.c) and never
 * wait or do I/O; waiting is done with sandbox_wait, without the lock.
 */

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "tests/sandbox/bob_people.h"
#include "tests/sandbox/calls.h"
#include "tests/sandbox/faults.h"
#include "tests/sandbox/okta_store.h"
#include "tests/sandbox/rate.h"
#include "tests/sandbox/settings.h"
#include "tests/sandbox/util.h"
#include "tests/sandbox/waf.h"

struct webhook;

enum counter {
	COUNTER_BOB_CALLS,
	COUNTER_BOB_SEARCHES,
	COUNTER_BOB_PEOPLE_READS,
	COUNTER_BOB_429,
	COUNTER_BOB_401,
	COUNTER_OKTA_CALLS,
	COUNTER_OKTA_WRITES,
	COUNTER_OKTA_APPLIED,
	COUNTER_OKTA_429,
	COUNTER_OKTA_401,
	COUNTER_ACTIVATION_MAILS,
	COUNTER_DEACTIVATION_MAILS,
	COUNTER_SESSIONS_ENDED,
	COUNTER_EVENTS_MADE,
	COUNTER_DELIVERIES_OK,
	COUNTER_DELIVERIES_FAILED,
	COUNTER_FAULTS_FIRED,
	COUNTER_COUNT,
};

struct sandbox {
	pthread_mutex_t lock;
	pthread_cond_t stopping; /* with lock; woken once, at stop */
	bool is_stopping;
	bool is_quiet;
	uint64_t seed;
	uint64_t random;
	int64_t okta_in_flight;
	int64_t counters[COUNTER_COUNT];
	struct settings settings;
	struct people people;
	struct directory directory;
	struct rates bob_rates;
	struct rates okta_rates;
	struct waf waf;
	struct faults faults;
	struct calls calls;
	struct webhook *webhook; /* has a lock of its own, taken after this one */
};

struct sandbox_options {
	uint64_t seed;
	int64_t seed_people;
	const char *call_log; /* or NULL */
	bool is_quiet;
};

/* NULL when the call log cannot be opened (said on stderr). */
struct sandbox *sandbox_create(const struct sandbox_options *options) MUST_CHECK;
/* Wakes everyone who waits; calls that come later do not wait. */
void sandbox_stop(struct sandbox *sb);
void sandbox_destroy(struct sandbox *sb);

void sandbox_lock(struct sandbox *sb);
void sandbox_unlock(struct sandbox *sb);
/* Waits without the lock; returns early when the sandbox stops. */
void sandbox_wait(struct sandbox *sb, int64_t ms);

enum sandbox_keep { SANDBOX_KEEP_NOTHING = 0, SANDBOX_KEEP_SETTINGS = 1, SANDBOX_KEEP_WEBHOOK = 2 };
/* Back to the start, with `people` invented employees; `keep` is a set of sandbox_keep. */
void sandbox_reset(struct sandbox *sb, int64_t people, unsigned int keep);

/* The sandbox's day as days since 1970: the setting `today`, else the clock's in UTC. */
int64_t sandbox_today(const struct sandbox *sb);
json_t *sandbox_counters(const struct sandbox *sb);

#endif
