/* SPDX-License-Identifier: MIT */
#include "server/store/secrets.h"

#include "server/base/str.h"
#include "server/store/sqlite.h"
#include "tests/support/store_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN   "okta.api_token"
#define WEBHOOK "bob.webhook_secret"
#define HOST    "https://acme.okta.com"
#define CANARY  "CANARY-invented-token-0001"

static struct store *store;
static struct stored_secret_list list;

static void setup(void)
{
	store = store_fixture_open();
}

static void teardown(void)
{
	stored_secret_list_finish(&list);
	store_close(store);
	store_fixture_clean();
}

static bool set(const char *connection, const char *name, const char *host, const char *text,
        struct err *err)
{
	struct secret value = {0};
	ck_assert(secret_set(&value, text));
	struct secret_entry entry = {.connection = connection,
	        .name = name,
	        .host = host,
	        .value = &value,
	        .keeps_before = str_equal(name, WEBHOOK),
	        .by = "ada"};
	bool done = store_secret_set(store, &entry, err);
	secret_finish(&value);
	return done;
}

static void load(const char *connection)
{
	stored_secret_list_finish(&list);
	struct err err = ERR_INIT;
	ck_assert_msg(store_secret_list(store, connection, &list, &err), "%s", err.text);
}

static void expect(size_t i, const char *name, int slot, const char *text)
{
	ck_assert_uint_gt(list.count, i);
	ck_assert_str_eq(list.items[i].name, name);
	ck_assert_int_eq(list.items[i].slot, slot);
	ck_assert_str_eq(secret_reveal(&list.items[i].value), text);
}

START_TEST(what_was_entered_is_there_after_a_start)
{
	ck_assert(set("default", TOKEN, HOST, CANARY, NULL));
	store_close(store);
	store = store_fixture_open();
	load("default");
	ck_assert_uint_eq(list.count, 1);
	expect(0, TOKEN, SECRET_NEWEST, CANARY);
	ck_assert_str_eq(list.items[0].host, HOST);
	ck_assert_str_eq(list.items[0].entered_by, "ada");
	ck_assert_uint_eq(strlen(list.items[0].fingerprint), 16);
	load("other");
	ck_assert_uint_eq(list.count, 0);
}
END_TEST

START_TEST(a_token_is_one_and_a_webhook_secret_two)
{
	ck_assert(set("default", TOKEN, HOST, "first-token-0000", NULL));
	ck_assert(set("default", TOKEN, HOST, "second-token-000", NULL));
	ck_assert(set("default", WEBHOOK, "", "first-secret", NULL));
	ck_assert(set("default", WEBHOOK, "", "second-secret", NULL));
	ck_assert(set("default", WEBHOOK, "", "third-secret", NULL));
	load(NULL);
	ck_assert_uint_eq(list.count, 3);
	expect(0, WEBHOOK, SECRET_NEWEST, "third-secret");
	expect(1, WEBHOOK, SECRET_BEFORE, "second-secret");
	expect(2, TOKEN, SECRET_NEWEST, "second-token-000");
}
END_TEST

START_TEST(the_same_again_pushes_nothing_out)
{
	struct err err = ERR_INIT;
	ck_assert(set("default", WEBHOOK, "", "old-secret", NULL));
	ck_assert(set("default", WEBHOOK, "", "new-secret", NULL));
	ck_assert(!set("default", WEBHOOK, "", "new-secret", &err));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	ck_assert_ptr_null(strstr(err.text, "new-secret"));
	load(NULL);
	expect(1, WEBHOOK, SECRET_BEFORE, "old-secret");
	/* For another host it is another entry. */
	ck_assert(set("default", TOKEN, HOST, CANARY, NULL));
	ck_assert(set("default", TOKEN, "https://beta.okta.com", CANARY, NULL));
}
END_TEST

START_TEST(removing)
{
	struct err err = ERR_INIT;
	struct secret_removal removal = {
	        .connection = "default", .name = WEBHOOK, .by = "ada", .why = "removed"};
	ck_assert(!store_secret_remove(store, &removal, &err));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	ck_assert(set("default", WEBHOOK, "", "old-secret", NULL));
	ck_assert(set("default", WEBHOOK, "", "new-secret", NULL));
	removal.is_before_only = true;
	ck_assert(store_secret_remove(store, &removal, NULL));
	load(NULL);
	ck_assert_uint_eq(list.count, 1);
	expect(0, WEBHOOK, SECRET_NEWEST, "new-secret");
	ck_assert(!store_secret_remove(store, &removal, NULL));
	removal.is_before_only = false;
	ck_assert(store_secret_remove(store, &removal, NULL));
	load(NULL);
	ck_assert_uint_eq(list.count, 0);
}
END_TEST

START_TEST(no_file_holds_the_value)
{
	static char bytes[4 << 20];
	static const char *const names[] = {"store.db", "store.db-wal", "store.db-shm"};
	ck_assert(set("default", TOKEN, HOST, CANARY, NULL));
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			char path[160];
			ck_assert(str_format(
			        path, sizeof(path), "%s/%s", store_fixture_directory(), names[i]));
			FILE *file = fopen(path, "rb");
			size_t len = file != NULL ? fread(bytes, 1, sizeof(bytes), file) : 0;
			ck_assert(pass == 1 || i != 1 || memmem(bytes, len, HOST, 10) != NULL);
			ck_assert_ptr_null(memmem(bytes, len, CANARY, 10));
			if (file != NULL) {
				fclose(file);
			}
		}
		store_close(store);
		store = store_fixture_open();
	}
}
END_TEST

/* What somebody does who can write to the file. */
static void change_file(const char *sql)
{
	struct sqlite_conn conn;
	struct err err = ERR_INIT;
	store_close(store);
	ck_assert(sqlite_open(
	        &conn, store_fixture_url() + strlen("sqlite:"), SQLITE_ROLE_WRITER, &err));
	ck_assert_msg(sqlite_script(&conn, sql, &err), "%s", err.text);
	sqlite_close(&conn);
	store = store_fixture_open();
}

static const char *const TAMPERING[] = {
        /* another connection's, another name's, another host's */
        "UPDATE secrets SET sealed = (SELECT s.sealed FROM secrets s WHERE s.connection = 'b')"
        " WHERE connection = 'a' AND name = 'okta.api_token'",
        "UPDATE secrets SET sealed = (SELECT s.sealed FROM secrets s WHERE s.name ="
        " 'bob.service_user_token') WHERE connection = 'a' AND name = 'okta.api_token'",
        "UPDATE secrets SET host = 'https://evil.example.com'",
        "UPDATE secrets SET connection = 'c' WHERE connection = 'a'",
        /* an older value in the newer one's place */
        "UPDATE secrets SET sealed = (SELECT o.sealed FROM older o)"
        " WHERE connection = 'a' AND name = 'okta.api_token'",
        "UPDATE secrets SET version = version + 1",
        "UPDATE secrets SET sealed = x''",
        "UPDATE secrets SET sealed = zeroblob(60000)",
};

START_TEST(what_was_changed_in_the_file_gives_no_value)
{
	ck_assert(set("a", TOKEN, HOST, "older-token-0000", NULL));
	change_file("CREATE TABLE older AS SELECT sealed FROM secrets");
	ck_assert(set("a", TOKEN, HOST, CANARY, NULL));
	ck_assert(set("b", TOKEN, HOST, "another-token-00", NULL));
	ck_assert(set("a", "bob.service_user_token", HOST, "bobs-token-00000", NULL));
	change_file(TAMPERING[_i]);
	load(NULL);
	for (size_t i = 0; i < list.count; i++) {
		const struct stored_secret *secret = &list.items[i];
		if (str_equal(secret->name, TOKEN) && !str_equal(secret->connection, "b")) {
			ck_assert_str_eq(secret_reveal(&secret->value), "");
		}
	}
}
END_TEST

START_TEST(values_are_bounded)
{
	static char text[SECRET_VALUE_MAX_BYTES + 2];
	memset(text, 'x', SECRET_VALUE_MAX_BYTES);
	ck_assert(set("default", TOKEN, HOST, text, NULL));
	load(NULL);
	expect(0, TOKEN, SECRET_NEWEST, text);
	text[SECRET_VALUE_MAX_BYTES] = 'x';
	ck_assert(!set("default", TOKEN, HOST, text, NULL));
	ck_assert(!set("default", TOKEN, HOST, " ", NULL));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_secrets");
	TCase *secrets = tcase_create("secrets");
	tcase_add_checked_fixture(secrets, setup, teardown);
	tcase_add_test(secrets, what_was_entered_is_there_after_a_start);
	tcase_add_test(secrets, a_token_is_one_and_a_webhook_secret_two);
	tcase_add_test(secrets, the_same_again_pushes_nothing_out);
	tcase_add_test(secrets, removing);
	tcase_add_test(secrets, no_file_holds_the_value);
	tcase_add_loop_test(
	        secrets, what_was_changed_in_the_file_gives_no_value, 0, ARRAY_SIZE(TAMPERING));
	tcase_add_test(secrets, values_are_bounded);
	suite_add_tcase(suite, secrets);
	return suite_run(suite);
}
