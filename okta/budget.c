/* SPDX-License-Identifier: MIT */
#include "okta/budget.h"

#define JITTER_SHARE     4 /* a wait grows by up to a quarter of itself ... */
#define JITTER_MAX_MS    1000 /* ... but by no more than this */
#define RESERVE_SHARE    10 /* the tenth kept for CALL_URGENT */
#define BACKGROUND_SHARE 2 /* CALL_BACKGROUND leaves half */
#define SAME_WINDOW_S    1 /* Okta's machines may differ by a second about one window */

void budget_init(struct budget *budget, int parallel_max)
{
	*budget = (struct budget){.parallel_max = parallel_max, .parallel = parallel_max};
	for (int i = 0; i < OKTA_BUCKET_COUNT; i++) {
		budget->buckets[i] = (struct budget_bucket){.limit = -1, .remaining = -1};
	}
}

static int64_t with_jitter(int64_t wait_ms, uint64_t random)
{
	int64_t span_ms = wait_ms / JITTER_SHARE;
	span_ms = span_ms < JITTER_MAX_MS ? span_ms : JITTER_MAX_MS;
	return wait_ms + (int64_t)(random % (uint64_t)(span_ms + 1));
}

static int64_t kept_back(int64_t limit, enum call_urgency urgency)
{
	switch (urgency) {
	case CALL_URGENT: return 0;
	case CALL_NORMAL: return limit / RESERVE_SHARE;
	case CALL_BACKGROUND: return limit / BACKGROUND_SHARE;
	}
	return limit;
}

/* How long until the bucket has room; 0: it has. */
static int64_t bucket_wait_ms(
        const struct budget_bucket *bucket, enum call_urgency urgency, int64_t now_ms)
{
	if (bucket->blocked_until_ms > now_ms) {
		return bucket->blocked_until_ms - now_ms;
	}
	if (bucket->limit < 0) {
		return 0;
	}
	bool is_over = now_ms >= bucket->ends_at_ms;
	int64_t left = (is_over ? bucket->limit : bucket->remaining) - bucket->in_flight;
	if (left > kept_back(bucket->limit, urgency)) {
		return 0;
	}
	/* A new window whose first answers are still on their way: they will tell. */
	return is_over ? BUDGET_GATE_WAIT_MS : bucket->ends_at_ms - now_ms;
}

/* One place beside a narrowed gate is for CALL_URGENT. */
static bool is_gate_full(const struct budget *budget, enum call_urgency urgency)
{
	int places = budget->parallel;
	if (urgency == CALL_URGENT && places < budget->parallel_max) {
		places++;
	}
	return budget->in_flight >= places;
}

int64_t budget_begin(struct budget *budget, enum okta_bucket bucket, enum call_urgency urgency,
        int64_t now_ms, uint64_t random)
{
	struct budget_bucket *its = &budget->buckets[bucket];
	int64_t wait_ms = bucket_wait_ms(its, urgency, now_ms);
	int64_t pause_ms = budget_pause_ms(budget, now_ms);
	wait_ms = wait_ms > pause_ms ? wait_ms : pause_ms;
	if (wait_ms > 0) {
		return with_jitter(wait_ms, random);
	}
	if (is_gate_full(budget, urgency)) {
		return BUDGET_GATE_WAIT_MS + (int64_t)(random % BUDGET_GATE_WAIT_MS);
	}
	its->in_flight++;
	budget->in_flight++;
	return 0;
}

/* No headers: the call is taken off by ourselves. */
static void spend_one(struct budget_bucket *bucket)
{
	if (bucket->remaining > 0) {
		bucket->remaining--;
	}
}

static bool is_sane(const struct rate *rate)
{
	return rate->limit > 0 && rate->remaining >= 0 && rate->reset_s >= 0 &&
	        rate->until_reset_ms <= RATE_WAIT_MAX_MS;
}

static void learn_rate(struct budget_bucket *bucket, const struct rate *rate, int64_t now_ms)
{
	bool is_first = bucket->limit < 0;
	int64_t ahead_s = rate->reset_s - bucket->reset_s;
	if (!is_first && ahead_s < -SAME_WINDOW_S) {
		/* Overtaken by an answer of a later window; unless ours is long over. */
		if (now_ms < bucket->ends_at_ms) {
			return;
		}
	}
	bool is_same = !is_first && ahead_s >= -SAME_WINDOW_S && ahead_s <= SAME_WINDOW_S;
	if (!is_same || rate->remaining < bucket->remaining) {
		bucket->remaining = rate->remaining;
	}
	int64_t left_ms = rate->until_reset_ms > 0 ? rate->until_reset_ms : 0;
	bucket->limit = rate->limit;
	bucket->reset_s = rate->reset_s;
	bucket->ends_at_ms = now_ms + left_ms + RATE_MARGIN_MS;
}

/* One refused burst narrows once: the pause tells that it is the same one. */
static void narrow_gate(struct budget *budget, uint64_t random, int64_t now_ms)
{
	if (budget_pause_ms(budget, now_ms) > 0) {
		return;
	}
	int64_t backoff_ms = RATE_BUSY_BACKOFF_MS;
	for (int i = 0; i < budget->busy && backoff_ms < BUDGET_BUSY_BACKOFF_MAX; i++) {
		backoff_ms *= 2;
	}
	int64_t half_ms = backoff_ms / 2;
	budget->paused_until_ms = now_ms + half_ms + (int64_t)(random % (uint64_t)half_ms);
	budget->parallel = budget->parallel > 1 ? budget->parallel / 2 : 1;
	budget->successes = 0;
	budget->busy++;
}

static void widen_gate(struct budget *budget)
{
	budget->busy = 0;
	budget->successes++;
	if (budget->successes >= BUDGET_WIDEN_AFTER && budget->parallel < budget->parallel_max) {
		budget->parallel++;
		budget->successes = 0;
	}
}

static void end_refused(struct budget *budget, const struct budget_report *report, int64_t now_ms)
{
	struct budget_bucket *bucket = &budget->buckets[report->bucket];
	if (rate_is_concurrency(&report->rate)) {
		narrow_gate(budget, report->random, now_ms);
		spend_one(bucket);
		return;
	}
	if (is_sane(&report->rate)) {
		learn_rate(bucket, &report->rate, now_ms);
	}
	bucket->remaining = bucket->limit < 0 ? -1 : 0;
	bucket->blocked_until_ms = now_ms + rate_wait_ms(&report->rate);
}

void budget_end(struct budget *budget, const struct budget_report *report, int64_t now_ms)
{
	struct budget_bucket *bucket = &budget->buckets[report->bucket];
	bucket->in_flight--;
	budget->in_flight--;
	if (report->http_status == 429) {
		end_refused(budget, report, now_ms);
		return;
	}
	if (report->http_status != 0 && is_sane(&report->rate)) {
		learn_rate(bucket, &report->rate, now_ms);
	} else if (report->is_sent) {
		spend_one(bucket);
	}
	if (report->http_status != 0 && report->http_status < 500) {
		widen_gate(budget);
	}
}

int64_t budget_remaining(const struct budget *budget, enum okta_bucket bucket)
{
	return budget->buckets[bucket].remaining;
}

int64_t budget_pause_ms(const struct budget *budget, int64_t now_ms)
{
	return budget->paused_until_ms > now_ms ? budget->paused_until_ms - now_ms : 0;
}
