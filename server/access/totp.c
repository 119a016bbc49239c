/* SPDX-License-Identifier: MIT */
/* The second factor: RFC 6238 with SHA-1, 30 seconds, six digits, as all apps have it. */
#include "server/access/access_parts.h"

#include "server/base/buf.h"
#include "server/base/str.h"

#include <string.h>

#define ISSUER  "bob2okta"
#define MODULUS 1000000

bool totp_code(const uint8_t seed[ACCOUNT_SEED_BYTES], int64_t step, char code[8])
{
	uint8_t counter[8];
	uint8_t mac[CRYPTO_SHA1_BYTES];
	for (int i = 0; i < 8; i++) {
		counter[i] = (uint8_t)((uint64_t)step >> (56 - 8 * i));
	}
	if (!crypto_hmac_sha1(seed, ACCOUNT_SEED_BYTES, counter, sizeof(counter), mac)) {
		return false;
	}
	const uint8_t *at = mac + (mac[sizeof(mac) - 1] & 15);
	uint32_t number = (uint32_t)(at[0] & 127) << 24 | (uint32_t)at[1] << 16 |
	        (uint32_t)at[2] << 8 | at[3];
	crypto_wipe(mac, sizeof(mac));
	return str_format(code, 8, "%06u", number % MODULUS);
}

/* All three are looked at in any case. */
int64_t totp_match(const struct access *access, const uint8_t seed[ACCOUNT_SEED_BYTES],
        const char *code, int64_t used)
{
	int64_t now = access->wall_ms() / ACCESS_TOTP_STEP_MS;
	int64_t found = 0;
	char wanted[8];
	for (int64_t step = now - 1; step <= now + 1; step++) {
		if (totp_code(seed, step, wanted) && strlen(code) == ACCESS_TOTP_DIGITS &&
		        crypto_equal(wanted, code, ACCESS_TOTP_DIGITS) && step > used) {
			found = step;
		}
	}
	crypto_wipe(wanted, sizeof(wanted));
	return found;
}

/* ------------------------------------------------------------------- on and off */

static bool describe(const char *name, const uint8_t bytes[ACCOUNT_SEED_BYTES],
        struct access_seed *seed, struct err *err)
{
	struct buf uri;
	base32_encode(bytes, ACCOUNT_SEED_BYTES, seed->secret);
	buf_init(&uri, sizeof(seed->uri) - 1);
	buf_add_text(&uri, "otpauth://totp/" ISSUER ":");
	buf_add_url(&uri, name);
	buf_add_format(&uri, "?secret=%s&issuer=" ISSUER "&algorithm=SHA1&digits=%d&period=%d",
	        seed->secret, ACCESS_TOTP_DIGITS, ACCESS_TOTP_STEP_MS / 1000);
	bool done = !uri.failed && str_copy(seed->uri, sizeof(seed->uri), buf_text(&uri));
	buf_wipe(&uri);
	if (!done) {
		crypto_wipe(seed, sizeof(*seed));
		err_set(err, ERR_NO_MEMORY, "no memory for a second factor");
	}
	return done;
}

bool access_totp_begin(
        struct access *access, int64_t account, struct access_seed *seed, struct err *err)
{
	struct stored_account stored;
	uint8_t bytes[ACCOUNT_SEED_BYTES];
	*seed = (struct access_seed){0};
	bool done = store_account_find(access->store, NULL, account, &stored, err) &&
	        crypto_random(bytes, sizeof(bytes), err) &&
	        store_totp_offer(access->store, account, bytes, err) &&
	        describe(stored.name, bytes, seed, err);
	crypto_wipe(bytes, sizeof(bytes));
	crypto_wipe(&stored, sizeof(stored));
	return done;
}

static bool make_recovery(struct access_recovery *recovery,
        account_digest digests[ACCESS_RECOVERY_CODES], struct err *err)
{
	for (size_t i = 0; i < ACCESS_RECOVERY_CODES; i++) {
		if (!code_make(recovery->codes[i], digests[i], err)) {
			return false;
		}
	}
	return true;
}

/* The step of the code that was shown with the offered seed; 0 with an error: it is wrong. */
static int64_t match_offered(
        struct access *access, int64_t account, const char *code, struct err *err)
{
	uint8_t seed[ACCOUNT_SEED_BYTES];
	struct err missing = ERR_INIT;
	if (!store_totp_read(access->store, account, TOTP_OFFERED, seed, &missing)) {
		bool is_missing = missing.code == ERR_NOT_FOUND;
		err_set(err, is_missing ? ERR_CONFLICT : missing.code, "%s",
		        is_missing ? "no second factor was begun" : missing.text);
		return 0;
	}
	int64_t step = totp_match(access, seed, code != NULL ? code : "", 0);
	crypto_wipe(seed, sizeof(seed));
	if (step == 0) {
		err_set(err, ERR_SECOND_FACTOR,
		        "the code is wrong: is the clock of the telephone right?");
	}
	return step;
}

/*
 * As match_offered, braked: whoever took over a session could guess at a seed that was offered and
 * left, and be given the recovery codes.
 */
static int64_t match_braked(struct access *access, const struct stored_account *stored,
        const char *code, int *retry_after_s, struct err *err)
{
	struct attempt attempt;
	struct err wrong = ERR_INIT;
	attempt_of_session(stored->id, &attempt);
	if (!attempt_begin(access, &attempt, retry_after_s, err)) {
		return 0;
	}
	int64_t step = match_offered(access, stored->id, code, &wrong);
	if (wrong.code == ERR_SECOND_FACTOR) {
		attempt_failed(access, &attempt, stored->name);
	} else {
		attempt_drop(access, &attempt);
	}
	if (step == 0) {
		err_set(err, wrong.code, "%s", wrong.text);
	}
	return step;
}

bool access_totp_confirm(struct access *access, int64_t account, const char *code,
        struct access_recovery *recovery, int *retry_after_s, struct err *err)
{
	struct stored_account stored;
	account_digest digests[ACCESS_RECOVERY_CODES];
	*recovery = (struct access_recovery){0};
	*retry_after_s = 0;
	if (!store_account_find(access->store, NULL, account, &stored, err)) {
		return false;
	}
	const struct account_order order = {account, stored.name, access_now_ms(access)};
	struct totp_confirmation confirmation = {
	        .step = match_braked(access, &stored, code, retry_after_s, err),
	        .recovery = (const account_digest *)digests,
	        .recovery_count = ACCESS_RECOVERY_CODES};
	bool done = confirmation.step != 0 && make_recovery(recovery, digests, err) &&
	        store_totp_confirm(access->store, &order, &confirmation, err);
	if (!done) {
		crypto_wipe(recovery, sizeof(*recovery));
	}
	crypto_wipe(&stored, sizeof(stored));
	return done;
}

bool access_totp_remove(struct access *access, int64_t account, const char *by, struct err *err)
{
	const struct account_order order = {account, by, access_now_ms(access)};
	return store_totp_remove(access->store, &order, err);
}
