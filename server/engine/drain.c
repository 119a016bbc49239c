/* SPDX-License-Identifier: MIT */
#include "server/engine/drain.h"

#define ENOUGH_RUNS 3 /* fewer say nothing of a speed */
#define MANY_RUNS   10 /* between two looks: somebody waited, though not at the looks */
/* The tenth that is kept for revocations and leavers is not counted on. */
#define SHARE_OF_LIMIT 0.9

/* Places with which nothing of a slow start is felt any more. */
static int enough_places(const struct drain_facts *facts)
{
	bool is_limited = facts->workers > 0 && facts->workers < facts->start.places_max;

	return is_limited ? facts->workers : facts->start.places_max;
}

static double share_of(int places, int enough)
{
	return places > 0 && places < enough ? (double)places / enough : 1.0;
}

/* What takes so long at full speed, when the slow start is still before us or under way. */
static double with_slow_start(const struct drain_facts *facts, double full_ms)
{
	int enough = enough_places(facts);
	double step_ms = (double)facts->start.until_doubling_ms;
	double passed_ms = 0.0;

	for (int places = facts->start.places; places > 0 && places < enough; places *= 2) {
		double share = share_of(places, enough);
		if (full_ms <= step_ms * share) {
			return passed_ms + full_ms / share;
		}
		full_ms -= step_ms * share;
		passed_ms += step_ms;
		step_ms = (double)facts->start.step_ms;
	}
	return passed_ms + full_ms;
}

/* What share of the past is left after so long: straight down, which is near enough. */
static double left_after(int64_t ms)
{
	return ms >= DRAIN_MEMORY_MS ? 0.0 : 1.0 - (double)ms / DRAIN_MEMORY_MS;
}

static void count_in(struct drain *drain, const struct drain_facts *facts, int64_t ms)
{
	double left = left_after(ms);

	drain->busy_ms = drain->busy_ms * left + (double)ms * drain->share;
	drain->runs = drain->runs * left + (double)(facts->runs - drain->runs_seen);
	for (int i = 0; i < OKTA_BUCKET_COUNT; i++) {
		double calls = (double)(facts->buckets[i].calls - drain->calls_seen[i]);
		drain->calls[i] = drain->calls[i] * left + calls;
	}
}

void drain_look(struct drain *drain, const struct drain_facts *facts, int64_t now_ms)
{
	bool has_waited = drain->waiting > 0 || facts->runs - drain->runs_seen >= MANY_RUNS;
	bool is_busy = drain->is_counted && has_waited && !facts->is_stopped;

	if (is_busy && now_ms > drain->looked_at_ms) {
		count_in(drain, facts, now_ms - drain->looked_at_ms);
	}
	drain->looked_at_ms = now_ms;
	drain->share = share_of(facts->start.places, enough_places(facts));
	drain->waiting = facts->waiting;
	drain->runs_seen = facts->runs;
	for (int i = 0; i < OKTA_BUCKET_COUNT; i++) {
		drain->calls_seen[i] = facts->buckets[i].calls;
	}
	drain->is_counted = !facts->is_stopped;
}

/* Windows of that bucket until so many calls are through, as far as is known. */
static double bucket_ms(const struct okta_outlook *bucket, double calls)
{
	double limit = (double)bucket->limit * SHARE_OF_LIMIT;
	double left = (double)bucket->remaining - ((double)bucket->limit - limit);

	if (bucket->limit <= 0 || limit < 1.0 || calls <= left) {
		return 0.0;
	}
	double windows = (calls - (left > 0.0 ? left : 0.0)) / limit;
	return (double)bucket->until_reset_ms + windows * (double)bucket->window_ms;
}

int64_t drain_ms(const struct drain *drain, const struct drain_facts *facts)
{
	double longest_ms = 0.0;

	if (facts->waiting == 0) {
		return 0;
	}
	if (drain->runs < ENOUGH_RUNS || drain->busy_ms <= 0.0) {
		return DRAIN_UNKNOWN;
	}
	longest_ms = with_slow_start(facts, (double)facts->waiting * drain->busy_ms / drain->runs);
	for (int i = 0; i < OKTA_BUCKET_COUNT; i++) {
		double calls = (double)facts->waiting * drain->calls[i] / drain->runs;
		double ms = bucket_ms(&facts->buckets[i], calls);
		longest_ms = ms > longest_ms ? ms : longest_ms;
	}
	return (int64_t)longest_ms;
}
