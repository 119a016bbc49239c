/* SPDX-License-Identifier: MIT */
/*
 * What a store is after its process died: killed at any moment, or ended by
 * itself because a sync to the disk failed. Each test lets a child use the
 * store and die, and looks at what it left.
 */
#include "server/store/store.h"

#include "server/base/clock.h"
#include "server/base/str.h"
#include "tests/support/store_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the child tells the test, in memory both see. */
struct shared {
	atomic_int acknowledged;
	atomic_int refused; /* deliveries answered with ERR_STORE_FAILED */
	atomic_int fatal_calls;
	atomic_bool is_disk_broken;
	atomic_int failed_syncs;
	atomic_bool is_ready;
};
static struct shared *shared;

/*
 * Both syncs of libc, for the store's library too: the program's own come
 * first. While the disk is broken they fail as a dying disk does.
 */
static int sync_fd(long number, int fd)
{
	if (shared != NULL && atomic_load(&shared->is_disk_broken)) {
		atomic_fetch_add(&shared->failed_syncs, 1);
		errno = EIO;
		return -1;
	}
	return (int)syscall(number, fd);
}

int fsync(int fd)
{
	return sync_fd(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	return sync_fd(SYS_fdatasync, fd);
}

static void setup(void)
{
	store_fixture_url();
	shared = mmap(
	        NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(shared, MAP_FAILED);
}

static void teardown(void)
{
	store_fixture_clean();
	munmap(shared, sizeof(*shared));
	shared = NULL;
}

static int wait_for(pid_t child)
{
	int status = 0;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return status;
}

/* Runs the function in a child that is then killed without warning. */
static void run_and_kill(void (*run)(struct store *store))
{
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		run(store_fixture_open());
		kill(getpid(), SIGKILL);
	}
	int status = wait_for(child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* -------------------------------------------------------------- kill -9 */

static void note_append(void *context, enum err_code code)
{
	(void)context;
	if (code == ERR_OK) {
		atomic_fetch_add(&shared->acknowledged, 1);
	} else if (code == ERR_STORE_FAILED) {
		atomic_fetch_add(&shared->refused, 1);
	}
}

static void append(struct store *store, int number)
{
	char body[64];
	str_format_cut(body, sizeof(body), "{\"number\":%d}", number);
	if (store_append(store, "default", str_dup(body), strlen(body), note_append, NULL) !=
	        ERR_OK) {
		atomic_fetch_add(&shared->refused, 1);
	}
}

START_TEST(what_was_acknowledged_before_a_kill_is_there)
{
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		struct store *store = store_fixture_open();
		for (int i = 0;; i++) {
			append(store, i);
		}
	}
	int64_t deadline_ms = clock_mono_ms() + 20000;
	while (atomic_load(&shared->acknowledged) < 50 + 100 * _i) {
		ck_assert_int_lt(clock_mono_ms(), deadline_ms);
		ck_assert_int_eq(waitpid(child, NULL, WNOHANG), 0);
	}
	kill(child, SIGKILL);
	wait_for(child);
	struct store *store = store_fixture_open();
	struct store_counts counts;
	ck_assert(store_counts(store, "default", &counts, NULL));
	ck_assert_int_ge(counts.events[EVENT_RECEIVED], atomic_load(&shared->acknowledged));
	store_close(store);
}
END_TEST

static void mark(struct store *store, const char *employee_id)
{
	struct employee_key key = store_fixture_key(employee_id);
	ck_assert(store_employee_mark(store, &key, LANE_UPDATE, NULL, NULL));
}

static void leave_some_working(struct store *store)
{
	struct employee_list list;
	struct claim_query query = {.connection = "default",
	        .lane_at_most = LANE_SWEEP,
	        .limit = 3,
	        .now_ms = clock_wall_ms(),
	        .lease_ms = 60000};
	mark(store, "1");
	mark(store, "2");
	mark(store, "3");
	ck_assert(store_employee_claim(store, &query, &list, NULL));
	ck_assert_uint_eq(list.count, 3);
	for (size_t i = 0; i < list.count; i++) {
		const struct employee *employee = &list.items[i];
		if (str_equal(employee->key.employee_id, "2")) {
			ck_assert(store_employee_begin(
			        store, &employee->key, employee->lease_token, 60000, NULL));
		}
		if (str_equal(employee->key.employee_id, "3")) {
			struct intent intent =
			        store_fixture_intent(employee, ACTION_SUSPEND, LIMIT_LOWER);
			intent.sets_sessions_due = true;
			ck_assert_int_eq(
			        store_intent_open(store, &intent, NULL, NULL), INTENT_OPEN);
		}
	}
}

START_TEST(those_in_hand_are_suspected_and_open_intents_stay_open)
{
	static const struct {
		const char *employee_id;
		bool is_suspect;
		bool is_sessions_due;
	} wanted[] = {{"1", false, false}, {"2", true, false}, {"3", true, true}};
	run_and_kill(leave_some_working);
	struct store *store = store_fixture_open();
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		struct employee employee = store_fixture_get(store, wanted[i].employee_id);
		ck_assert_int_eq(employee.state, EMPLOYEE_DIRTY);
		ck_assert_int_eq(employee.is_suspect, wanted[i].is_suspect);
		ck_assert_int_eq(employee.crashes, 0); /* two were in hand: nobody was alone */
		ck_assert_int_eq(employee.is_sessions_due, wanted[i].is_sessions_due);
		ck_assert_int_eq(employee.lease_token, 0);
		/* Counted before the work, and given back where that never began. */
		ck_assert_int_eq(employee.attempts, i == 1 ? 1 : 0);
		employee_finish(&employee);
	}
	struct action_list open;
	ck_assert(store_intent_list_open(store, NULL, &open, NULL));
	ck_assert_uint_eq(open.count, 1);
	ck_assert_str_eq(open.items[0].intent.key.employee_id, "3");
	struct employee employee = store_fixture_claim(store, "3");
	struct outcome outcome = {.intent_id = open.items[0].intent.intent_id,
	        .lease_token = employee.lease_token,
	        .state = OUTCOME_DONE,
	        .is_resolved = true};
	ck_assert(store_intent_close(store, &outcome, &employee, NULL));
	employee_finish(&employee);
	employee = store_fixture_get(store, "3");
	ck_assert(!employee.is_suspect);
	employee_finish(&employee);
	action_list_finish(&open);
	store_close(store);
}
END_TEST

static void crash_in_hand(struct store *store)
{
	struct employee employee = store_fixture_claim(store, "1");
	employee_finish(&employee);
}

/* As often as that the process ends with this one alone in hand. */
static void crash_alone(int times)
{
	for (int i = 0; i < times; i++) {
		run_and_kill(crash_in_hand);
	}
}

static void make_dirty(const char *employee_id)
{
	struct store *store = store_fixture_open();
	mark(store, employee_id);
	store_close(store);
}

static void check_crashes(
        struct store *store, const char *employee_id, int crashes, bool is_suspect)
{
	struct employee employee = store_fixture_get(store, employee_id);
	ck_assert_int_eq(employee.crashes, crashes);
	ck_assert_int_eq(employee.is_suspect, is_suspect);
	employee_finish(&employee);
}

static size_t claim_count(struct store *store)
{
	struct claim_query query = {.connection = "default",
	        .lane_at_most = LANE_SWEEP,
	        .limit = 100,
	        .now_ms = clock_wall_ms(),
	        .lease_ms = 60000};
	struct employee_list list;
	ck_assert(store_employee_claim(store, &query, &list, NULL));
	size_t count = list.count;
	employee_list_finish(&list);
	return count;
}

START_TEST(any_outcome_forgets_the_crashes)
{
	make_dirty("1");
	crash_alone(2);
	struct store *store = store_fixture_open();
	check_crashes(store, "1", 2, true);
	struct employee employee = store_fixture_claim(store, "1");
	ck_assert(store_employee_finish(store, &employee, EMPLOYEE_DIRTY, NULL));
	employee_finish(&employee);
	check_crashes(store, "1", 0, false);
	store_close(store);
}
END_TEST

START_TEST(what_was_never_in_hand_proves_nothing)
{
	make_dirty("1");
	crash_alone(1);
	struct store *store = store_fixture_open();
	struct claim_query query = {.connection = "default",
	        .lane_at_most = LANE_SWEEP,
	        .limit = 1,
	        .now_ms = clock_wall_ms(),
	        .lease_ms = 60000};
	struct employee_list list;
	ck_assert(store_employee_claim(store, &query, &list, NULL));
	ck_assert_uint_eq(list.count, 1);
	ck_assert(list.items[0].is_suspect);
	ck_assert(store_employee_finish(store, &list.items[0], EMPLOYEE_DIRTY, NULL));
	employee_list_finish(&list);
	check_crashes(store, "1", 1, true);
	store_close(store);
}
END_TEST

START_TEST(after_three_nobody_works_on_it_until_it_is_released)
{
	make_dirty("1");
	crash_alone(3);
	struct store *store = store_fixture_open();
	struct employee_key key = store_fixture_key("1");
	struct hold_list holds;
	struct employee employee;
	struct err err = ERR_INIT;
	int64_t due_ms = 1;
	ck_assert(store_hold_list(store, NULL, &key, &holds, NULL));
	ck_assert_uint_eq(holds.count, 1);
	ck_assert_int_eq(holds.items[0].kind, HOLD_CRASH);
	hold_list_finish(&holds);
	mark(store, "1");
	mark(store, "2");
	ck_assert_uint_eq(claim_count(store), 1); /* the other one */
	ck_assert(store_next_due(store, "default", &due_ms, NULL));
	ck_assert_int_gt(due_ms, clock_wall_ms()); /* the lease of the other one */
	ck_assert(!store_employee_claim_one(store, &key, 60000, &employee, &err));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	struct hold_decision release = {.key = key, .kind = HOLD_CRASH, .by = "ada"};
	ck_assert(store_hold_release(store, &release, NULL));
	check_crashes(store, "1", 0, true); /* three more, alone, before the next hold */
	ck_assert_uint_eq(claim_count(store), 1);
	store_close(store);
}
END_TEST

START_TEST(a_clean_end_is_no_crash)
{
	make_dirty("1");
	struct store *store = store_fixture_open();
	struct employee employee = store_fixture_claim(store, "1");
	employee_finish(&employee);
	store_close(store);
	store = store_fixture_open();
	check_crashes(store, "1", 0, false);
	store_close(store);
}
END_TEST

/* ------------------------------------------------------------------ events */

static void crash_reading_the_second(struct store *store)
{
	struct event_list events;
	ck_assert(store_event_next(store, 10, &events, NULL));
	ck_assert(
	        store_event_begin(store, events.items[1].event_id, events.items[1].event_id, NULL));
}

static void crash_reading_nothing(struct store *store)
{
	struct event_list events;
	struct event_verdict verdict = {.state = EVENT_IGNORED};
	ck_assert(store_event_next(store, 10, &events, NULL));
	ck_assert(
	        store_event_begin(store, events.items[0].event_id, events.items[2].event_id, NULL));
	verdict.event_id = events.items[0].event_id;
	ck_assert(store_event_settle(store, &verdict, 1, NULL));
}

static void append_three(void)
{
	struct store *store = store_fixture_open();
	static const char *const bodies[] = {"{}", "{\"a\":1}", "{\"a\":2}"};
	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		ck_assert_int_eq(store_fixture_append(store, bodies[i]), ERR_OK);
	}
	store_close(store);
}

START_TEST(a_crash_counts_for_the_events_that_were_being_read)
{
	struct event_list events;
	append_three();
	run_and_kill(crash_reading_the_second);
	run_and_kill(crash_reading_nothing); /* settled: nothing is being read any more */
	struct store *store = store_fixture_open();
	ck_assert(store_event_next(store, 10, &events, NULL));
	ck_assert_uint_eq(events.count, 2);
	ck_assert_int_eq(events.items[0].crashes, 1);
	ck_assert_int_eq(events.items[1].crashes, 0);
	event_list_finish(&events);
	store_close(store);
}
END_TEST

START_TEST(an_event_set_aside_is_listed_and_read_again_when_asked_for)
{
	struct event_list events;
	struct store_counts counts;
	struct err err = ERR_INIT;
	append_three();
	for (int i = 0; i < 3; i++) {
		run_and_kill(crash_reading_the_second);
	}
	struct store *store = store_fixture_open();
	ck_assert(store_event_next(store, 10, &events, NULL));
	int64_t event_id = events.items[1].event_id;
	struct event_verdict verdict = {.event_id = event_id, .state = EVENT_UNUSABLE};
	ck_assert_int_eq(events.items[1].crashes, STORE_CRASHES_MAX);
	event_list_finish(&events);
	ck_assert(store_event_settle(store, &verdict, 1, NULL));
	ck_assert(store_counts(store, "default", &counts, NULL));
	ck_assert_int_eq(counts.events_aside, 1);
	ck_assert(store_event_aside(store, "default", 10, &events, NULL));
	ck_assert_uint_eq(events.count, 1);
	ck_assert_int_eq(events.items[0].event_id, event_id);
	event_list_finish(&events);
	struct event_retry retry = {"default", event_id, "ada"};
	ck_assert(store_event_retry(store, &retry, NULL));
	ck_assert(store_event_next(store, 10, &events, NULL));
	ck_assert_uint_eq(events.count, 3);
	ck_assert_int_eq(events.items[1].crashes, 0);
	event_list_finish(&events);
	ck_assert(!store_event_retry(store, &retry, &err)); /* it waits already */
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	retry.event_id = 999;
	ck_assert(!store_event_retry(store, &retry, &err));
	store_close(store);
}
END_TEST

/* ---------------------------------------------------------- a failed sync */

static void note_fatal(void *context)
{
	(void)context;
	atomic_fetch_add(&shared->fatal_calls, 1);
}

/* Keeps the writer thread until the next group is complete. */
static void hold_writer(void *context, enum err_code code)
{
	note_append(context, code);
	while (!atomic_load(&shared->is_ready)) {
		sched_yield();
	}
}

static struct store *open_with_fatal(void)
{
	struct err err = ERR_INIT;
	struct store *first = store_fixture_open();
	store_close(first);
	struct store_options options = {.url = store_fixture_url(),
	        .queue_max = 1000,
	        .on_fatal = note_fatal,
	        .keys = store_fixture_keys()};
	struct store *store = store_open(&options, &err);
	if (store == NULL) {
		_exit(99);
	}
	return store;
}

START_TEST(a_failed_sync_answers_everybody_and_ends_the_process)
{
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		struct store *store = open_with_fatal();
		if (store_append(store, "default", str_dup("first"), 5, hold_writer, NULL) !=
		        ERR_OK) {
			_exit(98);
		}
		while (atomic_load(&shared->acknowledged) == 0) {
			sched_yield();
		}
		for (int i = 1; i <= 20; i++) {
			append(store, i);
		}
		atomic_store(&shared->is_disk_broken, true);
		atomic_store(&shared->is_ready, true);
		/* Never returns well; the process ends on the writer thread. */
		if (store_value_set(store, "default", "x", "2", NULL)) {
			_exit(97);
		}
		for (;;) {
			pause();
		}
	}
	int status = wait_for(child);
	ck_assert_msg(
	        WIFEXITED(status) && WEXITSTATUS(status) == STORE_EXIT_FSYNC, "status %d", status);
	ck_assert_int_eq(atomic_load(&shared->acknowledged), 1);
	ck_assert_int_eq(atomic_load(&shared->refused), 20);
	ck_assert_int_eq(atomic_load(&shared->fatal_calls), 1);
	ck_assert_int_eq(atomic_load(&shared->failed_syncs), 1); /* never tried again */
	atomic_store(&shared->is_disk_broken, false);
	struct store *store = store_fixture_open();
	struct event_list events;
	ck_assert(store_event_next(store, 100, &events, NULL));
	ck_assert_uint_ge(events.count, 1); /* what was refused may be there, or not */
	ck_assert_str_eq(events.items[0].body, "first");
	event_list_finish(&events);
	store_close(store);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("store_crash");
	TCase *killed = tcase_create("killed");
	tcase_add_checked_fixture(killed, setup, teardown);
	tcase_set_timeout(killed, 60);
	tcase_add_loop_test(killed, what_was_acknowledged_before_a_kill_is_there, 0, 5);
	tcase_add_test(killed, those_in_hand_are_suspected_and_open_intents_stay_open);
	tcase_add_test(killed, any_outcome_forgets_the_crashes);
	tcase_add_test(killed, what_was_never_in_hand_proves_nothing);
	tcase_add_test(killed, after_three_nobody_works_on_it_until_it_is_released);
	tcase_add_test(killed, a_clean_end_is_no_crash);
	tcase_add_test(killed, a_crash_counts_for_the_events_that_were_being_read);
	tcase_add_test(killed, an_event_set_aside_is_listed_and_read_again_when_asked_for);
	suite_add_tcase(suite, killed);
	TCase *sync = tcase_create("failed_sync");
	tcase_add_checked_fixture(sync, setup, teardown);
	tcase_set_timeout(sync, 60);
	tcase_add_test(sync, a_failed_sync_answers_everybody_and_ends_the_process);
	suite_add_tcase(suite, sync);
	return suite;
}

int main(void)
{
	return suite_run(make_suite());
}
