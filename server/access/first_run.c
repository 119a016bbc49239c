/* SPDX-License-Identifier: MIT */
/* Coming in for the first time: with the code of the first run, or an invitation. */
#include "server/access/access_parts.h"

#include "server/base/durable_file.h"
#include "server/base/log.h"
#include "server/base/str.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define WRONG "the code is not right, was used, or has ended"

bool access_is_first_run(struct access *access)
{
	struct err err = ERR_INIT;
	int64_t count = 0;
	if (!store_account_usable(access->store, &count, &err)) {
		log_warn("accounts cannot be counted", F("error", err.text));
		return false;
	}
	return count == 0;
}

void access_forget_code_file(const struct access *access)
{
	if (unlink(access->code_path) != 0 && errno != ENOENT) {
		log_warn("the file of the one-time code cannot be removed",
		        F("path", access->code_path), F("error", strerror(errno)));
	}
}

static bool write_file(const struct access *access, const char *code, struct err *err)
{
	char line[ACCESS_CODE_BYTES + 1];
	bool done = str_format(line, sizeof(line), "%s\n", code) &&
	        durable_file_write(access->code_path, line, strlen(line), err);
	crypto_wipe(line, sizeof(line));
	return done;
}

/* The file comes first: a code that is valid and that nobody can read helps nobody. */
bool access_first_code(struct access *access, char code[ACCESS_CODE_BYTES], struct err *err)
{
	struct account_code made;
	int64_t now_ms = access_now_ms(access);
	if (!access_is_first_run(access)) {
		err_set(err, ERR_CONFLICT,
		        "there is an account that can sign in: it invites others, or resets them");
		return false;
	}
	made.ends_at_ms = now_ms + ACCESS_FIRST_RUN_MS;
	bool done = code_make(code, made.digest, err) && write_file(access, code, err) &&
	        store_first_code_set(access->store, &made, now_ms, err);
	if (!done) {
		crypto_wipe(code, ACCESS_CODE_BYTES);
	}
	return done;
}

/* ---------------------------------------------------------------------- coming in */

/* A right code is braked by nobody else's guesses: 120 bits need no brake of their own. */
static bool find_code(struct access *access, const char *code, const struct address *peer,
        struct account_entry *entry, int *retry_after_s, struct err *err)
{
	struct attempt attempt;
	struct err missing = ERR_INIT;
	int64_t account = 0;
	bool is_code = code_digest(code, entry->code);
	if (is_code &&
	        store_account_code_find(
	                access->store, entry->code, access_now_ms(access), &account, &missing)) {
		return true;
	}
	if (is_code && missing.code != ERR_NOT_FOUND) {
		err_set(err, missing.code, "%s", missing.text);
	} else if (attempt_of_name(access, NULL, peer, &attempt, err) &&
	        attempt_begin(access, &attempt, retry_after_s, err)) {
		attempt_failed(access, &attempt, "somebody with a one-time code");
		err_set(err, ERR_UNAUTHORIZED, WRONG);
	}
	return false;
}

static bool check_wanted(
        const struct access_proof *wanted, char name[ACCESS_NAME_BYTES], struct err *err)
{
	if (!access_name_fold(wanted->name, name)) {
		err_set(err, ERR_BAD_REQUEST,
		        "a name has 1 to 63 letters, digits and ._-@+, and is not \"server\"");
		return false;
	}
	const char *complaint = access_password_complaint(secret_reveal(wanted->password), name);
	if (complaint != NULL) {
		err_set(err, ERR_BAD_REQUEST, "%s", complaint);
	}
	return complaint == NULL;
}

static bool use_code(struct access *access, struct account_entry *entry,
        struct access_ticket *ticket, struct access_session *session, struct err *err)
{
	int64_t id = 0;
	bool done = session_make(access, ticket, entry->session.token, err) &&
	        store_account_enter(access->store, entry, &id, err) &&
	        session_read(access, id, session, err);
	if (done) {
		access_forget_code_file(access);
	} else {
		crypto_wipe(ticket, sizeof(*ticket));
	}
	return done;
}

bool access_enter(struct access *access, const char *code, const struct access_proof *wanted,
        struct access_ticket *ticket, struct access_session *session, int *retry_after_s,
        struct err *err)
{
	char name[ACCESS_NAME_BYTES];
	char record[ACCOUNT_PASSWORD_BYTES];
	char peer[ADDRESS_TEXT_BYTES];
	struct account_entry entry = {.name = name, .password = record, .session.peer = peer};
	*ticket = (struct access_ticket){0};
	*retry_after_s = 0;
	address_format(&wanted->peer, peer);
	bool done = find_code(access, code, &wanted->peer, &entry, retry_after_s, err) &&
	        check_wanted(wanted, name, err) &&
	        access_hash(access, secret_reveal(wanted->password), record, err);
	entry.session.now_ms = access_now_ms(access);
	done = done && use_code(access, &entry, ticket, session, err);
	crypto_wipe(record, sizeof(record));
	return done;
}
