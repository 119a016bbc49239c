/* SPDX-License-Identifier: MIT */
#include "server/base/holder.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

struct held {
	struct list link;
	void *value;
	size_t holds;
};

void holder_init(struct holder *holder, void (*destroy)(void *value))
{
	*holder = (struct holder){.destroy = destroy};
	pthread_mutex_init(&holder->mutex, NULL);
	list_init(&holder->held);
}

static struct held *find(struct holder *holder, const void *value)
{
	for (struct list *at = holder->held.next; at != &holder->held; at = at->next) {
		struct held *held = LIST_ENTRY(at, struct held, link);
		if (held->value == value) {
			return held;
		}
	}
	return NULL;
}

/* With the lock held. The record, when nobody holds its value any more: end() destroys both. */
static struct held *let_go(struct holder *holder, const void *value)
{
	struct held *held = value != NULL ? find(holder, value) : NULL;
	assert(value == NULL || held != NULL);
	if (held == NULL || --held->holds > 0) {
		return NULL;
	}
	list_remove(&held->link);
	return held;
}

/* Without the lock, because destroying may take a while. */
static void end(struct holder *holder, struct held *held)
{
	if (held != NULL && holder->destroy != NULL) {
		holder->destroy(held->value);
	}
	free(held);
}

bool holder_swap(struct holder *holder, void *value)
{
	struct held *fresh = NULL;
	if (value != NULL) {
		fresh = calloc(1, sizeof(*fresh));
		if (fresh == NULL) {
			return false;
		}
		*fresh = (struct held){.value = value, .holds = 1};
	}
	pthread_mutex_lock(&holder->mutex);
	struct held *old = let_go(holder, holder->present);
	holder->present = value;
	if (fresh != NULL) {
		list_add_last(&holder->held, &fresh->link);
	}
	pthread_mutex_unlock(&holder->mutex);
	end(holder, old);
	return true;
}

void *holder_acquire(struct holder *holder)
{
	pthread_mutex_lock(&holder->mutex);
	void *value = holder->present;
	if (value != NULL) {
		find(holder, value)->holds++;
	}
	pthread_mutex_unlock(&holder->mutex);
	return value;
}

void holder_keep(struct holder *holder, const void *value)
{
	pthread_mutex_lock(&holder->mutex);
	find(holder, value)->holds++;
	pthread_mutex_unlock(&holder->mutex);
}

void holder_release(struct holder *holder, const void *value)
{
	pthread_mutex_lock(&holder->mutex);
	struct held *old = let_go(holder, value);
	pthread_mutex_unlock(&holder->mutex);
	end(holder, old);
}

void holder_finish(struct holder *holder)
{
	if (!holder_swap(holder, NULL)) {
		return; /* cannot happen: NULL needs no memory */
	}
	assert(list_is_empty(&holder->held));
	pthread_mutex_destroy(&holder->mutex);
}
