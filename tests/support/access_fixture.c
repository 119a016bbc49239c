/* SPDX-License-Identifier: MIT */
#include "tests/support/access_fixture.h"

#include "server/base/str.h"

#include <stdio.h>
#include <stdlib.h>

#define DIE(what)                                                                           \
	do {                                                                                \
		fprintf(stderr, "access fixture: %s: %s\n", what, access_fixture.err.text); \
		abort();                                                                    \
	} while (0)

struct access_fixture access_fixture;
static int64_t wall_now_ms = INT64_C(1764000000000);
static int64_t mono_now_ms = 5000000;

static int64_t read_wall(void)
{
	return wall_now_ms;
}

static int64_t read_mono(void)
{
	return mono_now_ms;
}

static void create(void)
{
	const struct access_options options = {
	        .store = access_fixture.store, .code_path = access_fixture.code_path};
	access_fixture.err = ERR_INIT;
	access_fixture.access = access_create(&options, &access_fixture.err);
	if (access_fixture.access == NULL) {
		DIE("create");
	}
	struct access *access = access_fixture.access;
	access->wall_ms = read_wall;
	access->mono_ms = read_mono;
	access->ahead_ms = wall_now_ms - mono_now_ms;
	access->cost = (struct crypto_cost){.log2_n = 2, .r = 1, .p = 1};
	if (!access_hash_nobody(access, &access_fixture.err)) {
		DIE("nobody");
	}
}

void access_fixture_open(void)
{
	access_fixture.store = store_fixture_open();
	str_format_cut(access_fixture.code_path, sizeof(access_fixture.code_path), "%s/first-code",
	        store_fixture_directory());
	create();
}

void access_fixture_close(void)
{
	access_destroy(access_fixture.access);
	store_close(access_fixture.store);
	store_fixture_clean();
}

void access_fixture_restart(void)
{
	access_destroy(access_fixture.access);
	store_close(access_fixture.store);
	access_fixture.store = store_fixture_open();
	create();
	/* As access_create does by the system's clock, which is ahead of the test's. */
	if (!store_access_begin(access_fixture.store, wall_now_ms, &access_fixture.err)) {
		DIE("begin");
	}
}

void access_fixture_pass(int64_t ms)
{
	wall_now_ms += ms;
	mono_now_ms += ms;
}

void access_fixture_set_wall(int64_t by_ms)
{
	wall_now_ms += by_ms;
}

int64_t access_fixture_wall_ms(void)
{
	return wall_now_ms;
}

/* ------------------------------------------------------------------------ coming in */

static struct secret secret_of(const char *text)
{
	struct secret secret = {0};
	if (!secret_set(&secret, text)) {
		abort();
	}
	return secret;
}

static struct address peer_of(const char *text)
{
	struct address address;
	if (!address_parse(text, &address)) {
		abort();
	}
	return address;
}

static enum err_code outcome(bool done)
{
	if (done != (access_fixture.err.code == ERR_OK)) {
		DIE("an answer and its error do not agree");
	}
	return access_fixture.err.code;
}

enum err_code access_fixture_sign_in_from(
        const char *peer, const char *name, const char *password, const char *second)
{
	struct secret secret = secret_of(password);
	const struct access_proof proof = {
	        .name = name, .password = &secret, .second = second, .peer = peer_of(peer)};
	access_fixture.err = ERR_INIT;
	bool done = access_sign_in(access_fixture.access, &proof, &access_fixture.ticket,
	        &access_fixture.session, &access_fixture.retry_after_s, &access_fixture.err);
	secret_finish(&secret);
	return outcome(done);
}

enum err_code access_fixture_sign_in(const char *name, const char *password)
{
	return access_fixture_sign_in_from(ACCESS_FIXTURE_PEER, name, password, NULL);
}

enum err_code access_fixture_again(int64_t session, const char *password, const char *second)
{
	struct secret secret = secret_of(password);
	const struct access_proof proof = {
	        .password = &secret, .second = second, .peer = peer_of(ACCESS_FIXTURE_PEER)};
	access_fixture.err = ERR_INIT;
	bool done = access_sign_in_again(access_fixture.access, session, &proof,
	        &access_fixture.ticket, &access_fixture.session, &access_fixture.retry_after_s,
	        &access_fixture.err);
	secret_finish(&secret);
	return outcome(done);
}

enum err_code access_fixture_enter(const char *code, const char *name, const char *password)
{
	struct secret secret = secret_of(password);
	const struct access_proof proof = {
	        .name = name, .password = &secret, .peer = peer_of(ACCESS_FIXTURE_PEER)};
	access_fixture.err = ERR_INIT;
	bool done = access_enter(access_fixture.access, code, &proof, &access_fixture.ticket,
	        &access_fixture.session, &access_fixture.retry_after_s, &access_fixture.err);
	secret_finish(&secret);
	return outcome(done);
}

bool access_fixture_is_in(const char *token)
{
	struct access_session session;
	return access_find(access_fixture.access, token, &session);
}

/* ------------------------------------------------------------------------- accounts */

void access_fixture_first_admin(const char *name)
{
	char code[ACCESS_CODE_BYTES];
	if (!access_first_code(access_fixture.access, code, &access_fixture.err) ||
	        access_fixture_enter(code, name, ACCESS_FIXTURE_PASSWORD) != ERR_OK) {
		DIE("the first admin");
	}
}

int64_t access_fixture_add(const char *name, enum access_role role)
{
	char code[ACCESS_CODE_BYTES];
	if (!access_invite(access_fixture.access, name, role, "ada", code, &access_fixture.err) ||
	        access_fixture_enter(code, name, ACCESS_FIXTURE_PASSWORD) != ERR_OK) {
		DIE("another account");
	}
	return access_fixture.session.account;
}

int64_t access_fixture_id(const char *name)
{
	struct stored_account account;
	access_fixture.err = ERR_INIT;
	if (!store_account_find(access_fixture.store, name, 0, &account, &access_fixture.err)) {
		DIE("an account");
	}
	return account.id;
}

size_t access_fixture_records(const char *kind)
{
	struct audit_list list = {0};
	const struct audit_filter filter = {.kind = kind, .limit = 1000};
	if (!store_audit_list(access_fixture.store, &filter, &list, NULL)) {
		abort();
	}
	size_t count = list.count;
	audit_list_finish(&list);
	return count;
}

void access_fixture_totp(int64_t account, int64_t steps_off, char code[8])
{
	uint8_t seed[ACCOUNT_SEED_BYTES];
	access_fixture.err = ERR_INIT;
	if (!store_totp_read(access_fixture.store, account, TOTP_OFFERED, seed, NULL) &&
	        !store_totp_read(
	                access_fixture.store, account, TOTP_IN_FORCE, seed, &access_fixture.err)) {
		DIE("a seed");
	}
	if (!totp_code(seed, wall_now_ms / ACCESS_TOTP_STEP_MS + steps_off, code)) {
		abort();
	}
}

void access_fixture_totp_on(int64_t account, struct access_recovery *recovery)
{
	struct access_seed seed;
	int wait_s = 0;
	char code[8];
	access_fixture.err = ERR_INIT;
	if (!access_totp_begin(access_fixture.access, account, &seed, &access_fixture.err)) {
		DIE("begin");
	}
	access_fixture_totp(account, 0, code);
	if (!access_totp_confirm(
	            access_fixture.access, account, code, recovery, &wait_s, &access_fixture.err)) {
		DIE("confirm");
	}
}
