/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_LISTENER_H
#define TESTS_SUPPORT_LISTENER_H

/*
 * A live listener with a small route table for the HTTP tests:
 *   GET  /hello              text "hello"
 *   GET  /hello/{name}       the parameter and the query argument "q"
 *   POST /echo               the body back; cap LISTENER_CAP bytes
 *   POST /gate               answers once listener_open_gate was called
 *   POST /later              takes a ticket and hands it to the test
 *   GET  /admin              needs "Authorization: Bearer right"
 *   PUT, DELETE /thing
 */

#include "server/base/thread.h"
#include "server/http/http.h"

#include <stdatomic.h>

#define LISTENER_CAP         1000
#define LISTENER_TICKETS_MAX 256

struct listener {
	struct http_server *server;
	int port;
	int64_t ticket_timeout_ms;
	atomic_int handled; /* handlers that ran */
	struct monitor monitor;
	/* protected by the monitor: */
	struct http_ticket *tickets[LISTENER_TICKETS_MAX];
	int ticket_count; /* waiting to be taken by the test */
	int waiting; /* handlers at the gate */
	bool is_gate_open;
};

/* The defaults of the tests; change what the test is about, then start. */
struct http_options listener_options(struct listener *listener);
void listener_start(struct listener *listener, const struct http_options *options);
/* With a deadline of a few seconds. */
void listener_stop(struct listener *listener);
/* Waits for the next ticket a handler took. */
struct http_ticket *listener_next_ticket(struct listener *listener);
void listener_wait_at_gate(struct listener *listener, int waiting);
void listener_open_gate(struct listener *listener);

#endif
