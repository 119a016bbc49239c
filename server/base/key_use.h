/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_KEY_USE_H
#define SERVER_BASE_KEY_USE_H

/*
 * When each key verified something last, so that an administrator sees when a
 * secret is no longer in use (W-04). One table for the process, as the keys
 * themselves are made anew with every version of the settings; by
 * hmac_key_mark. Nothing of it outlives the process by itself: the engine keeps
 * the times in the store (engine/secret_use.h). Any thread.
 */

#include <stdint.h>

#define KEY_USE_MAX 512 /* keys; those beyond are not remembered */

void key_use_note(uint64_t mark, int64_t wall_ms);
/* What an earlier process knew; nothing when this one knows a use of its own. */
void key_use_recall(uint64_t mark, int64_t wall_ms);
/* 0: never, as far as is known. */
int64_t key_use_at_ms(uint64_t mark);

#endif
