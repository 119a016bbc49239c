/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_OKTA_API_H
#define TESTS_SANDBOX_OKTA_API_H

/*
 * What every Okta call meets before its handler: headers, path, token, rate limits, permissions.
 * Under the sandbox's lock.
 */

#include "tests/sandbox/request.h"
#include "tests/sandbox/route.h"

struct sandbox;

/* Gives the answer its request id. */
void okta_api_begin(struct sandbox *sb, struct request *rq, struct reply *rp);
void okta_api_call(
        struct sandbox *sb, struct request *rq, struct reply *rp, enum route_result found);

#endif
