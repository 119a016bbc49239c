/* SPDX-License-Identifier: MIT */
#include "server/base/lane_share.h"

/*
 * A lane is passed at most 19 times: OVERDUE times, then by those as overdue. They are at most
 * LANE_COUNT - 2: itself is none, nor is the most urgent, which only an overdue one may pass.
 */
#define OVERDUE (LANE_SHARE - 1 - (LANE_COUNT - 2))

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

void lane_share_split(const size_t waiting[LANE_COUNT], size_t limit, size_t takes[LANE_COUNT])
{
	size_t left = limit;

	for (int lane = 0; lane < LANE_COUNT; lane++) {
		takes[lane] = smaller(waiting[lane], limit / LANE_SHARE);
		left -= takes[lane];
	}
	for (int lane = 0; lane < LANE_COUNT; lane++) {
		size_t more = smaller(waiting[lane] - takes[lane], left);
		takes[lane] += more;
		left -= more;
	}
}

/* The most urgent, unless somebody is overdue. */
static enum lane choose(
        const struct lane_turn *turn, const bool is_waiting[LANE_COUNT], enum lane lane_at_most)
{
	enum lane first = LANE_COUNT;
	enum lane overdue = LANE_COUNT;

	for (int lane = 0; lane <= (int)lane_at_most && lane < LANE_COUNT; lane++) {
		if (!is_waiting[lane]) {
			continue;
		}
		first = first == LANE_COUNT ? (enum lane)lane : first;
		if (turn->passed[lane] >= OVERDUE &&
		        (overdue == LANE_COUNT || turn->passed[lane] > turn->passed[overdue])) {
			overdue = (enum lane)lane;
		}
	}
	return overdue != LANE_COUNT ? overdue : first;
}

enum lane lane_turn_next(
        struct lane_turn *turn, const bool is_waiting[LANE_COUNT], enum lane lane_at_most)
{
	enum lane chosen = choose(turn, is_waiting, lane_at_most);

	for (int lane = 0; chosen != LANE_COUNT && lane < LANE_COUNT; lane++) {
		if (lane == (int)chosen || !is_waiting[lane]) {
			turn->passed[lane] = 0;
		} else {
			turn->passed[lane]++;
		}
	}
	return chosen;
}
