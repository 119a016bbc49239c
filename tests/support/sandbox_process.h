/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_SANDBOX_PROCESS_H
#define TESTS_SUPPORT_SANDBOX_PROCESS_H

/*
 * The sandbox as a child process on a free port, for tests that want a whole
 * Bob and Okta behind their sockets (tests/sandbox/README.md).
 */

#include <jansson.h>
#include <stdbool.h>

struct sandbox_process;

/*
 * The program that lies beside this test ("../sandbox"); NULL when there is
 * none. Anything else that goes wrong ends the test.
 */
struct sandbox_process *sandbox_process_start(const char *test_program, const char *people);
void sandbox_process_stop(struct sandbox_process *sandbox);
/* "http://127.0.0.1:PORT" */
const char *sandbox_process_url(const struct sandbox_process *sandbox);
/* A call to /control/...; body NULL: GET. The answer is the caller's; NULL unless 2xx. */
json_t *sandbox_process_control(
        struct sandbox_process *sandbox, const char *path, const char *body);

#endif
