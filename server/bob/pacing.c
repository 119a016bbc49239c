/* SPDX-License-Identifier: MIT */
#include "server/bob/pacing.h"

#include "server/bob/bob.h"

#define MARGIN_MS     1000 /* reset times and Date come in whole seconds */
#define RESET_MAX_MS  120000 /* a window that ends later than this is not believed */
#define SAME_WINDOW_S 1

void pacing_init(struct pacing *pacing)
{
	*pacing = (struct pacing){.limit = PACING_LIMIT_DEFAULT,
	        .remaining = PACING_LIMIT_DEFAULT,
	        .reset_s = -1,
	        .last_begun_at_ms = INT64_MIN / 2};
}

static bool is_over(const struct pacing *pacing, int64_t now_ms)
{
	return now_ms >= pacing->ends_at_ms;
}

/* Of a small limit the urgent share is smaller too, so that others get through at all. */
static int64_t kept_back(const struct pacing *pacing, enum call_urgency urgency)
{
	int64_t fifth = pacing->limit / 5;
	switch (urgency) {
	case CALL_URGENT: return 0;
	case CALL_NORMAL: return fifth < PACING_KEPT_FOR_URGENT ? fifth : PACING_KEPT_FOR_URGENT;
	case CALL_BACKGROUND: return pacing->limit / 2;
	}
	return 0;
}

/* What is left of the window is dealt out evenly, counted from the last search. */
static int64_t spread_ms(const struct pacing *pacing, int64_t left, int64_t now_ms)
{
	int64_t interval_ms = (pacing->ends_at_ms - now_ms) / left;
	int64_t next_ms = pacing->last_begun_at_ms + interval_ms;
	return next_ms > now_ms ? next_ms - now_ms : 0;
}

int64_t pacing_wait_ms(const struct pacing *pacing, enum call_urgency urgency, int64_t now_ms)
{
	if (pacing->blocked_until_ms > now_ms) {
		return pacing->blocked_until_ms - now_ms;
	}
	if (is_over(pacing, now_ms)) {
		return 0;
	}
	int64_t left = pacing->remaining - kept_back(pacing, urgency);
	if (left <= 0) {
		return pacing->ends_at_ms - now_ms;
	}
	bool is_free = urgency == CALL_URGENT || pacing->remaining > pacing->limit / 2;
	return is_free ? 0 : spread_ms(pacing, left, now_ms);
}

void pacing_begin(struct pacing *pacing, int64_t now_ms)
{
	if (is_over(pacing, now_ms)) {
		pacing->remaining = pacing->limit;
		pacing->reset_s = -1;
		pacing->ends_at_ms = now_ms + PACING_WINDOW_MS;
	}
	if (pacing->remaining > 0) {
		pacing->remaining--;
	}
	pacing->last_begun_at_ms = now_ms;
}

static void learn_window(struct pacing *pacing, const struct pacing_news *news, int64_t now_ms)
{
	int64_t ahead_s = news->reset_s - pacing->reset_s;
	bool is_known = pacing->reset_s >= 0;
	if (is_known && ahead_s < -SAME_WINDOW_S && !is_over(pacing, now_ms)) {
		return; /* an older answer that was overtaken */
	}
	bool is_new = is_known && ahead_s > SAME_WINDOW_S;
	if (is_new || news->remaining < pacing->remaining) {
		pacing->remaining = news->remaining;
	}
	int64_t left_ms = news->until_reset_ms > 0 ? news->until_reset_ms : 0;
	pacing->reset_s = news->reset_s;
	pacing->ends_at_ms = now_ms + left_ms + MARGIN_MS;
}

void pacing_learn(struct pacing *pacing, const struct pacing_news *news, int64_t now_ms)
{
	if (news->limit > 0) {
		/* What we counted was counted off the limit that was taken for granted. */
		pacing->remaining += news->limit > pacing->limit ? news->limit - pacing->limit : 0;
		pacing->limit = news->limit;
		pacing->remaining =
		        pacing->remaining < news->limit ? pacing->remaining : news->limit;
	}
	if (news->remaining >= 0 && news->reset_s >= 0 && news->until_reset_ms <= RESET_MAX_MS) {
		learn_window(pacing, news, now_ms);
	}
	if (news->blocked_ms > 0) {
		pacing->remaining = 0;
		pacing->blocked_until_ms = now_ms + news->blocked_ms;
		if (pacing->ends_at_ms < pacing->blocked_until_ms) {
			pacing->ends_at_ms = pacing->blocked_until_ms;
		}
	}
}

void pacing_outlook(const struct pacing *pacing, int64_t now_ms, struct bob_outlook *outlook)
{
	int64_t blocked_ms = pacing->blocked_until_ms - now_ms;
	bool is_new = is_over(pacing, now_ms);

	*outlook = (struct bob_outlook){
	        .limit = pacing->limit,
	        .remaining = is_new ? pacing->limit : pacing->remaining,
	        .until_reset_ms = is_new ? 0 : pacing->ends_at_ms - now_ms,
	        .blocked_ms = blocked_ms > 0 ? blocked_ms : 0,
	};
}
