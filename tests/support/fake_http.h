/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_FAKE_HTTP_H
#define TESTS_SUPPORT_FAKE_HTTP_H

/*
 * A small HTTP server on a free loopback port for tests of clients: answers
 * with scripted bytes, one script entry a request in order of arrival, or with
 * what a handler makes, and records every request. A thread a connection, so
 * that calls may overlap. Everything it records lives until fake_http_stop.
 */

#include "server/base/attr.h"

#include <stdbool.h>
#include <stddef.h>

struct fake_http;

/* What happens to the connection after the bytes of an answer. */
enum fake_end {
	FAKE_KEEP,
	FAKE_CLOSE,
	FAKE_RESET,
	FAKE_HANG, /* stays open and silent until fake_http_stop */
};

struct fake_request {
	char *method;
	char *target; /* path and query as sent */
	char *head; /* request line and header lines */
	char *body; /* "" when there is none */
	size_t body_len;
};

/* Makes the raw bytes of an answer, which the server frees; runs on a server thread. */
typedef char *fake_handler(void *context, const struct fake_request *request);

/* Both are fatal to the test when the machine refuses. */
struct fake_http *fake_http_start(void);
struct fake_http *fake_http_start_handler(fake_handler *handler, void *context);
void fake_http_stop(struct fake_http *fake);

/* "http://127.0.0.1:PORT" */
const char *fake_http_url(struct fake_http *fake);

/* Adds a script entry; texts are copied. headers: lines with CRLF, or "". */
void fake_http_script(struct fake_http *fake, int status, const char *headers, const char *body);
void fake_http_script_raw(struct fake_http *fake, const char *bytes, enum fake_end end);
/* The bytes of a whole answer with Content-Length and JSON type; caller frees. */
char *fake_http_format(int status, const char *headers, const char *body);

size_t fake_http_count(struct fake_http *fake);
size_t fake_http_connections(struct fake_http *fake);
/* NULL beyond the last one. */
const struct fake_request *fake_http_request(struct fake_http *fake, size_t index);
/* The value of a request's header, trimmed; false when absent. */
bool fake_request_header(
        const struct fake_request *request, const char *name, char *to, size_t size);

#endif
