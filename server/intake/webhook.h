/* SPDX-License-Identifier: MIT */
#ifndef SERVER_INTAKE_WEBHOOK_H
#define SERVER_INTAKE_WEBHOOK_H

/*
 * The handler of Bob's webhook: ping? signature over the raw bytes, then
 * durable, then 200. It parses nothing (D4). Runs on the threads of a POOLED
 * listener and never blocks: the store answers through a ticket.
 */

#include "server/base/holder.h"
#include "server/http/http.h"
#include "server/intake/throttle.h"
#include "server/settings/settings.h"
#include "server/store/store.h"

#include <stdatomic.h>
#include <stdint.h>

#define WEBHOOK_PATH            "/webhooks/bob" /* connection "default" */
#define WEBHOOK_CONNECTION_PATH "/webhooks/bob/{connection}"

/* What strangers can cause at will is logged once a second, with how often it was. */
struct log_sample {
	_Atomic int64_t count; /* since the last line */
	_Atomic int64_t logged_at_ms; /* monotonic; 0: never */
};

/* Lives as long as the listener that has it as context. */
struct intake {
	struct holder *settings; /* of struct settings; borrowed */
	struct store *store; /* borrowed */
	int64_t answer_timeout_ms;
	/* Told after each new event is durable; on the store's writer thread, short; may be NULL.
	 */
	void (*on_stored)(void *context);
	void *on_stored_context;
	struct throttle pings;
	struct log_sample wrong_signatures;
	struct log_sample expired_secrets;
	struct log_sample too_many_pings;
};

bool intake_init(struct intake *intake, struct holder *settings, struct store *store,
        struct err *err) MUST_CHECK;

/* An http_handler; context is the struct intake. */
enum http_verdict webhook_receive(
        struct http_request *request, struct http_reply *reply, void *context);

#endif
