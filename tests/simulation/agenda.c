/* SPDX-License-Identifier: MIT */
/* What is still to happen, as a heap ordered by time and then by entry. */
#include "tests/simulation/happening.h"
#include "tests/simulation/world.h"

#include <stdlib.h>

static bool is_before(const struct world_item *a, const struct world_item *b)
{
	return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void swap(struct world_item *a, struct world_item *b)
{
	struct world_item kept = *a;
	*a = *b;
	*b = kept;
}

void agenda_add(struct sim *sim, const struct world_item *item)
{
	if (sim->item_count == sim->item_max) {
		sim->item_max = sim->item_max * 2 + 64;
		sim->items = realloc(sim->items, sim->item_max * sizeof(*sim->items));
		must(sim->items != NULL, "memory for the agenda", NULL);
	}
	size_t i = sim->item_count++;
	sim->items[i] = *item;
	sim->items[i].order = sim->item_order++;
	while (i > 0 && is_before(&sim->items[i], &sim->items[(i - 1) / 2])) {
		swap(&sim->items[i], &sim->items[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
}

void agenda_at(struct sim *sim, int64_t at_ms, enum world_kind kind, int person)
{
	struct world_item item = {.at_ms = at_ms, .kind = kind, .person = person};
	agenda_add(sim, &item);
}

int64_t agenda_next_ms(const struct sim *sim)
{
	return sim->item_count > 0 ? sim->items[0].at_ms : INT64_MAX;
}

static struct world_item take_first(struct sim *sim)
{
	struct world_item first = sim->items[0];
	size_t i = 0;

	sim->items[0] = sim->items[--sim->item_count];
	while (2 * i + 1 < sim->item_count) {
		size_t child = 2 * i + 1;
		if (child + 1 < sim->item_count &&
		        is_before(&sim->items[child + 1], &sim->items[child])) {
			child++;
		}
		if (!is_before(&sim->items[child], &sim->items[i])) {
			break;
		}
		swap(&sim->items[child], &sim->items[i]);
		i = child;
	}
	return first;
}

static bool is_outside(enum world_kind kind)
{
	return kind == AT_LIFE || kind == AT_FLIP || kind == AT_MIDNIGHT || kind == AT_DELIVERY;
}

void world_catch_up(struct sim *sim, enum world_part part)
{
	while (agenda_next_ms(sim) <= sim->now_ms &&
	        (part == WORLD_ALL || is_outside(sim->items[0].kind))) {
		struct world_item item = take_first(sim);
		happen(sim, &item);
		free(item.body);
	}
}

void world_finish(struct sim *sim)
{
	for (size_t i = 0; i < sim->item_count; i++) {
		free(sim->items[i].body);
	}
	free(sim->items);
	free(sim->people);
	for (int i = 0; i < SITE_COUNT; i++) {
		zone_close(sim->zones[i]);
	}
}
