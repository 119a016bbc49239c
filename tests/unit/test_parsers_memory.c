/* SPDX-License-Identifier: MIT */
/*
 * R-01 for parsers of outside bytes: over the seeds of the fuzz targets, memory runs out at the
 * first allocation, at the second, and so on until none fails; once, and from there on. Nothing
 * crashes, everything is given back, and whoever says what was wrong says that it was memory.
 * The program is linked with malloc, calloc, realloc and free of its own (Makefile).
 */
#include "mapping/mapping.h"
#include "okta/okta.h"
#include "okta/user_list.h"
#include "server/base/crypto.h"
#include "server/base/json.h"
#include "server/base/key_file.h"
#include "server/base/secrecy.h"
#include "server/base/str.h"
#include "server/intake/event.h"
#include "server/settings/file.h"
#include "server/settings/settings_document.h"
#include "tests/support/suite.h"

#include <check.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#define SEED_MAX_BYTES (64 * 1024)
#define TRIES_MAX      20000

/* ---------------------------------------------------------------- the allocator */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void __wrap_free(void *memory);

static bool is_counting;
static bool is_for_ever; /* from the failing one on, all fail */
static long until_failure; /* allocations that still succeed */
static bool has_failed;
static long live; /* blocks that were not given back */

static bool fails(void)
{
	if (!is_counting) {
		return false;
	}
	if (has_failed ? is_for_ever : until_failure-- <= 0) {
		has_failed = true;
		return true;
	}
	return false;
}

static void *note(void *memory)
{
	live += is_counting && memory != NULL ? 1 : 0;
	return memory;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : note(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : note(__real_calloc(count, size));
}

void *__wrap_realloc(void *memory, size_t size)
{
	if (memory == NULL) {
		return __wrap_malloc(size);
	}
	return fails() ? NULL : __real_realloc(memory, size);
}

void __wrap_free(void *memory)
{
	live -= is_counting && memory != NULL ? 1 : 0;
	__real_free(memory);
}

/* ------------------------------------------------------------------ the parsers */

/* True: it went well. A failure's code goes into err. */
typedef bool (*parser)(const char *bytes, size_t len, struct err *err);

static bool run_event(const char *bytes, size_t len, struct err *err)
{
	struct event_verdict verdict = {.event_id = 1};
	event_parse(bytes, len, "636192", INT64_C(1795600000000), &verdict);
	if (verdict.state == EVENT_RECEIVED) {
		err_set(err, ERR_NO_MEMORY, "no memory");
	} else if (verdict.state == EVENT_UNUSABLE) {
		err_set(err, ERR_BAD_JSON, "%s", verdict.reason);
	}
	return verdict.state != EVENT_RECEIVED && verdict.state != EVENT_UNUSABLE;
}

static bool run_person(const char *bytes, size_t len, struct err *err)
{
	struct person person = {0};
	json_t *json = json_parse(bytes, len, err);
	bool done = json != NULL && person_parse(&person, json, err);
	person_finish(&person);
	json_decref(json);
	return done;
}

/* Behind the five lines of the seed. */
static bool run_okta(const char *bytes, size_t len, struct err *err)
{
	struct okta_user user = {0};
	struct okta_user_list users = {0};
	for (int i = 0; i < 5 && len > 0; i++) {
		const char *end = memchr(bytes, '\n', len);
		size_t step = end != NULL ? (size_t)(end - bytes) + 1 : len;
		bytes += step;
		len -= step;
	}
	struct okta_answer_facts facts = {.kind = OKTA_CALL_READ,
	        .http_status = 400,
	        .is_json = true,
	        .body = bytes,
	        .body_len = len};
	struct call_outcome outcome;
	okta_answer_judge(&facts, &outcome);
	json_t *json = json_parse(bytes, len, err);
	bool is_list = json != NULL && okta_user_list_parse(json, &users);
	bool is_user = json != NULL && !json_is_array(json) && okta_user_parse(json, &user, err);
	okta_user_list_finish(&users);
	okta_user_finish(&user);
	json_decref(json);
	return is_list || is_user;
}

static bool run_settings(const char *bytes, size_t len, struct err *err)
{
	static struct settings_report report;
	if (memmem(bytes, len, "\"file\"", 6) != NULL) {
		return true;
	}
	struct settings *settings =
	        settings_load(bytes, len, "/nonexistent", SETTINGS_TLS_ONLY, &report, err);
	settings_destroy(settings);
	return settings != NULL;
}

static bool run_document(const char *bytes, size_t len, struct err *err)
{
	static struct settings_report report;
	json_t *document = json_parse(bytes, len, err);
	json_t *kept = document != NULL ? settings_redact(document) : NULL;
	json_t *filled = kept != NULL ? settings_fill(kept, document, &report) : NULL;
	json_t *changes = kept != NULL ? settings_diff(kept, document) : NULL;
	bool done = changes != NULL;
	if (!done && document != NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory");
	}
	settings_document_wipe(filled);
	json_decref(changes);
	json_decref(kept);
	settings_document_wipe(document);
	return done;
}

static bool run_key_file(const char *bytes, size_t len, struct err *err)
{
	struct key_file keys;
	return key_file_parse(bytes, len, &keys, err);
}

static const struct {
	const char *folder;
	parser run;
	/* Whether what was wrong is always said; a reader of Okta's users drops what it cannot
	   take, and the caller asks again. */
	bool says_memory;
} PARSERS[] = {
        {"event", run_event, true},
        {"person", run_person, false},
        {"okta_answer", run_okta, false},
        {"settings", run_settings, true},
        {"settings", run_document, true},
        {"key_file", run_key_file, true},
};

/* ------------------------------------------------------------------------ trying */

struct trial {
	parser run;
	bool says_memory;
	const char *path;
	struct file_content seed;
	enum err_code code; /* with memory */
};

/* False: with so many allocations it came to its end. */
static bool try_at(const struct trial *trial, long n, bool for_ever)
{
	struct err err = ERR_INIT;
	until_failure = n;
	is_for_ever = for_ever;
	has_failed = false;
	live = 0;
	is_counting = true;
	bool done = trial->run(trial->seed.bytes, trial->seed.len, &err);
	is_counting = false;
	ck_assert_msg(
	        live == 0, "%s: %ld blocks kept after allocation %ld failed", trial->path, live, n);
	if (has_failed && trial->says_memory && !done) {
		ck_assert_msg(err.code == ERR_NO_MEMORY || err.code == trial->code,
		        "%s: allocation %ld failed and it says: %s", trial->path, n, err.text);
		ck_assert_msg(trial->code != ERR_OK || err.code == ERR_NO_MEMORY, "%s: %s",
		        trial->path, err.text);
	}
	return has_failed;
}

static void try_seed(struct trial *trial)
{
	struct err err = ERR_INIT;
	(void)trial->run(trial->seed.bytes, trial->seed.len, &err);
	trial->code = err.code;
	for (int for_ever = 0; for_ever < 2; for_ever++) {
		long n = 0;
		/* Long ones are tried at every allocation at first, and then at some. */
		while (n < TRIES_MAX && try_at(trial, n, for_ever == 1)) {
			n += 1 + n / 64;
		}
		ck_assert_int_lt(n, TRIES_MAX);
	}
}

START_TEST(memory_runs_out)
{
	char folder[256];
	int tried = 0;
	ck_assert(str_format(folder, sizeof(folder), "tests/fuzz/corpus/%s", PARSERS[_i].folder));
	DIR *seeds = opendir(folder);
	ck_assert_ptr_nonnull(seeds);
	for (struct dirent *entry = readdir(seeds); entry != NULL; entry = readdir(seeds)) {
		char path[600];
		struct trial trial = {PARSERS[_i].run, PARSERS[_i].says_memory, path, {0}, ERR_OK};
		ck_assert(str_format(path, sizeof(path), "%s/%s", folder, entry->d_name));
		if (entry->d_name[0] == '.' ||
		        !file_read(path, SEED_MAX_BYTES, &trial.seed, NULL)) {
			continue;
		}
		try_seed(&trial);
		file_content_wipe(&trial.seed);
		tried++;
	}
	closedir(seeds);
	ck_assert_int_gt(tried, 3);
}
END_TEST

static void setup(void)
{
	json_set_alloc_funcs(secrecy_malloc, secrecy_free);
	ck_assert(crypto_start(NULL));
}

int main(void)
{
	Suite *suite = suite_create("parsers_memory");
	TCase *parsers = tcase_create("parsers");
	tcase_add_checked_fixture(parsers, setup, crypto_stop);
	tcase_set_timeout(parsers, 120);
	tcase_add_loop_test(parsers, memory_runs_out, 0, ARRAY_SIZE(PARSERS));
	suite_add_tcase(suite, parsers);
	return suite_run(suite);
}
