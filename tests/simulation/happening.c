/* SPDX-License-Identifier: MIT */
/* A day: 21 hours in which things happen and go wrong, three in which all comes right. */
#include "tests/simulation/happening.h"

#include "tests/simulation/driver.h"
#include "tests/simulation/orders.h"
#include "tests/simulation/weather.h"
#include "tests/simulation/world.h"

#define HEAL_AFTER_MS  (21 * HOUR_MS - 5 * MINUTE_MS)
#define POSTPONE_MS    (5 * MINUTE_MS)
#define POSTPONED_MOST 40

static void plan_day(struct sim *sim)
{
	int64_t at_ms = sim->begin_ms + sim->day * DAY_MS;

	sim->was_skewed = false;
	sim->postponed = 0;
	life_plan_day(sim);
	weather_spoil(sim);
	weather_change(sim);
	agenda_at(sim, at_ms + 6 * HOUR_MS, AT_ACCOUNTS, -1);
	agenda_at(sim, at_ms + 10 * HOUR_MS, AT_HUMAN, -1);
	agenda_at(sim, at_ms + HEAL_AFTER_MS, AT_HEAL, -1);
	if (random_chance(&sim->fate, 500) || sim->day + 1 == sim->size.days) {
		/* On other days what was heard must do. */
		agenda_at(sim, at_ms + HEAL_AFTER_MS + 5 * MINUTE_MS, AT_SWEEP, -1);
	}
	agenda_at(sim, at_ms + DAY_MS, AT_CHECK, -1);
	if (sim->day == 0 || random_chance(&sim->fate, 150)) {
		agenda_at(sim, at_ms + random_between(&sim->fate, MINUTE_MS, 18 * HOUR_MS),
		        AT_SWEEP, -1);
	}
	if (random_chance(&sim->fate, 250)) {
		agenda_at(sim, at_ms + random_between(&sim->fate, MINUTE_MS, 20 * HOUR_MS),
		        AT_RESTART, -1);
	}
}

static void check(struct sim *sim)
{
	if (sim->is_of_orders) {
		orders_check(sim);
		sim->is_over = true;
		return;
	}
	if (!driver_is_idle(sim) && sim->postponed++ < POSTPONED_MOST) {
		agenda_at(sim, sim->now_ms + POSTPONE_MS, AT_CHECK, -1);
		return;
	}
	oracle_check_day(sim);
	sim->day++;
	if (sim->day >= sim->size.days) {
		sim->is_over = true;
	} else {
		plan_day(sim);
	}
}

void happen(struct sim *sim, struct world_item *item)
{
	switch (item->kind) {
	case AT_LIFE:
		if (sim->is_of_orders) {
			orders_step(sim, item);
		} else {
			life_act(sim, item->person);
		}
		break;
	case AT_FLIP: someone_flip(sim, &sim->people[item->person]); break;
	case AT_MIDNIGHT: world_midnight(sim, item->person); break;
	case AT_DELIVERY: world_deliver(sim, item); break;
	case AT_WEATHER:
		if (!sim->weather.is_fine) {
			weather_change(sim);
		}
		break;
	case AT_SWEEP: driver_sweep(sim); break;
	case AT_HUMAN: human_answers(sim); break;
	case AT_ACCOUNTS: human_uses_accounts(sim); break;
	case AT_RESTART: driver_restart(sim, false); break;
	case AT_HEAL: weather_heal(sim); break;
	case AT_CHECK: check(sim); break;
	}
}

bool sim_run(struct sim *sim)
{
	trace_begin();
	if (setjmp(sim->end) == 0) { /* check: allow where a failed run ends */
		clock_use(sim);
		driver_start(sim);
		if (sim->is_of_orders) {
			weather_heal(sim);
			orders_begin(sim);
		} else {
			life_begin(sim);
			plan_day(sim);
		}
		driver_run(sim);
	}
	driver_stop(sim);
	return !sim->is_failed;
}
