/* SPDX-License-Identifier: MIT */
#include "server/store/accounts.h"

#include "server/base/str.h"
#include "server/store/audit.h"
#include "server/store/retention.h"
#include "server/store/sqlite.h"
#include "tests/support/store_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define NOW    INT64_C(1764000000000)
#define MINUTE INT64_C(60000)
#define DAY    (INT64_C(24) * 60 * MINUTE)

static const struct session_bounds ALIVE = {NOW - 15 * MINUTE, NOW - 8 * 60 * MINUTE};

static struct store *store;
static struct err err;

static void setup(void)
{
	err = ERR_INIT;
	store = store_fixture_open();
}

static void teardown(void)
{
	store_close(store);
	store_fixture_clean();
}

/* A digest that is all of one byte. */
static void digest_of(account_digest to, int byte)
{
	memset(to, byte, sizeof(account_digest));
}

static int64_t account_id(const char *name)
{
	struct stored_account account;
	err_clear(&err);
	ck_assert_msg(store_account_find(store, name, 0, &account, &err), "%s", err.text);
	return account.id;
}

static bool invite(const char *name, const char *role, int code)
{
	struct account_invitation invitation = {
	        .name = name, .role = role, .by = "root", .now_ms = NOW};
	digest_of(invitation.code.digest, code);
	invitation.code.ends_at_ms = NOW + DAY;
	err_clear(&err);
	return store_account_invite(store, &invitation, &err);
}

static bool enter(const char *name, int code, int64_t *session)
{
	struct account_entry entry = {.name = name,
	        .password = "hash-1",
	        .session = {.peer = "192.0.2.1", .now_ms = NOW}};
	digest_of(entry.code, code);
	digest_of(entry.session.token, code + 1);
	err_clear(&err);
	return store_account_enter(store, &entry, session, &err);
}

static bool sign_in_with(struct account_sign_in *sign_in, const char *name, int token)
{
	int64_t session = 0;
	sign_in->account = account_id(name);
	sign_in->password = sign_in->password != NULL ? sign_in->password : "hash-1";
	sign_in->subject = name;
	sign_in->session.peer = "192.0.2.1";
	sign_in->session.now_ms = NOW;
	digest_of(sign_in->session.token, token);
	err_clear(&err);
	return store_session_begin(store, sign_in, &session, &err);
}

static bool sign_in(const char *name, int token)
{
	struct account_sign_in call = {0};
	return sign_in_with(&call, name, token);
}

static bool is_alive(int token, struct stored_session *session)
{
	account_digest digest;
	digest_of(digest, token);
	err_clear(&err);
	return store_session_find(store, digest, &ALIVE, session, &err);
}

static void first_admin(void)
{
	struct account_code code = {.ends_at_ms = NOW + 30 * MINUTE};
	int64_t session = 0;
	digest_of(code.digest, 1);
	ck_assert(store_first_code_set(store, &code, NOW, &err));
	ck_assert_msg(enter("ada", 1, &session), "%s", err.text);
}

static size_t records_of(const char *kind)
{
	struct audit_list list = {0};
	const struct audit_filter filter = {.kind = kind, .limit = 100};
	ck_assert(store_audit_list(store, &filter, &list, NULL));
	size_t count = list.count;
	audit_list_finish(&list);
	return count;
}

static void change_file(const char *sql)
{
	struct sqlite_conn conn = {0};
	store_close(store);
	ck_assert(sqlite_open(
	        &conn, store_fixture_url() + strlen("sqlite:"), SQLITE_ROLE_WRITER, &err));
	ck_assert_msg(sqlite_script(&conn, sql, &err), "%s", err.text);
	sqlite_close(&conn);
	store = store_fixture_open();
}

/* ------------------------------------------------------------------------ codes */

START_TEST(the_first_code_makes_one_admin)
{
	struct stored_session session;
	int64_t id = 0;
	int64_t count = 0;
	first_admin();
	ck_assert(is_alive(2, &session));
	ck_assert_str_eq(session.name, "ada");
	ck_assert_str_eq(session.role, "admin");
	ck_assert_int_eq(session.fresh_at_ms, NOW);
	ck_assert(!enter("eve", 1, &id)); /* used up */
	ck_assert_int_eq(err.code, ERR_UNAUTHORIZED);
	ck_assert(store_account_usable(store, &count, NULL));
	ck_assert_int_eq(count, 1);
}
END_TEST

START_TEST(a_first_code_ends_and_is_of_no_use_once_somebody_is_there)
{
	struct account_code code = {.ends_at_ms = NOW};
	int64_t id = 0;
	digest_of(code.digest, 9);
	ck_assert(store_first_code_set(store, &code, NOW - MINUTE, NULL));
	ck_assert(!enter("eve", 9, &id)); /* over */
	first_admin();
	code.ends_at_ms = NOW + DAY;
	ck_assert(store_first_code_set(store, &code, NOW, NULL));
	ck_assert(!enter("eve", 9, &id));
	ck_assert_int_eq(err.code, ERR_UNAUTHORIZED);
}
END_TEST

START_TEST(an_invitation_is_for_one_name_and_once)
{
	int64_t id = 0;
	int64_t account = -1;
	account_digest digest;
	first_admin();
	ck_assert(invite("bea", "viewer", 30));
	ck_assert(!invite("bea", "admin", 31));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	digest_of(digest, 30);
	ck_assert(store_account_code_find(store, digest, NOW, &account, NULL));
	ck_assert_int_eq(account, account_id("bea"));
	ck_assert(!store_account_code_find(store, digest, NOW + DAY, &account, NULL));
	ck_assert(!enter("eve", 30, &id));
	ck_assert(!enter("ada", 30, &id));
	ck_assert(enter("bea", 30, &id));
	ck_assert(!enter("bea", 30, &id));
}
END_TEST

/* --------------------------------------------------------------------- accounts */

START_TEST(the_last_admin_stays)
{
	first_admin();
	struct account_order order = {account_id("ada"), "ada", NOW};
	ck_assert(invite("bea", "admin", 30)); /* has not come yet: does not count */
	ck_assert(!store_account_set_role(store, &order, "viewer", &err));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	ck_assert(!store_account_set_disabled(store, &order, true, NULL));
	ck_assert(!store_account_remove(store, &order, NULL));
	int64_t id = 0;
	ck_assert(enter("bea", 30, &id));
	ck_assert(store_account_set_role(store, &order, "viewer", NULL));
	struct account_order bea = {account_id("bea"), "bea", NOW};
	ck_assert(!store_account_remove(store, &bea, NULL));
	ck_assert(store_account_remove(store, &order, NULL));
	ck_assert(!store_account_remove(store, &order, &err));
}
END_TEST

/* Each of them ends the sessions of the account, and of no other. */
START_TEST(changes_end_sessions)
{
	struct stored_session session;
	struct account_code code = {.ends_at_ms = NOW + DAY};
	int64_t id = 0;
	first_admin();
	ck_assert(invite("bea", "admin", 30));
	ck_assert(enter("bea", 30, &id));
	struct account_order order = {account_id("bea"), "ada", NOW};
	bool done = false;
	switch (_i) {
	case 0: done = store_account_set_role(store, &order, "operator", &err); break;
	case 1: done = store_account_set_disabled(store, &order, true, &err); break;
	case 2: done = store_account_remove(store, &order, &err); break;
	case 3:
		digest_of(code.digest, 40);
		done = store_account_reset(store, &order, &code, &err);
		break;
	default: done = store_session_end_all(store, &order, 0, &err); break;
	}
	ck_assert_msg(done, "%s", err.text);
	ck_assert(!is_alive(31, &session));
	ck_assert(is_alive(2, &session));
}
END_TEST

START_TEST(a_reset_takes_password_and_second_factor)
{
	uint8_t seed[ACCOUNT_SEED_BYTES] = {1};
	struct account_code code = {.ends_at_ms = NOW + DAY};
	struct stored_account account;
	struct totp_confirmation confirmation = {.step = 5};
	first_admin();
	struct account_order order = {account_id("ada"), "ada", NOW};
	ck_assert(store_totp_offer(store, order.account, seed, &err));
	ck_assert(store_totp_confirm(store, &order, &confirmation, &err));
	digest_of(code.digest, 40);
	ck_assert(store_account_reset(store, &order, &code, &err));
	ck_assert(store_account_find(store, "ada", 0, &account, &err));
	ck_assert_str_eq(account.password, "");
	ck_assert(!account.has_totp);
	ck_assert_int_eq(account.invited_until_ms, NOW + DAY);
	ck_assert(!sign_in("ada", 50));
}
END_TEST

START_TEST(each_change_is_in_the_trail)
{
	int64_t id = 0;
	first_admin(); /* code, entered */
	ck_assert(invite("bea", "viewer", 30));
	ck_assert(enter("bea", 30, &id));
	struct account_order order = {account_id("bea"), "ada", NOW};
	ck_assert(store_account_set_role(store, &order, "admin", NULL));
	ck_assert(store_account_set_disabled(store, &order, true, NULL));
	ck_assert(store_account_set_disabled(store, &order, false, NULL));
	ck_assert(store_account_remove(store, &order, NULL));
	ck_assert_uint_eq(records_of("account"), 8);
	ck_assert(sign_in("ada", 60));
	ck_assert_uint_eq(records_of("signin"), 1);
	struct account_order ada = {account_id("ada"), "ada", NOW};
	const struct account_password password = {.before = "hash-1", .now = "hash-2"};
	ck_assert(store_account_set_password(store, &ada, &password, NULL));
	ck_assert_uint_eq(records_of("password"), 1);
	ck_assert(store_session_end_all(store, &ada, 0, NULL));
	ck_assert_uint_eq(records_of("session"), 1);
}
END_TEST

/* --------------------------------------------------------------------- sessions */

START_TEST(a_session_ends_idle_and_in_the_end)
{
	struct stored_session session;
	struct session_bounds bounds = ALIVE;
	account_digest token;
	first_admin();
	digest_of(token, 2);
	bounds.used_after_ms = NOW;
	ck_assert(!store_session_find(store, token, &bounds, &session, NULL));
	ck_assert(is_alive(2, &session));
	ck_assert(store_session_touch(store, session.id, NOW + MINUTE, NULL));
	ck_assert(store_session_find(store, token, &bounds, &session, NULL));
	bounds.began_after_ms = NOW;
	ck_assert(!store_session_find(store, token, &bounds, &session, NULL));
}
END_TEST

START_TEST(a_renewed_session_takes_the_place_of_the_old)
{
	struct stored_session session;
	first_admin();
	ck_assert(is_alive(2, &session));
	struct account_sign_in again = {.replaces = session.id};
	ck_assert(sign_in_with(&again, "ada", 60));
	ck_assert(!is_alive(2, &session));
	ck_assert(is_alive(60, &session));
	ck_assert(!sign_in_with(&again, "ada", 61)); /* who has the old one gets no new one */
	ck_assert_int_eq(err.code, ERR_UNAUTHORIZED);
}
END_TEST

START_TEST(an_account_has_twenty_sessions)
{
	struct stored_session_list list;
	first_admin();
	for (int i = 0; i < ACCOUNT_SESSIONS_MAX; i++) {
		ck_assert_msg(sign_in("ada", 60 + i), "%s", err.text);
	}
	ck_assert(store_session_list(store, 0, &ALIVE, &list, &err));
	ck_assert_uint_eq(list.count, ACCOUNT_SESSIONS_MAX);
	struct stored_session session;
	ck_assert(!is_alive(2, &session)); /* the oldest */
	struct account_order somebody = {account_id("ada") + 1, "eve", NOW};
	ck_assert(!store_session_end(store, &somebody, list.items[0].id, &err));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	somebody.account = 0;
	ck_assert(store_session_end(store, &somebody, list.items[0].id, NULL));
	ck_assert(!store_session_end(store, &somebody, list.items[0].id, NULL));
	stored_session_list_finish(&list);
}
END_TEST

START_TEST(what_was_checked_must_still_be_so)
{
	first_admin();
	struct account_sign_in other = {.password = "hash-0"};
	ck_assert(!sign_in_with(&other, "ada", 60));
	ck_assert_int_eq(err.code, ERR_UNAUTHORIZED);
	struct account_sign_in rehashed = {.rehashed = "hash-2"};
	ck_assert(sign_in_with(&rehashed, "ada", 60));
	ck_assert(!sign_in("ada", 61));
	other.password = "hash-2";
	ck_assert(sign_in_with(&other, "ada", 62));
}
END_TEST

/* ---------------------------------------------------------------- second factor */

static void turn_on(void)
{
	uint8_t seed[ACCOUNT_SEED_BYTES];
	account_digest codes[2];
	memset(seed, 7, sizeof(seed));
	digest_of(codes[0], 100);
	digest_of(codes[1], 101);
	struct totp_confirmation confirmation = {
	        .step = 1000, .recovery = codes, .recovery_count = 2};
	struct account_order order = {account_id("ada"), "ada", NOW};
	ck_assert(!store_totp_confirm(store, &order, &confirmation, NULL));
	ck_assert(store_totp_offer(store, order.account, seed, &err));
	ck_assert(store_totp_confirm(store, &order, &confirmation, &err));
}

START_TEST(a_seed_comes_back_and_stands_nowhere_in_clear)
{
	uint8_t seed[ACCOUNT_SEED_BYTES];
	first_admin();
	ck_assert(!store_totp_read(store, account_id("ada"), TOTP_IN_FORCE, seed, NULL));
	turn_on();
	ck_assert(store_totp_read(store, account_id("ada"), TOTP_IN_FORCE, seed, &err));
	ck_assert_int_eq(seed[19], 7);
	ck_assert(!store_totp_read(store, account_id("ada"), TOTP_OFFERED, seed, NULL));
	int64_t found = -1;
	struct sqlite_conn *conn = sqlite_pool_take(store, &err);
	ck_assert(sqlite_number(
	        conn, "SELECT instr(totp, x'0707070707070707') FROM accounts", NULL, &found, &err));
	sqlite_pool_give(store, conn);
	ck_assert_int_eq(found, 0);
	struct account_order order = {account_id("ada"), "ada", NOW};
	ck_assert(store_totp_remove(store, &order, NULL));
	ck_assert(!store_totp_remove(store, &order, NULL));
	ck_assert_uint_eq(records_of("totp"), 2);
}
END_TEST

static const char *const TAMPERING[] = {
        "UPDATE accounts SET totp = (SELECT o.totp FROM accounts o WHERE o.name = 'bea')",
        "UPDATE accounts SET totp_version = totp_version + 1",
        "UPDATE accounts SET totp = zeroblob(length(totp))",
        "UPDATE accounts SET totp = x'01'",
};

START_TEST(a_changed_seed_does_not_open)
{
	uint8_t seed[ACCOUNT_SEED_BYTES] = {0};
	int64_t id = 0;
	first_admin();
	turn_on();
	ck_assert(invite("bea", "viewer", 30));
	ck_assert(enter("bea", 30, &id));
	struct account_order bea = {account_id("bea"), "bea", NOW};
	struct totp_confirmation confirmation = {.step = 1};
	ck_assert(store_totp_offer(store, bea.account, seed, &err));
	ck_assert(store_totp_confirm(store, &bea, &confirmation, &err));
	change_file(TAMPERING[_i]);
	ck_assert(!store_totp_read(store, account_id("ada"), TOTP_IN_FORCE, seed, NULL));
}
END_TEST

START_TEST(a_second_factor_counts_once)
{
	account_digest code;
	bool has = false;
	first_admin();
	turn_on();
	struct account_sign_in call = {0};
	ck_assert(!sign_in_with(&call, "ada", 60)); /* without one */
	call.totp_step = 1000;
	ck_assert(!sign_in_with(&call, "ada", 60)); /* shown when it was turned on */
	ck_assert_int_eq(err.code, ERR_SECOND_FACTOR);
	call.totp_step = 1001;
	ck_assert(sign_in_with(&call, "ada", 60));
	ck_assert(!sign_in_with(&call, "ada", 61));
	call.totp_step = 0;
	digest_of(code, 100);
	call.recovery = (const account_digest *)&code;
	ck_assert(store_recovery_has(store, account_id("ada"), code, &has, NULL));
	ck_assert(has);
	ck_assert(sign_in_with(&call, "ada", 61));
	ck_assert(!sign_in_with(&call, "ada", 62));
	ck_assert_int_eq(err.code, ERR_SECOND_FACTOR);
	struct stored_account account;
	ck_assert(store_account_find(store, "ada", 0, &account, NULL));
	ck_assert_int_eq(account.recovery_codes_left, 1);
}
END_TEST

/* --------------------------------------------------------------------- failures */

static int64_t failed(const char *subject, const char *network, int64_t at_ms)
{
	const struct failure_new failure = {subject, network, at_ms};
	int64_t id = 0;
	ck_assert(store_failure_add(store, &failure, &id, &err));
	return id;
}

static struct failure_counts counts(enum failure_of of, const char *key)
{
	const struct failure_query query = {.of = of, .key = key, .since_ms = NOW - DAY, .cap = 3};
	struct failure_counts found;
	ck_assert(store_failure_count(store, &query, &found, &err));
	return found;
}

START_TEST(failures_are_counted_by_name_by_network_and_together)
{
	first_admin();
	failed("ada", "n1", NOW - 2 * DAY);
	for (int i = 0; i < 4; i++) {
		failed("ada", i < 2 ? "n1" : "n2", NOW - 10 + i);
	}
	failed("bea", "n1", NOW);
	failed("ada-again", "", NOW);
	struct failure_counts ada = counts(FAILURES_OF_SUBJECT, "ada");
	ck_assert_int_eq(ada.all, 4);
	ck_assert_int_eq(ada.in_a_row, 4);
	ck_assert_int_eq(ada.last_at_ms, NOW - 7);
	ck_assert_int_eq(ada.capped_by_ms, NOW - 9); /* the third newest */
	ck_assert_int_eq(counts(FAILURES_OF_NETWORK, "n1").all, 3);
	ck_assert_int_eq(counts(FAILURES_OF_NETWORK, "n2").capped_by_ms, 0);
	ck_assert_int_eq(counts(FAILURES_OF_ALL, "").all, 5);
	ck_assert(sign_in("ada", 60));
	ada = counts(FAILURES_OF_SUBJECT, "ada");
	ck_assert_int_eq(ada.in_a_row, 0);
	ck_assert_int_eq(ada.all, 4); /* the day's count stays */
	store_close(store);
	store = store_fixture_open();
	ck_assert_int_eq(counts(FAILURES_OF_ALL, "").all, 5);
}
END_TEST

START_TEST(failures_are_summed_in_the_trail)
{
	const struct failure_report report = {"ada", "ada", NOW - DAY};
	for (int i = 0; i < 20; i++) {
		failed("ada", "n1", NOW);
		ck_assert(store_failure_report(store, &report, &err));
	}
	ck_assert_uint_eq(records_of("signin"), 4); /* 1, 5, 10, 20 */
	ck_assert(store_failure_drop(store, failed("ada", "n1", NOW), NULL));
	ck_assert_int_eq(counts(FAILURES_OF_SUBJECT, "ada").all, 20);
}
END_TEST

/* ------------------------------------------------------------- start and clean-up */

START_TEST(a_restored_store_ends_sessions_and_codes)
{
	struct stored_session session;
	int64_t id = 0;
	first_admin();
	ck_assert(invite("bea", "viewer", 30));
	ck_assert(is_alive(2, &session));
	change_file("INSERT OR REPLACE INTO store_state (name, value) VALUES ('restored', 1)");
	ck_assert(!is_alive(2, &session));
	ck_assert(!enter("bea", 30, &id));
	ck_assert(sign_in("ada", 60));
}
END_TEST

START_TEST(what_comes_from_the_future_ends)
{
	struct stored_session session;
	int64_t id = 0;
	first_admin();
	ck_assert(invite("bea", "viewer", 30));
	failed("ada", "n1", NOW);
	ck_assert(store_access_begin(store, NOW, NULL));
	ck_assert(is_alive(2, &session));
	ck_assert(store_access_begin(store, NOW - 5, NULL)); /* the clock was set back */
	ck_assert(!is_alive(2, &session));
	ck_assert(!enter("bea", 30, &id));
	ck_assert_int_eq(counts(FAILURES_OF_ALL, "").last_at_ms, NOW - 5);
}
END_TEST

START_TEST(what_is_old_goes)
{
	struct retention_times times = {0};
	struct retention_counts swept;
	first_admin(); /* its times are long ago */
	failed("ada", "n1", NOW);
	ck_assert(invite("bea", "viewer", 30));
	ck_assert_msg(store_retention_run(store, &times, &swept, &err), "%s", err.text);
	struct stored_session session;
	ck_assert(!is_alive(2, &session));
	ck_assert_int_eq(counts(FAILURES_OF_ALL, "").all, 0);
	ck_assert_uint_eq(records_of("retention"), 3);
	account_id("ada");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_accounts");
	TCase *accounts = tcase_create("accounts");
	tcase_add_checked_fixture(accounts, setup, teardown);
	tcase_add_test(accounts, the_first_code_makes_one_admin);
	tcase_add_test(accounts, a_first_code_ends_and_is_of_no_use_once_somebody_is_there);
	tcase_add_test(accounts, an_invitation_is_for_one_name_and_once);
	tcase_add_test(accounts, the_last_admin_stays);
	tcase_add_loop_test(accounts, changes_end_sessions, 0, 5);
	tcase_add_test(accounts, a_reset_takes_password_and_second_factor);
	tcase_add_test(accounts, each_change_is_in_the_trail);
	tcase_add_test(accounts, a_session_ends_idle_and_in_the_end);
	tcase_add_test(accounts, a_renewed_session_takes_the_place_of_the_old);
	tcase_add_test(accounts, an_account_has_twenty_sessions);
	tcase_add_test(accounts, what_was_checked_must_still_be_so);
	tcase_add_test(accounts, a_seed_comes_back_and_stands_nowhere_in_clear);
	tcase_add_loop_test(accounts, a_changed_seed_does_not_open, 0, ARRAY_SIZE(TAMPERING));
	tcase_add_test(accounts, a_second_factor_counts_once);
	tcase_add_test(accounts, failures_are_counted_by_name_by_network_and_together);
	tcase_add_test(accounts, failures_are_summed_in_the_trail);
	tcase_add_test(accounts, a_restored_store_ends_sessions_and_codes);
	tcase_add_test(accounts, what_comes_from_the_future_ends);
	tcase_add_test(accounts, what_is_old_goes);
	suite_add_tcase(suite, accounts);
	return suite_run(suite);
}
