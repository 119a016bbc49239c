/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_BOB_API_H
#define TESTS_SANDBOX_BOB_API_H

/* Bob's People API. Under the sandbox's lock. */

#include "tests/sandbox/request.h"
#include "tests/sandbox/route.h"

struct sandbox;

/* What every Bob call meets before its handler: firewall, credentials, rate limits, odd answers. */
void bob_api_call(
        struct sandbox *sb, struct request *rq, struct reply *rp, enum route_result found);
void bob_api_error(struct reply *rp, int status, const char *key, const char *text);

void bob_api_search(struct sandbox *sb, struct request *rq, struct reply *rp);
void bob_api_person(struct sandbox *sb, struct request *rq, struct reply *rp);
void bob_api_table(struct sandbox *sb, struct request *rq, struct reply *rp);
void bob_api_bulk(struct sandbox *sb, struct request *rq, struct reply *rp);
void bob_api_fields(struct sandbox *sb, struct request *rq, struct reply *rp);
void bob_api_lists(struct sandbox *sb, struct request *rq, struct reply *rp);
void bob_api_list(struct sandbox *sb, struct request *rq, struct reply *rp);

#endif
