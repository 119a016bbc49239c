/* SPDX-License-Identifier: MIT */
/* The admin token's file, and the sentence that says what happens next. */
#include "server/base/crypto.h"
#include "server/base/str.h"
#include "server/console/console.h"
#include "server/console/render.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];
static char path[128];
static struct console console;
static struct err err;

static void set_up(void)
{
	ck_assert(str_copy(folder, sizeof(folder), "/tmp/bob2okta-token-XXXXXX"));
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert(str_format(path, sizeof(path), "%s/admin-token", folder));
	ck_assert(crypto_start(NULL));
	err = (struct err)ERR_INIT;
}

static void tear_down(void)
{
	console_finish(&console);
	(void)unlink(path);
	rmdir(folder);
	crypto_stop();
}

static void write_token(const char *text, mode_t mode)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(chmod(path, mode), 0);
}

START_TEST(the_first_start_makes_a_token_only_its_owner_reads)
{
	struct stat info;

	umask(0);
	ck_assert_msg(console_token_load(&console, path, &err), "%s", err.text);
	ck_assert_int_eq(stat(path, &info), 0);
	ck_assert_int_eq(info.st_mode & 07777, 0600);
	ck_assert_uint_eq(strlen(secret_reveal(&console.token)), 2 * CONSOLE_TOKEN_BYTES);
	/* The next start reads the same one. */
	struct console again = {0};
	ck_assert(console_token_load(&again, path, &err));
	ck_assert_str_eq(secret_reveal(&again.token), secret_reveal(&console.token));
	console_finish(&again);
}
END_TEST

START_TEST(two_first_starts_make_different_tokens)
{
	struct console other = {0};

	ck_assert(console_token_load(&other, path, &err));
	ck_assert_int_eq(unlink(path), 0);
	ck_assert(console_token_load(&console, path, &err));
	ck_assert_str_ne(secret_reveal(&other.token), secret_reveal(&console.token));
	console_finish(&other);
}
END_TEST

static const mode_t OPEN_MODES[] = {0644, 0640, 0604, 0660, 0610, 0601};

START_TEST(a_token_that_others_may_read_is_refused)
{
	write_token("0123456789abcdef0123456789abcdef", OPEN_MODES[_i]);
	ck_assert(!console_token_load(&console, path, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "chmod 600"));
	ck_assert_ptr_nonnull(strstr(err.text, path));
	ck_assert_ptr_null(strstr(err.text, "0123456789abcdef"));
}
END_TEST

static const struct text_case {
	const char *text;
	const char *token; /* NULL: refused */
} TEXTS[] = {
        {"0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef"},
        {"  0123456789abcdef0123456789abcdef \n", "0123456789abcdef0123456789abcdef"},
        {"0123456789abcdef0123456789abcde", NULL},
        {"short\n", NULL},
        {"", NULL},
        {"                                        ", NULL},
};

START_TEST(a_token_is_trimmed_and_long_enough)
{
	write_token(TEXTS[_i].text, 0600);
	bool is_loaded = console_token_load(&console, path, &err);
	ck_assert(is_loaded == (TEXTS[_i].token != NULL));
	if (is_loaded) {
		ck_assert_str_eq(secret_reveal(&console.token), TEXTS[_i].token);
	} else {
		ck_assert_ptr_nonnull(strstr(err.text, "remove it"));
	}
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_named)
{
	ck_assert(!console_token_load(&console, "/nonexistent/folder/admin-token", &err));
	ck_assert_int_eq(err.code, ERR_IO);
	ck_assert_ptr_nonnull(strstr(err.text, "/nonexistent/folder"));
}
END_TEST

/* ----------------------------------------------------------------- next step */

static const struct step_case {
	enum employee_state state;
	unsigned holds;
	int64_t policy_due_at_ms;
	int64_t reread_at_ms;
	const char *part;
} STEPS[] = {
        {EMPLOYEE_IDLE, 1U << HOLD_LIMIT, 0, 0, "human"},
        {EMPLOYEE_FAILED, 1U << HOLD_FORBIDDEN, 0, 0, "human"},
        {EMPLOYEE_DIRTY, 0, 0, 0, "about to be read"},
        {EMPLOYEE_WORKING, 0, 0, 0, "worked on now"},
        {EMPLOYEE_FAILED, 0, 0, 0, "retry 412"},
        {EMPLOYEE_PARKED, 0, 0, 0, "Okta works again"},
        {EMPLOYEE_IDLE, 0, 0, 0, "Nothing to do"},
        {EMPLOYEE_WAITING, 0, 1795910400000, 0, "2026-11-29"},
        {EMPLOYEE_WAITING, 0, 0, 1795910400000, "2026-11-29"},
        {EMPLOYEE_WAITING, 0, 1795910400000, 1796169600000, "2026-11-29"},
        {EMPLOYEE_WAITING, 0, 1796169600000, 1795910400000, "2026-11-29"},
};

START_TEST(the_next_step_is_a_sentence)
{
	const struct step_case *row = &STEPS[_i];
	struct employee employee = {.state = row->state,
	        .hold_kinds = row->holds,
	        .policy_due_at_ms = row->policy_due_at_ms,
	        .reread_at_ms = row->reread_at_ms};
	char text[SENTENCE_BYTES];

	ck_assert(str_copy(employee.key.employee_id, sizeof(employee.key.employee_id), "412"));
	render_next_step(&employee, text, sizeof(text));
	ck_assert_msg(strstr(text, row->part) != NULL, "no \"%s\" in: %s", row->part, text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("console auth");
	TCase *token = tcase_create("token");
	TCase *step = tcase_create("next step");

	tcase_add_checked_fixture(token, set_up, tear_down);
	tcase_add_test(token, the_first_start_makes_a_token_only_its_owner_reads);
	tcase_add_test(token, two_first_starts_make_different_tokens);
	tcase_add_loop_test(
	        token, a_token_that_others_may_read_is_refused, 0, ARRAY_SIZE(OPEN_MODES));
	tcase_add_loop_test(token, a_token_is_trimmed_and_long_enough, 0, ARRAY_SIZE(TEXTS));
	tcase_add_test(token, a_folder_that_is_not_there_is_named);
	tcase_add_loop_test(step, the_next_step_is_a_sentence, 0, ARRAY_SIZE(STEPS));
	suite_add_tcase(suite, token);
	suite_add_tcase(suite, step);
	return suite_run(suite);
}
