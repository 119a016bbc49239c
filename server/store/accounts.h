/* SPDX-License-Identifier: MIT */
#ifndef SERVER_STORE_ACCOUNTS_H
#define SERVER_STORE_ACCOUNTS_H

/*
 * Accounts of the console, their sessions, one-time codes, second factors, and
 * failed attempts to sign in. Holds digests of tokens and codes, hashes of
 * passwords, and seeds sealed under DATA_KEY_SECRETS; what is right or allowed
 * server/access/ decides. Times are the caller's (now_ms), so that one clock
 * judges what it wrote. Whatever changes an account is audited in the same
 * transaction. Any thread; each call blocks on the store.
 */

#include "server/base/attr.h"
#include "server/base/crypto.h"
#include "server/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACCOUNT_NAME_BYTES     64
#define ACCOUNT_ROLE_BYTES     16
#define ACCOUNT_PASSWORD_BYTES 192
#define ACCOUNT_PEER_BYTES     64
#define ACCOUNT_SEED_BYTES     20
#define ACCOUNT_SESSIONS_MAX   20 /* of one account at once; the oldest ends */
#define ACCOUNT_SUBJECT_BYTES  48
#define ACCOUNTS_MAX           1000

struct store;

typedef uint8_t account_digest[CRYPTO_SHA256_BYTES];

/* Which sessions count as alive: used and begun after these times, and not ended. */
struct session_bounds {
	int64_t used_after_ms;
	int64_t began_after_ms;
};

/* --------------------------------------------------------------------- accounts */

struct stored_account {
	int64_t id;
	char name[ACCOUNT_NAME_BYTES];
	char role[ACCOUNT_ROLE_BYTES];
	bool is_disabled;
	char password[ACCOUNT_PASSWORD_BYTES]; /* "": none */
	bool has_totp;
	int64_t totp_step;
	int64_t made_at_ms;
	int64_t signed_in_at_ms; /* 0: never */
	int64_t invited_until_ms; /* 0: no invitation */
	int recovery_codes_left;
	int sessions; /* alive */
};

struct stored_account_list {
	struct stored_account *items;
	size_t count;
};
void stored_account_list_finish(struct stored_account_list *list);
/* By name. */
bool store_account_list(struct store *store, const struct session_bounds *alive,
        struct stored_account_list *list, struct err *err) MUST_CHECK;
/* By name, or with NULL by id; sessions are not counted. ERR_NOT_FOUND. Wipe after use. */
bool store_account_find(struct store *store, const char *name, int64_t id,
        struct stored_account *account, struct err *err) MUST_CHECK;
/* How many could sign in. */
bool store_account_usable(struct store *store, int64_t *count, struct err *err) MUST_CHECK;

/* What is to be done to which account, by whom and when. */
struct account_order {
	int64_t account;
	const char *by;
	int64_t now_ms;
};
struct account_code {
	account_digest digest;
	int64_t ends_at_ms;
};
struct account_invitation {
	const char *name;
	const char *role;
	const char *by;
	int64_t now_ms;
	struct account_code code;
};
/* ERR_CONFLICT: the name is taken, or there are ACCOUNTS_MAX. */
bool store_account_invite(struct store *store, const struct account_invitation *invitation,
        struct err *err) MUST_CHECK;
/* Takes password, second factor and sessions away. ERR_NOT_FOUND. */
bool store_account_reset(struct store *store, const struct account_order *order,
        const struct account_code *code, struct err *err) MUST_CHECK;
/* These end its sessions. ERR_NOT_FOUND; ERR_CONFLICT: nobody would be left as admin. */
bool store_account_set_role(struct store *store, const struct account_order *order,
        const char *role, struct err *err) MUST_CHECK;
bool store_account_set_disabled(struct store *store, const struct account_order *order,
        bool is_disabled, struct err *err) MUST_CHECK;
bool store_account_remove(
        struct store *store, const struct account_order *order, struct err *err) MUST_CHECK;

struct account_password {
	const char *before; /* the record that was checked */
	const char *now;
	int64_t session; /* stays */
	bool ends_others;
};
/* ERR_CONFLICT: it is another by now. */
bool store_account_set_password(struct store *store, const struct account_order *order,
        const struct account_password *password, struct err *err) MUST_CHECK;

/* --------------------------------------------------------------------- sessions */

struct session_new {
	account_digest token;
	const char *peer;
	int64_t now_ms;
};

/* A sign-in that was found right: done only if the account still is what it was checked against. */
struct account_sign_in {
	int64_t account;
	const char *password; /* the record that was checked */
	const char *rehashed; /* NULL: it stays */
	int64_t totp_step; /* of the code that was shown; 0: none */
	const account_digest *recovery; /* the recovery code that was shown; NULL: none */
	int64_t replaces; /* the session that this one takes the place of; 0: none */
	int64_t failure; /* the attempt's row, which goes */
	const char *subject; /* of which failures slow nobody down any more */
	struct session_new session;
};
/*
 * ERR_SECOND_FACTOR: that code was used before; ERR_UNAUTHORIZED: the account changed, or the
 * session to replace has ended.
 */
bool store_session_begin(struct store *store, const struct account_sign_in *sign_in,
        int64_t *session, struct err *err) MUST_CHECK;

struct stored_session {
	int64_t id;
	int64_t account;
	char name[ACCOUNT_NAME_BYTES];
	char role[ACCOUNT_ROLE_BYTES];
	bool has_totp;
	int64_t began_at_ms;
	int64_t used_at_ms;
	int64_t fresh_at_ms;
	char peer[ACCOUNT_PEER_BYTES];
};
struct stored_session_list {
	struct stored_session *items;
	size_t count;
};
void stored_session_list_finish(struct stored_session_list *list);
/* ERR_NOT_FOUND: none that is alive, of an account that is enabled. */
bool store_session_find(struct store *store, const account_digest token,
        const struct session_bounds *alive, struct stored_session *session,
        struct err *err) MUST_CHECK;
bool store_session_get(struct store *store, int64_t id, const struct session_bounds *alive,
        struct stored_session *session, struct err *err) MUST_CHECK;
/* Of one account, or of all with 0; newest use first. */
bool store_session_list(struct store *store, int64_t account, const struct session_bounds *alive,
        struct stored_session_list *list, struct err *err) MUST_CHECK;
bool store_session_touch(
        struct store *store, int64_t session, int64_t now_ms, struct err *err) MUST_CHECK;
/* One; order->account 0: whosever it is. ERR_NOT_FOUND: none, or ended. */
bool store_session_end(struct store *store, const struct account_order *order, int64_t session,
        struct err *err) MUST_CHECK;
/* All of the account but one (0: all); none is no mistake. */
bool store_session_end_all(struct store *store, const struct account_order *order, int64_t but,
        struct err *err) MUST_CHECK;

/* ------------------------------------------------------------------ one-time codes */

/* Another code for the first run; those before it end. */
bool store_first_code_set(struct store *store, const struct account_code *code, int64_t now_ms,
        struct err *err) MUST_CHECK;
/* *account: 0 for the first run. ERR_NOT_FOUND: none that is valid now. */
bool store_account_code_find(struct store *store, const account_digest digest, int64_t now_ms,
        int64_t *account, struct err *err) MUST_CHECK;

struct account_entry {
	account_digest code;
	const char *name;
	const char *password;
	struct session_new session;
};
/*
 * Uses a code up: the first admin (who takes over an account of that name without password), or
 * the password of who was invited. ERR_UNAUTHORIZED: the code is valid no longer, or for another
 * name; ERR_CONFLICT: the name is taken.
 */
bool store_account_enter(struct store *store, const struct account_entry *entry, int64_t *session,
        struct err *err) MUST_CHECK;

/* ------------------------------------------------------------------- second factor */

enum totp_seed { TOTP_OFFERED, TOTP_IN_FORCE };

bool store_totp_offer(struct store *store, int64_t account, const uint8_t seed[ACCOUNT_SEED_BYTES],
        struct err *err) MUST_CHECK;
/* ERR_NOT_FOUND: there is none; ERR_CONFLICT: it does not open. Wipe after use. */
bool store_totp_read(struct store *store, int64_t account, enum totp_seed which,
        uint8_t seed[ACCOUNT_SEED_BYTES], struct err *err) MUST_CHECK;
/* The offered seed is in force, with these recovery codes alone; ERR_CONFLICT: none is offered. */
struct totp_confirmation {
	int64_t step;
	const account_digest *recovery;
	size_t recovery_count;
};
bool store_totp_confirm(struct store *store, const struct account_order *order,
        const struct totp_confirmation *confirmation, struct err *err) MUST_CHECK;
/* Both go, and the recovery codes. ERR_NOT_FOUND: none is in force. */
bool store_totp_remove(
        struct store *store, const struct account_order *order, struct err *err) MUST_CHECK;
bool store_recovery_has(struct store *store, int64_t account, const account_digest digest,
        bool *has, struct err *err) MUST_CHECK;

/* ------------------------------------------------------------------ failed attempts */

enum failure_of { FAILURES_OF_SUBJECT, FAILURES_OF_NETWORK, FAILURES_OF_ALL };
struct failure_query {
	enum failure_of of;
	const char *key; /* subject or network */
	int64_t since_ms;
	int cap; /* from so many on frees_at_ms is told */
};
struct failure_counts {
	int64_t all;
	int64_t in_a_row; /* not forgiven */
	int64_t last_at_ms;
	int64_t capped_by_ms; /* when that of them was that has to grow old first; 0: under the cap
	                       */
};
bool store_failure_count(struct store *store, const struct failure_query *query,
        struct failure_counts *counts, struct err *err) MUST_CHECK;
struct failure_new {
	const char *subject; /* "": of no account */
	const char *network; /* "": from within a session */
	int64_t now_ms;
};
bool store_failure_add(struct store *store, const struct failure_new *failure, int64_t *id,
        struct err *err) MUST_CHECK;
/* It was none. */
bool store_failure_drop(struct store *store, int64_t id, struct err *err) MUST_CHECK;
/* Into the trail: the first of a subject in 24 hours, the fifth, each tenth. */
struct failure_report {
	const char *subject;
	const char *name; /* NULL: no account has the name */
	int64_t since_ms;
};
bool store_failure_report(
        struct store *store, const struct failure_report *report, struct err *err) MUST_CHECK;

/*
 * At a start, by the clock that judges from now on: sessions and codes from after that time end,
 * failures from after it count as of now.
 */
bool store_access_begin(struct store *store, int64_t now_ms, struct err *err) MUST_CHECK;

#endif
