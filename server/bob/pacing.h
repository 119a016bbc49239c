/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BOB_PACING_H
#define SERVER_BOB_PACING_H

/*
 * When the next search of one Bob company may start (engine rule 16). Pure: no
 * clock, no lock; times are monotonic ms. Searches are counted by ourselves
 * and corrected by the answers' headers, whichever leaves less (bob.md 5.10:
 * 50 a minute, fixed windows).
 */

#include "server/base/call.h"

#define PACING_LIMIT_DEFAULT   50
#define PACING_WINDOW_MS       60000
#define PACING_KEPT_FOR_URGENT 10

struct pacing {
	int64_t limit; /* searches a window */
	int64_t remaining;
	int64_t reset_s; /* Bob's name for the window; -1: our own count */
	int64_t ends_at_ms;
	int64_t last_begun_at_ms;
	int64_t blocked_until_ms; /* after a 429 */
};

/* What an answer said; -1 for absent. */
struct pacing_news {
	int64_t limit;
	int64_t remaining;
	int64_t reset_s;
	int64_t until_reset_ms; /* by the answer's own Date */
	int64_t blocked_ms; /* a 429 asks to stay away so long; 0: none */
};

void pacing_init(struct pacing *pacing);
/* How long to wait before the next search; 0: none. */
int64_t pacing_wait_ms(const struct pacing *pacing, enum call_urgency urgency, int64_t now_ms);
/* A search begins: it counts as spent. */
void pacing_begin(struct pacing *pacing, int64_t now_ms);
struct bob_outlook;
void pacing_outlook(const struct pacing *pacing, int64_t now_ms, struct bob_outlook *outlook);
void pacing_learn(struct pacing *pacing, const struct pacing_news *news, int64_t now_ms);

#endif
