/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_THREAD_H
#define SERVER_BASE_THREAD_H

/*
 * Named threads and waiting with monotonic deadlines. Every thread is joined;
 * none is detached. Signals are blocked in all of them (D13, G1).
 */

#include "server/base/attr.h"
#include "server/base/err.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* name is at most 15 bytes. */
bool thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *arg,
        struct err *err) MUST_CHECK;
void thread_join(pthread_t thread);

/* A mutex and a condition that waits on the monotonic clock. */
struct monitor {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
};

bool monitor_init(struct monitor *monitor) MUST_CHECK;
void monitor_finish(struct monitor *monitor);
void monitor_lock(struct monitor *monitor);
void monitor_unlock(struct monitor *monitor);
/* What is waited for is changed with the lock held; waking needs none. */
void monitor_wake_all(struct monitor *monitor);
/* With the lock held. */
void monitor_wait(struct monitor *monitor);
/* False when deadline_ms (clock_mono_ms) passed. */
bool monitor_wait_until(struct monitor *monitor, int64_t deadline_ms);

#endif
