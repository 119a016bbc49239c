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

struct held;

struct holder {
	pthread_mutex_t mutex;
	/* protected by mutex: */
	struct list held; /* every value that somebody holds, the present one among them */
	void *present; /* NULL: none */
	struct held *spare; /* for the next value */
	void (*destroy)(void *context, void *value);
	void *context;
};

/* destroy may be NULL; it runs without the lock, on the thread that let go last. */
void holder_init(struct holder *holder, void (*destroy)(void *context, void *value), void *context);
/* Nobody may hold anything any more; the present value is let go of. */
void holder_finish(struct holder *holder);
/* Memory for one value more, so that the next swap cannot fail; false when there is none. */
bool holder_reserve(struct holder *holder) MUST_CHECK;
/*
 * From now on value is what acquire gives, and the holder's; the old one is let go of. Call
 * holder_reserve before; NULL (none) needs no memory.
 */
void holder_swap(struct holder *holder, void *value);
/* The present value, or NULL; release it. */
void *holder_acquire(struct holder *holder) MUST_CHECK;
/* One more hold on a value that the caller holds. */
void holder_keep(struct holder *holder, const void *value);
/* NULL is fine. */
void holder_release(struct holder *holder, const void *value);

#endif
