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

void holder_init(struct holder *holder, void (*destroy)(void *context, void *value), void *context)
{
	*holder = (struct holder){.destroy = destroy, .context = context};
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
		holder->destroy(holder->context, held->value);
	}
	free(held);
}

bool holder_reserve(struct holder *holder)
{
	pthread_mutex_lock(&holder->mutex);
	if (holder->spare == NULL) {
		holder->spare = calloc(1, sizeof(*holder->spare));
	}
	bool is_reserved = holder->spare != NULL;
	pthread_mutex_unlock(&holder->mutex);
	return is_reserved;
}

void holder_swap(struct holder *holder, void *value)
{
	pthread_mutex_lock(&holder->mutex);
	struct held *old = let_go(holder, holder->present);
	holder->present = value;
	if (value != NULL) {
		assert(holder->spare != NULL);
		*holder->spare = (struct held){.value = value, .holds = 1};
		list_add_last(&holder->held, &holder->spare->link);
		holder->spare = NULL;
	}
	pthread_mutex_unlock(&holder->mutex);
	end(holder, old);
}

/* With the lock held; for a value that is held. */
static void hold_once_more(struct holder *holder, const void *value)
{
	struct held *held = find(holder, value);
	assert(held != NULL);
	held->holds++;
}

void *holder_acquire(struct holder *holder)
{
	pthread_mutex_lock(&holder->mutex);
	void *value = holder->present;
	if (value != NULL) {
		hold_once_more(holder, value);
	}
	pthread_mutex_unlock(&holder->mutex);
	return value;
}

void holder_keep(struct holder *holder, const void *value)
{
	pthread_mutex_lock(&holder->mutex);
	hold_once_more(holder, value);
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
	holder_swap(holder, NULL);
	assert(list_is_empty(&holder->held));
	free(holder->spare);
	pthread_mutex_destroy(&holder->mutex);
}
