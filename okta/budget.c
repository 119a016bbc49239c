/* SPDX-License-Identifier: MIT */
#include "okta/budget.h"

#define JITTER_SHARE     4 /* a wait grows by up to a quarter of itself ... */
#define JITTER_MAX_MS    1000 /* ... but by no more than this */
#define RESERVE_SHARE    10 /* the tenth kept for CALL_URGENT */
#define BACKGROUND_SHARE 2 /* CALL_BACKGROUND leaves half */
#define SAME_WINDOW_S    1 /* Okta's machines may differ by a second about one window */

void budget_init(struct budget *budget, int parallel_max)
{
	*budget = (struct budget){0};
	gate_init(&budget->gate, parallel_max);
	for (int i = 0; i < OKTA_BUCKET_COUNT; i++) {
		budget->buckets[i] = (struct budget_bucket){
		        .limit = -1, .remaining = -1, .window_ms = RATE_WINDOW_MS};
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

static struct budget_wait wait_for(enum call_wait kind, int64_t ms)
{
	return (struct budget_wait){.ms = ms, .kind = kind};
}

/* How long until the bucket has room. */
static struct budget_wait bucket_wait(
        const struct budget_bucket *bucket, enum call_urgency urgency, int64_t now_ms)
{
	if (bucket->blocked_until_ms > now_ms) {
		return wait_for(CALL_WAIT_ROOM, bucket->blocked_until_ms - now_ms);
	}
	bool is_over = now_ms >= bucket->ends_at_ms;
	int64_t left = (is_over ? bucket->limit : bucket->remaining) - bucket->in_flight;
	if (bucket->limit < 0 || left > kept_back(bucket->limit, urgency)) {
		return wait_for(CALL_WAIT_NONE, 0);
	}
	/* A new window whose first answers are still on their way: they will tell. */
	return is_over ? wait_for(CALL_WAIT_PLACE, GATE_WAIT_MS)
	               : wait_for(CALL_WAIT_ROOM, bucket->ends_at_ms - now_ms);
}

static struct budget_wait gate_wait(
        const struct gate *gate, enum call_urgency urgency, uint64_t random)
{
	return gate->in_flight < gate_places(gate, urgency)
	        ? wait_for(CALL_WAIT_NONE, 0)
	        : wait_for(CALL_WAIT_PLACE, GATE_WAIT_MS + (int64_t)(random % GATE_WAIT_MS));
}

struct budget_wait budget_begin(struct budget *budget, enum okta_bucket bucket,
        enum call_urgency urgency, int64_t now_ms, uint64_t random)
{
	struct budget_bucket *its = &budget->buckets[bucket];
	struct budget_wait wait = bucket_wait(its, urgency, now_ms);
	int64_t pause_ms = gate_pause_ms(&budget->gate, now_ms);
	if (wait.ms < pause_ms) {
		wait = wait_for(CALL_WAIT_ROOM, pause_ms);
	}
	if (wait.kind != CALL_WAIT_NONE) {
		wait.ms = with_jitter(wait.ms, random);
		return wait;
	}
	wait = gate_wait(&budget->gate, urgency, random);
	if (wait.kind == CALL_WAIT_NONE) {
		its->in_flight++;
		budget->gate.in_flight++;
	}
	return wait;
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
	if (!is_first && ahead_s > SAME_WINDOW_S && ahead_s * 1000 < bucket->window_ms) {
		bucket->window_ms = ahead_s * 1000;
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

static void end_refused(struct budget *budget, const struct budget_report *report, int64_t now_ms)
{
	struct budget_bucket *bucket = &budget->buckets[report->bucket];
	if (rate_is_concurrency(&report->rate)) {
		gate_note_busy(&budget->gate, report->random, now_ms);
		spend_one(bucket);
		return;
	}
	if (is_sane(&report->rate)) {
		learn_rate(bucket, &report->rate, now_ms);
	}
	gate_note_limit(&budget->gate);
	bucket->remaining = bucket->limit < 0 ? -1 : 0;
	bucket->blocked_until_ms = now_ms + rate_wait_ms(&report->rate);
}

void budget_end(struct budget *budget, const struct budget_report *report, int64_t now_ms)
{
	struct budget_bucket *bucket = &budget->buckets[report->bucket];
	bucket->in_flight--;
	budget->gate.in_flight--;
	bucket->calls += report->is_sent ? 1 : 0;
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
		gate_note_success(&budget->gate, now_ms);
	}
}

void budget_outlook(const struct budget *budget, enum okta_bucket bucket, int64_t now_ms,
        struct okta_outlook *outlook)
{
	const struct budget_bucket *its = &budget->buckets[bucket];
	int64_t left_ms = its->ends_at_ms - now_ms;
	bool is_over = left_ms <= 0;

	*outlook = (struct okta_outlook){
	        .limit = its->limit,
	        .remaining = is_over ? its->limit : its->remaining,
	        .until_reset_ms = is_over ? 0 : left_ms,
	        .window_ms = its->window_ms,
	        .calls = its->calls,
	};
}

int64_t budget_remaining(const struct budget *budget, enum okta_bucket bucket)
{
	return budget->buckets[bucket].remaining;
}
