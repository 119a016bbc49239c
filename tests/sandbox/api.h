/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_API_H
#define TESTS_SANDBOX_API_H

/*
 * The way of one request: latency and faults, then the API itself under the lock, then the call
 * log, durable before the answer goes out. Blocks; call it from a thread of the connection's own.
 */

#include "tests/sandbox/request.h"

struct sandbox;

/* Answers a request; rp is empty before and has text, not JSON, afterwards. */
void api_serve(struct sandbox *sb, struct request *rq, struct reply *rp);

#endif
