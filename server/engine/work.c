/* SPDX-License-Identifier: MIT */
#include "server/engine/work.h"

#include "server/engine/connection.h"

#include <stdlib.h>

struct work *work_create(struct connection *connection)
{
	struct work *work = calloc(1, sizeof(*work));

	if (work != NULL) {
		work->connection = connection;
		work->presence = PRESENCE_NOT_READ;
	}
	return work;
}

void work_destroy(struct work *work)
{
	if (work == NULL) {
		return;
	}
	employee_finish(&work->employee);
	json_decref(work->source);
	free(work);
}

bool work_queue_init(struct work_queue *queue, size_t max)
{
	for (size_t i = 0; i < LANE_COUNT; i++) {
		list_init(&queue->lanes[i]);
	}
	queue->turn = (struct lane_turn){0};
	queue->count = 0;
	queue->max = max;
	queue->is_closed = false;
	return monitor_init(&queue->monitor);
}

void work_queue_finish(struct work_queue *queue)
{
	monitor_finish(&queue->monitor);
}

/* With the lock held. */
static void count_waiting(struct work_queue *queue, const struct work *work, int by)
{
	queue->count += (size_t)by;
	if (work->connection != NULL) {
		work->connection->queued += (size_t)by;
	}
}

void work_queue_put(struct work_queue *queue, struct work *work)
{
	monitor_lock(&queue->monitor);
	list_add_last(&queue->lanes[work->employee.lane], &work->link);
	count_waiting(queue, work, 1);
	monitor_wake_all(&queue->monitor);
	monitor_unlock(&queue->monitor);
}

/* With the lock held. */
static bool has_room_for(
        const struct work_queue *queue, const struct connection *connection, size_t wanted)
{
	size_t waiting = connection != NULL ? connection->queued : queue->count;

	return waiting + wanted <= queue->max;
}

bool work_queue_wait_room(struct work_queue *queue, const struct connection *connection,
        size_t wanted, int64_t deadline_ms)
{
	bool has_room = true;

	monitor_lock(&queue->monitor);
	while (!queue->is_closed && !has_room_for(queue, connection, wanted) && has_room) {
		has_room = monitor_wait_until(&queue->monitor, deadline_ms);
	}
	has_room = !queue->is_closed && has_room_for(queue, connection, wanted);
	monitor_unlock(&queue->monitor);
	return has_room;
}

static bool is_lowering(enum lane lane)
{
	return lane <= LANE_LEAVE;
}

/*
 * The urgent may have one place more, but only beside others: among themselves they take turns with
 * the rest. Also beside a wide gate, where a call finds no place more: it waits for a call to end,
 * and not for a whole run.
 */
static bool has_place(const struct work *work)
{
	const struct connection *connection = work->connection;
	enum lane lane = work->employee.lane;

	if (connection == NULL) {
		return true;
	}
	int others = connection->in_hand[false];
	int all = others + connection->in_hand[true];
	bool may_be_more = is_lowering(lane) && others > 0;
	return all - (may_be_more ? 1 : 0) < connection_places(connection, CALL_NORMAL);
}

static struct work *first_with_place(struct list *lane)
{
	for (struct list *at = lane->next; at != lane; at = at->next) {
		struct work *work = LIST_ENTRY(at, struct work, link);
		if (has_place(work)) {
			return work;
		}
	}
	return NULL;
}

/* A turn that a lane could not have taken, since nobody of it had a place, is none. */
static enum lane next_lane(
        struct work_queue *queue, struct work *const first[LANE_COUNT], enum lane lane_at_most)
{
	struct lane_turn turn = queue->turn;
	bool is_waiting[LANE_COUNT];

	for (size_t lane = 0; lane < LANE_COUNT; lane++) {
		is_waiting[lane] = first[lane] != NULL;
	}
	enum lane chosen = lane_turn_next(&turn, is_waiting, lane_at_most);
	for (size_t lane = 0; lane < LANE_COUNT; lane++) {
		if (is_waiting[lane] || list_is_empty(&queue->lanes[lane])) {
			queue->turn.passed[lane] = turn.passed[lane];
		}
	}
	return chosen;
}

/* With the lock held. Who takes from some lanes alone must not use up the turns of the others. */
static struct work *take_up_to(struct work_queue *queue, enum lane lane_at_most)
{
	struct work *first[LANE_COUNT] = {0};
	struct lane_turn before = queue->turn;

	for (size_t lane = 0; lane <= (size_t)lane_at_most && lane < LANE_COUNT; lane++) {
		first[lane] = first_with_place(&queue->lanes[lane]);
	}
	if (lane_at_most != LANE_SWEEP) {
		queue->turn = (struct lane_turn){0};
	}
	enum lane lane = next_lane(queue, first, lane_at_most);
	if (lane_at_most != LANE_SWEEP) {
		queue->turn = before;
	}
	return lane == LANE_COUNT ? NULL : first[lane];
}

static void take_out(struct work_queue *queue, struct work *work)
{
	list_remove(&work->link);
	count_waiting(queue, work, -1);
}

static void count_in_hand(const struct work *work, int by)
{
	if (work->connection != NULL) {
		work->connection->in_hand[work->is_urgent] += by;
	}
}

struct work *work_queue_take(struct work_queue *queue, enum lane lane_at_most)
{
	struct work *work = NULL;

	monitor_lock(&queue->monitor);
	while (!queue->is_closed) {
		work = take_up_to(queue, lane_at_most);
		if (work != NULL) {
			break;
		}
		monitor_wait(&queue->monitor);
	}
	if (work != NULL) {
		take_out(queue, work);
		work->is_urgent = is_lowering(work->employee.lane);
		count_in_hand(work, 1);
		/* Room appeared: claimers wait on the same condition. */
		monitor_wake_all(&queue->monitor);
	}
	monitor_unlock(&queue->monitor);
	return work;
}

void work_queue_end(struct work_queue *queue, const struct work *work)
{
	monitor_lock(&queue->monitor);
	count_in_hand(work, -1);
	monitor_wake_all(&queue->monitor);
	monitor_unlock(&queue->monitor);
}

void work_queue_close(struct work_queue *queue)
{
	monitor_lock(&queue->monitor);
	queue->is_closed = true;
	monitor_wake_all(&queue->monitor);
	monitor_unlock(&queue->monitor);
}

struct work *work_queue_drain(struct work_queue *queue)
{
	struct work *work = NULL;

	monitor_lock(&queue->monitor);
	for (size_t lane = 0; lane < LANE_COUNT && work == NULL; lane++) {
		if (!list_is_empty(&queue->lanes[lane])) {
			work = LIST_ENTRY(queue->lanes[lane].next, struct work, link);
			take_out(queue, work);
		}
	}
	monitor_unlock(&queue->monitor);
	return work;
}
