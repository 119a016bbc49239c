/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_REQUEST_H
#define TESTS_SANDBOX_REQUEST_H

/*
 * One request as text and the answer to it, without any HTTP library: http.c fills the first from
 * a socket and sends the second, tests make them by hand. A request and its reply belong to one
 * thread; their JSON is touched under the sandbox's lock only, because parts are shared with it.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "tests/sandbox/util.h"

struct route;

enum system_id { SYSTEM_NONE, SYSTEM_CONTROL, SYSTEM_BOB, SYSTEM_OKTA };

enum {
	REQUEST_MAX_SEGMENTS = 12,
	REQUEST_MAX_ARGS = 3,
	REQUEST_MAX_BODY_BYTES = 16 * 1024 * 1024,
	REPLY_MAX_HEADERS = 24,
};

struct request {
	char *method;
	char *uri; /* as sent */
	char *path; /* raw, without the query */
	enum system_id system;
	bool okta_prefixed; /* /okta/api/v1 rather than /api/v1 */
	char *segments[REQUEST_MAX_SEGMENTS]; /* decoded, behind the prefix */
	size_t segment_count;
	json_t *query; /* object of strings */

	char *authorization;
	char *content_type;
	char *accept;
	char *if_match;
	char *host;
	bool has_length; /* Content-Length or Transfer-Encoding was sent */

	char *body; /* NUL-terminated */
	size_t body_length;
	json_t *json; /* NULL when the body is empty or no JSON */

	const struct route *route;
	const char *args[REQUEST_MAX_ARGS]; /* path variables, into segments */

	/* What the call log will say. */
	char user_id[48];
	char *login;
	char error_code[16];
	char request_id[40];
	const char *fault;
	bool applied;
};

struct reply_header {
	char *name;
	char *value;
};

struct reply {
	int status;
	json_t *json; /* becomes text before the reply leaves the lock */
	char *text;
	size_t text_length;
	const char *content_type; /* static; NULL: none */
	struct reply_header headers[REPLY_MAX_HEADERS];
	size_t header_count;
	bool is_cut; /* close after cut_bytes bytes of the body */
	size_t cut_bytes;
	bool cut_reset;
};

/* Splits method and uri; the other members stay empty. */
void request_init(struct request *rq, const char *method, const char *uri);
void request_set_body(struct request *rq, const char *body, size_t length);
/* Parses the body; call with the sandbox's lock held. */
void request_parse_json(struct request *rq);
void request_finish(struct request *rq);
/* A query parameter's text, or NULL. */
const char *request_query(const struct request *rq, const char *key);
bool request_query_is(const struct request *rq, const char *key, bool other);

void reply_finish(struct reply *rp);
void reply_clear(struct reply *rp);
/* Takes the JSON value. */
void reply_json(struct reply *rp, int status, json_t *taken);
void reply_text(struct reply *rp, int status, const char *content_type, const char *text);
void reply_empty(struct reply *rp, int status);
void reply_header(struct reply *rp, const char *name, const char *format, ...) PRINTF(3, 4);
/* The first value of a header, or NULL. */
const char *reply_find_header(const struct reply *rp, const char *name);
/* JSON to text. */
void reply_render(struct reply *rp);

#endif
