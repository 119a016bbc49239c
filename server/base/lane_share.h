/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_LANE_SHARE_H
#define SERVER_BASE_LANE_SHARE_H

/*
 * How lanes share: the more urgent goes first, but of any LANE_SHARE people
 * that are taken while somebody waits in a lane at least one is of that lane.
 * So none starves, however long the others never run empty. Pure.
 */

#include "server/base/words.h"

#include <stddef.h>

#define LANE_SHARE 20

/*
 * How many of each lane go into a batch of `limit`: each gets its twentieth (as far as somebody
 * waits), the rest goes by urgency. The takes add up to the smaller of limit and all that wait.
 */
void lane_share_split(const size_t waiting[LANE_COUNT], size_t limit, size_t takes[LANE_COUNT]);

/* For taking one at a time: how many went before since each lane had its turn. Begins zeroed. */
struct lane_turn {
	int passed[LANE_COUNT];
};
/*
 * The lane whose turn it is among those up to lane_at_most that have somebody waiting; LANE_COUNT:
 * nobody waits there.
 */
enum lane lane_turn_next(
        struct lane_turn *turn, const bool is_waiting[LANE_COUNT], enum lane lane_at_most);

#endif
