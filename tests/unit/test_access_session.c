/* SPDX-License-Identifier: MIT */
#include "tests/support/access_fixture.h"

#include "server/base/str.h"
#include "tests/support/suite.h"

#include <check.h>
#include <string.h>

#define PASSWORD ACCESS_FIXTURE_PASSWORD
#define OTHER    ACCESS_FIXTURE_OTHER
#define ACCESS   access_fixture.access
#define SESSION  access_fixture.session
#define TICKET   access_fixture.ticket
#define MINUTE   INT64_C(60000)

static void setup(void)
{
	access_fixture_open();
	access_fixture_first_admin("ada");
}

static void teardown(void)
{
	access_fixture_close();
}

START_TEST(tokens_are_random_and_stand_nowhere)
{
	char first[ACCESS_TOKEN_BYTES];
	struct access_session session;
	ck_assert(str_copy(first, sizeof(first), TICKET.token));
	ck_assert_uint_eq(strlen(first), 64);
	ck_assert_int_eq(access_fixture_sign_in("ada", PASSWORD), ERR_OK);
	ck_assert_str_ne(TICKET.token, first);
	ck_assert(access_find(ACCESS, first, &session));
	ck_assert_str_eq(session.name, "ada");
	ck_assert_str_eq(session.peer, ACCESS_FIXTURE_PEER);
	TICKET.token[0] = TICKET.token[0] == '0' ? '1' : '0';
	ck_assert(!access_find(ACCESS, TICKET.token, &session));
	ck_assert(!access_find(ACCESS, "", &session));
	ck_assert(!access_find(ACCESS, NULL, &session));
}
END_TEST

START_TEST(a_session_ends_when_it_is_not_used)
{
	struct access_session session;
	access_fixture_pass(14 * MINUTE);
	ck_assert(access_find(ACCESS, TICKET.token, &session)); /* counts as use */
	ck_assert_int_eq(session.idle_until_ms, access_fixture_wall_ms() + ACCESS_IDLE_MS);
	access_fixture_pass(14 * MINUTE);
	ck_assert(access_fixture_is_in(TICKET.token));
	access_fixture_pass(15 * MINUTE);
	ck_assert(!access_fixture_is_in(TICKET.token));
	access_fixture_restart();
	ck_assert(!access_fixture_is_in(TICKET.token));
}
END_TEST

START_TEST(looking_keeps_nobody_signed_in)
{
	struct access_session session;
	int64_t until_ms = SESSION.idle_until_ms;
	for (int i = 0; i < 14; i++) {
		access_fixture_pass(MINUTE);
		ck_assert(access_peek(ACCESS, TICKET.token, &session));
		ck_assert_int_eq(session.idle_until_ms, until_ms);
	}
	access_fixture_pass(MINUTE);
	ck_assert(!access_peek(ACCESS, TICKET.token, &session));
}
END_TEST

START_TEST(a_session_ends_after_eight_hours_of_use)
{
	int64_t until_ms = SESSION.ends_at_ms;
	ck_assert_int_eq(until_ms, access_fixture_wall_ms() + ACCESS_ABSOLUTE_MS);
	while (access_fixture_wall_ms() + 10 * MINUTE < until_ms) {
		access_fixture_pass(10 * MINUTE);
		ck_assert(access_fixture_is_in(TICKET.token));
	}
	access_fixture_pass(10 * MINUTE);
	ck_assert(!access_fixture_is_in(TICKET.token));
}
END_TEST

START_TEST(use_is_written_once_a_minute)
{
	struct stored_session stored;
	struct session_bounds alive;
	int64_t began_ms = SESSION.began_at_ms;
	for (int i = 0; i < 59; i++) {
		access_fixture_pass(1000);
		ck_assert(access_fixture_is_in(TICKET.token));
	}
	access_alive(ACCESS, &alive);
	ck_assert(store_session_get(access_fixture.store, SESSION.id, &alive, &stored, NULL));
	ck_assert_int_eq(stored.used_at_ms, began_ms);
	access_fixture_pass(1000);
	ck_assert(access_fixture_is_in(TICKET.token));
	ck_assert(store_session_get(access_fixture.store, SESSION.id, &alive, &stored, NULL));
	ck_assert_int_eq(stored.used_at_ms, began_ms + MINUTE);
}
END_TEST

START_TEST(a_restart_signs_nobody_out)
{
	access_fixture_restart();
	ck_assert(access_fixture_is_in(TICKET.token));
	ck_assert(access_is_csrf(ACCESS, TICKET.token, TICKET.csrf));
}
END_TEST

static const int64_t JUMPS[] = {
        -120 * MINUTE, 120 * MINUTE, INT64_C(10) * 365 * 24 * 60 * MINUTE, -INT64_C(1763000000000)};

/* K-01: while it runs nothing is shortened or prolonged, and what is shown fits the new clock. */
START_TEST(setting_the_clock_changes_no_session)
{
	struct access_session session;
	access_fixture_set_wall(JUMPS[_i]);
	ck_assert(access_find(ACCESS, TICKET.token, &session));
	ck_assert_int_eq(session.idle_until_ms, access_fixture_wall_ms() + ACCESS_IDLE_MS);
	ck_assert_int_eq(session.fresh_until_ms, access_fixture_wall_ms() + ACCESS_FRESH_MS);
	access_fixture_pass(ACCESS_IDLE_MS - MINUTE);
	ck_assert(access_find(ACCESS, TICKET.token, &session));
	ck_assert_int_eq(session.fresh_until_ms, 0);
	access_fixture_pass(ACCESS_IDLE_MS);
	ck_assert(!access_fixture_is_in(TICKET.token));
}
END_TEST

/* Over a restart only the wall clock tells: what it cannot vouch for ends. */
START_TEST(a_clock_that_was_set_ends_sessions_at_the_next_start)
{
	access_fixture_set_wall(JUMPS[_i]);
	access_fixture_restart();
	ck_assert(!access_fixture_is_in(TICKET.token));
	access_fixture_set_wall(-JUMPS[_i]);
	access_fixture_restart();
	ck_assert(JUMPS[_i] > 0 || !access_fixture_is_in(TICKET.token));
	ck_assert_int_eq(access_fixture_sign_in("ada", PASSWORD), ERR_OK);
}
END_TEST

START_TEST(confirming_gives_a_new_token_and_ends_the_old)
{
	char before[ACCESS_TOKEN_BYTES];
	struct access_session session;
	ck_assert(str_copy(before, sizeof(before), TICKET.token));
	access_fixture_pass(6 * MINUTE);
	ck_assert(access_find(ACCESS, before, &session));
	ck_assert_int_eq(session.fresh_until_ms, 0);
	int64_t id = session.id;
	ck_assert_int_eq(access_fixture_again(id, OTHER, NULL), ERR_UNAUTHORIZED);
	ck_assert(access_fixture_is_in(before));
	ck_assert_int_eq(access_fixture_again(id, PASSWORD, NULL), ERR_OK);
	ck_assert_int_eq(SESSION.fresh_until_ms, access_fixture_wall_ms() + ACCESS_FRESH_MS);
	ck_assert(!access_fixture_is_in(before));
	ck_assert(access_fixture_is_in(TICKET.token));
	ck_assert_int_eq(access_fixture_again(id, PASSWORD, NULL), ERR_UNAUTHORIZED);
}
END_TEST

START_TEST(csrf_tokens_belong_to_their_session)
{
	struct access_ticket first = TICKET;
	char csrf[ACCESS_CSRF_BYTES];
	ck_assert_int_eq(access_fixture_sign_in("ada", PASSWORD), ERR_OK);
	ck_assert(access_is_csrf(ACCESS, TICKET.token, TICKET.csrf));
	ck_assert(!access_is_csrf(ACCESS, TICKET.token, first.csrf));
	ck_assert(!access_is_csrf(ACCESS, first.token, TICKET.csrf));
	ck_assert(!access_is_csrf(ACCESS, TICKET.token, TICKET.token));
	ck_assert(!access_is_csrf(ACCESS, TICKET.token, ""));
	ck_assert(!access_is_csrf(ACCESS, TICKET.token, NULL));
	ck_assert(!access_is_csrf(ACCESS, NULL, TICKET.csrf));
	access_csrf(ACCESS, TICKET.token, csrf);
	ck_assert_str_eq(csrf, TICKET.csrf);
}
END_TEST

START_TEST(sessions_are_listed_and_ended)
{
	struct access_session_list list;
	int64_t ada = SESSION.account;
	int64_t bea = access_fixture_add("bea", ACCESS_VIEWER);
	struct access_ticket of_bea = TICKET;
	int64_t bea_session = SESSION.id;
	for (int i = 0; i < 30; i++) {
		ck_assert_int_eq(access_fixture_sign_in("ada", PASSWORD), ERR_OK);
	}
	ck_assert(access_sessions(ACCESS, ada, &list, NULL));
	ck_assert_uint_eq(list.count, ACCOUNT_SESSIONS_MAX);
	ck_assert_int_eq(list.items[0].id, SESSION.id);
	access_session_list_finish(&list);
	ck_assert(!access_end_session(ACCESS, ada, bea_session, "ada", NULL));
	ck_assert(access_end_session(ACCESS, 0, bea_session, "ada", NULL));
	ck_assert(!access_fixture_is_in(of_bea.token));
	ck_assert(access_end_sessions(ACCESS, ada, SESSION.id, "ada", NULL));
	ck_assert(access_fixture_is_in(TICKET.token));
	ck_assert(access_sessions(ACCESS, 0, &list, NULL));
	ck_assert_uint_eq(list.count, 1);
	access_session_list_finish(&list);
	ck_assert(access_end_sessions(ACCESS, bea, 0, "ada", NULL)); /* none left: no mistake */
	ck_assert_uint_eq(access_fixture_records("session"), 3);
}
END_TEST

static bool change(const char *old, const char *new, bool ends_others, struct err *err)
{
	struct secret old_secret = {0};
	struct secret new_secret = {0};
	int wait_s = 0;
	ck_assert(secret_set(&old_secret, old) && secret_set(&new_secret, new));
	const struct access_password_change asked = {.account = SESSION.account,
	        .session = SESSION.id,
	        .old = &old_secret,
	        .new = &new_secret,
	        .ends_others = ends_others};
	err_clear(err);
	bool done = access_change_password(ACCESS, &asked, &wait_s, err);
	secret_finish(&old_secret);
	secret_finish(&new_secret);
	return done;
}

START_TEST(a_new_password_takes_the_old_one)
{
	struct err err = ERR_INIT;
	struct access_ticket first = TICKET;
	ck_assert_int_eq(access_fixture_sign_in("ada", PASSWORD), ERR_OK);
	ck_assert(!change(OTHER, OTHER, false, &err));
	ck_assert_int_eq(err.code, ERR_UNAUTHORIZED);
	ck_assert(!change(PASSWORD, "too short", false, &err));
	ck_assert_int_eq(err.code, ERR_BAD_REQUEST);
	ck_assert(!change(PASSWORD, PASSWORD, false, &err));
	ck_assert_int_eq(err.code, ERR_BAD_REQUEST);
	ck_assert_msg(change(PASSWORD, OTHER, false, &err), "%s", err.text);
	ck_assert(access_fixture_is_in(first.token));
	ck_assert_msg(change(OTHER, "gravel onward teapot", true, &err), "%s", err.text);
	ck_assert(!access_fixture_is_in(first.token));
	ck_assert(access_fixture_is_in(TICKET.token));
	ck_assert_int_eq(access_fixture_sign_in("ada", PASSWORD), ERR_UNAUTHORIZED);
	ck_assert_int_eq(access_fixture_sign_in("ada", "gravel onward teapot"), ERR_OK);
	ck_assert_uint_eq(access_fixture_records("password"), 2);
	for (int i = 0; i < 10; i++) {
		ck_assert(!change(PASSWORD, OTHER, false, &err));
	}
	ck_assert_int_eq(err.code, ERR_TOO_MANY);
}
END_TEST

START_TEST(accounts_are_listed_and_the_last_admin_stays)
{
	char code[ACCESS_CODE_BYTES];
	struct err err = ERR_INIT;
	struct access_account_list list;
	int64_t ada = SESSION.account;
	int64_t bea = access_fixture_add("bea", ACCESS_OPERATOR);
	ck_assert(access_invite(ACCESS, "Cyn@example.com", ACCESS_VIEWER, "ada", code, NULL));
	ck_assert(!access_invite(ACCESS, "cyn@EXAMPLE.com", ACCESS_ADMIN, "ada", code, &err));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	ck_assert(!access_invite(ACCESS, "<svg>", ACCESS_ADMIN, "ada", code, NULL));
	ck_assert(access_accounts(ACCESS, &list, NULL));
	ck_assert_uint_eq(list.count, 3);
	ck_assert_str_eq(list.items[1].name, "bea");
	ck_assert_int_eq(list.items[1].role, ACCESS_OPERATOR);
	ck_assert(list.items[1].has_password);
	ck_assert_uint_eq(list.items[1].sessions, 1);
	ck_assert_str_eq(list.items[2].name, "cyn@example.com");
	ck_assert(!list.items[2].has_password);
	ck_assert_int_eq(
	        list.items[2].invited_until_ms, access_fixture_wall_ms() + ACCESS_INVITATION_MS);
	access_account_list_finish(&list);
	err_clear(&err);
	ck_assert(!access_set_role(ACCESS, ada, ACCESS_OPERATOR, "ada", &err));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	ck_assert(!access_set_disabled(ACCESS, ada, true, "ada", NULL));
	ck_assert(!access_remove(ACCESS, ada, "ada", NULL));
	struct access_ticket of_bea = TICKET;
	ck_assert(access_set_role(ACCESS, bea, ACCESS_ADMIN, "ada", NULL));
	ck_assert(!access_fixture_is_in(of_bea.token)); /* signs in anew with the new role */
	ck_assert(access_remove(ACCESS, ada, "bea", NULL));
	access_fixture_pass(ACCESS_INVITATION_MS);
	ck_assert(access_accounts(ACCESS, &list, NULL));
	ck_assert_int_eq(list.items[1].invited_until_ms, 0);
	access_account_list_finish(&list);
}
END_TEST

START_TEST(a_reset_makes_place_for_a_new_password)
{
	char code[ACCESS_CODE_BYTES];
	struct access_ticket before = TICKET;
	int64_t ada = SESSION.account;
	ck_assert(access_reset(ACCESS, ada, "cli", code, NULL));
	ck_assert(!access_fixture_is_in(before.token));
	ck_assert_int_eq(access_fixture_sign_in("ada", PASSWORD), ERR_UNAUTHORIZED);
	ck_assert(access_is_first_run(ACCESS)); /* nobody can sign in: the host's code helps too */
	ck_assert_int_eq(access_fixture_enter(code, "bea", OTHER), ERR_UNAUTHORIZED);
	ck_assert_int_eq(access_fixture_enter(code, "ada", OTHER), ERR_OK);
	ck_assert_int_eq(SESSION.role, ACCESS_ADMIN);
	ck_assert_int_eq(SESSION.account, ada);
	ck_assert_int_eq(access_fixture_enter(code, "ada", PASSWORD), ERR_UNAUTHORIZED);
}
END_TEST

START_TEST(who_lost_everything_comes_in_with_the_hosts_code)
{
	char code[ACCESS_CODE_BYTES];
	int64_t ada = SESSION.account;
	ck_assert(access_reset(ACCESS, ada, "cli", code, NULL));
	ck_assert(access_first_code(ACCESS, code, NULL));
	ck_assert_int_eq(access_fixture_enter(code, "ada", OTHER), ERR_OK);
	ck_assert_int_eq(SESSION.account, ada);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("access_session");
	TCase *all = tcase_create("sessions");
	tcase_set_timeout(all, 60);
	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, tokens_are_random_and_stand_nowhere);
	tcase_add_test(all, a_session_ends_when_it_is_not_used);
	tcase_add_test(all, looking_keeps_nobody_signed_in);
	tcase_add_test(all, a_session_ends_after_eight_hours_of_use);
	tcase_add_test(all, use_is_written_once_a_minute);
	tcase_add_test(all, a_restart_signs_nobody_out);
	tcase_add_loop_test(all, setting_the_clock_changes_no_session, 0, ARRAY_SIZE(JUMPS));
	tcase_add_loop_test(
	        all, a_clock_that_was_set_ends_sessions_at_the_next_start, 0, ARRAY_SIZE(JUMPS));
	tcase_add_test(all, confirming_gives_a_new_token_and_ends_the_old);
	tcase_add_test(all, csrf_tokens_belong_to_their_session);
	tcase_add_test(all, sessions_are_listed_and_ended);
	tcase_add_test(all, a_new_password_takes_the_old_one);
	tcase_add_test(all, accounts_are_listed_and_the_last_admin_stays);
	tcase_add_test(all, a_reset_makes_place_for_a_new_password);
	tcase_add_test(all, who_lost_everything_comes_in_with_the_hosts_code);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
