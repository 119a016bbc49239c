/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SIMULATION_WORLD_H
#define TESTS_SIMULATION_WORLD_H

/*
 * The people as they truly are, what Bob holds and tells of them (bob.md 1, 5,
 * 6), and the agenda of everything that is still to happen. Bob's rows take
 * effect at a site's midnight, a few minutes late; its reads may show for up to
 * 20 s what was before a change.
 */

#include "tests/simulation/sim.h"

#include <jansson.h>

/* --------------------------------------------------------------- agenda */

/* Takes body. */
void agenda_add(struct sim *sim, const struct world_item *item);
void agenda_at(struct sim *sim, int64_t at_ms, enum world_kind kind, int person);
/* When the next thing happens; INT64_MAX: never. */
int64_t agenda_next_ms(const struct sim *sim);
/* Lets everything happen that is due by now; in the middle of a call only what is outside of us. */
enum world_part { WORLD_ALL, WORLD_OUTSIDE };
void world_catch_up(struct sim *sim, enum world_part part);
void world_finish(struct sim *sim);

/* --------------------------------------------------------------- people */

const char *word_name(enum word word); /* of internal.lifecycleStatus */
const char *site_name(int site);
const char *site_zone(int site);
/* The local date of a site, by true time. */
int32_t site_today(const struct sim *sim, int site);
int64_t site_instant_ms(const struct sim *sim, int site, int32_t date);

/* A person who is not in Bob yet. NULL: the company is full. */
struct someone *someone_add(struct sim *sim);
int someone_index(const struct sim *sim, const struct someone *someone);
int someone_find(const struct sim *sim, const char *employee_id); /* -1: nobody */
/* Before each change of someone->now. */
void someone_change(struct sim *sim, struct someone *someone);
/* As Bob showed the person at that time. */
const struct truth *someone_at(const struct someone *someone, int64_t at_ms);
/* Applies the rows whose day has come; tells what took effect. */
void someone_flip(struct sim *sim, struct someone *someone);
void world_midnight(struct sim *sim, int site);

/* What Bob answers about the person as it was at that time; new reference, NULL: not there. */
json_t *someone_json(const struct sim *sim, const struct someone *someone, int64_t at_ms);

/* --------------------------------------------------------------- events */

/* Bob tells: one webhook, which may be late, come twice, or get lost. field: a changed field. */
void bob_tells(struct sim *sim, struct someone *someone, const char *type, const char *field);
void bob_tells_row(struct sim *sim, struct someone *someone, const char *type, const char *table,
        int32_t date);
/* A delivery arrives at the receiver: stored durably. */
void world_deliver(struct sim *sim, struct world_item *item);

#endif
