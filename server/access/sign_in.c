/* SPDX-License-Identifier: MIT */
/*
 * Signing in, and again. Every attempt takes the same way, with one hash and
 * the same writes, whether the account exists or not.
 */
#include "server/access/access_parts.h"

#include "server/base/str.h"

#include <string.h>

#define WRONG "the name or the password is wrong"

/* One attempt on its way; wiped at its end. */
struct sign_in {
	struct access *access;
	const struct access_proof *proof;
	struct attempt attempt;
	struct stored_account account;
	bool is_known;
	int64_t replaces;
	int64_t totp_step;
	account_digest recovery;
	bool is_recovery;
	char rehashed[ACCOUNT_PASSWORD_BYTES];
};

static bool load(struct sign_in *call, const char *name, int64_t id, struct err *err)
{
	struct err missing = ERR_INIT;
	call->is_known =
	        store_account_find(call->access->store, name, id, &call->account, &missing);
	if (!call->is_known && missing.code != ERR_NOT_FOUND) {
		err_set(err, missing.code, "%s", missing.text);
		return false;
	}
	return true;
}

/* ---------------------------------------------------------------------- password */

static bool check_password(struct sign_in *call, bool *is_right, struct err *err)
{
	bool may =
	        call->is_known && !call->account.is_disabled && call->account.password[0] != '\0';
	bool has_hash = call->is_known && call->account.password[0] != '\0';
	const char *record = has_hash ? call->account.password : call->access->nobody;
	bool done = access_verify(
	        call->access, record, secret_reveal(call->proof->password), is_right, err);
	*is_right = *is_right && may;
	return done;
}

/* Hashes made when less was asked for are made anew while the password is at hand. */
static bool rehash(struct sign_in *call, struct err *err)
{
	return !access_hash_is_old(call->access, call->account.password) ||
	        access_hash(
	                call->access, secret_reveal(call->proof->password), call->rehashed, err);
}

/* ----------------------------------------------------------------- second factor */

static bool check_totp(struct sign_in *call, const char *code, bool *is_right, struct err *err)
{
	uint8_t seed[ACCOUNT_SEED_BYTES];
	if (!store_totp_read(call->access->store, call->account.id, TOTP_IN_FORCE, seed, err)) {
		return false;
	}
	call->totp_step = totp_match(call->access, seed, code, call->account.totp_step);
	crypto_wipe(seed, sizeof(seed));
	*is_right = call->totp_step != 0;
	return true;
}

static bool check_recovery(struct sign_in *call, const char *code, bool *is_right, struct err *err)
{
	call->is_recovery = code_digest(code, call->recovery);
	*is_right = false;
	return !call->is_recovery ||
	        store_recovery_has(
	                call->access->store, call->account.id, call->recovery, is_right, err);
}

/* Six digits, as an app shows them: "123 456". */
static bool take_digits(const char *text, char digits[ACCESS_TOTP_DIGITS + 1])
{
	size_t len = 0;
	for (; *text != '\0'; text++) {
		if (*text == ' ') {
			continue;
		}
		if (*text < '0' || *text > '9' || len == ACCESS_TOTP_DIGITS) {
			return false;
		}
		digits[len++] = *text;
	}
	digits[len] = '\0';
	return len == ACCESS_TOTP_DIGITS;
}

static bool check_second(struct sign_in *call, bool *is_right, struct err *err)
{
	char digits[ACCESS_TOTP_DIGITS + 1];
	*is_right = !call->account.has_totp;
	if (*is_right) {
		return true;
	}
	return take_digits(call->proof->second, digits)
	        ? check_totp(call, digits, is_right, err)
	        : check_recovery(call, call->proof->second, is_right, err);
}

/* -------------------------------------------------------------------- the session */

static bool begin_session(struct sign_in *call, struct access_ticket *ticket,
        struct access_session *session, struct err *err)
{
	char peer[ADDRESS_TEXT_BYTES];
	int64_t id = 0;
	address_format(&call->proof->peer, peer);
	struct account_sign_in sign_in = {
	        .account = call->account.id,
	        .password = call->account.password,
	        .rehashed = call->rehashed[0] != '\0' ? call->rehashed : NULL,
	        .totp_step = call->totp_step,
	        .recovery = call->is_recovery ? (const account_digest *)&call->recovery : NULL,
	        .replaces = call->replaces,
	        .failure = call->attempt.id,
	        .subject = call->attempt.subject,
	        .session = {.peer = peer, .now_ms = access_now_ms(call->access)},
	};
	bool done = session_make(call->access, ticket, sign_in.session.token, err) &&
	        store_session_begin(call->access->store, &sign_in, &id, err) &&
	        session_read(call->access, id, session, err);
	if (!done) {
		crypto_wipe(ticket, sizeof(*ticket));
	}
	return done;
}

/* The password is right from here on. */
static bool finish(struct sign_in *call, struct access_ticket *ticket,
        struct access_session *session, struct err *err)
{
	bool is_right = false;
	if (call->account.has_totp && str_is_empty(call->proof->second)) {
		attempt_drop(call->access, &call->attempt); /* no guess: the page asks for it now */
		err_set(err, ERR_SECOND_FACTOR, "this account has a second factor");
		return false;
	}
	if (!check_second(call, &is_right, err)) {
		return false;
	}
	if (!is_right) {
		attempt_failed(call->access, &call->attempt, call->account.name);
		err_set(err, ERR_SECOND_FACTOR, "the code is wrong, or was used before");
		return false;
	}
	return rehash(call, err) && begin_session(call, ticket, session, err);
}

static bool run(struct sign_in *call, struct access_ticket *ticket, struct access_session *session,
        struct err *err)
{
	bool is_right = false;
	if (!check_password(call, &is_right, err)) {
		attempt_drop(call->access, &call->attempt); /* nothing was looked at */
		return false;
	}
	if (!is_right) {
		attempt_failed(
		        call->access, &call->attempt, call->is_known ? call->account.name : NULL);
		err_set(err, ERR_UNAUTHORIZED, WRONG);
		return false;
	}
	return finish(call, ticket, session, err);
}

bool access_sign_in(struct access *access, const struct access_proof *proof,
        struct access_ticket *ticket, struct access_session *session, int *retry_after_s,
        struct err *err)
{
	struct sign_in call = {.access = access, .proof = proof};
	char name[ACCESS_NAME_BYTES];
	/* A name that nobody can have goes the same way, as one name. */
	str_format_cut(name, sizeof(name), "%s", "");
	bool is_name = access_name_fold(proof->name, name);
	*ticket = (struct access_ticket){0};
	bool done =
	        attempt_of_name(access, is_name ? name : "", &proof->peer, &call.attempt, err) &&
	        attempt_begin(access, &call.attempt, retry_after_s, err) &&
	        load(&call, is_name ? name : "", 0, err) && run(&call, ticket, session, err);
	crypto_wipe(&call, sizeof(call));
	return done;
}

bool access_sign_in_again(struct access *access, int64_t session, const struct access_proof *proof,
        struct access_ticket *ticket, struct access_session *renewed, int *retry_after_s,
        struct err *err)
{
	struct sign_in call = {.access = access, .proof = proof, .replaces = session};
	struct access_session now;
	*ticket = (struct access_ticket){0};
	*retry_after_s = 0;
	if (!session_read(access, session, &now, NULL)) {
		err_set(err, ERR_UNAUTHORIZED, "the session has ended: sign in again");
		return false;
	}
	attempt_of_session(now.account, &call.attempt);
	bool done = attempt_begin(access, &call.attempt, retry_after_s, err) &&
	        load(&call, NULL, now.account, err) && run(&call, ticket, renewed, err);
	crypto_wipe(&call, sizeof(call));
	return done;
}

/* ---------------------------------------------------------------- its own password */

static bool change(
        struct sign_in *call, const struct access_password_change *asked, struct err *err)
{
	char record[ACCOUNT_PASSWORD_BYTES];
	const char *complaint =
	        access_password_complaint(secret_reveal(asked->new), call->account.name);
	if (complaint == NULL && str_equal(secret_reveal(asked->new), secret_reveal(asked->old))) {
		complaint = "the new password is the old one";
	}
	if (complaint != NULL) {
		err_set(err, ERR_BAD_REQUEST, "%s", complaint);
		return false;
	}
	const struct account_order order = {
	        call->account.id, call->account.name, access_now_ms(call->access)};
	const struct account_password password = {.before = call->account.password,
	        .now = record,
	        .session = asked->session,
	        .ends_others = asked->ends_others};
	bool done = access_hash(call->access, secret_reveal(asked->new), record, err) &&
	        store_account_set_password(call->access->store, &order, &password, err);
	crypto_wipe(record, sizeof(record));
	return done;
}

bool access_change_password(struct access *access, const struct access_password_change *asked,
        int *retry_after_s, struct err *err)
{
	const struct access_proof proof = {.password = asked->old, .peer = asked->peer};
	struct sign_in call = {.access = access, .proof = &proof};
	bool is_right = false;
	attempt_of_session(asked->account, &call.attempt);
	bool done = attempt_begin(access, &call.attempt, retry_after_s, err) &&
	        load(&call, NULL, asked->account, err) && check_password(&call, &is_right, err);
	if (done && !is_right) {
		attempt_failed(access, &call.attempt, call.is_known ? call.account.name : NULL);
		err_set(err, ERR_UNAUTHORIZED, "the old password is wrong");
	} else if (done) {
		attempt_drop(access, &call.attempt);
	}
	done = done && is_right && change(&call, asked, err);
	crypto_wipe(&call, sizeof(call));
	return done;
}
