/* SPDX-License-Identifier: MIT */
/*
 * What the webhook answers when the store does not take a delivery: with a
 * store_append of the test's own in place of the store's, since a disk cannot
 * be made to fail in each of these ways on demand.
 */
#include "tests/support/intake_bench.h"

#include "server/base/attr.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/base/thread.h"
#include "server/intake/signature.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BODY "{\"companyId\":636192}"

static struct intake_bench bench;
static struct raw_client *client;

/* How the store of the test behaves. */
static enum err_code code_at_once; /* what store_append returns */
static enum err_code code_later; /* what it tells the callback */
static bool keeps_silent; /* the callback is left to the test */
static store_appended kept_done;
static void *kept_context;

enum err_code store_append(struct store *store, const char *connection, char *body, size_t body_len,
        store_appended done, void *context)
{
	(void)store;
	ck_assert_str_eq(connection, "default");
	ck_assert_uint_eq(body_len, strlen(BODY));
	free(body);
	if (code_at_once != ERR_OK) {
		return code_at_once;
	}
	if (keeps_silent) {
		kept_done = done;
		kept_context = context;
	} else {
		done(context, code_later);
	}
	return ERR_OK;
}

static void set_up(void)
{
	intake_bench_start(&bench, NULL);
	client = raw_client_open(bench.port);
}

static void tear_down(void)
{
	raw_client_close(client);
	intake_bench_stop(&bench);
}

static const enum err_code FAILURES[] = {ERR_OVERLOADED, ERR_DRAINING, ERR_STORE_UNAVAILABLE,
        ERR_STORE_FULL, ERR_STORE_FAILED, ERR_STORE_LOCKED, ERR_NO_MEMORY, ERR_INTERNAL, ERR_IO,
        ERR_STOPPED, ERR_TIMEOUT};

static void check_unavailable(void)
{
	ck_assert_int_eq(intake_bench_deliver(client, BENCH_SECRET, BODY), 503);
	ck_assert_ptr_nonnull(strstr(client->body, "\"error\""));
	ck_assert_ptr_nonnull(raw_client_header(client, "Retry-After"));
	ck_assert_double_eq(metrics_get(METRIC_DELIVERIES, LABELS("default", "unavailable")), 1.0);
}

START_TEST(a_delivery_that_was_not_queued_is_503)
{
	code_at_once = FAILURES[_i];
	check_unavailable();
}
END_TEST

START_TEST(a_delivery_that_was_not_committed_is_503)
{
	code_later = FAILURES[_i];
	check_unavailable();
}
END_TEST

START_TEST(a_store_that_does_not_answer_in_time_is_503_and_may_still_answer)
{
	keeps_silent = true;
	bench.intake.answer_timeout_ms = 50;
	ck_assert_int_eq(intake_bench_deliver(client, BENCH_SECRET, BODY), 503);
	kept_done(kept_context, ERR_OK);
	keeps_silent = false;
	ck_assert_int_eq(intake_bench_deliver(client, BENCH_SECRET, BODY), 200);
}
END_TEST

START_TEST(a_store_may_answer_after_the_listener_is_gone)
{
	keeps_silent = true;
	bench.intake.answer_timeout_ms = 50;
	ck_assert_int_eq(intake_bench_deliver(client, BENCH_SECRET, BODY), 503);
	intake_bench_stop(&bench);
	kept_done(kept_context, ERR_OK);
	raw_client_close(client);
}
END_TEST

static long lines_of(FILE *file)
{
	long lines = 0;
	rewind(file);
	for (int c = getc(file); c != EOF; c = getc(file)) {
		lines += c == '\n' ? 1 : 0;
	}
	return lines;
}

START_TEST(a_flood_of_wrong_signatures_is_few_lines_and_no_content)
{
	FILE *log = tmpfile();
	ck_assert_ptr_nonnull(log);
	int standard_error = dup(STDERR_FILENO);
	dup2(fileno(log), STDERR_FILENO);
	int64_t start_ms = clock_mono_ms();
	for (int i = 0; i < 300; i++) {
		ck_assert_int_eq(
		        intake_bench_post(client, WEBHOOK_PATH, "", "{\"canary\":1}"), 401);
	}
	int64_t seconds = (clock_mono_ms() - start_ms) / 1000 + 1;
	dup2(standard_error, STDERR_FILENO);
	long lines = lines_of(log);
	ck_assert_int_ge(lines, 1);
	ck_assert_int_le(lines, seconds + 1);
	char text[4096] = "";
	rewind(log);
	size_t len = fread(text, 1, sizeof(text) - 1, log);
	text[len] = '\0';
	ck_assert_ptr_null(strstr(text, "canary"));
	ck_assert_ptr_nonnull(strstr(text, "default"));
	fclose(log);
	close(standard_error);
}
END_TEST

static Suite *suite(void)
{
	Suite *all = suite_create("intake failure");
	TCase *tcase = tcase_create("store");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(
	        tcase, a_delivery_that_was_not_queued_is_503, 0, (int)ARRAY_SIZE(FAILURES));
	tcase_add_loop_test(
	        tcase, a_delivery_that_was_not_committed_is_503, 0, (int)ARRAY_SIZE(FAILURES));
	tcase_add_test(tcase, a_store_that_does_not_answer_in_time_is_503_and_may_still_answer);
	tcase_add_test(tcase, a_flood_of_wrong_signatures_is_few_lines_and_no_content);
	tcase_set_timeout(tcase, 20);
	suite_add_tcase(all, tcase);
	TCase *late = tcase_create("late");
	tcase_add_checked_fixture(late, set_up, NULL);
	tcase_add_test(late, a_store_may_answer_after_the_listener_is_gone);
	tcase_set_timeout(late, 20);
	suite_add_tcase(all, late);
	return all;
}

int main(void)
{
	return suite_run(suite());
}
