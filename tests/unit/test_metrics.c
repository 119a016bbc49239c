/* SPDX-License-Identifier: MIT */
#include "server/base/metrics.h"

#include "server/base/str.h"
#include "server/base/thread.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define RENDER_MAX_BYTES (1024 * 1024)
#define SETS_LIMIT       256

static struct buf rendered;

static void setup(void)
{
	buf_init(&rendered, RENDER_MAX_BYTES);
}

static void teardown(void)
{
	buf_finish(&rendered);
}

static const char *render(void)
{
	buf_clear(&rendered);
	metrics_render(&rendered);
	ck_assert(!rendered.failed);
	return buf_text(&rendered);
}

static void assert_line(const char *line)
{
	struct buf whole;
	buf_init(&whole, 1024);
	ck_assert(buf_add_format(&whole, "\n%s\n", line));
	ck_assert_msg(strstr(render(), buf_text(&whole)) != NULL, "no line %s in\n%s", line,
	        buf_text(&rendered));
	buf_finish(&whole);
}

static bool is_near(double a, double b)
{
	return a - b < 1e-9 && b - a < 1e-9;
}

START_TEST(counters_add_up_per_label_set)
{
	metrics_add(METRIC_DELIVERIES, LABELS("default", "stored"), 2);
	metrics_add(METRIC_DELIVERIES, LABELS("default", "stored"), 1);
	metrics_add(METRIC_DELIVERIES, LABELS("default", "ping"), 1);
	metrics_add(METRIC_DELIVERIES, LABELS("default", "stored"), -5);
	ck_assert(is_near(metrics_get(METRIC_DELIVERIES, LABELS("default", "stored")), 3));
	ck_assert(is_near(metrics_get(METRIC_DELIVERIES, LABELS("default", "unknown")), 0));
	assert_line("# TYPE bob2okta_deliveries_total counter");
	assert_line("bob2okta_deliveries_total{connection=\"default\",result=\"stored\"} 3");
	assert_line("bob2okta_deliveries_total{connection=\"default\",result=\"ping\"} 1");
}
END_TEST

START_TEST(gauges_are_set_and_may_fall)
{
	metrics_set(METRIC_DIRTY_AGE, LABELS("default"), 12.5);
	assert_line("bob2okta_oldest_dirty_seconds{connection=\"default\"} 12.5");
	metrics_add(METRIC_DIRTY_AGE, LABELS("default"), -2.5);
	metrics_set(METRIC_DIRTY_AGE, LABELS("default"), 1.0 / 0.0);
	assert_line("bob2okta_oldest_dirty_seconds{connection=\"default\"} 10");
}
END_TEST

START_TEST(histograms_have_cumulative_buckets)
{
	metrics_observe(METRIC_STORE_COMMIT, NULL, 0.0005);
	metrics_observe(METRIC_STORE_COMMIT, NULL, 0.02);
	metrics_observe(METRIC_STORE_COMMIT, NULL, 1000);
	assert_line("# TYPE bob2okta_store_commit_seconds histogram");
	assert_line("bob2okta_store_commit_seconds_bucket{le=\"0.0005\"} 1");
	assert_line("bob2okta_store_commit_seconds_bucket{le=\"0.025\"} 2");
	assert_line("bob2okta_store_commit_seconds_bucket{le=\"300\"} 2");
	assert_line("bob2okta_store_commit_seconds_bucket{le=\"+Inf\"} 3");
	assert_line("bob2okta_store_commit_seconds_sum 1000.0205");
	assert_line("bob2okta_store_commit_seconds_count 3");
	ck_assert(is_near(metrics_get(METRIC_STORE_COMMIT, NULL), 3));
	metrics_observe(METRIC_EVENT_TO_DONE, LABELS("default"), 1);
	assert_line("bob2okta_event_to_done_seconds_bucket{connection=\"default\",le=\"1\"} 1");
	assert_line("bob2okta_event_to_done_seconds_count{connection=\"default\"} 1");
}
END_TEST

START_TEST(label_values_are_escaped)
{
	metrics_add(METRIC_DELIVERIES, LABELS("a\"b\\c\nd", "x"), 1);
	assert_line("bob2okta_deliveries_total{connection=\"a\\\"b\\\\c\\nd\",result=\"x\"} 1");
}
END_TEST

START_TEST(families_without_labels_show_their_zero)
{
	assert_line("bob2okta_log_errors_total 0");
	assert_line("bob2okta_okta_request_seconds_count 0");
	ck_assert_ptr_null(strstr(render(), "bob2okta_deliveries_total{"));
}
END_TEST

START_TEST(missing_values_are_empty)
{
	metrics_add(METRIC_DELIVERIES, LABELS("default"), 1);
	assert_line("bob2okta_deliveries_total{connection=\"default\",result=\"\"} 1");
}
END_TEST

START_TEST(label_sets_are_capped)
{
	char name[16];
	for (int i = 0; i < SETS_LIMIT + 50; i++) {
		str_format_cut(name, sizeof(name), "c%d", i);
		metrics_add(METRIC_DIRTY_AGE, LABELS(name), 1);
	}
	assert_line("bob2okta_oldest_dirty_seconds{connection=\"other\"} 50");
	metrics_add(METRIC_DIRTY_AGE, LABELS("c0"), 1);
	assert_line("bob2okta_oldest_dirty_seconds{connection=\"c0\"} 2");
}
END_TEST

START_TEST(an_over_long_label_counts_as_other)
{
	char name[600];
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	metrics_add(METRIC_DIRTY_AGE, LABELS(name), 1);
	assert_line("bob2okta_oldest_dirty_seconds{connection=\"other\"} 1");
}
END_TEST

static void *count_often(void *arg)
{
	(void)arg;
	for (int i = 0; i < 500; i++) {
		metrics_add(METRIC_DELIVERIES, LABELS("default", "stored"), 1);
	}
	return NULL;
}

START_TEST(threads_lose_no_count)
{
	pthread_t threads[4];
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		ck_assert(thread_start(&threads[i], "count", count_often, NULL, NULL));
	}
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		thread_join(threads[i]);
	}
	ck_assert(is_near(metrics_get(METRIC_DELIVERIES, LABELS("default", "stored")), 2000));
}
END_TEST

START_TEST(every_line_is_well_formed)
{
	metrics_add(METRIC_OKTA_CALLS, LABELS("POST /users", "200"), 1);
	const char *at = render();
	while (*at != '\0') {
		size_t len = strcspn(at, "\n");
		bool is_comment = strncmp(at, "# HELP bob2okta_", 16) == 0 ||
		        strncmp(at, "# TYPE bob2okta_", 16) == 0;
		ck_assert(is_comment || strncmp(at, "bob2okta_", 9) == 0);
		ck_assert_int_eq(at[len], '\n');
		at += len + 1;
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("metrics");
	TCase *values = tcase_create("values");
	tcase_add_checked_fixture(values, setup, teardown);
	tcase_add_test(values, counters_add_up_per_label_set);
	tcase_add_test(values, gauges_are_set_and_may_fall);
	tcase_add_test(values, histograms_have_cumulative_buckets);
	tcase_add_test(values, threads_lose_no_count);
	suite_add_tcase(suite, values);
	TCase *text = tcase_create("text");
	tcase_add_checked_fixture(text, setup, teardown);
	tcase_add_test(text, label_values_are_escaped);
	tcase_add_test(text, families_without_labels_show_their_zero);
	tcase_add_test(text, missing_values_are_empty);
	tcase_add_test(text, label_sets_are_capped);
	tcase_add_test(text, an_over_long_label_counts_as_other);
	tcase_add_test(text, every_line_is_well_formed);
	suite_add_tcase(suite, text);
	return suite_run(suite);
}
