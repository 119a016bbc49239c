/* SPDX-License-Identifier: MIT */
#include "server/base/key_use.h"

#include <stdatomic.h>
#include <stddef.h>

/* A slot is taken once and stays its key's; mark 0 is a free one. */
static struct {
	_Atomic uint64_t mark;
	_Atomic int64_t wall_ms;
} slots[KEY_USE_MAX];

/* The key's slot, taken if need be; NULL when all are others'. */
static _Atomic int64_t *slot_of(uint64_t mark)
{
	for (size_t i = 0; i < KEY_USE_MAX; i++) {
		uint64_t found = 0;
		if (atomic_load(&slots[i].mark) == mark ||
		        atomic_compare_exchange_strong(&slots[i].mark, &found, mark) ||
		        found == mark) {
			return &slots[i].wall_ms;
		}
	}
	return NULL;
}

void key_use_note(uint64_t mark, int64_t wall_ms)
{
	_Atomic int64_t *slot = slot_of(mark);
	if (slot != NULL) {
		atomic_store(slot, wall_ms);
	}
}

void key_use_recall(uint64_t mark, int64_t wall_ms)
{
	_Atomic int64_t *slot = slot_of(mark);
	int64_t none = 0;
	if (slot != NULL) {
		atomic_compare_exchange_strong(slot, &none, wall_ms);
	}
}

int64_t key_use_at_ms(uint64_t mark)
{
	for (size_t i = 0; i < KEY_USE_MAX && atomic_load(&slots[i].mark) != 0; i++) {
		if (atomic_load(&slots[i].mark) == mark) {
			return atomic_load(&slots[i].wall_ms);
		}
	}
	return 0;
}
