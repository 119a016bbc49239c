/* SPDX-License-Identifier: MIT */
/*
 * What should be: the policy told a second time, short and only for what the
 * simulation's settings use, from people's true state. Shares nothing with
 * mapping/policy*.c. Two kinds of questions: may this be done now (asked by
 * the fake Okta before it carries something out), and is everything as it
 * should be (asked once a day, when all faults are over).
 */
#include "server/base/str.h"
#include "tests/simulation/fake_okta.h"
#include "tests/simulation/happening.h"
#include "tests/simulation/standing.h"
#include "tests/simulation/world.h"

#include <string.h>

/* A decision may rest on a read that is so old: Bob's lag, waiting, a slow call. */
#define OLD_MS (10 * MINUTE_MS)

/* ------------------------------------------------ within the last minutes */

typedef bool (*question)(const struct sim *sim, const struct truth *truth, int64_t at_ms);

static int64_t doubt_ms(const struct sim *sim)
{
	return OLD_MS + (sim->was_skewed ? 2 * HOUR_MS : 0);
}

/* Was, or will soon be, the answer yes? Reads lag, and our clock may be off. */
static bool was(const struct sim *sim, const struct someone *someone, question ask)
{
	int64_t early_ms = sim->now_ms - doubt_ms(sim);
	int64_t late_ms = sim->now_ms + (sim->was_skewed ? 2 * HOUR_MS : SECOND_MS);

	if (ask(sim, &someone->now, early_ms) || ask(sim, &someone->now, late_ms)) {
		return true;
	}
	for (int i = 0; i < PAST_MAX && someone->past[i].until_ms > sim->now_ms - OLD_MS; i++) {
		const struct truth *truth = &someone->past[i].truth;
		if (ask(sim, truth, early_ms) || ask(sim, truth, late_ms)) {
			return true;
		}
	}
	return false;
}

static bool is_here_in_scope(const struct sim *sim, const struct truth *truth, int64_t at_ms)
{
	return standing_of(sim, truth, at_ms) == STANDS_HERE && is_in_scope(truth);
}

static bool is_here_and_open(const struct sim *sim, const struct truth *truth, int64_t at_ms)
{
	return is_here_in_scope(sim, truth, at_ms) && is_open_time(sim, truth, at_ms);
}

/* Who comes back from a leave is opened again out of scope, too (E1). */
static bool is_back(const struct sim *sim, const struct truth *truth, int64_t at_ms)
{
	return standing_of(sim, truth, at_ms) == STANDS_HERE &&
	        !is_suspending_leave(sim, truth, at_ms) &&
	        (is_in_scope(truth) || sim->scenario.suspends_leaves);
}

static bool is_to_create(const struct sim *sim, const struct truth *truth, int64_t at_ms)
{
	return is_here_in_scope(sim, truth, at_ms) && is_create_time(sim, truth, at_ms);
}

static bool is_not_leaver(const struct sim *sim, const struct truth *truth, int64_t at_ms)
{
	return standing_of(sim, truth, at_ms) != STANDS_LEAVER;
}

static bool is_out_of_scope(const struct sim *sim, const struct truth *truth, int64_t at_ms)
{
	(void)sim;
	(void)at_ms;
	return truth->email[0] != '\0' && !is_in_scope(truth);
}

/* A revocation stands until a rehire, or a human's word (V2). */
static bool is_revoked(const struct someone *someone)
{
	return someone->revoked_ms != 0 && someone->revoked_ms > someone->rehired_ms;
}

/* --------------------------------------------------------------- may it? */

static void judge_lowering(struct sim *sim, int person, enum action_kind kind)
{
	const struct someone *someone = &sim->people[person];

	if (was(sim, someone, is_leaver) || is_revoked(someone) ||
	        (kind == ACTION_SUSPEND && was(sim, someone, is_suspending_leave)) ||
	        someone->is_disappearance_confirmed) {
		return;
	}
	if (sim->scenario.out_of_scope != 0 && was(sim, someone, is_out_of_scope)) {
		return;
	}
	sim_fail(sim, "nobody is lowered without cause", person, "%s", action_kind_name(kind));
}

static void judge_raising(
        struct sim *sim, const struct okta_account *account, enum action_kind kind)
{
	int person = account->owner;
	const struct someone *someone = &sim->people[person];
	bool is_first = account->status == ACCOUNT_STAGED;

	if (!was(sim, someone, is_first ? is_here_and_open : is_back)) {
		sim_fail(sim, "nobody is raised without cause", person, "%s",
		        action_kind_name(kind));
	}
	if (is_revoked(someone) && !someone->is_reopened) {
		sim_fail(sim, "who was revoked stays closed (V2)", person, "%s",
		        action_kind_name(kind));
	}
	if (!is_first && account->lowered_by == BY_HUMAN && !someone->is_reopened) {
		sim_fail(sim, "what someone else closed stays closed (R3)", person, "%s",
		        action_kind_name(kind));
	}
	if (!is_first && sim->scenario.activation == 2 && someone->rehired_ms != 0 &&
	        !someone->is_reopened) {
		sim_fail(sim, "in mode never a human reopens (R4)", person, "%s",
		        action_kind_name(kind));
	}
}

static void judge_update(struct sim *sim, int person)
{
	const struct someone *someone = &sim->people[person];

	if (!was(sim, someone, is_not_leaver)) {
		sim_fail(sim, "no profile of a leaver is written (L3)", person, "update");
	}
}

void oracle_judge(struct sim *sim, const struct okta_account *account, enum action_kind kind)
{
	int person = account->owner;

	if (person < 0 || (sim->acting >= 0 && sim->acting != person)) {
		sim_fail(sim, "one Okta user belongs to one employee", sim->acting,
		        "touches the account of person %d", person);
	}
	if (kind == ACTION_UPDATE) {
		judge_update(sim, person);
	} else if (kind == ACTION_SUSPEND || kind == ACTION_DEACTIVATE) {
		judge_lowering(sim, person, kind);
		if (!is_revoked(&sim->people[person])) {
			oracle_count(sim, person, LIMIT_LOWER);
		}
	} else {
		judge_raising(sim, account, kind);
	}
}

void oracle_judge_news(struct sim *sim)
{
	struct employee employee = {0};
	struct employee_key key = {.connection = "default"};

	if (sim->acting < 0) {
		return;
	}
	str_format_cut(key.employee_id, sizeof(key.employee_id), "%s", sim->people[sim->acting].id);
	must(store_employee_get(sim->store, &key, &employee, NULL), "employee", NULL);
	bool is_old = employee.generation != sim->acting_generation;
	employee_finish(&employee);
	if (is_old) {
		sim_fail(sim, "a plan older than the last event raises nobody", sim->acting,
		        "raise");
	}
}

void oracle_judge_create(struct sim *sim, const char *login)
{
	int person = sim->acting;

	if (person < 0) {
		sim_fail(sim, "one Okta user for each employee", person, "nobody's account %s",
		        login);
	}
	const struct someone *someone = &sim->people[person];
	if (okta_count_of(sim, person) > 0) {
		sim_fail(sim, "one Okta user for each employee", person, "a second account, %s",
		        login);
	}
	if (!was(sim, someone, is_to_create)) {
		sim_fail(sim, "nobody gets an account without cause (G1)", person, "create %s",
		        login);
	}
	if (someone->is_existing && sim->scenario.holds_existing && someone->told_ms == 0 &&
	        !someone->is_existing_passed) {
		sim_fail(sim, "who was here before is not created unasked (M3)", person, "create");
	}
}

/* ---------------------------------------------------------------- limits */

static int64_t active_count(const struct sim *sim)
{
	int64_t count = 0;

	for (int i = 0; i < sim->account_count; i++) {
		count += account_status_is_activated(sim->accounts[i].status) ? 1 : 0;
	}
	return count;
}

struct window {
	const char *name;
	int64_t ms;
	int64_t count;
	int64_t percent;
};

static int distinct_since(
        const struct sim *sim, enum limit_kind limit, int64_t since_ms, int person)
{
	int count = 0;

	for (size_t i = sim->effect_count; i > 0 && sim->effects[i - 1].running_ms > since_ms;
	        i--) {
		const struct effect *effect = &sim->effects[i - 1];
		bool is_again = false;
		for (size_t k = i; k < sim->effect_count && !is_again; k++) {
			is_again = sim->effects[k].limit == limit &&
			        sim->effects[k].person == effect->person;
		}
		if (effect->limit == limit && effect->person == person) {
			return 0; /* counted already: passes */
		}
		count += effect->limit == limit && !is_again ? 1 : 0;
	}
	return count;
}

/* By Okta's own log, in the time that we ran. */
void oracle_count(struct sim *sim, int person, enum limit_kind limit)
{
	const struct window windows[] = {
	        {"hour", HOUR_MS, sim->scenario.limit_hour, 2},
	        {"day", DAY_MS, sim->scenario.limit_day, 5},
	        {"week", 7 * DAY_MS, sim->scenario.limit_week, 10},
	};
	int64_t active = active_count(sim);

	for (size_t i = 0; i < ARRAY_SIZE(windows) && !sim->people[person].is_limit_passed; i++) {
		const struct window *window = &windows[i];
		/* Here running time is added up every other minute. */
		int64_t since_ms = sim_running_ms(sim) - window->ms + 5 * MINUTE_MS;
		int64_t share = (active + 2) * window->percent / 100 + 1;
		int64_t most = window->count > share ? window->count : share;
		int others = distinct_since(sim, limit, since_ms, person);
		if (others >= most) {
			sim_fail(sim, "limits are never exceeded (M2)", person,
			        "%d others in an %s, at most %d", others, window->name, (int)most);
		}
	}
	if (sim->effect_count == sim->effect_max) {
		sim->effect_max = sim->effect_max * 2 + 64;
		sim->effects = realloc(sim->effects, sim->effect_max * sizeof(*sim->effects));
		must(sim->effects != NULL, "memory", NULL);
	}
	sim->effects[sim->effect_count++] = (struct effect){
	        .limit = limit, .person = person, .running_ms = sim_running_ms(sim)};
	sim->people[person].is_limit_passed = false;
}
