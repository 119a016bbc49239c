/* SPDX-License-Identifier: MIT */
#include "server/base/clock.h"
#include "server/base/log.h"

#include "server/base/buf.h"
#include "server/base/json.h"
#include "server/base/metrics.h"
#include "server/base/str.h"
#include "server/base/thread.h"
#include "tests/support/suite.h"

#include <check.h>
#include <sched.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CAPTURE_MAX_BYTES (4 * 1024 * 1024)
#define LINE_LIMIT_BYTES  4096

extern char **environ;

static FILE *capture;
static struct buf captured;

/* Standard error goes to an unnamed file while a test logs. */
static void setup(void)
{
	capture = tmpfile();
	ck_assert_ptr_nonnull(capture);
	ck_assert_int_ge(dup2(fileno(capture), STDERR_FILENO), 0);
	buf_init(&captured, CAPTURE_MAX_BYTES);
	pthread_setname_np(pthread_self(), "main");
}

static void teardown(void)
{
	fclose(capture);
	buf_finish(&captured);
}

static const char *logged(void)
{
	char part[4096];
	off_t at = 0;
	ssize_t n = 0;
	buf_clear(&captured);
	while ((n = pread(fileno(capture), part, sizeof(part), at)) > 0) {
		ck_assert(buf_add(&captured, part, (size_t)n));
		at += n;
	}
	return buf_text(&captured);
}

/* The line after its 24 bytes of time and a blank. */
static const char *logged_after_time(void)
{
	const char *line = logged();
	ck_assert_uint_gt(strlen(line), 25);
	ck_assert_int_eq(line[10], 'T');
	ck_assert_int_eq(line[23], 'Z');
	return line + 25;
}

START_TEST(text_line_has_level_thread_event_and_fields)
{
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	log_info("employee settled", F("connection", "default"), F("employee_id", "42"), F("n", 7),
	        F("left", (size_t)9), F("took_s", 0.25), F("is_new", (bool)true),
	        F("why", "two words"), F("none", (const char *)NULL), F("empty", ""));
	ck_assert_str_eq(logged_after_time(),
	        "INFO main employee settled connection=default employee_id=42 n=7 left=9 "
	        "took_s=0.25 is_new=true why=\"two words\" none=- empty=\"\"\n");
}
END_TEST

START_TEST(a_line_may_have_no_fields)
{
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	log_warn("store is slow");
	ck_assert_str_eq(logged_after_time(), "WARN main store is slow\n");
}
END_TEST

START_TEST(json_line_is_one_object)
{
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	log_info("x \"y\"", F("text", "a\nb"), F("number", -3L), F("real", 1.5),
	        F("nan", 0.0 / 0.0), F("bad", "\xff"), F("none", (char *)NULL));
	const char *line = logged();
	ck_assert_int_eq(line[strlen(line) - 1], '\n');
	json_t *json = json_parse(line, strlen(line), NULL);
	ck_assert_ptr_nonnull(json);
	ck_assert_str_eq(json_get_text(json, "level"), "info");
	ck_assert_str_eq(json_get_text(json, "thread"), "main");
	ck_assert_str_eq(json_get_text(json, "event"), "x \"y\"");
	ck_assert_str_eq(json_get_text(json, "text"), "a\nb");
	ck_assert_str_eq(json_get_text(json, "bad"), "\xef\xbf\xbd");
	ck_assert_int_eq(json_get_int(json, "number", 0), -3);
	ck_assert(json_real_value(json_object_get(json, "real")) > 1.4);
	ck_assert(json_is_null(json_object_get(json, "nan")));
	ck_assert(json_is_null(json_object_get(json, "none")));
	ck_assert_uint_eq(strlen(json_get_text(json, "time")), 24);
	json_decref(json);
}
END_TEST

static const char *const risky[] = {"a\nINFO forged", "a\r\nb", "\x1b[2J", "\xe2\x80\xa8x",
        "\xe2\x80\xa9x", "\xc2\x9b[31m", "\xc2\x85x", "\x7f", "\b\b", "\xe2\x80\xae",
        "k=\"v\" x=\"", "back\\slash", "\xc3("};

START_TEST(no_value_can_start_a_line_or_order_a_terminal)
{
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	log_info("e", F("v", risky[_i]));
	const char *line = logged();
	size_t len = strlen(line);
	ck_assert_ptr_eq(strchr(line, '\n'), line + len - 1);
	ck_assert(str_is_utf8(line, len));
	for (size_t i = 0; i + 1 < len; i++) {
		ck_assert_uint_ge((unsigned char)line[i], 0x20);
		ck_assert_int_ne(line[i], 0x7f);
		ck_assert(memcmp(line + i, "\xc2", 1) != 0);
	}
	ck_assert_ptr_null(strstr(line, "\xe2\x80"));
	ck_assert_int_eq(line[len - 2], '"');
}
END_TEST

static void fill(char *to, size_t len, char c)
{
	memset(to, c, len);
	to[len] = '\0';
}

START_TEST(long_values_are_cut_and_lines_stay_below_their_limit)
{
	char value[2001];
	fill(value, 2000, 'v');
	log_setup(LOG_LEVEL_INFO, (enum log_format)_i);
	log_info("e", F("a", value), F("b", value), F("c", value), F("d", value), F("f", "z"));
	const char *line = logged();
	size_t len = strlen(line);
	ck_assert_uint_le(len, LINE_LIMIT_BYTES);
	ck_assert_ptr_nonnull(strstr(line, "..."));
	ck_assert_ptr_nonnull(strstr(line, "cut"));
	ck_assert_ptr_eq(strchr(line, '\n'), line + len - 1);
	if (_i == LOG_FORMAT_JSON) {
		json_t *json = json_parse(line, len, NULL);
		ck_assert_ptr_nonnull(json);
		ck_assert(json_get_bool(json, "cut", false));
		json_decref(json);
	}
}
END_TEST

START_TEST(levels_below_the_threshold_are_silent)
{
	log_setup(LOG_LEVEL_WARN, LOG_FORMAT_TEXT);
	log_debug("no");
	log_info("no");
	ck_assert_str_eq(logged(), "");
	log_warn("yes");
	ck_assert_str_ne(logged(), "");
}
END_TEST

START_TEST(a_level_may_change_for_a_while)
{
	struct log_state state;
	log_setup(LOG_LEVEL_WARN, LOG_FORMAT_TEXT);
	log_level_change(LOG_LEVEL_DEBUG, 60000);
	log_state(&state);
	ck_assert_int_eq(state.level, LOG_LEVEL_DEBUG);
	ck_assert_int_eq(state.usual, LOG_LEVEL_WARN);
	ck_assert(state.left_ms > 50000 && state.left_ms <= 60000);
	log_debug("yes");
	ck_assert_str_ne(logged(), "");

	int64_t end_ms = clock_mono_ms() + 2;
	log_level_change(LOG_LEVEL_DEBUG, 1);
	while (clock_mono_ms() < end_ms) {
		sched_yield();
	}
	log_state(&state);
	ck_assert_int_eq(state.level, LOG_LEVEL_WARN);
	ck_assert_int_eq(state.left_ms, 0);
}
END_TEST

START_TEST(a_level_may_change_until_the_end)
{
	struct log_state state;
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
	log_level_change(LOG_LEVEL_ERROR, 0);
	log_state(&state);
	ck_assert_int_eq(state.level, LOG_LEVEL_ERROR);
	ck_assert_str_eq(log_level_name(state.usual), "info");
	ck_assert_int_eq(state.left_ms, 0);
	log_warn("no");
	ck_assert_str_eq(logged(), "");
}
END_TEST

START_TEST(errors_are_counted)
{
	log_error("e");
	log_warn("w");
	log_error("e");
	ck_assert(metrics_get(METRIC_LOG_ERRORS, NULL) > 1.5);
	ck_assert(metrics_get(METRIC_LOG_ERRORS, NULL) < 2.5);
}
END_TEST

START_TEST(errno_survives_logging)
{
	errno = EAGAIN;
	log_info("x");
	ck_assert_int_eq(errno, EAGAIN);
}
END_TEST

START_TEST(names_of_levels_and_formats_are_read)
{
	enum log_level level = LOG_LEVEL_INFO;
	enum log_format format = LOG_FORMAT_TEXT;
	ck_assert(log_level_parse("debug", &level));
	ck_assert_int_eq(level, LOG_LEVEL_DEBUG);
	ck_assert(log_level_parse("error", &level));
	ck_assert(!log_level_parse("DEBUG", &level));
	ck_assert(!log_level_parse(NULL, &level));
	ck_assert(log_format_parse("json", &format));
	ck_assert_int_eq(format, LOG_FORMAT_JSON);
	ck_assert(!log_format_parse("xml", &format));
}
END_TEST

static void *log_many(void *arg)
{
	(void)arg;
	for (int i = 0; i < 200; i++) {
		log_info("busy", F("i", i), F("text", "some words that make the line longer"));
	}
	return NULL;
}

START_TEST(lines_of_many_threads_are_whole)
{
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	/* Appending makes the file's own position irrelevant, as with a log file of a service. */
	ck_assert_int_eq(fcntl(STDERR_FILENO, F_SETFL, O_APPEND), 0);
	pthread_t threads[4];
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		ck_assert(thread_start(&threads[i], "writer", log_many, NULL, NULL));
	}
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		thread_join(threads[i]);
	}
	int lines = 0;
	const char *at = logged();
	while (*at != '\0') {
		size_t len = strcspn(at, "\n");
		json_t *json = json_parse(at, len, NULL);
		ck_assert_ptr_nonnull(json);
		json_decref(json);
		at += len + 1;
		lines++;
	}
	ck_assert_int_eq(lines, 800);
}
END_TEST

/* ---------------------------------------------- what must not compile (D11) */

struct snippet {
	const char *statement;
	bool compiles;
};

static const struct snippet snippets[] = {
        {"log_info(\"e\", F(\"k\", \"text\"));", true},
        {"log_info(\"e\", F(\"k\", 1), F(\"l\", 2.0));", true},
        {"struct secret s = {0}; log_info(\"e\", F(\"k\", s));", false},
        {"struct secret s = {0}; log_info(\"e\", F(\"k\", &s));", false},
        {"struct personal p = {0}; log_info(\"e\", F(\"k\", p));", false},
        {"struct personal p = {0}; log_info(\"e\", F(\"k\", &p));", false},
        {"json_t *j = json_null(); log_info(\"e\", F(\"k\", j));", false},
        {"const json_t *j = json_null(); log_info(\"e\", F(\"k\", j));", false},
        {"struct buf b = {0}; log_info(\"e\", F(\"k\", &b));", false},
};

static char snippet_path[64];

static void write_snippet(const char *statement)
{
	ck_assert(str_format(snippet_path, sizeof(snippet_path), "%s", "/tmp/test_log_XXXXXX"));
	int fd = mkstemp(snippet_path);
	ck_assert_int_ge(fd, 0);
	FILE *file = fdopen(fd, "w");
	ck_assert_ptr_nonnull(file);
	fprintf(file,
	        "#include \"server/base/log.h\"\n#include \"server/base/json.h\"\n"
	        "#include \"server/base/buf.h\"\n#include \"server/base/sensitive.h\"\n"
	        "void check_snippet(void);\nvoid check_snippet(void) { %s }\n",
	        statement);
	ck_assert_int_eq(fclose(file), 0);
}

/* The compiler's exit status; -1 when there is none. */
static int compile(const char *compiler)
{
	char *arguments[] = {str_dup(compiler), str_dup("-fsyntax-only"), str_dup("-std=c17"),
	        str_dup("-D_GNU_SOURCE"), str_dup("-I."), str_dup("-x"), str_dup("c"),
	        str_dup(snippet_path), NULL};
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	pid_t pid = 0;
	int status = -1;
	if (posix_spawnp(&pid, compiler, &actions, NULL, arguments, environ) == 0) {
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		status = WIFEXITED(status) && WEXITSTATUS(status) != 127 ? WEXITSTATUS(status) : -1;
	}
	posix_spawn_file_actions_destroy(&actions);
	for (size_t i = 0; arguments[i] != NULL; i++) {
		free(arguments[i]);
	}
	return status;
}

static void check_with(const char *compiler, const struct snippet *snippet)
{
	int status = compile(compiler);
	if (status < 0) {
		printf("skipped: no %s here to compile a snippet with\n", compiler);
		return;
	}
	ck_assert_msg((status == 0) == snippet->compiles, "%s: %s", compiler, snippet->statement);
}

START_TEST(only_plain_values_compile_as_a_field)
{
	write_snippet(snippets[_i].statement);
	check_with("gcc", &snippets[_i]);
	check_with("clang", &snippets[_i]);
	unlink(snippet_path);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("log");
	TCase *lines = tcase_create("lines");
	tcase_add_checked_fixture(lines, setup, teardown);
	tcase_add_test(lines, text_line_has_level_thread_event_and_fields);
	tcase_add_test(lines, a_line_may_have_no_fields);
	tcase_add_test(lines, json_line_is_one_object);
	tcase_add_loop_test(
	        lines, no_value_can_start_a_line_or_order_a_terminal, 0, ARRAY_SIZE(risky));
	tcase_add_loop_test(lines, long_values_are_cut_and_lines_stay_below_their_limit,
	        LOG_FORMAT_TEXT, LOG_FORMAT_JSON + 1);
	tcase_add_test(lines, levels_below_the_threshold_are_silent);
	tcase_add_test(lines, a_level_may_change_for_a_while);
	tcase_add_test(lines, a_level_may_change_until_the_end);
	tcase_add_test(lines, errors_are_counted);
	tcase_add_test(lines, errno_survives_logging);
	tcase_add_test(lines, names_of_levels_and_formats_are_read);
	tcase_add_test(lines, lines_of_many_threads_are_whole);
	suite_add_tcase(suite, lines);
	TCase *types = tcase_create("types");
	tcase_set_timeout(types, 30);
	tcase_add_loop_test(types, only_plain_values_compile_as_a_field, 0, ARRAY_SIZE(snippets));
	suite_add_tcase(suite, types);
	return suite_run(suite);
}
