/* SPDX-License-Identifier: MIT */
/* A poison event: the process ends on it three times, and then no more (engine rule 6). */
#include "server/engine/parts.h"

#include "server/base/str.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static struct engine_fixture fixture;
static int parsed; /* in this process */

static void parse_poison(const char *body, size_t len, const char *company_id,
        int64_t received_at_ms, struct event_verdict *verdict)
{
	(void)len;
	(void)company_id;
	(void)received_at_ms;
	if (strstr(body, "poison") != NULL) {
		abort();
	}
	parsed++;
	verdict->state = EVENT_IGNORED;
	verdict->lane = LANE_SWEEP;
}

/* The store is closed in between, so that each process opens it as its own. */
static void set_up(void)
{
	engine_fixture_start(&fixture, NULL);
}

static void tear_down(void)
{
	engine_fixture_stop(&fixture);
}

static void turn(struct store *store)
{
	struct engine_options options = {.settings = fixture.settings,
	        .store = store,
	        .workers = 2,
	        .plain = TRANSPORT_PLAIN_ON_LOOPBACK,
	        .parse_event = parse_poison};
	struct engine *engine = engine_create(&options, NULL);
	struct dispatcher *dispatcher = dispatcher_open(engine, NULL);

	ck_assert_ptr_nonnull(dispatcher);
	engine_notify_stored(engine);
	dispatcher_turn(dispatcher);
	dispatcher_close(dispatcher);
	engine_destroy(engine);
}

/* A turn also asks Okta whether it is there. */
static void answer_probe(void)
{
	engine_fixture_answer(&fixture, "GET", "/me",
	        engine_fixture_user(FIXTURE_OKTA_ID, "ACTIVE", FIXTURE_LOGIN, ""));
}

/* The child starts threads beside those of the fixture, which it does not have. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
	return "die_after_fork=0";
}

static void crash_once(void)
{
	pid_t child = fork();
	int status = 0;

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		const struct rlimit none = {0, 0};
		setrlimit(RLIMIT_CORE, &none);
		turn(store_fixture_open());
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static int64_t waiting(struct store *store)
{
	struct store_counts counts;

	ck_assert(store_counts(store, "default", &counts, NULL));
	return counts.events[EVENT_RECEIVED];
}

static void expect_waiting(int64_t wanted)
{
	/* As the crash left it, and as the next process finds it. */
	struct store *store = store_fixture_open();
	ck_assert_int_eq(waiting(store), wanted);
	store_close(store);
}

START_TEST(an_event_that_ends_the_process_is_set_aside_after_three)
{
	static const char *const bodies[] = {"a", "b", "poison", "c", "d"};
	struct event_list events;

	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		ck_assert_int_eq(store_fixture_append(fixture.store, bodies[i]), ERR_OK);
	}
	store_close(fixture.store);
	crash_once(); /* all five together */
	expect_waiting(5);
	crash_once(); /* one by one: those before it are done with */
	expect_waiting(3);
	crash_once();
	fixture.store = store_fixture_open();
	answer_probe();
	turn(fixture.store);
	ck_assert_int_eq(waiting(fixture.store), 0);
	ck_assert_int_eq(parsed, 2);
	ck_assert(store_event_aside(fixture.store, "default", 10, &events, NULL));
	ck_assert_uint_eq(events.count, 1);
	ck_assert_ptr_nonnull(strstr(events.items[0].reason, "by hand"));
	/* Delivered once more it is not read either. */
	event_list_finish(&events);
	ck_assert_int_eq(store_fixture_append(fixture.store, "poison"), ERR_OK);
	answer_probe();
	turn(fixture.store);
	ck_assert_int_eq(waiting(fixture.store), 0);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("engine_dispatcher");
	TCase *tcase = tcase_create("engine_dispatcher");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, an_event_that_ends_the_process_is_set_aside_after_three);
	suite_add_tcase(suite, tcase);
	return suite;
}

int main(void)
{
	return suite_run(make_suite());
}
