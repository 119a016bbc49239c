/* SPDX-License-Identifier: MIT */
/* Evaluators under hostile programs, sudden deaths and threads (server/evaluator/). */
#include "server/evaluator/evaluator.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/metrics.h"
#include "server/base/str.h"
#include "server/base/thread.h"
#include "server/evaluator/confine.h"
#include "server/evaluator/wire.h"
#include "tests/support/evaluator_fixture.h"
#include "tests/support/sample.h"
#include "tests/support/suite.h"

#include <check.h>
#include <dirent.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HOSTILE "tests/data/mapping/hostile.json"
#define PERSON  "{\"id\": \"7\", \"firstName\": \"Ada\", \"surname\": \"King\"}"
#define BUSY    "def f: f; f"

static json_t *rows;

/* ------------------------------------------------------------------ /proc */

static bool read_proc(int pid, const char *name, char *to, size_t size)
{
	char path[64];
	str_format_cut(path, sizeof(path), "/proc/%d/%s", pid, name);
	FILE *file = fopen(path, "re");
	if (file == NULL) {
		return false;
	}
	to[fread(to, 1, size - 1, file)] = '\0';
	fclose(file);
	return true;
}

static int parent_of(int pid)
{
	char text[4096];
	const char *line =
	        read_proc(pid, "status", text, sizeof(text)) ? strstr(text, "\nPPid:\t") : NULL;
	return line != NULL ? (int)strtol(line + strlen("\nPPid:\t"), NULL, 10) : -1;
}

/* Children of parent that are running or ended and not asked after; pids has room for 8. */
static size_t find_children(int parent, int pids[8])
{
	size_t count = 0;
	DIR *proc = opendir("/proc");
	ck_assert_ptr_nonnull(proc);
	for (const struct dirent *entry = readdir(proc); entry != NULL; entry = readdir(proc)) {
		int pid = (int)strtol(entry->d_name, NULL, 10);
		if (pid > 0 && count < 8 && parent_of(pid) == parent) {
			pids[count++] = pid;
		}
	}
	closedir(proc);
	return count;
}

static int only_child(int parent);

/* The process's child is the keeper; its child the spawner; its children are evaluators. */
static int spawner_pid(void)
{
	return only_child(only_child(getpid()));
}

static int only_child(int parent)
{
	int pids[8];
	ck_assert_uint_eq(find_children(parent, pids), 1);
	return pids[0];
}

static size_t count_fds(int pid)
{
	char path[64];
	size_t count = 0;
	str_format_cut(path, sizeof(path), "/proc/%d/fd", pid);
	DIR *fds = opendir(path);
	ck_assert_msg(fds != NULL, "%s", path);
	for (const struct dirent *entry = readdir(fds); entry != NULL; entry = readdir(fds)) {
		count += entry->d_name[0] != '.' ? 1U : 0U;
	}
	closedir(fds);
	return count;
}

/* --------------------------------------------------------------- hostile */

static const char *word_of(enum evaluation_state state)
{
	static const char *const words[] = {"value", "failed", "stopped", "off", "again"};
	return words[state];
}

static bool is_among(const json_t *words, const char *word)
{
	for (size_t i = 0; i < json_array_size(words); i++) {
		if (str_equal(json_string_value(json_array_get(words, i)), word)) {
			return true;
		}
	}
	return false;
}

/* Without a limit on memory some only end as innocent ones do. */
static const json_t *ends_of(const json_t *row)
{
	const json_t *strict = json_object_get(row, "strict");
	return strict != NULL && !CONFINE_IS_LAX ? strict : json_object_get(row, "ends");
}

static void expect_ada(const struct evaluation *result, const char *name)
{
	ck_assert_msg(result->state == EVALUATION_VALUE &&
	                str_equal(json_string_value(result->value), "ada"),
	        "%s: the innocent one: %s %s", name, word_of(result->state), result->reason);
}

/* Between two innocent programs, for two people; whoever is next is served as well. */
START_TEST(a_hostile_program_ends_as_it_should)
{
	const json_t *row = json_array_get(rows, (size_t)_i);
	const char *name = json_get_text(row, "name");
	const char *const programs[] = {
	        ".firstName | lower", json_get_text(row, "expr"), "\"ada\""};
	const bool is_bad = is_among(json_object_get(row, "ends"), "bad");
	struct evaluator_fixture fixture;
	evaluator_fixture_init(&fixture, programs, 3);
	const char *complaint = evaluator_fixture_complaint(&fixture, 1);
	ck_assert_msg((complaint[0] != '\0') == is_bad, "%s: %s", name, complaint);
	for (int person = 1; person <= 2; person++) {
		const struct evaluation *results =
		        evaluator_fixture_run_all(&fixture, person == 1 ? "1" : "2", PERSON);
		expect_ada(&results[0], name);
		expect_ada(&results[2], name);
		const char *end = is_bad && results[1].state == EVALUATION_FAILED
		        ? "bad"
		        : word_of(results[1].state);
		ck_assert_msg(
		        is_among(ends_of(row), end), "%s: %s %s", name, end, results[1].reason);
		const json_t *value = json_object_get(row, "value");
		ck_assert_msg(value == NULL || json_equal(results[1].value, value), "%s", name);
		ck_assert((results[1].state == EVALUATION_VALUE) == (results[1].value != NULL));
		ck_assert((results[1].state == EVALUATION_VALUE) == (results[1].reason[0] == '\0'));
	}
	evaluator_fixture_finish(&fixture);
}
END_TEST

START_TEST(hostile_programs_together_do_not_hide_one_another)
{
	const char *const programs[] = {"1 +", "[recurse(.)]", "\"ada\"", BUSY, "frob", "\"a"};
	struct evaluator_fixture fixture;
	evaluator_fixture_init(&fixture, programs, 6);
	ck_assert_str_eq(evaluator_fixture_complaint(&fixture, 0), "line 1: it ends too early");
	ck_assert_str_eq(evaluator_fixture_complaint(&fixture, 4),
	        "line 1, column 1: frob/0 is not defined");
	ck_assert_str_eq(evaluator_fixture_complaint(&fixture, 5),
	        "line 1, column 1: a text in quotation marks does not end");
	const struct evaluation *results = evaluator_fixture_run_all(&fixture, "1", PERSON);
	ck_assert_int_eq(results[1].state, EVALUATION_STOPPED);
	ck_assert_int_eq(results[3].state, EVALUATION_STOPPED);
	expect_ada(&results[2], "together");
	evaluator_fixture_finish(&fixture);
}
END_TEST

START_TEST(a_complaint_names_the_line_of_the_program)
{
	const char *const programs[] = {".a", ".a |\n# a comment\n  frobnicate |\n.b", ".a\n| ]"};
	struct evaluator_fixture fixture;
	evaluator_fixture_init(&fixture, programs, 3);
	ck_assert_str_eq(evaluator_fixture_complaint(&fixture, 1),
	        "line 3, column 3: frobnicate/0 is not defined");
	ck_assert_str_eq(evaluator_fixture_complaint(&fixture, 2),
	        "line 2, column 3: a bracket is closed that was not opened");
	evaluator_fixture_finish(&fixture);
}
END_TEST

START_TEST(a_hundred_thousand_brackets_are_too_many)
{
	static char deep[15001];
	static char endless[100001];
	memset(deep, '[', sizeof(deep) - 1);
	memset(endless, '(', sizeof(endless) - 1);
	const char *const programs[] = {deep, endless, "\"ada\""};
	struct evaluator_fixture fixture;
	evaluator_fixture_init(&fixture, programs, 3);
	ck_assert_str_eq(evaluator_fixture_complaint(&fixture, 0),
	        "line 1, column 201: brackets are nested too deep");
	ck_assert_str_eq(evaluator_fixture_complaint(&fixture, 1), "it is over 16384 bytes");
	expect_ada(&evaluator_fixture_run_all(&fixture, "1", PERSON)[2], "brackets");
	evaluator_fixture_finish(&fixture);
}
END_TEST

/* ---------------------------------------------------------------- limits */

START_TEST(a_program_is_off_after_three_people)
{
	const char *const programs[] = {BUSY, "\"ada\""};
	struct evaluator_fixture fixture;
	evaluator_fixture_init(&fixture, programs, 2);
	const char *const people[] = {"1", "2", "1", "2", "3"};
	for (size_t i = 0; i < ARRAY_SIZE(people); i++) {
		const struct evaluation *result =
		        evaluator_fixture_run(&fixture, 0, people[i], PERSON);
		ck_assert_int_eq(result->state, EVALUATION_STOPPED);
		ck_assert_str_eq(result->reason, "it took over 50 ms, so it was stopped");
	}
	double errors = metrics_get(METRIC_LOG_ERRORS, NULL);
	ck_assert_int_eq(evaluator_fixture_run(&fixture, 0, "4", PERSON)->state, EVALUATION_OFF);
	ck_assert_int_eq(evaluator_fixture_run(&fixture, 0, "1", PERSON)->state, EVALUATION_OFF);
	ck_assert_double_eq(errors, metrics_get(METRIC_LOG_ERRORS, NULL));
	/* What is off is an alarm, which whoever looks after alarms asks for. */
	ck_assert_double_eq(errors, 0);
	ck_assert_uint_eq(evaluator_pool_off(fixture.pool), 1);
	expect_ada(evaluator_fixture_run(&fixture, 1, "4", PERSON), "off");
	ck_assert_double_eq(metrics_get(METRIC_EXPRESSIONS, LABELS("stopped")), 5);
	ck_assert_double_eq(metrics_get(METRIC_EXPRESSIONS, LABELS("off")), 2);
	evaluator_fixture_finish(&fixture);
}
END_TEST

START_TEST(a_stop_comes_soon)
{
	const char *const programs[] = {BUSY};
	struct evaluator_fixture fixture;
	evaluator_fixture_init(&fixture, programs, 1);
	(void)evaluator_fixture_complaint(&fixture, 0);
	int64_t begun_ms = clock_mono_ms();
	(void)evaluator_fixture_run(&fixture, 0, "1", PERSON);
	/* 50 ms of its time; of ours far more where the machine is full, but an end there is. */
	ck_assert_int_lt(clock_mono_ms() - begun_ms, 10 * EVALUATOR_WALL_MS);
	evaluator_fixture_finish(&fixture);
}
END_TEST

START_TEST(memory_is_named_as_the_cause)
{
	/* Not much work, and more memory than there is. */
	const char *const programs[] = {
	        "reduce range(24) as $i (\"xxxxxxxx\"; . + .) | length", "\"ada\""};
	struct evaluator_fixture fixture;
	evaluator_fixture_init(&fixture, programs, 2);
	/* In one that served others it gets another try first; that changes nothing here. */
	expect_ada(evaluator_fixture_run(&fixture, 1, "1", PERSON), "before");
	expect_ada(evaluator_fixture_run(&fixture, 1, "2", PERSON), "before");
	const struct evaluation *result = evaluator_fixture_run(&fixture, 0, "1", PERSON);
	if (!CONFINE_IS_LAX) {
		ck_assert_int_eq(result->state, EVALUATION_STOPPED);
		ck_assert_str_eq(result->reason, "it needed too much memory, so it was stopped");
	}
	evaluator_fixture_finish(&fixture);
}
END_TEST

/* What it asked for: what of it is resident is also a matter of how short the machine is of memory.
 */
static long heap_kib(int pid)
{
	char text[4096];
	ck_assert(read_proc(pid, "status", text, sizeof(text)));
	const char *line = strstr(text, "\nVmData:");
	ck_assert_ptr_nonnull(line);
	return strtol(line + strlen("\nVmData:"), NULL, 10);
}

/* A few bytes a person would be blamed on whoever comes last. */
START_TEST(an_evaluator_does_not_grow)
{
	const char *const programs[] = {
	        "[.firstName, .surname] | join_nonempty(\" \") | lower, (1 | slug(\"-\")) | empty",
	        "\"020 7946 0958\" | phone_e164(\"GB\") | truncate(5) | proper_case([\"a\"])",
	        "\"2026-11-23\" | date_add(1) | days_between(\"2026-11-23\")", ".a | upper",
	        "[] | lower"};
	struct evaluator_fixture fixture;
	evaluator_fixture_init(&fixture, programs, ARRAY_SIZE(programs));
	int people = CONFINE_IS_LAX ? 100 : 6000;
	long before = 0;
	for (int i = 0; i < people; i++) {
		(void)evaluator_fixture_run_all(&fixture, "1", PERSON);
		if (i == people / 10) {
			before = heap_kib(only_child(spawner_pid()));
		}
	}
	long after = heap_kib(only_child(spawner_pid()));
	ck_assert_msg(CONFINE_IS_LAX || after - before < 300, "%ld KiB, then %ld", before, after);
	evaluator_fixture_finish(&fixture);
}
END_TEST

START_TEST(a_record_that_is_too_large_is_no_programs_fault)
{
	const char *const programs[] = {"\"ada\"", ".a | length"};
	struct evaluator_fixture fixture;
	evaluator_fixture_init(&fixture, programs, 2);
	char *large = malloc(EVALUATOR_INPUT_MAX_BYTES + 100);
	ck_assert_ptr_nonnull(large);
	memset(large, 'x', EVALUATOR_INPUT_MAX_BYTES + 100);
	memcpy(large, "{\"a\":\"", 6);
	memcpy(large + EVALUATOR_INPUT_MAX_BYTES, "\"}", 3);
	const struct evaluation *result = evaluator_fixture_run(&fixture, 0, "1", large);
	ck_assert_int_eq(result->state, EVALUATION_FAILED);
	ck_assert_str_eq(result->reason, "the person's record is too large");
	memcpy(large + EVALUATOR_INPUT_MAX_BYTES - 2, "\"}", 3);
	result = evaluator_fixture_run(&fixture, 1, "1", large);
	ck_assert_msg(result->state == EVALUATION_VALUE, "%s", result->reason);
	ck_assert_int_eq(json_integer_value(result->value), EVALUATOR_INPUT_MAX_BYTES - 8);
	free(large);
	evaluator_fixture_finish(&fixture);
}
END_TEST

/* ----------------------------------------------------------- confinement */

START_TEST(an_evaluator_is_locked_in)
{
	const char *const programs[] = {"\"ada\""};
	char text[4096];
	struct evaluator_fixture fixture;
	ck_assert_int_eq(setenv("BOB2OKTA_TOKEN", "secret", 1), 0);
	evaluator_fixture_init(&fixture, programs, 1);
	expect_ada(evaluator_fixture_run(&fixture, 0, "1", PERSON), "locked in");
	int spawner = spawner_pid();
	int pid = only_child(spawner);
	ck_assert(read_proc(pid, "environ", text, sizeof(text)));
	ck_assert_str_eq(text, "");
	ck_assert(read_proc(spawner, "environ", text, sizeof(text)));
	ck_assert_str_eq(text, "");
	ck_assert(read_proc(pid, "cmdline", text, sizeof(text)));
	ck_assert_str_eq(text, WIRE_SPAWNER_NAME);
	ck_assert_uint_eq(count_fds(pid), CONFINE_IS_LAX ? 2 : 1);
	ck_assert(read_proc(pid, "limits", text, sizeof(text)));
	ck_assert_ptr_nonnull(strstr(text, "Max core file size        0 "));
	ck_assert_ptr_nonnull(strstr(text, "Max processes             0 "));
	ck_assert_ptr_nonnull(strstr(text, "Max file size             0 "));
	ck_assert(read_proc(pid, "status", text, sizeof(text)));
	if (!CONFINE_IS_LAX) {
		ck_assert_ptr_nonnull(strstr(text, "\nSeccomp:\t2\n"));
		ck_assert_ptr_nonnull(strstr(text, "\nNoNewPrivs:\t1\n"));
		ck_assert(read_proc(pid, "limits", text, sizeof(text)));
		ck_assert_ptr_null(strstr(text, "Max address space         unlimited"));
	}
	evaluator_fixture_finish(&fixture);
}
END_TEST

START_TEST(nothing_is_left_behind)
{
	const char *const programs[] = {BUSY, "\"ada\""};
	int pids[8];
	size_t fds = count_fds(getpid());
	for (int round = 0; round < 3; round++) {
		struct evaluator_fixture fixture;
		evaluator_fixture_init(&fixture, programs, 2);
		(void)evaluator_fixture_run_all(&fixture, "1", PERSON);
		(void)evaluator_fixture_run_all(&fixture, "2", PERSON);
		/* One evaluator, idle; those that were stopped are not even zombies. */
		(void)only_child(spawner_pid());
		ck_assert_double_eq(metrics_get(METRIC_EVALUATORS, NULL), 1);
		evaluator_fixture_finish(&fixture);
		ck_assert_uint_eq(find_children(getpid(), pids), 0);
	}
	ck_assert_uint_eq(count_fds(getpid()), fds);
	ck_assert_double_eq(metrics_get(METRIC_EVALUATORS, NULL), 0);
}
END_TEST

/* ---------------------------------------------------------------- deaths */

START_TEST(a_killed_evaluator_is_replaced)
{
	const char *const programs[] = {"\"ada\""};
	struct evaluator_fixture fixture;
	evaluator_fixture_init(&fixture, programs, 1);
	for (int round = 0; round < 3; round++) {
		expect_ada(evaluator_fixture_run(&fixture, 0, "1", PERSON), "before");
		ck_assert_int_eq(kill(only_child(spawner_pid()), SIGKILL), 0);
	}
	expect_ada(evaluator_fixture_run(&fixture, 0, "1", PERSON), "after");
	evaluator_fixture_finish(&fixture);
}
END_TEST

START_TEST(without_a_spawner_nothing_is_known)
{
	const char *const programs[] = {"\"ada\""};
	struct err err = ERR_INIT;
	struct evaluation result;
	struct evaluator_fixture fixture;
	evaluator_fixture_init(&fixture, programs, 1);
	expect_ada(evaluator_fixture_run(&fixture, 0, "1", PERSON), "before");
	ck_assert_int_eq(kill(only_child(getpid()), SIGKILL), 0);
	/* The evaluator that is there dies with the spawner, but not at that moment. */
	int64_t until_ms = clock_mono_ms() + 5000;
	const struct evaluation *after = NULL;
	do {
		after = evaluator_fixture_run(&fixture, 0, "1", PERSON);
	} while (after->state == EVALUATION_VALUE && clock_mono_ms() < until_ms);
	for (int round = 0; round < 3; round++) {
		after = evaluator_fixture_run(&fixture, 0, "1", PERSON);
		ck_assert_int_eq(after->state, EVALUATION_AGAIN);
		ck_assert_str_ne(after->reason, "");
	}
	ck_assert_double_eq(metrics_get(METRIC_LOG_ERRORS, NULL), 1);
	ck_assert(evaluator_pool_is_away(fixture.pool));
	ck_assert(!evaluator_pool_compile(fixture.pool, &result, &err));
	ck_assert(err_is_set(&err));
	evaluator_fixture_finish(&fixture);
}
END_TEST

/* Its evaluators die with it; the keeper starts another one, which makes new ones. */
START_TEST(a_spawner_that_dies_is_started_again)
{
	const char *const programs[] = {"\"ada\""};
	struct evaluator_fixture fixture;
	evaluator_fixture_init(&fixture, programs, 1);
	for (int round = 0; round < 3; round++) {
		int64_t until_ms = clock_mono_ms() + 20000;
		const struct evaluation *after = evaluator_fixture_run(&fixture, 0, "1", PERSON);
		while (after->state != EVALUATION_VALUE && clock_mono_ms() < until_ms) {
			after = evaluator_fixture_run(&fixture, 0, "1", PERSON);
		}
		expect_ada(after, "with a new one");
		int killed = spawner_pid();
		ck_assert_int_eq(kill(killed, SIGKILL), 0);
		while (parent_of(killed) > 0 && clock_mono_ms() < until_ms) {
			sched_yield();
		}
	}
	/* Nobody has to evaluate anything for it to be known. */
	int64_t until_ms = clock_mono_ms() + 20000;
	while (evaluator_pool_is_away(fixture.pool) && clock_mono_ms() < until_ms) {
		sched_yield();
	}
	ck_assert(!evaluator_pool_is_away(fixture.pool));
	evaluator_fixture_finish(&fixture);
}
END_TEST

START_TEST(signals_to_all_do_not_end_them)
{
	const char *const programs[] = {"\"ada\""};
	struct evaluator_fixture fixture;
	evaluator_fixture_init(&fixture, programs, 1);
	expect_ada(evaluator_fixture_run(&fixture, 0, "1", PERSON), "before");
	int spawner = spawner_pid();
	int pid = only_child(spawner);
	ck_assert_int_eq(kill(pid, SIGTERM), 0);
	ck_assert_int_eq(kill(spawner, SIGTERM), 0);
	ck_assert_int_eq(kill(spawner, SIGINT), 0);
	expect_ada(evaluator_fixture_run(&fixture, 0, "1", PERSON), "after");
	ck_assert_int_eq(only_child(spawner_pid()), pid);
	evaluator_fixture_finish(&fixture);
}
END_TEST

/* It does not get on and uses no time: a machine that is too busy looks the same. */
START_TEST(one_that_stands_still_is_given_another_try)
{
	const char *const programs[] = {"\"ada\""};
	struct evaluator_fixture fixture;
	evaluator_fixture_init(&fixture, programs, 1);
	expect_ada(evaluator_fixture_run(&fixture, 0, "1", PERSON), "before");
	ck_assert_int_eq(kill(only_child(spawner_pid()), SIGSTOP), 0);
	expect_ada(evaluator_fixture_run(&fixture, 0, "1", PERSON), "after");
	evaluator_fixture_finish(&fixture);
}
END_TEST

START_TEST(a_spawner_that_is_none_is_refused)
{
	struct err err = ERR_INIT;
	ck_assert_ptr_null(evaluator_spawner_start("/bin/true", &err));
	ck_assert_int_eq(err.code, ERR_INTERNAL);
	err_clear(&err);
	ck_assert_ptr_null(evaluator_spawner_start("/does/not/exist", &err));
	ck_assert(err_is_set(&err));
	evaluator_spawner_stop(NULL);
	evaluator_pool_destroy(NULL);
}
END_TEST

START_TEST(a_pool_may_be_empty_or_have_no_spawner)
{
	struct err err = ERR_INIT;
	struct evaluation result;
	const char *const programs[] = {"1"};
	const bool is_asked[] = {true};
	struct evaluator_pool *pool = evaluator_pool_create(NULL, NULL, 0, &err);
	ck_assert_ptr_nonnull(pool);
	ck_assert(evaluator_pool_compile(pool, NULL, &err));
	evaluator_pool_destroy(pool);
	pool = evaluator_pool_create(NULL, programs, 1, &err);
	ck_assert_ptr_nonnull(pool);
	struct evaluator evaluator = evaluator_pool_interface(pool);
	json_t *input = json_object();
	evaluator.evaluate(evaluator.context, "1", input, is_asked, &result);
	ck_assert_int_eq(result.state, EVALUATION_AGAIN);
	json_decref(input);
	evaluator_pool_destroy(pool);
}
END_TEST

/* --------------------------------------------------------------- threads */

#define THREADS 4
#define ROUNDS  50

struct worker {
	pthread_t thread;
	struct evaluator evaluator;
	int number;
	int mistakes;
};

/* Each thread's own input comes back to it; one program is stopped for some people. */
static void *work(void *argument)
{
	struct worker *worker = argument;
	char id[16];
	for (int round = 0; round < ROUNDS; round++) {
		struct evaluation results[3] = {0};
		const bool is_asked[] = {true, round % 25 == 24, true};
		str_format_cut(id, sizeof(id), "%d-%d", worker->number, round);
		json_t *input = json_pack("{s:s}", "id", id);
		worker->evaluator.evaluate(worker->evaluator.context, id, input, is_asked, results);
		bool is_right = results[0].state == EVALUATION_VALUE &&
		        str_equal(json_string_value(results[0].value), id) &&
		        results[2].state == EVALUATION_VALUE &&
		        (!is_asked[1] || results[1].state == EVALUATION_STOPPED ||
		                results[1].state == EVALUATION_OFF);
		worker->mistakes += is_right ? 0 : 1;
		for (size_t i = 0; i < ARRAY_SIZE(results); i++) {
			json_decref(results[i].value);
		}
		json_decref(input);
	}
	return NULL;
}

START_TEST(threads_share_a_pool)
{
	const char *const programs[] = {".id", BUSY, "[.id | lower, upper, slug] | length"};
	struct worker workers[THREADS];
	struct err err = ERR_INIT;
	struct evaluator_fixture fixture;
	evaluator_fixture_init(&fixture, programs, 3);
	for (int i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){
		        .evaluator = evaluator_pool_interface(fixture.pool),
		        .number = i,
		};
		ck_assert(thread_start(&workers[i].thread, "test-worker", work, &workers[i], &err));
	}
	for (int i = 0; i < THREADS; i++) {
		thread_join(workers[i].thread);
		ck_assert_int_eq(workers[i].mistakes, 0);
	}
	evaluator_fixture_finish(&fixture);
}
END_TEST

int main(void)
{
	rows = sample_load(HOSTILE);
	Suite *suite = suite_create("evaluator");
	TCase *hostile = tcase_create("hostile");
	tcase_set_timeout(hostile, 60);
	tcase_add_loop_test(
	        hostile, a_hostile_program_ends_as_it_should, 0, (int)json_array_size(rows));
	tcase_add_test(hostile, hostile_programs_together_do_not_hide_one_another);
	tcase_add_test(hostile, a_complaint_names_the_line_of_the_program);
	tcase_add_test(hostile, a_hundred_thousand_brackets_are_too_many);
	suite_add_tcase(suite, hostile);
	TCase *limits = tcase_create("limits");
	tcase_set_timeout(limits, 60);
	tcase_add_test(limits, a_program_is_off_after_three_people);
	tcase_add_test(limits, a_stop_comes_soon);
	tcase_add_test(limits, memory_is_named_as_the_cause);
	tcase_add_test(limits, an_evaluator_does_not_grow);
	tcase_add_test(limits, a_record_that_is_too_large_is_no_programs_fault);
	tcase_add_test(limits, an_evaluator_is_locked_in);
	tcase_add_test(limits, nothing_is_left_behind);
	suite_add_tcase(suite, limits);
	TCase *deaths = tcase_create("deaths");
	tcase_set_timeout(deaths, 60);
	tcase_add_test(deaths, a_killed_evaluator_is_replaced);
	tcase_add_test(deaths, without_a_spawner_nothing_is_known);
	tcase_add_test(deaths, a_spawner_that_dies_is_started_again);
	tcase_add_test(deaths, signals_to_all_do_not_end_them);
	tcase_add_test(deaths, one_that_stands_still_is_given_another_try);
	tcase_add_test(deaths, a_spawner_that_is_none_is_refused);
	tcase_add_test(deaths, a_pool_may_be_empty_or_have_no_spawner);
	tcase_add_test(deaths, threads_share_a_pool);
	suite_add_tcase(suite, deaths);
	int status = suite_run(suite);
	json_decref(rows);
	return status;
}
