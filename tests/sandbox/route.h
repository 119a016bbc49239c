/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_ROUTE_H
#define TESTS_SANDBOX_ROUTE_H

/*
 * The one table of Bob's and Okta's routes. The handlers run under the sandbox's lock, after
 * authorization, rate limits and permissions were judged by bob_api.c and okta_api.c.
 */

#include "tests/sandbox/request.h"

struct sandbox;

typedef void route_handler(struct sandbox *sb, struct request *rq, struct reply *rp);

struct route {
	enum system_id system;
	const char *method;
	const char *path; /* without /bob or /okta; {name} is a variable */
	route_handler *handle;
	const char *bucket; /* of the rate limit */
	const char *permission; /* Okta's, as in okta_missing_permissions; NULL: none asked */
};

enum route_result {
	ROUTE_FOUND,
	ROUTE_NO_METHOD,
	ROUTE_NO_PATH,
	ROUTE_CROWDED, /* too many calls in flight to look at it */
};

/* Sets the request's route and arguments. */
enum route_result route_find(struct request *rq);
/* "POST /api/v1/users/{id}", or "POST *" where no route was found; the caller frees. */
char *route_name(const struct request *rq);

#endif
