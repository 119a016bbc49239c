/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_HOLDER_H
#define SERVER_BASE_HOLDER_H

/*
 * The value that is in use now, for values that are replaced while threads
 * read them: a reader acquires the present one and keeps it for as long as it
 * works; a swap changes what the next reader gets. A value that was replaced is
 * destroyed by whoever lets go of it last. Any thread; never blocks for long.
 */

#include "server/base/attr.h"
#include "server/base/list.h"

#include <pthread.h>
#include <stdbool.h>

struct holder {
	pthread_mutex_t mutex;
	/* protected by mutex: */
	struct list held; /* every value that somebody holds, the present one among them */
	void *present; /* NULL: none */
	void (*destroy)(void *value);
};

/* destroy may be NULL; it runs without the lock. */
void holder_init(struct holder *holder, void (*destroy)(void *value));
/* Nobody may hold anything any more; the present value is let go of. */
void holder_finish(struct holder *holder);
/*
 * From now on value (NULL: none) is what acquire gives; the old one is let go of. False when out
 * of memory: nothing has changed, and value is still the caller's.
 */
bool holder_swap(struct holder *holder, void *value) MUST_CHECK;
/* The present value, or NULL; release it. */
void *holder_acquire(struct holder *holder) MUST_CHECK;
/* One more hold on a value that the caller holds. */
void holder_keep(struct holder *holder, const void *value);
/* NULL is fine. */
void holder_release(struct holder *holder, const void *value);

#endif
