/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_CONSOLE_FIXTURE_H
#define TESTS_SUPPORT_CONSOLE_FIXTURE_H

/*
 * The admin listener as serve starts it: the real route table on a THREADED
 * listener with a free port, over the engine fixture. Every answer is searched
 * for the token.
 */

#include "server/console/console.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/raw_client.h"

struct console_fixture {
	struct engine_fixture engine;
	struct console console;
	struct holder engines;
	char settings_path[160]; /* of console_fixture_run; "": without a settings file */
	struct http_server *server;
	int port;
	struct http_actor
	        as; /* who a request with the token is from; HTTP_NOBODY: the token itself */
	/* The last answer. */
	int status;
	json_t *json; /* NULL when the body is no JSON */
	char body[32768];
	char head[4096];
};

void console_fixture_start(struct console_fixture *fixture);
void console_fixture_stop(struct console_fixture *fixture);
/* Asks with the token; body NULL: none. Returns the status. */
int console_fixture_ask(
        struct console_fixture *fixture, const char *method, const char *target, const char *body);
/* The same with these header lines ("Name: value\r\n") instead of the token; one may be Host. */
int console_fixture_ask_as(struct console_fixture *fixture, const char *method, const char *target,
        const char *headers);
/* "error.code" of the last answer; "" when it is no error. */
const char *console_fixture_code(const struct console_fixture *fixture);
/* For routes that change settings: what runs is real, made from a settings file of the fixture. */
void console_fixture_run(struct console_fixture *fixture);
/* The same without a settings file: managed from the console, at its first start. */
void console_fixture_run_without_file(struct console_fixture *fixture);
/* Who asks from now on is signed in with that role; HTTP_ROLE_PUBLIC: the token again. */
void console_fixture_sign_in(struct console_fixture *fixture, enum http_role role);
/* Replaces the engine after engine_fixture_renew. */
void console_fixture_follow(struct console_fixture *fixture);

#endif
