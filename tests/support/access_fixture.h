/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_ACCESS_FIXTURE_H
#define TESTS_SUPPORT_ACCESS_FIXTURE_H

/*
 * Who may come in, on a fresh store, with clocks that a test moves and hashes
 * that cost next to nothing. Helpers abort on failure. One at a time a process.
 */

#include "server/access/access.h"
#include "server/access/access_parts.h"
#include "server/store/audit.h"
#include "tests/support/store_fixture.h"

#define ACCESS_FIXTURE_PASSWORD "violet kettle orbit"
#define ACCESS_FIXTURE_OTHER    "teapot gravel onward"
#define ACCESS_FIXTURE_PEER     "192.0.2.10"

struct access_fixture {
	struct store *store;
	struct access *access;
	char code_path[256];
	struct access_ticket ticket; /* of the last that came in */
	struct access_session session;
	int retry_after_s;
	struct err err;
};
extern struct access_fixture access_fixture;

void access_fixture_open(void);
void access_fixture_close(void);
/* A new process on the same store: the clocks go on. */
void access_fixture_restart(void);
/* Both clocks; the wall clock alone is "set". */
void access_fixture_pass(int64_t ms);
void access_fixture_set_wall(int64_t by_ms);
int64_t access_fixture_wall_ms(void);

/* With PASSWORD; the second and third by invitation. */
void access_fixture_first_admin(const char *name);
int64_t access_fixture_add(const char *name, enum access_role role);
int64_t access_fixture_id(const char *name);

/* From that address, ticket and session into the fixture; err says what came of it. */
enum err_code access_fixture_sign_in_from(
        const char *peer, const char *name, const char *password, const char *second);
enum err_code access_fixture_sign_in(const char *name, const char *password);
enum err_code access_fixture_again(int64_t session, const char *password, const char *second);
enum err_code access_fixture_enter(const char *code, const char *name, const char *password);
bool access_fixture_is_in(const char *token);
/* Records of that kind in the trail. */
size_t access_fixture_records(const char *kind);
/* The code of now, of the seed that is offered or else in force, as the telephone shows it. */
void access_fixture_totp(int64_t account, int64_t steps_off, char code[8]);
/* Turns it on and gives the recovery codes. */
void access_fixture_totp_on(int64_t account, struct access_recovery *recovery);

#endif
