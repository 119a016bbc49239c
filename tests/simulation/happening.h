/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SIMULATION_HAPPENING_H
#define TESTS_SIMULATION_HAPPENING_H

/* What happens when its time has come. */

#include "tests/simulation/sim.h"

void happen(struct sim *sim, struct world_item *item);

/* life.c: the people there are at the beginning, and a day's plans. */
void life_begin(struct sim *sim);
void life_plan_day(struct sim *sim);
void life_act(struct sim *sim, int person); /* -1: somebody new */
/* Single steps, for the permutations as well. */
void life_hire(struct sim *sim, struct someone *someone, int32_t start);
void life_start(struct sim *sim, struct someone *someone, int32_t start);
void life_edit(struct sim *sim, struct someone *someone);
void life_leave(struct sim *sim, struct someone *someone, int32_t from, int32_t to);
void life_terminate(struct sim *sim, struct someone *someone, int32_t end);
void life_rehire(struct sim *sim, struct someone *someone, int32_t start);
void life_name(struct sim *sim, struct someone *someone);

/* human.c */
void human_answers(struct sim *sim); /* the open questions of the console */
void human_uses_accounts(struct sim *sim);

/* driver.c */
void driver_sweep(struct sim *sim);
void driver_restart(struct sim *sim, bool is_crash);

/* oracle.c */
void oracle_check_day(struct sim *sim);
/* What Okta carried out for us, before it does so. */
void oracle_judge(struct sim *sim, const struct okta_account *account, enum action_kind kind);
/* Nobody is raised by a plan that is older than what has come since (engine rule 4). */
void oracle_judge_news(struct sim *sim);
void oracle_judge_create(struct sim *sim, const char *login);
void oracle_count(struct sim *sim, int person, enum limit_kind limit);

#endif
