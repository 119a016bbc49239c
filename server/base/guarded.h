/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_GUARDED_H
#define SERVER_BASE_GUARDED_H

/*
 * Memory for keys: whole pages of their own, kept out of core files, and out of
 * swap where the process may lock memory (S-05). A limit on locked memory that
 * is used up is no failure: the rest of the protection stands. Any thread.
 */

#include "server/base/attr.h"

#include <stddef.h>

/* Zeroed; NULL when out of memory. */
void *guarded_alloc(size_t size) MUST_CHECK;
/* Wipes and gives back; size as it was asked for; NULL is fine. */
void guarded_free(void *memory, size_t size);

#endif
