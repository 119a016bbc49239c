/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ACCESS_ACCESS_H
#define SERVER_ACCESS_ACCESS_H

/*
 * Who may come in: accounts with a password (scrypt) and, if wanted, a second
 * factor (TOTP), the one-time code of the first run, sessions, and the brakes
 * on guessing. Knows nothing of HTTP: server/console/ turns requests into
 * these calls (docs/access.md). Accounts and sessions are in the store
 * (store/accounts.h), so that a restart neither signs anybody out nor forgets
 * a failure. Any thread; calls that hash may wait for a place (ACCESS_HASHES).
 */

#include "server/base/address.h"
#include "server/base/attr.h"
#include "server/base/err.h"
#include "server/base/sensitive.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACCESS_NAME_BYTES         64
#define ACCESS_TOKEN_BYTES        65 /* of a session: 256 bits as hex, ended with NUL */
#define ACCESS_CSRF_BYTES         65
#define ACCESS_CODE_BYTES         40 /* first run, invitation: over 112 bits, in groups */
#define ACCESS_RECOVERY_CODES     10
#define ACCESS_PASSWORD_MIN       15 /* characters */
#define ACCESS_PASSWORD_MAX_BYTES 1024
#define ACCESS_HASHES             2 /* at once */
#define ACCESS_HASHES_WAITING     20
#define ACCESS_IDLE_MS            (15 * 60 * 1000)
#define ACCESS_ABSOLUTE_MS        (8 * 60 * 60 * 1000)
#define ACCESS_FRESH_MS           (5 * 60 * 1000) /* */
#define ACCESS_FIRST_RUN_MS       (30 * 60 * 1000)
#define ACCESS_INVITATION_MS      (24 * 60 * 60 * 1000)

struct access;
struct store;

/* In the order of what they may do; the words in the store and in JSON are access_role_name's. */
enum access_role { ACCESS_VIEWER, ACCESS_OPERATOR, ACCESS_ADMIN, ACCESS_ROLE_COUNT };
const char *access_role_name(enum access_role role); /* "viewer", "operator", "admin" */
bool access_role_parse(const char *word, enum access_role *role);

struct access_options {
	struct store *store; /* borrowed */
	/* Where the one-time code of the first run is written (0600), beside the store. */
	const char *code_path;
};

struct access *access_create(const struct access_options *options, struct err *err) MUST_CHECK;
void access_destroy(struct access *access);

/* ---------------------------------------------------------------- first run */

/* True while there is no account yet that could sign in. */
bool access_is_first_run(struct access *access);
/*
 * Makes a code, writes it to code_path and gives it for the terminal; the ones before it end. At
 * the start while access_is_first_run, and for `bob2okta account first-code`.
 */
bool access_first_code(
        struct access *access, char code[ACCESS_CODE_BYTES], struct err *err) MUST_CHECK;

/* ------------------------------------------------------------------ signing in */

struct access_proof {
	const char *name; /* of the account */
	const struct secret *password;
	const char *second; /* six digits, or a recovery code; NULL or "": none given */
	struct address peer;
};

/* What a session is worth now. */
struct access_session {
	int64_t id; /* shown in lists; not the token */
	int64_t account;
	char name[ACCESS_NAME_BYTES];
	enum access_role role;
	bool has_totp;
	int64_t began_at_ms;
	int64_t used_at_ms;
	int64_t idle_until_ms;
	int64_t ends_at_ms;
	int64_t fresh_until_ms; /* 0 or over: no longer fresh */
	char peer[64]; /* where it began */
};

/* What the browser gets; the store holds digests. Wipe after use. */
struct access_ticket {
	char token[ACCESS_TOKEN_BYTES];
	char csrf[ACCESS_CSRF_BYTES]; /* keyed from the token: nothing to keep */
};

/*
 * A new session. ERR_UNAUTHORIZED for an unknown name, a wrong password and a disabled account,
 * with the same text and work; ERR_SECOND_FACTOR when the password is right and the second factor
 * is missing or wrong; ERR_TOO_MANY while braked (retry_after_s set); ERR_OVERLOADED when too many
 * hash.
 */
bool access_sign_in(struct access *access, const struct access_proof *proof,
        struct access_ticket *ticket, struct access_session *session, int *retry_after_s,
        struct err *err) MUST_CHECK;
/* The same for who is signed in: a new token, fresh again; the old token ends. */
bool access_sign_in_again(struct access *access, int64_t session, const struct access_proof *proof,
        struct access_ticket *ticket, struct access_session *renewed, int *retry_after_s,
        struct err *err) MUST_CHECK;
/* False: no such session, or it has ended. Counts as use of it (idle time). */
bool access_find(struct access *access, const char *token, struct access_session *session);
/* The same, but no use: for what a page asks by itself, which shall keep nobody signed in. */
bool access_peek(struct access *access, const char *token, struct access_session *session);
/* Constant time. */
bool access_is_csrf(struct access *access, const char *token, const char *given);
void access_csrf(struct access *access, const char *token, char csrf[ACCESS_CSRF_BYTES]);
/* For that account alone unless account is 0; ERR_NOT_FOUND. */
bool access_end_session(struct access *access, int64_t account, int64_t session, const char *by,
        struct err *err) MUST_CHECK;
/* All of an account but one (0: all). */
bool access_end_sessions(struct access *access, int64_t account, int64_t but, const char *by,
        struct err *err) MUST_CHECK;

struct access_session_list {
	struct access_session *items;
	size_t count;
};
void access_session_list_finish(struct access_session_list *list);
bool access_sessions(struct access *access, int64_t account, struct access_session_list *list,
        struct err *err) MUST_CHECK;

/* ---------------------------------------------------------------------- accounts */

struct access_account {
	int64_t id;
	char name[ACCESS_NAME_BYTES];
	enum access_role role;
	bool is_disabled;
	bool has_password; /* false: invited and not yet come */
	bool has_totp;
	int recovery_codes_left;
	int64_t made_at_ms;
	int64_t signed_in_at_ms; /* last; 0: never */
	int64_t invited_until_ms; /* 0: no open invitation */
	size_t sessions;
};

struct access_account_list {
	struct access_account *items;
	size_t count;
};
void access_account_list_finish(struct access_account_list *list);
bool access_accounts(
        struct access *access, struct access_account_list *list, struct err *err) MUST_CHECK;

/* With the first run's code: the first admin. With an invitation: that account's password. */
bool access_enter(struct access *access, const char *code, const struct access_proof *wanted,
        struct access_ticket *ticket, struct access_session *session, int *retry_after_s,
        struct err *err) MUST_CHECK;
/* A new account that is invited; ERR_CONFLICT: the name is taken. */
bool access_invite(struct access *access, const char *name, enum access_role role, const char *by,
        char code[ACCESS_CODE_BYTES], struct err *err) MUST_CHECK;
/* Another invitation, which also takes the password and the second factor away and ends sessions.
 */
bool access_reset(struct access *access, int64_t account, const char *by,
        char code[ACCESS_CODE_BYTES], struct err *err) MUST_CHECK;
/* Ends its sessions. ERR_CONFLICT: the last admin stays one. */
bool access_set_role(struct access *access, int64_t account, enum access_role role, const char *by,
        struct err *err) MUST_CHECK;
bool access_set_disabled(struct access *access, int64_t account, bool is_disabled, const char *by,
        struct err *err) MUST_CHECK;
bool access_remove(
        struct access *access, int64_t account, const char *by, struct err *err) MUST_CHECK;

/* What is wrong with a password, as a sentence; NULL: nothing. Pure. */
const char *access_password_complaint(const char *password, const char *name);

struct access_password_change {
	int64_t account;
	int64_t session; /* that asks for it; stays */
	const struct secret *old;
	const struct secret *new;
	bool ends_others;
	struct address peer;
};
bool access_change_password(struct access *access, const struct access_password_change *change,
        int *retry_after_s, struct err *err) MUST_CHECK;

/* ----------------------------------------------------------------- second factor */

/* A seed that is not in force before a code made with it was shown: secret as Base32, and a URI. */
struct access_seed {
	char secret[64];
	char uri[512]; /* otpauth://totp/... */
};
bool access_totp_begin(struct access *access, int64_t account, struct access_seed *seed,
        struct err *err) MUST_CHECK;
struct access_recovery {
	char codes[ACCESS_RECOVERY_CODES][ACCESS_CODE_BYTES];
};
/* ERR_TOO_MANY with retry_after_s set: wrong codes are braked as wrong passwords of a session are.
 */
bool access_totp_confirm(struct access *access, int64_t account, const char *code,
        struct access_recovery *recovery, int *retry_after_s, struct err *err) MUST_CHECK;
bool access_totp_remove(
        struct access *access, int64_t account, const char *by, struct err *err) MUST_CHECK;

#endif
