/* SPDX-License-Identifier: MIT */
#include "server/store/data_keys.h"

#include "server/base/crypto.h"
#include "server/base/str.h"
#include "server/store/sqlite.h"
#include "tests/support/store_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct store *store;
static uint8_t first[DATA_KEY_COUNT][KEY_RING_KEY_BYTES];

static void read_keys(uint8_t keys[DATA_KEY_COUNT][KEY_RING_KEY_BYTES])
{
	for (int i = 0; i < DATA_KEY_COUNT; i++) {
		store_data_key(store, (enum data_key)i, keys[i]);
	}
}

static void setup(void)
{
	store = store_fixture_open();
	read_keys(first);
}

static void teardown(void)
{
	store_close(store);
	store_fixture_clean();
}

static void assert_same_keys(void)
{
	uint8_t keys[DATA_KEY_COUNT][KEY_RING_KEY_BYTES];
	read_keys(keys);
	ck_assert_mem_eq(keys, first, sizeof(keys));
}

/* On a file that is closed. */
static void change_file(const char *sql)
{
	struct sqlite_conn conn;
	struct err err = ERR_INIT;
	ck_assert(sqlite_open(
	        &conn, store_fixture_url() + strlen("sqlite:"), SQLITE_ROLE_WRITER, &err));
	ck_assert_msg(sqlite_script(&conn, sql, &err), "%s", err.text);
	sqlite_close(&conn);
}

static void assert_refused(struct key_ring *ring, const char *text)
{
	struct err err = ERR_INIT;
	struct store_options options = {.url = store_fixture_url(), .queue_max = 10, .keys = ring};
	ck_assert_ptr_null(store_open(&options, &err));
	ck_assert_int_eq(err.code, ERR_STORE_FAILED);
	ck_assert_msg(strstr(err.text, text) != NULL, "%s", err.text);
}

START_TEST(each_purpose_has_a_key_of_its_own_that_stays)
{
	for (int i = 0; i < DATA_KEY_COUNT; i++) {
		for (int j = 0; j < i; j++) {
			ck_assert_mem_ne(first[i], first[j], sizeof(first[i]));
		}
	}
	store_close(store);
	store = store_fixture_open();
	assert_same_keys();
}
END_TEST

START_TEST(no_key_is_in_the_files)
{
	static char bytes[1 << 20];
	static const char *const names[] = {"store.db", "store.db-wal", "store.db-shm"};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char path[160];
		ck_assert(str_format(
		        path, sizeof(path), "%s/%s", store_fixture_directory(), names[i]));
		FILE *file = fopen(path, "rb");
		ck_assert_ptr_nonnull(file);
		size_t len = fread(bytes, 1, sizeof(bytes), file);
		fclose(file);
		for (int k = 0; k < DATA_KEY_COUNT; k++) {
			ck_assert_ptr_null(memmem(bytes, len, first[k], sizeof(first[k])));
		}
	}
}
END_TEST

START_TEST(another_key_file_is_refused)
{
	struct key_ring *other = key_ring_random(NULL);
	store_close(store);
	assert_refused(other, "not the one this store was last used with");
	key_ring_destroy(other);
	store = store_fixture_open();
	assert_same_keys();
}
END_TEST

START_TEST(a_lost_key_file_is_not_replaced)
{
	char path[160];
	struct stat info;
	store_close(store);
	ck_assert(str_format(path, sizeof(path), "%s/other-key", store_fixture_directory()));
	struct key_ring *made = key_ring_load(path, KEY_RING_CREATE, NULL);
	assert_refused(made, path);
	assert_refused(made, "there is none at");
	ck_assert_int_ne(stat(path, &info), 0);
	key_ring_destroy(made);
	store = store_fixture_open();
}
END_TEST

/* With one key taken out, a wrong file must still be seen by the others. */
START_TEST(a_missing_key_is_made_only_under_the_right_file)
{
	store_close(store);
	change_file("DELETE FROM data_keys WHERE purpose = 'audit'");
	struct key_ring *other = key_ring_random(NULL);
	assert_refused(other, "not the one");
	key_ring_destroy(other);
	store = store_fixture_open();
	uint8_t keys[DATA_KEY_COUNT][KEY_RING_KEY_BYTES];
	read_keys(keys);
	ck_assert_mem_ne(keys[DATA_KEY_AUDIT], first[DATA_KEY_AUDIT], sizeof(keys[0]));
	memcpy(first[DATA_KEY_AUDIT], keys[DATA_KEY_AUDIT], sizeof(keys[0]));
	assert_same_keys();
}
END_TEST

#define SWAPPED                                                                             \
	"UPDATE data_keys SET sealed = (SELECT d.sealed FROM data_keys d WHERE d.purpose =" \
	" 'person') WHERE purpose = 'secrets'"
static const char *const tampering[] = {
        SWAPPED,
        "UPDATE data_keys SET sealed = zeroblob(64) WHERE purpose = 'secrets'",
        "UPDATE data_keys SET sealed = substr(sealed, 1, 63) WHERE purpose = 'secrets'",
        "UPDATE data_keys SET sealed = x'' WHERE purpose = 'secrets'",
};

START_TEST(a_changed_row_is_refused)
{
	store_close(store);
	change_file(tampering[_i]);
	assert_refused(store_fixture_keys(), "do not open");
	change_file("DELETE FROM data_keys");
	store = store_fixture_open();
}
END_TEST

START_TEST(sealed_again_they_need_the_newest_master_key_alone)
{
	struct key_ring *ring = store_fixture_keys();
	ck_assert(key_ring_add(ring, NULL));
	ck_assert(store_keys_rotate(store, "test", NULL));
	ck_assert(key_ring_keep_newest(ring, NULL));
	store_close(store);
	store = store_fixture_open();
	assert_same_keys();
}
END_TEST

START_TEST(a_version_that_is_still_needed_is_missed)
{
	struct key_ring *ring = store_fixture_keys();
	ck_assert(key_ring_add(ring, NULL));
	ck_assert(key_ring_keep_newest(ring, NULL));
	store_close(store);
	assert_refused(ring,
	        "under version 1 of the master key, which is not in it (the newest there is 2)");
	change_file("DELETE FROM data_keys");
	store = store_fixture_open();
}
END_TEST

static struct store_keys status(void)
{
	struct store_keys keys;
	ck_assert(store_keys_status(store, &keys, NULL));
	return keys;
}

START_TEST(rotating_and_finishing)
{
	struct err err = ERR_INIT;
	ck_assert_str_eq(status().path, key_ring_path(store_fixture_keys()));
	ck_assert_uint_eq(status().sealed_under_newest, 1);
	ck_assert(store_keys_rotate(store, "test", NULL));
	ck_assert_uint_eq(status().version_count, 2);
	ck_assert_uint_eq(status().sealed_under_oldest, 2);
	ck_assert(store_keys_finish(store, "test", NULL));
	ck_assert_uint_eq(status().version_count, 1);
	store_close(store);
	store = store_fixture_open();
	assert_same_keys();
	/* A newer key that was added and not used yet is taken first; before that none may go. */
	ck_assert(key_ring_add(store_fixture_keys(), NULL));
	ck_assert(!store_keys_finish(store, "test", &err));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	ck_assert_uint_eq(status().version_count, 2);
	ck_assert(store_keys_rotate(store, "test", NULL));
	ck_assert_uint_eq(status().version_count, 2);
	ck_assert_uint_eq(status().sealed_under_oldest, 3);
	assert_same_keys();
}
END_TEST

START_TEST(one_change_of_the_master_keys_at_a_time)
{
	struct err err = ERR_INIT;
	atomic_store(&store->is_changing_keys, true);
	ck_assert(!store_keys_rotate(store, "test", &err));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	err = ERR_INIT;
	ck_assert(!store_keys_finish(store, "test", &err));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	atomic_store(&store->is_changing_keys, false);
	ck_assert_uint_eq(status().version_count, 1);
	ck_assert(store_keys_rotate(store, "test", NULL));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_data_keys");
	TCase *keys = tcase_create("keys");
	tcase_add_checked_fixture(keys, setup, teardown);
	tcase_add_test(keys, each_purpose_has_a_key_of_its_own_that_stays);
	tcase_add_test(keys, no_key_is_in_the_files);
	tcase_add_test(keys, another_key_file_is_refused);
	tcase_add_test(keys, a_lost_key_file_is_not_replaced);
	tcase_add_test(keys, a_missing_key_is_made_only_under_the_right_file);
	tcase_add_loop_test(keys, a_changed_row_is_refused, 0, ARRAY_SIZE(tampering));
	tcase_add_test(keys, sealed_again_they_need_the_newest_master_key_alone);
	tcase_add_test(keys, a_version_that_is_still_needed_is_missed);
	tcase_add_test(keys, rotating_and_finishing);
	tcase_add_test(keys, one_change_of_the_master_keys_at_a_time);
	suite_add_tcase(suite, keys);
	return suite_run(suite);
}
