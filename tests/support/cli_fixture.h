/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_CLI_FIXTURE_H
#define TESTS_SUPPORT_CLI_FIXTURE_H

/*
 * Commands against a scripted admin API: a folder with a token, options that
 * point there, and what a command printed. One at a time; helpers end the test
 * on failure.
 */

#include "server/cli/cli.h"
#include "tests/support/fake_http.h"

#include <jansson.h>

struct cli_fixture {
	struct fake_http *fake;
	struct options options;
	char folder[64];
	char *out; /* of the last command */
	char *errors;
};

void cli_fixture_start(struct cli_fixture *fixture);
void cli_fixture_stop(struct cli_fixture *fixture);
/* A file in the folder; its path, in a static buffer. Taken away at stop. */
const char *cli_fixture_file(struct cli_fixture *fixture, const char *text);
/* The API's next answer. */
void cli_fixture_answer(struct cli_fixture *fixture, int status, const char *body);
/* Words end with NULL; the exit status. */
int cli_fixture_run(struct cli_fixture *fixture, const char *const *words);
/* The body of request `index`; new reference. */
json_t *cli_fixture_body(struct cli_fixture *fixture, size_t index);

#define CLI_WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

#endif
