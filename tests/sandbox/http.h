/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_HTTP_H
#define TESTS_SANDBOX_HTTP_H

/*
 * The listener, the only user of libmicrohttpd in the sandbox. A thread per connection, so that a
 * call that waits on purpose delays nobody else.
 */

#include <stdbool.h>
#include <stdint.h>

struct sandbox;
struct http;

/* address is HOST:PORT with a dotted IPv4 host; port 0 takes a free one. NULL when it fails (said
 * on stderr). */
struct http *http_start(struct sandbox *sb, const char *address);
/* The address it listens on, "127.0.0.1:PORT"; borrowed. */
const char *http_address(const struct http *http);
/* Call sandbox_stop first, so that nobody waits. */
void http_stop(struct http *http);

#endif
