/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ACCESS_ACCESS_PARTS_H
#define SERVER_ACCESS_ACCESS_PARTS_H

/*
 * What the files of server/access/ share; private to them and their tests.
 *
 * Time. Sessions, codes and brakes count on access_now_ms: wall time as it was
 * at the start, carried on by the monotonic clock, so that setting the clock
 * neither ends nor prolongs anything (K-01). What is shown to people is put
 * into wall time by access_shown_ms. Second factors take the wall clock, which
 * is what the telephone has.
 */

#include "server/access/access.h"
#include "server/base/crypto.h"
#include "server/base/thread.h"
#include "server/store/accounts.h"

#include <stdatomic.h>

#define ACCESS_SALT_BYTES    16
#define ACCESS_HASH_BYTES    32
#define ACCESS_HASH_WAIT_MS  10000
#define ACCESS_TOUCH_MS      60000 /* a session's use is written at most so often */
#define ACCESS_DAY_MS        (INT64_C(24) * 60 * 60 * 1000)
#define ACCESS_NETWORK_BYTES (ADDRESS_TEXT_BYTES + 4)
#define ACCESS_TOTP_STEP_MS  30000
#define ACCESS_TOTP_DIGITS   6

struct access {
	struct store *store; /* borrowed */
	char *code_path;
	struct hmac_key *key; /* of CSRF tokens and of what failures are filed under */
	struct crypto_cost cost; /* of new hashes */
	char nobody[ACCOUNT_PASSWORD_BYTES]; /* a hash no password has: checked for unknown names */
	int64_t ahead_ms; /* of the monotonic clock */
	int64_t (*wall_ms)(void); /* the system's clocks; tests set others */
	int64_t (*mono_ms)(void);
	int64_t hash_wait_ms; /* at most, for a place at the gate; tests set more */

	struct monitor gate; /* guards: */
	int hashing;
	int waiting;
	atomic_long hashed; /* how often, ever */

	pthread_mutex_t throttle; /* one attempt is judged and noted at a time */
};

/* access.c */
int64_t access_now_ms(const struct access *access);
int64_t access_shown_ms(const struct access *access, int64_t at_ms); /* 0 stays */
void access_alive(const struct access *access, struct session_bounds *alive);
/* In lower case; false: no account can have that name. */
bool access_name_fold(const char *name, char folded[ACCESS_NAME_BYTES]) MUST_CHECK;
/* Digests under the key: what it is for stands before the text. */
bool access_keyed(const struct access *access, const char *what, const char *text,
        uint8_t mac[CRYPTO_HMAC_SHA512_BYTES]) MUST_CHECK;

/* hash.c. ERR_OVERLOADED: too many wait. */
bool access_hash(struct access *access, const char *password, char record[ACCOUNT_PASSWORD_BYTES],
        struct err *err) MUST_CHECK;
bool access_verify(struct access *access, const char *record, const char *password, bool *is_right,
        struct err *err) MUST_CHECK;
bool access_hash_is_old(const struct access *access, const char *record);
/* Makes access->nobody, without hashing. */
bool access_hash_nobody(struct access *access, struct err *err) MUST_CHECK;

/* throttle.c: an attempt is a failure from its beginning until it is found right. */
struct attempt {
	int64_t id;
	char subject[ACCOUNT_SUBJECT_BYTES]; /* "": of no account */
	char network[ACCESS_NETWORK_BYTES]; /* "": from within a session */
};
void access_network(const struct address *peer, char network[ACCESS_NETWORK_BYTES]);
bool attempt_of_name(const struct access *access, const char *name, const struct address *peer,
        struct attempt *attempt, struct err *err) MUST_CHECK;
void attempt_of_session(int64_t account, struct attempt *attempt);
/* ERR_TOO_MANY with *retry_after_s. */
bool attempt_begin(struct access *access, struct attempt *attempt, int *retry_after_s,
        struct err *err) MUST_CHECK;
/* It was no guess. */
void attempt_drop(struct access *access, const struct attempt *attempt);
/* name NULL: no account has it. */
void attempt_failed(struct access *access, const struct attempt *attempt, const char *name);
struct throttle_rule {
	int free; /* failures that slow nothing down */
	int64_t most_ms; /* the delay doubles up to it */
	int a_day; /* 0: no cap */
};
/* Pure: 0: now. */
int64_t throttle_wait_ms(
        const struct throttle_rule *rule, const struct failure_counts *counts, int64_t now_ms);

/* session.c */
/* A token and its digest, and the CSRF token that goes with it. */
bool session_make(struct access *access, struct access_ticket *ticket, account_digest digest,
        struct err *err) MUST_CHECK;
void session_show(const struct access *access, const struct stored_session *stored,
        struct access_session *session);
bool session_read(struct access *access, int64_t id, struct access_session *session,
        struct err *err) MUST_CHECK;

/* first_run.c: the code in it is of no use any more. */
void access_forget_code_file(const struct access *access);

/* codes.c: 120 random bits in groups of four, and how people may write them. */
bool code_make(char code[ACCESS_CODE_BYTES], account_digest digest, struct err *err) MUST_CHECK;
/* False: it cannot be one. */
bool code_digest(const char *code, account_digest digest) MUST_CHECK;

/* totp.c */
bool totp_code(const uint8_t seed[ACCOUNT_SEED_BYTES], int64_t step, char code[8]) MUST_CHECK;
/* The step (now, the one before or after) whose code it is and that is after `used`; 0: none. */
int64_t totp_match(const struct access *access, const uint8_t seed[ACCOUNT_SEED_BYTES],
        const char *code, int64_t used);

#endif
