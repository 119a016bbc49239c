/* SPDX-License-Identifier: MIT */
#ifndef OKTA_RATE_H
#define OKTA_RATE_H

/*
 * Reads Okta's rate headers (okta.md 4). Pure. The reset time is measured
 * against the answer's own Date, so our clock's error does not matter (O-09);
 * of doubled headers the smaller value counts.
 */

#include "okta/okta.h"

#define RATE_WINDOW_MS       60000 /* Okta's window, taken where no reset time came */
#define RATE_WAIT_MIN_MS     1000
#define RATE_WAIT_MAX_MS     120000
#define RATE_MARGIN_MS       1000 /* reset times and Date come in whole seconds */
#define RATE_BUSY_BACKOFF_MS 500 /* first wait after too many calls at once */

struct rate {
	int64_t limit; /* -1: absent; 0: too many calls at once (the concurrency kind) */
	int64_t remaining; /* -1: absent */
	int64_t reset_s; /* the server's Unix seconds; names the window; -1: absent */
	int64_t until_reset_ms; /* by the answer's Date; may be past (negative); 0 with no reset_s
	                         */
};

void rate_read(const struct okta_answer_facts *facts, struct rate *rate);
/* How long a 429 with these headers asks to wait: floor, cap and margin applied. */
int64_t rate_wait_ms(const struct rate *rate);
/* True when the 429 is about calls at once, not calls a minute. */
bool rate_is_concurrency(const struct rate *rate);

#endif
