/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_WEBHOOK_H
#define TESTS_SANDBOX_WEBHOOK_H

/*
 * Signs and sends webhook deliveries from threads of its own, in order, with retries, and keeps
 * what became of them. Has its own lock, so any thread may call with or without the sandbox's lock;
 * only webhook_drain and webhook_wait block.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "tests/sandbox/util.h"

struct webhook;

enum webhook_signing { WEBHOOK_SIGNED, WEBHOOK_UNSIGNED, WEBHOOK_WRONG };
enum webhook_keep { WEBHOOK_KEEP_NOTHING, WEBHOOK_KEEP_CONFIG };
enum webhook_retry { WEBHOOK_RETRY_AS_CONFIGURED, WEBHOOK_RETRY_NEVER };

/* What to send; texts are copied. */
struct webhook_item {
	const char *type; /* event name, for the list; or NULL */
	const char *employee_id; /* or NULL */
	const char *body;
	const char *signature; /* literal; NULL: made from the secret */
	const char *secret; /* NULL: the configured one */
	const char *url; /* NULL: the configured one */
	const char *content_type; /* NULL: application/json */
	enum webhook_signing signing;
	enum webhook_retry retry;
};

struct webhook *webhook_create(uint64_t seed);
void webhook_stop(struct webhook *hook);
void webhook_destroy(struct webhook *hook);

/* Changes what the object names; NULL when all is well, else what is wrong (the caller frees). */
char *webhook_configure(struct webhook *hook, const json_t *changes) MUST_CHECK;
json_t *webhook_config(struct webhook *hook);
void webhook_reset(struct webhook *hook, enum webhook_keep keep);

/* Puts a delivery at the end of the queue and returns its id. */
int64_t webhook_enqueue(struct webhook *hook, const struct webhook_item *item);
/* Sends the same bytes and signature once more; 0 when there is no such delivery. */
int64_t webhook_replay(struct webhook *hook, int64_t id);
int64_t webhook_last_id(struct webhook *hook);

/* Deliveries with an id above `since`, as in the manual; new reference. */
json_t *webhook_list(struct webhook *hook, int64_t since);
json_t *webhook_get(struct webhook *hook, int64_t id);
int64_t webhook_pending(struct webhook *hook);
/* Counts of deliveries that ended well and badly. */
void webhook_counts(struct webhook *hook, int64_t *ok, int64_t *failed);
/* Wait until nothing is pending, or until one delivery is done; false after the time. */
bool webhook_drain(struct webhook *hook, int64_t timeout_ms);
bool webhook_wait(struct webhook *hook, int64_t id, int64_t timeout_ms);

/* Base64 of HMAC-SHA512 over the body; the caller frees. */
char *webhook_sign(const char *secret, const char *body, size_t length);

#endif
