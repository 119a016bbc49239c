/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_CALL_H
#define SERVER_BASE_CALL_H

/*
 * What one call to Bob or Okta came to, in words both clients share, so that
 * the engine treats them alike. Classes follow okta.md section 2.
 */

#include <stdbool.h>
#include <stdint.h>

enum call_class {
	CALL_DONE,
	CALL_NOT_FOUND, /* 404: no such thing, or a user already deactivated */
	CALL_PERMANENT, /* the same call fails again: never retried */
	CALL_REREAD, /* our picture is old: read, plan again */
	CALL_RETRY_AT, /* again at retry_at_ms (rate limit) */
	CALL_RETRY_LATER, /* again with backoff (5xx, busy, not sent at all) */
	CALL_UNCLEAR, /* may have been applied: read before anything else */
	CALL_STOP_CREDENTIALS, /* the token is dead: park the connection */
	CALL_STOP_CONFIG, /* the token may not do this: park, or hold one person (C5) */
	CALL_ABORTED, /* we are stopping */
};

/* Who may spend the last of a budget (engine rules 5 and 16). */
enum call_urgency { CALL_BACKGROUND, CALL_NORMAL, CALL_URGENT };

/* What a call that was put off waits for. */
enum call_wait {
	CALL_WAIT_NONE,
	CALL_WAIT_PLACE, /* others' calls are under way: any of their ends may let the next one go
	                  */
	CALL_WAIT_ROOM, /* a rate limit: nobody who is not more urgent may go before */
};

#define CALL_CODE_MAX_BYTES     16
#define CALL_REQUEST_ID_BYTES   80
#define CALL_SENTENCE_MAX_BYTES 256

struct call_outcome {
	enum call_class call_class;
	int http_status; /* 0 when no answer came */
	bool is_sent; /* a byte of the request left; false: certainly not applied */
	int64_t retry_at_ms; /* wall clock; with CALL_RETRY_AT */
	enum call_wait wait; /* Okta's, with CALL_RETRY_AT */
	char code[CALL_CODE_MAX_BYTES]; /* Okta's errorCode, else "" */
	char attribute[64]; /* the profile attribute Okta complained of, else "" */
	char request_id[CALL_REQUEST_ID_BYTES]; /* X-Okta-Request-Id, else "" */
	char sentence[CALL_SENTENCE_MAX_BYTES]; /* for an administrator; no personal data */
};

const char *call_class_name(enum call_class call_class);

#endif
