/* SPDX-License-Identifier: MIT */
#include "server/base/key_ring.h"

#include "server/base/crypto.h"
#include "server/base/key_file.h"
#include "server/base/str.h"
#include "tests/support/suite.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT "an invented token"
#define KEY1 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define KEY2 "AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static char folder[64];
static char path[96];
static uint8_t sealed[sizeof(TEXT) + KEY_RING_OVERHEAD_BYTES];
static char plain[sizeof(TEXT)];

static void setup(void)
{
	ck_assert(crypto_start(NULL));
	ck_assert(str_copy(folder, sizeof(folder), "/tmp/b2o-keys-XXXXXX"));
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert(str_format(path, sizeof(path), "%s/master-key", folder));
}

static void teardown(void)
{
	unlink(path);
	rmdir(folder);
	crypto_stop();
}

static void write_file(const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static struct key_ring *load(void)
{
	struct err err = ERR_INIT;
	struct key_ring *ring = key_ring_load(path, KEY_RING_MUST_EXIST, &err);
	ck_assert_msg(ring != NULL, "%s", err.text);
	return ring;
}

static bool opens(struct key_ring *ring, const char *context)
{
	struct err err = ERR_INIT;
	memset(plain, 'x', sizeof(plain));
	bool done = key_ring_open(ring, context, sealed, sizeof(sealed), plain, &err);
	ck_assert(done == !err_is_set(&err));
	return done && str_equal(plain, TEXT);
}

START_TEST(what_is_sealed_opens_in_its_own_place_alone)
{
	struct key_ring *ring = key_ring_random(NULL);
	struct key_ring *other = key_ring_random(NULL);
	ck_assert(key_ring_seal(ring, "secrets/1", TEXT, sizeof(TEXT), sealed, NULL));
	ck_assert_uint_eq(key_ring_version_of(sealed, sizeof(sealed)), 1);
	ck_assert_ptr_null(memmem(sealed, sizeof(sealed), "invented", 8));
	ck_assert(opens(ring, "secrets/1"));
	ck_assert(!opens(ring, "secrets/2"));
	ck_assert(!opens(ring, ""));
	ck_assert(!opens(other, "secrets/1"));
	for (size_t bit = 0; bit < 8 * sizeof(sealed); bit++) {
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert(!opens(ring, "secrets/1"));
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t len = 0; len < sizeof(sealed); len++) {
		ck_assert(!key_ring_open(ring, "secrets/1", sealed, len, plain, NULL));
	}
	key_ring_destroy(ring);
	key_ring_destroy(other);
}
END_TEST

START_TEST(nonces_are_fresh)
{
	static uint8_t nonces[1000][12];
	struct key_ring *ring = key_ring_random(NULL);
	for (size_t i = 0; i < ARRAY_SIZE(nonces); i++) {
		ck_assert(key_ring_seal(ring, "c", TEXT, sizeof(TEXT), sealed, NULL));
		memcpy(nonces[i], sealed + 4, sizeof(nonces[i]));
		bool is_fresh = true;
		for (size_t j = 0; j < i; j++) {
			is_fresh = is_fresh && memcmp(nonces[i], nonces[j], sizeof(nonces[i])) != 0;
		}
		ck_assert(is_fresh);
	}
	key_ring_destroy(ring);
}
END_TEST

START_TEST(a_new_file_is_there_when_it_has_sealed_and_not_before)
{
	struct stat info;
	struct err err = ERR_INIT;
	ck_assert_ptr_null(key_ring_load(path, KEY_RING_MUST_EXIST, &err));
	ck_assert_int_eq(err.code, ERR_IO);
	ck_assert_ptr_nonnull(strstr(err.text, path));
	struct key_ring *ring = key_ring_load(path, KEY_RING_CREATE, NULL);
	ck_assert(key_ring_is_made_here(ring));
	ck_assert_str_eq(key_ring_path(ring), path);
	ck_assert_int_ne(stat(path, &info), 0);
	ck_assert(key_ring_seal(ring, "c", TEXT, sizeof(TEXT), sealed, NULL));
	ck_assert_int_eq(stat(path, &info), 0);
	ck_assert_uint_eq(info.st_mode & 0777, 0600);
	struct key_ring *again = load();
	ck_assert(!key_ring_is_made_here(again));
	ck_assert(opens(again, "c"));
	key_ring_destroy(ring);
	key_ring_destroy(again);
}
END_TEST

START_TEST(a_file_that_cannot_be_written_seals_nothing)
{
	struct err err = ERR_INIT;
	char nowhere[160];
	ck_assert(str_format(nowhere, sizeof(nowhere), "%s/no/where/key", folder));
	struct key_ring *ring = key_ring_load(nowhere, KEY_RING_CREATE, NULL);
	ck_assert(!key_ring_seal(ring, "c", TEXT, sizeof(TEXT), sealed, &err));
	ck_assert_int_eq(err.code, ERR_IO);
	ck_assert_ptr_nonnull(strstr(err.text, "no/where"));
	key_ring_destroy(ring);
}
END_TEST

START_TEST(an_added_version_seals_and_the_older_one_still_opens)
{
	uint32_t versions[KEY_RING_VERSIONS_MAX];
	write_file("1:" KEY1 "\n");
	struct key_ring *ring = load();
	ck_assert(key_ring_seal(ring, "c", TEXT, sizeof(TEXT), sealed, NULL));
	ck_assert(key_ring_add(ring, NULL));
	ck_assert_uint_eq(key_ring_newest(ring), 2);
	ck_assert_uint_eq(key_ring_versions(ring, versions), 2);
	ck_assert_uint_eq(versions[0], 1);
	struct key_ring *after = load(); /* the file had it before the ring used it */
	ck_assert_uint_eq(key_ring_newest(after), 2);
	ck_assert(opens(ring, "c"));
	ck_assert(opens(after, "c"));
	uint8_t newer[sizeof(sealed)];
	ck_assert(key_ring_seal(ring, "c", TEXT, sizeof(TEXT), newer, NULL));
	ck_assert_uint_eq(key_ring_version_of(newer, sizeof(newer)), 2);
	ck_assert(key_ring_keep_newest(ring, NULL));
	ck_assert(!opens(ring, "c"));
	struct err err = ERR_INIT;
	ck_assert(!key_ring_open(ring, "c", sealed, sizeof(sealed), plain, &err));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	memcpy(sealed, newer, sizeof(sealed));
	ck_assert(opens(ring, "c"));
	key_ring_destroy(after);
	after = load();
	ck_assert_uint_eq(key_ring_versions(after, versions), 1);
	ck_assert(opens(after, "c"));
	key_ring_destroy(ring);
	key_ring_destroy(after);
}
END_TEST

START_TEST(a_line_added_by_hand_is_used_after_a_reload)
{
	struct err err = ERR_INIT;
	write_file("1:" KEY1 "\n");
	struct key_ring *ring = load();
	ck_assert(key_ring_seal(ring, "c", TEXT, sizeof(TEXT), sealed, NULL));
	write_file("# ours\n7:" KEY2);
	ck_assert(key_ring_reload(ring, NULL));
	ck_assert_uint_eq(key_ring_newest(ring), 7);
	ck_assert(opens(ring, "c")); /* not in the file any more, and still in use */
	write_file("7:" KEY1 "\n");
	ck_assert(!key_ring_reload(ring, &err));
	ck_assert_int_eq(err.code, ERR_SETTINGS_INVALID);
	write_file("nonsense");
	err_clear(&err);
	ck_assert(!key_ring_reload(ring, &err));
	ck_assert(opens(ring, "c"));
	ck_assert_uint_eq(key_ring_newest(ring), 7);
	key_ring_destroy(ring);
}
END_TEST

START_TEST(a_file_others_may_read_is_refused)
{
	static const mode_t modes[] = {0604, 0640, 0620, 0666, 0601};
	struct err err = ERR_INIT;
	write_file("1:" KEY1 "\n");
	ck_assert_int_eq(chmod(path, modes[_i]), 0);
	ck_assert_ptr_null(key_ring_load(path, KEY_RING_CREATE, &err));
	ck_assert_int_eq(err.code, ERR_IO);
	ck_assert_ptr_nonnull(strstr(err.text, "chmod 600"));
	ck_assert_ptr_nonnull(strstr(err.text, path));
}
END_TEST

START_TEST(somebody_elses_file_is_refused)
{
	struct err err = ERR_INIT;
	write_file("1:" KEY1 "\n");
	if (chown(path, 12345, (gid_t)-1) != 0) {
		return; /* takes root */
	}
	ck_assert_ptr_null(key_ring_load(path, KEY_RING_CREATE, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "belongs to user 12345"));
}
END_TEST

START_TEST(a_folder_is_no_key_file)
{
	struct err err = ERR_INIT;
	ck_assert_ptr_null(key_ring_load(folder, KEY_RING_CREATE, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "is not a file"));
}
END_TEST

struct text_case {
	const char *text;
	const char *wrong; /* NULL: taken */
};

static const struct text_case texts[] = {
        {"1:" KEY1, NULL},
        {"# remark\n\n1:" KEY1 "\r\n2:" KEY2 " \n", NULL},
        {"999999999:" KEY1, NULL},
        {"", "no key"},
        {"# remark\n", "no key"},
        {"1:" KEY1 "\n1:" KEY1, "line 2 must have a higher version"},
        {"2:" KEY1 "\n1:" KEY2, "line 2 must have a higher version"},
        {"0:" KEY1, "line 1 must be VERSION:BASE64"},
        {"-1:" KEY1, "line 1"},
        {"1000000000:" KEY1, "line 1"},
        {":" KEY1, "line 1"},
        {KEY1, "line 1"},
        {"1:", "line 1"},
        {"1:AAEC", "line 1"},
        {"1:" KEY1 KEY1, "line 1"},
        {"1: " KEY1, "line 1"},
        {" 1:" KEY1, "line 1"},
        {"1:" KEY1 "\nx", "line 2"},
        {"1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=", "line 1"},
};

START_TEST(lines_are_checked)
{
	const struct text_case *c = &texts[_i];
	struct key_file keys;
	struct err err = ERR_INIT;
	bool is_taken = key_file_parse(c->text, strlen(c->text), &keys, &err);
	ck_assert_msg(is_taken == (c->wrong == NULL), "%s", err.text);
	ck_assert(is_taken || strstr(err.text, c->wrong) != NULL);
	ck_assert(is_taken == (keys.count > 0));
	ck_assert_ptr_null(strstr(err.text, KEY1));
}
END_TEST

START_TEST(there_is_a_maximum_of_versions)
{
	struct err err = ERR_INIT;
	struct key_ring *ring = key_ring_random(NULL);
	for (int i = 1; i < KEY_RING_VERSIONS_MAX; i++) {
		ck_assert(key_ring_add(ring, NULL));
	}
	ck_assert(!key_ring_add(ring, &err));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	ck_assert_uint_eq(key_ring_newest(ring), KEY_RING_VERSIONS_MAX);
	key_ring_destroy(ring);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("key_ring");
	TCase *rings = tcase_create("rings");
	tcase_add_checked_fixture(rings, setup, teardown);
	tcase_add_test(rings, what_is_sealed_opens_in_its_own_place_alone);
	tcase_add_test(rings, nonces_are_fresh);
	tcase_add_test(rings, a_new_file_is_there_when_it_has_sealed_and_not_before);
	tcase_add_test(rings, a_file_that_cannot_be_written_seals_nothing);
	tcase_add_test(rings, an_added_version_seals_and_the_older_one_still_opens);
	tcase_add_test(rings, a_line_added_by_hand_is_used_after_a_reload);
	tcase_add_loop_test(rings, a_file_others_may_read_is_refused, 0, 5);
	tcase_add_test(rings, somebody_elses_file_is_refused);
	tcase_add_test(rings, a_folder_is_no_key_file);
	tcase_add_loop_test(rings, lines_are_checked, 0, ARRAY_SIZE(texts));
	tcase_add_test(rings, there_is_a_maximum_of_versions);
	suite_add_tcase(suite, rings);
	return suite_run(suite);
}
