/* SPDX-License-Identifier: MIT */
#include "server/base/thread.h"

#include "server/base/clock.h"
#include "server/base/str.h"
#include "tests/support/suite.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>

struct shared {
	struct monitor monitor;
	bool is_ready; /* protected by monitor */
	int count; /* protected by monitor */
	char name[16];
	bool is_term_blocked;
	bool is_segv_blocked;
};

static void *note_name_and_mask(void *arg)
{
	struct shared *shared = arg;
	sigset_t mask;
	pthread_getname_np(pthread_self(), shared->name, sizeof(shared->name));
	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	shared->is_term_blocked = sigismember(&mask, SIGTERM) == 1;
	shared->is_segv_blocked = sigismember(&mask, SIGSEGV) == 1;
	return NULL;
}

START_TEST(threads_are_named_and_deaf_to_signals)
{
	struct shared shared = {0};
	struct err err = ERR_INIT;
	pthread_t thread;
	ck_assert(thread_start(
	        &thread, "a-name-that-is-too-long", note_name_and_mask, &shared, &err));
	thread_join(thread);
	ck_assert_str_eq(shared.name, "a-name-that-is-");
	ck_assert(shared.is_term_blocked);
	ck_assert(!shared.is_segv_blocked);
	sigset_t mask;
	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	ck_assert_int_eq(sigismember(&mask, SIGTERM), 0);
}
END_TEST

static void *count_up(void *arg)
{
	struct shared *shared = arg;
	for (int i = 0; i < 1000; i++) {
		monitor_lock(&shared->monitor);
		shared->count++;
		monitor_unlock(&shared->monitor);
	}
	return NULL;
}

START_TEST(a_monitor_excludes)
{
	struct shared shared = {0};
	pthread_t threads[4];
	ck_assert(monitor_init(&shared.monitor));
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		ck_assert(thread_start(&threads[i], "count", count_up, &shared, NULL));
	}
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		thread_join(threads[i]);
	}
	ck_assert_int_eq(shared.count, 4000);
	monitor_finish(&shared.monitor);
}
END_TEST

static void *make_ready(void *arg)
{
	struct shared *shared = arg;
	monitor_lock(&shared->monitor);
	shared->is_ready = true;
	monitor_wake_all(&shared->monitor);
	monitor_unlock(&shared->monitor);
	return NULL;
}

START_TEST(waiters_are_woken)
{
	struct shared shared = {0};
	pthread_t thread;
	ck_assert(monitor_init(&shared.monitor));
	monitor_lock(&shared.monitor);
	ck_assert(thread_start(&thread, "ready", make_ready, &shared, NULL));
	while (!shared.is_ready) {
		monitor_wait(&shared.monitor);
	}
	monitor_unlock(&shared.monitor);
	thread_join(thread);
	monitor_finish(&shared.monitor);
}
END_TEST

START_TEST(waiting_ends_at_the_deadline)
{
	struct shared shared = {0};
	ck_assert(monitor_init(&shared.monitor));
	int64_t deadline_ms = clock_mono_ms() + 30;
	monitor_lock(&shared.monitor);
	while (monitor_wait_until(&shared.monitor, deadline_ms)) {
		/* A wake-up nobody sent is allowed. */
	}
	ck_assert(clock_mono_ms() >= deadline_ms);
	ck_assert(!monitor_wait_until(&shared.monitor, -5));
	monitor_unlock(&shared.monitor);
	monitor_finish(&shared.monitor);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("thread");
	TCase *threads = tcase_create("threads");
	tcase_add_test(threads, threads_are_named_and_deaf_to_signals);
	suite_add_tcase(suite, threads);
	TCase *monitors = tcase_create("monitors");
	tcase_add_test(monitors, a_monitor_excludes);
	tcase_add_test(monitors, waiters_are_woken);
	tcase_add_test(monitors, waiting_ends_at_the_deadline);
	suite_add_tcase(suite, monitors);
	return suite_run(suite);
}
