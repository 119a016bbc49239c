/* SPDX-License-Identifier: MIT */
#include "tests/simulation/standing.h"

#include "server/base/str.h"
#include "tests/simulation/world.h"

static bool is_over(const struct sim *sim, const struct truth *truth, int32_t date, int64_t at_ms)
{
	return date != 0 && at_ms >= site_instant_ms(sim, truth->site, date + 1);
}

/* K1: no word anybody knows; the dates still count. */
static enum standing_now without_word(bool is_over_now)
{
	return is_over_now ? STANDS_LEAVER : STANDS_UNCLEAR;
}

enum standing_now standing_of(const struct sim *sim, const struct truth *truth, int64_t at_ms)
{
	bool is_shown = sim->scenario.shows_future_ends || truth->word == WORD_TERMINATED ||
	        truth->word == WORD_GARDEN;
	/* A date before the start is of an earlier employment (L1). */
	int32_t end = is_shown && truth->end >= truth->start ? truth->end : 0;
	int32_t last = is_shown && truth->last_day >= truth->start ? truth->last_day : 0;
	bool ended = is_over(sim, truth, end, at_ms);
	bool worked = is_over(sim, truth, last, at_ms);

	if (truth->is_deleted) {
		return STANDS_LEAVER;
	}
	if (truth->first[0] == '\0') {
		return STANDS_UNCLEAR; /* not in Bob yet */
	}
	switch (truth->word) {
	case WORD_TERMINATED: return STANDS_LEAVER;
	case WORD_GARDEN:
		if (last == 0 || at_ms >= site_instant_ms(sim, truth->site, last)) {
			return STANDS_LEAVER;
		}
		return ended ? STANDS_LEAVER : STANDS_HERE;
	case WORD_LEAVE:
	case WORD_PARENTAL: return ended || worked ? STANDS_LEAVER : STANDS_HERE;
	case WORD_STRANGE: return without_word(ended || worked);
	case WORD_EMPLOYED:
		if (ended || (worked && end == 0)) {
			return STANDS_UNCLEAR;
		}
		return worked ? STANDS_LEAVER : STANDS_HERE;
	case WORD_HIRED: return ended || worked ? STANDS_UNCLEAR : STANDS_HERE;
	}
	return STANDS_UNCLEAR;
}

bool is_leaver(const struct sim *sim, const struct truth *truth, int64_t at_ms)
{
	return standing_of(sim, truth, at_ms) == STANDS_LEAVER;
}

bool is_in_scope(const struct truth *truth)
{
	return str_ends_with_fold(truth->email, "@example.com");
}

bool is_suspending_leave(const struct sim *sim, const struct truth *truth, int64_t at_ms)
{
	(void)at_ms;
	return sim->scenario.suspends_leaves &&
	        (truth->word == WORD_LEAVE || truth->word == WORD_PARENTAL);
}

static bool has_come(const struct sim *sim, const struct truth *truth, int days, int64_t at_ms)
{
	return truth->is_active || truth->word == WORD_EMPLOYED || truth->word == WORD_LEAVE ||
	        truth->word == WORD_PARENTAL || truth->word == WORD_GARDEN ||
	        at_ms >= site_instant_ms(sim, truth->site, truth->start - days);
}

bool has_started(const struct sim *sim, const struct truth *truth, int64_t at_ms)
{
	return has_come(sim, truth, 0, at_ms);
}

bool is_create_time(const struct sim *sim, const struct truth *truth, int64_t at_ms)
{
	return !sim->scenario.is_on_start_date ||
	        has_come(sim, truth, sim->scenario.create_days_before, at_ms);
}

bool is_open_time(const struct sim *sim, const struct truth *truth, int64_t at_ms)
{
	if (is_suspending_leave(sim, truth, at_ms)) {
		return false;
	}
	switch (sim->scenario.activation) {
	case 0: return has_come(sim, truth, sim->scenario.activation_days_before, at_ms);
	case 1: return true;
	default: return false;
	}
}
