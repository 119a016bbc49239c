/* SPDX-License-Identifier: MIT */
/*
 * Hashes of passwords: "scrypt$15$8$3$SALT$HASH", so that parameters may rise
 * and old hashes still be checked. Few are made at once, as each takes 39 MB
 * some wait, the rest is refused.
 */
#include "server/access/access_parts.h"

#include "server/base/clock.h"
#include "server/base/str.h"

#include <stdlib.h>
#include <string.h>

#define KIND            "scrypt"
#define SALT_TEXT_BYTES 24
#define HASH_TEXT_BYTES 44

struct record {
	struct crypto_cost cost;
	uint8_t salt[ACCESS_SALT_BYTES];
	uint8_t hash[ACCESS_HASH_BYTES];
};

/* ------------------------------------------------------------------------- text */

static bool format(const struct record *record, char text[ACCOUNT_PASSWORD_BYTES], struct err *err)
{
	char *salt = base64_encode(record->salt, sizeof(record->salt));
	char *hash = base64_encode(record->hash, sizeof(record->hash));
	bool done = salt != NULL && hash != NULL &&
	        str_format(text, ACCOUNT_PASSWORD_BYTES, KIND "$%u$%u$%u$%s$%s",
	                record->cost.log2_n, record->cost.r, record->cost.p, salt, hash);
	free(salt);
	free(hash);
	if (!done) {
		err_set(err, ERR_NO_MEMORY, "no memory for a password's hash");
	}
	return done;
}

/* The number up to the next '$', which *text is moved behind. */
static bool read_number(const char **text, unsigned *number)
{
	char digits[12];
	int64_t value = 0;
	size_t len = strcspn(*text, "$");
	if ((*text)[len] != '$' || len >= sizeof(digits)) {
		return false;
	}
	str_format_cut(digits, sizeof(digits), "%.*s", (int)len, *text);
	*text += len + 1;
	if (!str_to_int64(digits, &value) || value < 1 || value > 1000) {
		return false;
	}
	*number = (unsigned)value;
	return true;
}

static bool parse(const char *text, struct record *record)
{
	if (!str_starts_with(text, KIND "$")) {
		return false;
	}
	text += strlen(KIND "$");
	if (!read_number(&text, &record->cost.log2_n) || !read_number(&text, &record->cost.r) ||
	        !read_number(&text, &record->cost.p)) {
		return false;
	}
	return strlen(text) == SALT_TEXT_BYTES + 1 + HASH_TEXT_BYTES &&
	        text[SALT_TEXT_BYTES] == '$' &&
	        base64_decode_exact(text, SALT_TEXT_BYTES, record->salt, sizeof(record->salt)) &&
	        base64_decode_exact(text + SALT_TEXT_BYTES + 1, HASH_TEXT_BYTES, record->hash,
	                sizeof(record->hash));
}

bool access_hash_is_old(const struct access *access, const char *text)
{
	struct record record;
	bool is_old = !parse(text, &record) || record.cost.log2_n != access->cost.log2_n ||
	        record.cost.r != access->cost.r || record.cost.p != access->cost.p;
	crypto_wipe(&record, sizeof(record));
	return is_old;
}

/* ------------------------------------------------------------------------- gate */

static bool enter(struct access *access, struct err *err)
{
	int64_t until_ms = clock_mono_ms() + access->hash_wait_ms;
	bool is_in_time = true;
	monitor_lock(&access->gate);
	bool has_place = access->hashing < ACCESS_HASHES || access->waiting < ACCESS_HASHES_WAITING;
	if (has_place) {
		access->waiting++;
		while (access->hashing >= ACCESS_HASHES && is_in_time) {
			is_in_time = monitor_wait_until(&access->gate, until_ms);
		}
		access->waiting--;
	}
	bool is_entered = has_place && access->hashing < ACCESS_HASHES;
	access->hashing += is_entered ? 1 : 0;
	monitor_unlock(&access->gate);
	if (!is_entered) {
		err_set(err, ERR_OVERLOADED, "too many sign in at once: try again in a moment");
	}
	return is_entered;
}

static void leave(struct access *access)
{
	monitor_lock(&access->gate);
	access->hashing--;
	monitor_wake_all(&access->gate);
	monitor_unlock(&access->gate);
}

static bool compute(struct access *access, const struct record *record, const char *password,
        uint8_t hash[ACCESS_HASH_BYTES], struct err *err)
{
	const struct crypto_password input = {.text = password,
	        .len = strlen(password),
	        .salt = record->salt,
	        .salt_len = sizeof(record->salt)};
	if (!enter(access, err)) {
		return false;
	}
	atomic_fetch_add(&access->hashed, 1);
	bool done = crypto_scrypt(&record->cost, &input, hash, ACCESS_HASH_BYTES, err);
	leave(access);
	return done;
}

/* ----------------------------------------------------------------- make and check */

bool access_hash(struct access *access, const char *password, char text[ACCOUNT_PASSWORD_BYTES],
        struct err *err)
{
	struct record record = {.cost = access->cost};
	bool done = crypto_random(record.salt, sizeof(record.salt), err) &&
	        compute(access, &record, password, record.hash, err) && format(&record, text, err);
	crypto_wipe(&record, sizeof(record));
	return done;
}

bool access_verify(struct access *access, const char *text, const char *password, bool *is_right,
        struct err *err)
{
	struct record record = {0};
	uint8_t hash[ACCESS_HASH_BYTES];
	*is_right = false;
	if (!parse(text, &record)) {
		err_set(err, ERR_INTERNAL, "the hash of a password is damaged");
		return false;
	}
	bool done = compute(access, &record, password, hash, err);
	*is_right = done && crypto_equal(hash, record.hash, sizeof(hash));
	crypto_wipe(hash, sizeof(hash));
	crypto_wipe(&record, sizeof(record));
	return done;
}

bool access_hash_nobody(struct access *access, struct err *err)
{
	struct record record = {.cost = access->cost};
	return crypto_random(record.salt, sizeof(record.salt), err) &&
	        crypto_random(record.hash, sizeof(record.hash), err) &&
	        format(&record, access->nobody, err);
}
