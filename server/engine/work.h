/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_WORK_H
#define SERVER_ENGINE_WORK_H

/*
 * Work in hand: one claimed employee with what Bob said, and the queue between
 * those who claim and those who converge. The queue is ordered by lane, with a
 * share for each (lane_share.h), then by arrival, and bounded for each connection, so that one that
 * goes slowly takes no room of another: a claimer asks for room before it claims. Handing work over
 * moves its ownership.
 *
 * Of a connection no more is in hand at once than Okta is asked at once
 * (connection_places): the rest stays here, where it costs no read, no intent and
 * no attempt. What lowers access may be one more where others are in hand.
 */

#include "mapping/mapping.h"
#include "server/base/lane_share.h"
#include "server/base/list.h"
#include "server/base/thread.h"
#include "server/store/store.h"

struct connection;

struct work {
	struct list link;
	struct connection *connection; /* borrowed */
	struct employee employee;
	enum presence presence;
	json_t *source; /* Bob's object, ours alone (J4); NULL unless PRESENCE_READ */
	int64_t read_begun_ms; /* wall clock; 0 when Bob was not read */
	bool is_urgent; /* taken as what lowers access; a run may change the employee's lane */
};

struct work *work_create(struct connection *connection) MUST_CHECK;
void work_destroy(struct work *work);

struct work_queue {
	struct monitor monitor;
	/* protected by monitor: */
	struct list lanes[LANE_COUNT]; /* work::link */
	struct lane_turn turn; /* of those who take from all lanes */
	size_t count;
	size_t max; /* of one connection */
	bool is_closed;
};

bool work_queue_init(struct work_queue *queue, size_t max) MUST_CHECK;
void work_queue_finish(struct work_queue *queue); /* must be empty */

/* Takes the work; never blocks: callers asked for room before they claimed. */
void work_queue_put(struct work_queue *queue, struct work *work);
/*
 * Waits until that many of the connection fit, or deadline_ms (monotonic) passed. False then, and
 * when closed. NULL: of all of them together.
 */
bool work_queue_wait_room(struct work_queue *queue, const struct connection *connection,
        size_t wanted, int64_t deadline_ms);
/*
 * The next work up to that lane; waits; NULL when closed. Who takes from all lanes lets each have
 * its share; who takes the urgent ones alone takes the most urgent. What was taken is in hand until
 * work_queue_end, which does not destroy it.
 */
struct work *work_queue_take(struct work_queue *queue, enum lane lane_at_most);
void work_queue_end(struct work_queue *queue, const struct work *work);
/* Takers get NULL from now on; what is left comes out of work_queue_drain. */
void work_queue_close(struct work_queue *queue);
struct work *work_queue_drain(struct work_queue *queue);

#endif
