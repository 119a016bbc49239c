/* SPDX-License-Identifier: MIT */
#include "tests/simulation/weather.h"

#include "server/base/str.h"
#include "tests/simulation/orders.h"
#include "tests/simulation/world.h"

static bool crashes(struct sim *sim)
{
	return random_chance(&sim->fate, sim->weather.crash_permille);
}

enum fate weather_of_okta(struct sim *sim)
{
	static const enum fate BAD[] = {FATE_LIMITED, FATE_ERROR_BEFORE, FATE_ERROR_AFTER,
	        FATE_CUT_BEFORE, FATE_CUT_AFTER, FATE_NOT_SENT};
	static const enum fate DOWN[] = {FATE_ERROR_BEFORE, FATE_CUT_BEFORE, FATE_NOT_SENT};

	if (sim->weather.is_fine) {
		return FATE_FINE;
	}
	if (crashes(sim)) {
		return random_chance(&sim->fate, 500) ? FATE_CRASH_BEFORE : FATE_CRASH_AFTER;
	}
	if (sim->weather.is_token_refused) {
		return FATE_REFUSED;
	}
	if (sim->weather.is_okta_down) {
		return DOWN[random_below(&sim->fate, (int)ARRAY_SIZE(DOWN))];
	}
	return random_chance(&sim->fate, sim->weather.okta_permille)
	        ? BAD[random_below(&sim->fate, (int)ARRAY_SIZE(BAD))]
	        : FATE_FINE;
}

enum fate weather_of_bob(struct sim *sim)
{
	static const enum fate BAD[] = {
	        FATE_LIMITED, FATE_ERROR_BEFORE, FATE_CUT_BEFORE, FATE_NOT_SENT};

	if (sim->weather.is_fine) {
		return FATE_FINE;
	}
	if (crashes(sim)) {
		return FATE_CRASH_BEFORE;
	}
	if (sim->weather.is_bob_refusing) {
		return FATE_REFUSED;
	}
	return sim->weather.is_bob_down || random_chance(&sim->fate, sim->weather.bob_permille)
	        ? BAD[random_below(&sim->fate, (int)ARRAY_SIZE(BAD))]
	        : FATE_FINE;
}

/* ------------------------------------------------------------- webhooks */

void weather_deliver(struct sim *sim, int person, int64_t at_ms, const char *body)
{
	struct world_item item = {.at_ms = at_ms, .kind = AT_DELIVERY, .person = person};

	sim->people[person].on_their_way++;
	item.body = str_dup(body);
	must(item.body != NULL, "memory for a delivery", NULL);
	agenda_add(sim, &item);
}

static int64_t delay_ms(struct sim *sim)
{
	int which = random_below(&sim->fate, 100);

	if (which < 85) {
		return random_between(&sim->fate, 200, 3 * SECOND_MS);
	}
	return which < 97 ? random_between(&sim->fate, MINUTE_MS, 90 * MINUTE_MS)
	                  : random_between(&sim->fate, HOUR_MS, 40 * HOUR_MS);
}

void weather_send(struct sim *sim, int person, const char *type, const char *body)
{
	trace(sim, "bob tells: %s of person %d", type, person);
	if (sim->is_of_orders) {
		orders_send(sim, person, body);
		return;
	}
	if (sim->weather.is_fine) {
		weather_deliver(
		        sim, person, sim->now_ms + random_between(&sim->fate, 200, 2000), body);
		return;
	}
	if (random_chance(&sim->fate, 40)) {
		trace(sim, "that webhook is lost");
		sim->people[person].is_unheard = true;
		return;
	}
	weather_deliver(sim, person, sim->now_ms + delay_ms(sim), body);
	while (random_chance(&sim->fate, 80)) {
		weather_deliver(sim, person,
		        sim->now_ms + delay_ms(sim) + random_between(&sim->fate, 0, 2 * DAY_MS),
		        body);
	}
}

/* -------------------------------------------------------------- weather */

/* Most of the time little goes wrong; now and then one thing does for a while. */
void weather_change(struct sim *sim)
{
	struct weather *weather = &sim->weather;
	int which = random_below(&sim->fate, 15);

	*weather = (struct weather){
	        .okta_permille = random_below(&sim->fate, 60),
	        .bob_permille = random_below(&sim->fate, 60),
	        .crash_permille = random_below(&sim->fate, 4),
	        .is_okta_down = which == 0,
	        .is_token_refused = which == 1,
	        .is_bob_down = which == 2,
	        .is_bob_refusing = which == 3,
	};
	if (which == 8) {
		/* Somebody changed whom the service user may see. */
		weather->missing_permille = random_chance(&sim->fate, 300) ? 1000 : 250;
	}
	if (which == 4) {
		weather->okta_permille = 400;
	}
	if (which == 5) {
		weather->crash_permille = 40;
	}
	bool is_skewed = which == 6 || which == 7;
	sim->was_skewed |= is_skewed;
	sim->skew_ms = is_skewed ? random_between(&sim->fate, -2 * HOUR_MS, 2 * HOUR_MS) : 0;
	sim_advance(sim, 0);
	trace(sim, "weather %d, clock off by %d s", which, (int)(sim->skew_ms / SECOND_MS));
	bool is_bad = which < 9;
	agenda_at(sim,
	        sim->now_ms +
	                (is_bad ? random_between(&sim->fate, 2 * MINUTE_MS, 40 * MINUTE_MS)
	                        : random_between(&sim->fate, HOUR_MS, 9 * HOUR_MS)),
	        AT_WEATHER, -1);
}

void weather_heal(struct sim *sim)
{
	sim->weather = (struct weather){.is_fine = true};
	sim->skew_ms = 0;
	sim_advance(sim, 0);
	trace(sim, "everything works, the clock is right");
}

void weather_spoil(struct sim *sim)
{
	sim->weather.is_fine = false;
}
