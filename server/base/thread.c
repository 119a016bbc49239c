/* SPDX-License-Identifier: MIT */
#include "server/base/thread.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "server/base/str.h"

#define NAME_BYTES 16 /* the kernel's limit, NUL included */

/* Handed to the new thread, which frees it. */
struct beginning {
	char name[NAME_BYTES];
	void *(*run)(void *);
	void *arg;
};

/* A lock that cannot be taken means broken memory or a defect: nothing can be mended here. */
static void must(int code)
{
	if (code != 0) {
		abort();
	}
}

/* The name is set by the thread itself, so that its first log line carries it. */
static void *begin(void *arg)
{
	struct beginning *given = arg;
	struct beginning own = *given;
	free(given);
	pthread_setname_np(pthread_self(), own.name);
	return own.run(own.arg);
}

/* G2: the signals of a fault in the thread itself stay open. */
static void fill_blocked(sigset_t *blocked)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};
	sigfillset(blocked);
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		sigdelset(blocked, faults[i]);
	}
}

bool thread_start(
        pthread_t *thread, const char *name, void *(*run)(void *), void *arg, struct err *err)
{
	struct beginning *given = malloc(sizeof(*given));
	if (given == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for thread %s", name);
		return false;
	}
	*given = (struct beginning){.run = run, .arg = arg};
	str_format_cut(given->name, sizeof(given->name), "%s", name);
	sigset_t blocked;
	sigset_t before;
	fill_blocked(&blocked);
	must(pthread_sigmask(SIG_SETMASK, &blocked, &before));
	int code = pthread_create(thread, NULL, begin, given);
	must(pthread_sigmask(SIG_SETMASK, &before, NULL));
	if (code != 0) {
		free(given);
		err_set(err, ERR_NO_MEMORY, "thread %s cannot be started (errno %d)", name, code);
		return false;
	}
	return true;
}

void thread_join(pthread_t thread)
{
	must(pthread_join(thread, NULL));
}

bool monitor_init(struct monitor *monitor)
{
	if (pthread_mutex_init(&monitor->mutex, NULL) != 0) {
		return false;
	}
	if (pthread_cond_init(&monitor->cond, NULL) != 0) {
		pthread_mutex_destroy(&monitor->mutex);
		return false;
	}
	return true;
}

void monitor_finish(struct monitor *monitor)
{
	pthread_cond_destroy(&monitor->cond);
	pthread_mutex_destroy(&monitor->mutex);
}

void monitor_lock(struct monitor *monitor)
{
	must(pthread_mutex_lock(&monitor->mutex));
}

void monitor_unlock(struct monitor *monitor)
{
	must(pthread_mutex_unlock(&monitor->mutex));
}

void monitor_wake_all(struct monitor *monitor)
{
	must(pthread_cond_broadcast(&monitor->cond));
}

void monitor_wait(struct monitor *monitor)
{
	must(pthread_cond_wait(&monitor->cond, &monitor->mutex));
}

bool monitor_wait_until(struct monitor *monitor, int64_t deadline_ms)
{
	int64_t at_ms = deadline_ms > 0 ? deadline_ms : 0;
	struct timespec at = {
	        .tv_sec = at_ms / 1000,
	        .tv_nsec = at_ms % 1000 * 1000000,
	};
	/*
	 * clockwait names the clock at each wait. timedwait with a monotonic attribute is the same
	 * to glibc, but returns at once under libfaketime, which the date tests run with.
	 */
	int code = pthread_cond_clockwait(&monitor->cond, &monitor->mutex, CLOCK_MONOTONIC, &at);
	if (code == ETIMEDOUT) {
		return false;
	}
	must(code);
	return true;
}
