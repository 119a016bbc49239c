/* SPDX-License-Identifier: MIT */
#define OPENSSL_SUPPRESS_DEPRECATED /* a source of randomness that fails is set the old way */
#include "tests/support/access_fixture.h"

#include "server/base/clock.h"
#include "server/base/str.h"
#include "tests/support/suite.h"

#include <check.h>
#include <math.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PASSWORD ACCESS_FIXTURE_PASSWORD
#define OTHER    ACCESS_FIXTURE_OTHER
#define ACCESS   access_fixture.access
#define MINUTE   INT64_C(60000)

static void setup(void)
{
	access_fixture_open();
}

static void teardown(void)
{
	access_fixture_close();
}

/* -------------------------------------------------------------------- first run */

static void read_code(char line[64])
{
	FILE *file = fopen(access_fixture.code_path, "r");
	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(fgets(line, 64, file));
	fclose(file);
}

START_TEST(the_first_code_is_in_a_file_and_counts_once)
{
	char code[ACCESS_CODE_BYTES];
	char line[64];
	struct stat info;
	struct err err = ERR_INIT;
	ck_assert(access_is_first_run(ACCESS));
	ck_assert(access_first_code(ACCESS, code, NULL));
	ck_assert_uint_eq(strlen(code), 29); /* 24 letters of 5 bits */
	ck_assert_int_eq(stat(access_fixture.code_path, &info), 0);
	ck_assert_int_eq(info.st_mode & 0777, 0600);
	read_code(line);
	ck_assert_int_eq(access_fixture_enter("AAAA-BBBB-CCCC-DDDD-EEEE-FFFF", "ada", PASSWORD),
	        ERR_UNAUTHORIZED);
	ck_assert_int_eq(access_fixture_enter(line, "ada", PASSWORD), ERR_UNAUTHORIZED); /* '\n' */
	line[29] = '\0';
	str_fold(line); /* as people write it */
	ck_assert_int_eq(access_fixture_enter(line, "Ada", PASSWORD), ERR_OK);
	ck_assert_str_eq(access_fixture.session.name, "ada");
	ck_assert_int_eq(access_fixture.session.role, ACCESS_ADMIN);
	ck_assert_int_gt(access_fixture.session.fresh_until_ms, access_fixture_wall_ms());
	ck_assert(access_fixture_is_in(access_fixture.ticket.token));
	ck_assert(!access_is_first_run(ACCESS));
	ck_assert_int_ne(stat(access_fixture.code_path, &info), 0);
	ck_assert_int_eq(access_fixture_enter(code, "eve", PASSWORD), ERR_UNAUTHORIZED);
	ck_assert(!access_first_code(ACCESS, code, &err));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
}
END_TEST

START_TEST(a_first_code_ends_after_thirty_minutes_or_with_the_next)
{
	char code[ACCESS_CODE_BYTES];
	char next[ACCESS_CODE_BYTES];
	ck_assert(access_first_code(ACCESS, code, NULL));
	ck_assert(access_first_code(ACCESS, next, NULL));
	ck_assert_int_eq(access_fixture_enter(code, "ada", PASSWORD), ERR_UNAUTHORIZED);
	access_fixture_pass(ACCESS_FIRST_RUN_MS);
	ck_assert_int_eq(access_fixture_enter(next, "ada", PASSWORD), ERR_UNAUTHORIZED);
	ck_assert(access_first_code(ACCESS, next, NULL));
	access_fixture_pass(ACCESS_FIRST_RUN_MS - 1);
	ck_assert_int_eq(access_fixture_enter(next, "ada", "short"), ERR_BAD_REQUEST);
	ck_assert_int_eq(access_fixture_enter(next, "not a name", PASSWORD), ERR_BAD_REQUEST);
	ck_assert_int_eq(access_fixture_enter(next, "server", PASSWORD), ERR_BAD_REQUEST);
	ck_assert_int_eq(access_fixture_enter(next, "ada", PASSWORD), ERR_OK);
}
END_TEST

/* Whoever guesses at codes is braked, and nobody with a right one is. */
START_TEST(guessed_codes_brake_the_guesser_alone)
{
	char code[ACCESS_CODE_BYTES];
	int braked = 0;
	ck_assert(access_first_code(ACCESS, code, NULL));
	for (int i = 0; i < 50; i++) {
		enum err_code got = access_fixture_enter("AAAA", "ada", PASSWORD);
		ck_assert(got == ERR_UNAUTHORIZED || got == ERR_TOO_MANY);
		braked += got == ERR_TOO_MANY ? 1 : 0;
	}
	ck_assert_int_eq(braked, 45);
	ck_assert_int_eq(access_fixture_enter(code, "ada", PASSWORD), ERR_OK);
}
END_TEST

/* -------------------------------------------------------------------- signing in */

START_TEST(right_wrong_unknown_disabled_and_invited)
{
	char code[ACCESS_CODE_BYTES];
	char wrong[ERR_TEXT_MAX_BYTES];
	access_fixture_first_admin("ada");
	int64_t bea = access_fixture_add("bea", ACCESS_VIEWER);
	ck_assert(access_invite(ACCESS, "cyn", ACCESS_VIEWER, "ada", code, NULL));
	ck_assert(access_set_disabled(ACCESS, bea, true, "ada", NULL));
	ck_assert_int_eq(access_fixture_sign_in("ADA", PASSWORD), ERR_OK);
	ck_assert_int_eq(access_fixture.session.role, ACCESS_ADMIN);
	ck_assert_int_eq(access_fixture_sign_in("ada", OTHER), ERR_UNAUTHORIZED);
	str_format_cut(wrong, sizeof(wrong), "%s", access_fixture.err.text);
	static const char *const NAMES[] = {"nobody", "bea", "cyn", "", "no such name", NULL};
	for (size_t i = 0; i < ARRAY_SIZE(NAMES); i++) {
		access_fixture_pass(20 * MINUTE);
		long before = atomic_load(&ACCESS->hashed);
		ck_assert_int_eq(access_fixture_sign_in(NAMES[i], PASSWORD), ERR_UNAUTHORIZED);
		ck_assert_str_eq(access_fixture.err.text, wrong);
		ck_assert_int_eq(atomic_load(&ACCESS->hashed) - before, 1);
		ck_assert_str_eq(access_fixture.ticket.token, "");
	}
	ck_assert(access_set_disabled(ACCESS, bea, false, "ada", NULL));
	access_fixture_pass(20 * MINUTE);
	ck_assert_int_eq(access_fixture_sign_in("bea", PASSWORD), ERR_OK);
}
END_TEST

/* No truncation: what differs in its last byte is another password. */
START_TEST(every_byte_of_a_password_counts)
{
	char text[ACCESS_PASSWORD_MAX_BYTES + 1] = "";
	char code[ACCESS_CODE_BYTES];
	for (size_t i = 0; i < ACCESS_PASSWORD_MAX_BYTES; i++) {
		text[i] = (char)('a' + (i * i + i / 7) % 26);
	}
	ck_assert(access_first_code(ACCESS, code, NULL));
	ck_assert_int_eq(access_fixture_enter(code, "ada", text), ERR_OK);
	ck_assert_int_eq(access_fixture_sign_in("ada", text), ERR_OK);
	text[ACCESS_PASSWORD_MAX_BYTES - 1] ^= 1;
	ck_assert_int_eq(access_fixture_sign_in("ada", text), ERR_UNAUTHORIZED);
}
END_TEST

START_TEST(old_parameters_are_hashed_anew)
{
	struct stored_account account;
	access_fixture_first_admin("ada");
	ACCESS->cost.log2_n = 3;
	ck_assert_int_eq(access_fixture_sign_in("ada", OTHER), ERR_UNAUTHORIZED);
	ck_assert(store_account_find(access_fixture.store, "ada", 0, &account, NULL));
	ck_assert(str_starts_with(account.password, "scrypt$2$1$1$"));
	ck_assert_int_eq(access_fixture_sign_in("ada", PASSWORD), ERR_OK);
	ck_assert(store_account_find(access_fixture.store, "ada", 0, &account, NULL));
	ck_assert(str_starts_with(account.password, "scrypt$3$1$1$"));
	long before = atomic_load(&ACCESS->hashed);
	ck_assert_int_eq(access_fixture_sign_in("ada", PASSWORD), ERR_OK);
	ck_assert_int_eq(atomic_load(&ACCESS->hashed) - before, 1);
}
END_TEST

START_TEST(the_cost_is_what_was_decided)
{
	const struct access_options options = {
	        .store = access_fixture.store, .code_path = access_fixture.code_path};
	struct access *fresh = access_create(&options, NULL);
	ck_assert_ptr_nonnull(fresh);
	ck_assert_uint_eq(fresh->cost.log2_n, 15);
	ck_assert_uint_eq(fresh->cost.r, 8);
	ck_assert_uint_eq(fresh->cost.p, 3);
	access_destroy(fresh);
}
END_TEST

static int compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a;
	int64_t right = *(const int64_t *)b;
	return left < right ? -1 : left > right ? 1 : 0;
}

static const char *password_of(const char *name)
{
	static struct stored_account account;
	ck_assert(store_account_find(access_fixture.store, name, 0, &account, NULL));
	return account.password;
}

#define ROUNDS     100
#define ROUNDS_MAX 100000
#define TRIMMED    10 /* a tenth at either end: what the machine does besides */

static int rounds(void)
{
	const char *text = getenv("BOB2OKTA_TIMINGS");
	int64_t count = ROUNDS;
	if (text != NULL && !str_to_int64(text, &count)) {
		count = ROUNDS;
	}
	return count >= TRIMMED && count <= ROUNDS_MAX ? (int)count : ROUNDS;
}

static int64_t timed_us(const char *name)
{
	access_fixture_pass(20 * MINUTE); /* unbraked */
	int64_t from_us = clock_mono_us();
	ck_assert_int_eq(access_fixture_sign_in(name, OTHER), ERR_UNAUTHORIZED);
	return clock_mono_us() - from_us;
}

struct sample {
	double mean;
	double variance;
	int64_t median_us;
	int count;
};

static struct sample judge(int64_t *times_us, int count)
{
	int from = count / TRIMMED;
	struct sample sample = {.count = count - 2 * from};
	qsort(times_us, (size_t)count, sizeof(times_us[0]), compare);
	for (int i = from; i < count - from; i++) {
		sample.mean += (double)times_us[i] / sample.count;
	}
	for (int i = from; i < count - from; i++) {
		double off = (double)times_us[i] - sample.mean;
		sample.variance += off * off / (sample.count - 1);
	}
	sample.median_us = times_us[count / 2];
	return sample;
}

/* The work is counted; the clock's result is printed, and judged when it was asked for. */
START_TEST(unknown_names_take_as_long)
{
	bool is_judged = getenv("BOB2OKTA_TIMINGS") != NULL;
	int count = rounds();
	int64_t *known_us = calloc((size_t)count, sizeof(*known_us));
	int64_t *unknown_us = calloc((size_t)count, sizeof(*unknown_us));
	ck_assert(known_us != NULL && unknown_us != NULL);
	access_fixture_first_admin("ada");
	ACCESS->cost = (struct crypto_cost){.log2_n = 12, .r = 8, .p = 1};
	ck_assert(access_hash_nobody(ACCESS, NULL));
	ck_assert_int_eq(access_fixture_sign_in("ada", PASSWORD), ERR_OK);
	ck_assert(str_starts_with(password_of("ada"), "scrypt$12$8$1$"));
	ck_assert(str_starts_with(ACCESS->nobody, "scrypt$12$8$1$"));
	long before = atomic_load(&ACCESS->hashed);
	for (int i = 0; i < count; i++) {
		known_us[i] = timed_us("ada");
		unknown_us[i] = timed_us("nobody");
	}
	ck_assert_int_eq(atomic_load(&ACCESS->hashed) - before, 2 * count);
	struct sample known = judge(known_us, count);
	struct sample unknown = judge(unknown_us, count);
	double spread = sqrt(known.variance / known.count + unknown.variance / unknown.count);
	printf("figure: sign-in, %d of each: median with a known name %lld us, an unknown %lld us, "
	       "t = %.2f\n",
	        count, (long long)known.median_us, (long long)unknown.median_us,
	        (known.mean - unknown.mean) / spread);
	int64_t apart_us = llabs(known.median_us - unknown.median_us);
	ck_assert(!is_judged || apart_us < known.median_us / 2);
	free(known_us);
	free(unknown_us);
}
END_TEST

/* ------------------------------------------------------------------------ randomness */

static int no_bytes(unsigned char *to, int count)
{
	(void)to;
	(void)count;
	return 0;
}

START_TEST(without_randomness_nothing_is_issued)
{
	static const RAND_METHOD BROKEN = {.bytes = no_bytes, .pseudorand = no_bytes};
	char code[ACCESS_CODE_BYTES] = "";
	struct access_seed seed;
	access_fixture_first_admin("ada");
	int64_t session = access_fixture.session.id;
	int64_t account = access_fixture.session.account;
	size_t before = access_fixture_records("signin");
	ck_assert_int_eq(RAND_set_rand_method(&BROKEN), 1);
	ck_assert_int_eq(access_fixture_sign_in("ada", PASSWORD), ERR_INTERNAL);
	ck_assert_str_eq(access_fixture.ticket.token, "");
	ck_assert_int_eq(access_fixture_again(session, PASSWORD, NULL), ERR_INTERNAL);
	ck_assert(!access_invite(ACCESS, "bea", ACCESS_VIEWER, "ada", code, NULL));
	ck_assert_str_eq(code, "");
	ck_assert(!access_totp_begin(ACCESS, account, &seed, NULL));
	ck_assert_str_eq(seed.secret, "");
	RAND_set_rand_method(NULL);
	struct access_session_list list;
	ck_assert(access_sessions(ACCESS, 0, &list, NULL));
	ck_assert_uint_eq(list.count, 1);
	access_session_list_finish(&list);
	ck_assert_uint_eq(access_fixture_records("signin"), before);
	ck_assert_int_eq(access_fixture_sign_in("ada", PASSWORD), ERR_OK);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("access_sign_in");
	TCase *all = tcase_create("sign in");
	tcase_set_timeout(all, 600);
	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, the_first_code_is_in_a_file_and_counts_once);
	tcase_add_test(all, a_first_code_ends_after_thirty_minutes_or_with_the_next);
	tcase_add_test(all, guessed_codes_brake_the_guesser_alone);
	tcase_add_test(all, right_wrong_unknown_disabled_and_invited);
	tcase_add_test(all, every_byte_of_a_password_counts);
	tcase_add_test(all, old_parameters_are_hashed_anew);
	tcase_add_test(all, the_cost_is_what_was_decided);
	tcase_add_test(all, unknown_names_take_as_long);
	tcase_add_test(all, without_randomness_nothing_is_issued);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
