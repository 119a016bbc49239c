/* SPDX-License-Identifier: MIT */
#include "tests/support/access_fixture.h"

#include "server/base/str.h"
#include "tests/support/suite.h"

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define PASSWORD ACCESS_FIXTURE_PASSWORD
#define OTHER    ACCESS_FIXTURE_OTHER
#define PEER     ACCESS_FIXTURE_PEER
#define ACCESS   access_fixture.access
#define SESSION  access_fixture.session
#define MINUTE   INT64_C(60000)

static struct access_recovery recovery;
static int64_t ada;

static void setup(void)
{
	access_fixture_open();
	access_fixture_first_admin("ada");
	ada = SESSION.account;
}

static void teardown(void)
{
	access_fixture_close();
}

static enum err_code sign_in(const char *second)
{
	return access_fixture_sign_in_from(PEER, "ada", PASSWORD, second);
}

static bool confirm(const char *code, struct err *err)
{
	int wait_s = 0;
	return access_totp_confirm(ACCESS, ada, code, &recovery, &wait_s, err);
}

/* RFC 6238, appendix B, the last six of its eight digits. */
START_TEST(codes_are_those_of_rfc_6238)
{
	static const struct {
		int64_t at_s;
		const char *code;
	} CASES[] = {{59, "287082"}, {1111111109, "081804"}, {1111111111, "050471"},
	        {1234567890, "005924"}, {2000000000, "279037"}, {20000000000, "353130"}};
	char code[8];
	for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
		ck_assert(totp_code(
		        (const uint8_t *)"12345678901234567890", CASES[i].at_s / 30, code));
		ck_assert_str_eq(code, CASES[i].code);
	}
}
END_TEST

START_TEST(a_seed_is_in_force_once_a_code_was_shown)
{
	struct access_seed seed;
	struct err err = ERR_INIT;
	char code[8];
	ck_assert(!confirm("123456", &err));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	ck_assert(access_totp_begin(ACCESS, ada, &seed, NULL));
	ck_assert_uint_eq(strlen(seed.secret), 32);
	ck_assert(str_starts_with(seed.uri, "otpauth://totp/bob2okta:ada?secret="));
	ck_assert_ptr_nonnull(strstr(seed.uri, seed.secret));
	ck_assert_int_eq(sign_in(NULL), ERR_OK); /* not in force */
	access_fixture_totp(ada, 3, code);
	err_clear(&err);
	ck_assert(!confirm(code, &err));
	ck_assert_int_eq(err.code, ERR_SECOND_FACTOR);
	ck_assert_str_eq(recovery.codes[0], "");
	access_fixture_totp(ada, 0, code);
	ck_assert(confirm(code, NULL));
	ck_assert_uint_eq(strlen(recovery.codes[9]), 29);
	ck_assert_int_eq(sign_in(NULL), ERR_SECOND_FACTOR);
	ck_assert_int_eq(sign_in(""), ERR_SECOND_FACTOR);
	ck_assert_int_eq(sign_in(code), ERR_SECOND_FACTOR); /* was shown already */
	access_fixture_pass(30000);
	access_fixture_totp(ada, 0, code);
	ck_assert_int_eq(sign_in(code), ERR_OK);
	ck_assert(SESSION.has_totp);
	ck_assert_int_eq(sign_in(code), ERR_SECOND_FACTOR);
	ck_assert(access_totp_remove(ACCESS, ada, "ada", NULL));
	access_fixture_pass(15 * MINUTE);
	ck_assert_int_eq(sign_in(NULL), ERR_OK);
	ck_assert_uint_eq(access_fixture_records("totp"), 2);
}
END_TEST

static const struct {
	int64_t steps_off;
	enum err_code wanted;
} DRIFTS[] = {
        {-2, ERR_SECOND_FACTOR}, {-1, ERR_OK}, {0, ERR_OK}, {1, ERR_OK}, {2, ERR_SECOND_FACTOR}};

START_TEST(clocks_may_differ_by_a_step)
{
	char code[8];
	access_fixture_totp_on(ada, &recovery);
	access_fixture_pass(10 * MINUTE);
	access_fixture_totp(ada, DRIFTS[_i].steps_off, code);
	ck_assert_int_eq(sign_in(code), DRIFTS[_i].wanted);
}
END_TEST

START_TEST(an_earlier_code_is_refused_after_a_later)
{
	char late[8];
	char now[8];
	char spaced[16];
	access_fixture_totp_on(ada, &recovery);
	access_fixture_pass(10 * MINUTE);
	access_fixture_totp(ada, 1, late);
	access_fixture_totp(ada, 0, now);
	str_format_cut(spaced, sizeof(spaced), "%.3s %s", late, late + 3);
	ck_assert_int_eq(sign_in(spaced), ERR_OK);
	ck_assert_int_eq(sign_in(now), ERR_SECOND_FACTOR);
	ck_assert_int_eq(access_fixture_again(SESSION.id, PASSWORD, late), ERR_SECOND_FACTOR);
	access_fixture_pass(60000);
	access_fixture_totp(ada, 0, now);
	ck_assert_int_eq(access_fixture_again(SESSION.id, PASSWORD, NULL), ERR_SECOND_FACTOR);
	ck_assert_int_eq(access_fixture_again(SESSION.id, PASSWORD, now), ERR_OK);
}
END_TEST

START_TEST(a_recovery_code_counts_once)
{
	struct access_account_list list;
	char small[ACCESS_CODE_BYTES];
	access_fixture_totp_on(ada, &recovery);
	str_format_cut(small, sizeof(small), "%s", recovery.codes[3]);
	str_fold(small);
	ck_assert_int_eq(sign_in(small), ERR_OK);
	ck_assert_int_eq(sign_in(recovery.codes[3]), ERR_SECOND_FACTOR);
	ck_assert_int_eq(access_fixture_again(SESSION.id, PASSWORD, recovery.codes[4]), ERR_OK);
	ck_assert(access_accounts(ACCESS, &list, NULL));
	ck_assert_int_eq(list.items[0].recovery_codes_left, 8);
	access_account_list_finish(&list);
	int64_t bea = access_fixture_add("bea", ACCESS_VIEWER);
	struct access_recovery of_bea;
	access_fixture_totp_on(bea, &of_bea);
	ck_assert_int_eq(sign_in(of_bea.codes[0]), ERR_SECOND_FACTOR); /* somebody else's */
	access_fixture_totp_on(ada, &of_bea); /* new ones take the old ones' place */
	ck_assert_int_eq(sign_in(recovery.codes[5]), ERR_SECOND_FACTOR);
	ck_assert_int_eq(sign_in(of_bea.codes[5]), ERR_OK);
}
END_TEST

/* Without the password the second factor is not asked for, so that it tells nothing. */
START_TEST(a_wrong_password_says_nothing_of_the_second)
{
	char code[8];
	access_fixture_totp_on(ada, &recovery);
	access_fixture_pass(MINUTE);
	access_fixture_totp(ada, 0, code);
	ck_assert_int_eq(access_fixture_sign_in_from(PEER, "ada", OTHER, code), ERR_UNAUTHORIZED);
	ck_assert_int_eq(access_fixture_sign_in_from(PEER, "ada", OTHER, NULL), ERR_UNAUTHORIZED);
	ck_assert_int_eq(sign_in(code), ERR_OK);
}
END_TEST

#define AT_ONCE 5 /* as many as no brake holds */

static char shared_code[8];
static atomic_int let_in;

static void *sign_in_with_shared(void *argument)
{
	struct secret secret = {0};
	struct access_ticket ticket;
	struct access_session session;
	int wait_s = 0;
	struct access_proof proof = {.name = "ada", .password = &secret, .second = shared_code};
	memcpy(proof.peer.bytes, &argument, 4);
	if (secret_set(&secret, PASSWORD) &&
	        access_sign_in(ACCESS, &proof, &ticket, &session, &wait_s, NULL)) {
		atomic_fetch_add(&let_in, 1);
	}
	secret_finish(&secret);
	return NULL;
}

START_TEST(a_code_that_is_shown_many_times_at_once_counts_once)
{
	pthread_t threads[AT_ONCE];
	access_fixture_totp_on(ada, &recovery);
	access_fixture_pass(MINUTE);
	access_fixture_totp(ada, 0, shared_code);
	for (uintptr_t i = 0; i < AT_ONCE; i++) {
		ck_assert_int_eq(
		        pthread_create(&threads[i], NULL, sign_in_with_shared, (void *)(i + 1)), 0);
	}
	for (size_t i = 0; i < AT_ONCE; i++) {
		pthread_join(threads[i], NULL);
	}
	ck_assert_int_eq(atomic_load(&let_in), 1);
}
END_TEST

/* Who took over a session in which a seed was offered and left. */
START_TEST(guessing_at_an_offered_seed_is_bounded)
{
	struct access_seed seed;
	char right[8];
	int judged = 0;
	ck_assert(access_totp_begin(ACCESS, ada, &seed, NULL));
	for (int i = 0; i < 10000; i++) {
		struct err err = ERR_INIT;
		access_fixture_totp(ada, 5, right);
		ck_assert(!confirm(right, &err)); /* another time's: wrong */
		ck_assert(err.code == ERR_SECOND_FACTOR || err.code == ERR_TOO_MANY);
		judged += err.code == ERR_SECOND_FACTOR ? 1 : 0;
		access_fixture_pass(1000);
	}
	ck_assert_int_lt(judged, 30);
	access_fixture_pass(15 * MINUTE);
	access_fixture_totp(ada, 0, right);
	ck_assert(confirm(right, NULL));
}
END_TEST

/* Who has the password and guesses at the second factor, all day and from everywhere. */
START_TEST(guessing_at_codes_is_bounded)
{
	char code[8];
	char peer[ADDRESS_TEXT_BYTES];
	int judged = 0;
	access_fixture_totp_on(ada, &recovery);
	for (int i = 0; i < 10000; i++) {
		str_format_cut(code, sizeof(code), "%06d", i * 97);
		str_format_cut(peer, sizeof(peer), "2001:db8:%x::1", i % 500);
		enum err_code got = access_fixture_sign_in_from(peer, "ada", PASSWORD, code);
		ck_assert(got == ERR_SECOND_FACTOR || got == ERR_TOO_MANY || got == ERR_OK);
		judged += got != ERR_TOO_MANY ? 1 : 0;
		access_fixture_pass(8639);
	}
	ck_assert_int_le(judged, 100);
	ck_assert_int_ge(judged, 90);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("access_totp");
	TCase *all = tcase_create("second factor");
	tcase_set_timeout(all, 120);
	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, codes_are_those_of_rfc_6238);
	tcase_add_test(all, a_seed_is_in_force_once_a_code_was_shown);
	tcase_add_loop_test(all, clocks_may_differ_by_a_step, 0, ARRAY_SIZE(DRIFTS));
	tcase_add_test(all, an_earlier_code_is_refused_after_a_later);
	tcase_add_test(all, a_recovery_code_counts_once);
	tcase_add_test(all, a_wrong_password_says_nothing_of_the_second);
	tcase_add_test(all, a_code_that_is_shown_many_times_at_once_counts_once);
	tcase_add_test(all, guessing_at_codes_is_bounded);
	tcase_add_test(all, guessing_at_an_offered_seed_is_bounded);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
