/* SPDX-License-Identifier: MIT */
#include "server/engine/work.h"

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
	queue->count = 0;
	queue->max = max;
	queue->is_closed = false;
	return monitor_init(&queue->monitor);
}

void work_queue_finish(struct work_queue *queue)
{
	monitor_finish(&queue->monitor);
}

void work_queue_put(struct work_queue *queue, struct work *work)
{
	monitor_lock(&queue->monitor);
	list_add_last(&queue->lanes[work->employee.lane], &work->link);
	queue->count++;
	monitor_wake_all(&queue->monitor);
	monitor_unlock(&queue->monitor);
}

bool work_queue_wait_room(struct work_queue *queue, size_t wanted, int64_t deadline_ms)
{
	bool has_room = true;

	monitor_lock(&queue->monitor);
	while (!queue->is_closed && queue->count + wanted > queue->max && has_room) {
		has_room = monitor_wait_until(&queue->monitor, deadline_ms);
	}
	has_room = !queue->is_closed && queue->count + wanted <= queue->max;
	monitor_unlock(&queue->monitor);
	return has_room;
}

/* With the lock held. */
static struct work *take_up_to(struct work_queue *queue, enum lane lane_at_most)
{
	for (size_t lane = 0; lane <= (size_t)lane_at_most && lane < LANE_COUNT; lane++) {
		struct list *link = list_take_first(&queue->lanes[lane]);
		if (link != NULL) {
			queue->count--;
			return LIST_ENTRY(link, struct work, link);
		}
	}
	return NULL;
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
		/* Room appeared: claimers wait on the same condition. */
		monitor_wake_all(&queue->monitor);
	}
	monitor_unlock(&queue->monitor);
	return work;
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
	monitor_lock(&queue->monitor);
	struct work *work = take_up_to(queue, LANE_SWEEP);
	monitor_unlock(&queue->monitor);
	return work;
}
