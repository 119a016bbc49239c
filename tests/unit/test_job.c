/* SPDX-License-Identifier: MIT */
/* Long work that can be left and come back to. */
#include "server/base/job.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "tests/support/suite.h"

#include <check.h>
#include <string.h>

#define DEADLINE_MS 20000

/* The work waits here until the test lets it go on. */
static struct {
	struct monitor monitor;
	bool may_end; /* protected by monitor */
	bool is_bad; /* set before the start */
	int entered; /* protected by monitor */
	int left;
	enum job_state kept;
	int given;
} stage;
static struct job job;
static atomic_bool outside;

static bool wait_for_the_test(struct job *mine, json_t **result, struct err *err)
{
	ck_assert_ptr_eq(job_owner(mine), &stage);
	job_phase(mine, "waiting");
	job_count(mine, 10, 3);
	monitor_lock(&stage.monitor);
	while (!stage.may_end && job_goes_on(mine, err)) {
		monitor_wait_until(&stage.monitor, clock_mono_ms() + 5);
	}
	monitor_unlock(&stage.monitor);
	if (stage.is_bad) {
		err_set(err, ERR_NETWORK, "nobody answers");
	}
	*result = json_pack("{s:s}", "found", "much");
	return !err_is_set(err);
}

static void keep(struct job *mine UNUSED, const struct job_look *ended)
{
	stage.kept = ended->state;
}

static void enter(void *owner UNUSED)
{
	stage.entered++;
}

static void leave(void *owner UNUSED)
{
	monitor_lock(&stage.monitor);
	stage.left++;
	monitor_unlock(&stage.monitor);
}

static void begin(struct job *mine UNUSED, void *given)
{
	stage.given = *(int *)given;
}

static bool start(const char *by, struct err *err)
{
	static int number = 7;
	json_t *query = json_pack("{s:i}", "days", 30);
	const struct job_order order = {.thread = "work",
	        .what = "a plan of everybody",
	        .by = by,
	        .query = query,
	        .stop = &outside,
	        .run = wait_for_the_test,
	        .owner = &stage,
	        .begin = begin,
	        .given = &number,
	        .keep = keep,
	        .enter = enter,
	        .leave = leave};
	bool is_started = job_start(&job, &order, err);
	json_decref(query);
	return is_started;
}

static void let_it_end(void)
{
	monitor_lock(&stage.monitor);
	stage.may_end = true;
	monitor_wake_all(&stage.monitor);
	monitor_unlock(&stage.monitor);
}

static void wait_until_ended(struct job_look *look)
{
	int64_t deadline_ms = clock_mono_ms() + DEADLINE_MS;
	monitor_lock(&stage.monitor);
	for (job_see(&job, look); look->state == JOB_RUNNING; job_see(&job, look)) {
		ck_assert_msg(clock_mono_ms() < deadline_ms, "the job does not end");
		monitor_wait_until(&stage.monitor, clock_mono_ms() + 5);
	}
	monitor_unlock(&stage.monitor);
}

static void set_up(void)
{
	ck_assert(monitor_init(&stage.monitor));
	ck_assert(job_init(&job));
	stage.may_end = stage.is_bad = false;
	stage.entered = stage.left = stage.given = 0;
	stage.kept = JOB_NONE;
	atomic_store(&outside, false);
}

static void tear_down(void)
{
	job_close(&job);
	ck_assert_int_eq(stage.left, stage.entered);
	job_finish(&job);
	monitor_finish(&stage.monitor);
}

static json_t *as_json(void)
{
	static const struct job_count_names NAMES = {"listed", "read"};
	json_t *json = job_json(&job, &NAMES);
	ck_assert_ptr_nonnull(json);
	return json;
}

START_TEST(one_that_was_never_begun_says_so)
{
	struct err err = ERR_INIT;
	json_t *json = as_json();
	ck_assert_str_eq(json_get_text(json, "state"), "none");
	ck_assert(json_is_null(json_object_get(json, "query")));
	ck_assert(json_is_null(json_object_get(json, "result")));
	json_decref(json);
	ck_assert(!job_stop(&job, "ada", &err));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
}
END_TEST

START_TEST(it_can_be_left_and_come_back_to)
{
	struct err err = ERR_INIT;
	struct job_look look;
	ck_assert(start("ada", &err));
	ck_assert_int_eq(stage.given, 7);
	let_it_end();
	wait_until_ended(&look);
	ck_assert_int_eq(look.state, JOB_DONE);
	ck_assert_int_eq(stage.kept, JOB_DONE);
	ck_assert_str_eq(look.phase, "");
	ck_assert_int_ge(look.ended_at_ms, look.begun_at_ms);
	json_t *json = as_json();
	ck_assert_str_eq(json_get_text(json, "state"), "done");
	ck_assert_str_eq(json_get_text(json, "by"), "ada");
	ck_assert_int_eq(json_get_int(json, "listed", 0), 10);
	ck_assert_int_eq(json_get_int(json, "read", 0), 3);
	ck_assert_int_eq(json_get_int(json_object_get(json, "query"), "days", 0), 30);
	ck_assert_str_eq(json_get_text(json_object_get(json, "result"), "found"), "much");
	json_decref(json);
}
END_TEST

START_TEST(one_at_a_time_and_who_comes_second_is_told_who_began)
{
	struct err err = ERR_INIT;
	struct job_look look;
	ck_assert(start("ada", &err));
	ck_assert(!start("ben", &err));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.text, "a plan of everybody runs already, begun by ada"));
	let_it_end();
	wait_until_ended(&look);
	err = (struct err)ERR_INIT;
	ck_assert_msg(start("ben", &err), "%s", err.text);
	wait_until_ended(&look);
	ck_assert_str_eq(look.by, "ben");
}
END_TEST

START_TEST(who_stops_it_is_named_and_nothing_comes_of_it)
{
	struct err err = ERR_INIT;
	struct job_look look;
	ck_assert(start("ada", &err));
	ck_assert(job_stop(&job, "ben", &err));
	wait_until_ended(&look);
	ck_assert_int_eq(look.state, JOB_STOPPED);
	ck_assert_str_eq(look.sentence, "stopped by ben before it was done");
	json_t *json = as_json();
	ck_assert(json_is_null(json_object_get(json, "result")));
	json_decref(json);
	/* What was stopped is no reason not to begin another. */
	err = (struct err)ERR_INIT;
	let_it_end();
	ck_assert(start("ada", &err));
	wait_until_ended(&look);
	ck_assert_int_eq(look.state, JOB_DONE);
}
END_TEST

START_TEST(a_failure_is_told_in_words)
{
	struct err err = ERR_INIT;
	struct job_look look;
	stage.is_bad = true;
	let_it_end();
	ck_assert(start("ada", &err));
	wait_until_ended(&look);
	ck_assert_int_eq(look.state, JOB_FAILED);
	ck_assert_str_eq(look.sentence, "nobody answers");
	ck_assert_int_eq(stage.kept, JOB_FAILED);
}
END_TEST

START_TEST(what_it_belongs_to_ends_it_and_lets_no_other_begin)
{
	struct err err = ERR_INIT;
	struct job_look look;
	ck_assert(start("ada", &err));
	atomic_store(&outside, true);
	wait_until_ended(&look);
	ck_assert_int_eq(look.state, JOB_STOPPED);
	ck_assert_str_eq(look.sentence, JOB_CLOSED);
	ck_assert(!start("ada", &err));
	ck_assert_int_eq(err.code, ERR_STOPPED);
}
END_TEST

START_TEST(closing_ends_and_waits)
{
	struct err err = ERR_INIT;
	struct job_look look;
	ck_assert(start("ada", &err));
	job_close(&job);
	job_see(&job, &look);
	ck_assert_int_eq(look.state, JOB_STOPPED);
	ck_assert_int_eq(stage.left, 1);
	ck_assert(!start("ada", &err));
	ck_assert_int_eq(err.code, ERR_STOPPED);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("job");
	TCase *tcase = tcase_create("job");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, one_that_was_never_begun_says_so);
	tcase_add_test(tcase, it_can_be_left_and_come_back_to);
	tcase_add_test(tcase, one_at_a_time_and_who_comes_second_is_told_who_began);
	tcase_add_test(tcase, who_stops_it_is_named_and_nothing_comes_of_it);
	tcase_add_test(tcase, a_failure_is_told_in_words);
	tcase_add_test(tcase, what_it_belongs_to_ends_it_and_lets_no_other_begin);
	tcase_add_test(tcase, closing_ends_and_waits);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
