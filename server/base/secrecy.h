/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_SECRECY_H
#define SERVER_BASE_SECRECY_H

/*
 * Keeping what is secret out of what outlives its use (S-04, S-05): core files,
 * freed memory of libraries that do not wipe, the process's environment.
 */

#include "server/base/attr.h"
#include "server/base/sensitive.h"

#include <stdbool.h>
#include <stddef.h>

/* No core file, and no look into this process's memory but for root. Before threads. */
void secrecy_start(void);

/* An allocator for libraries: what it frees, it wipes. Any thread. */
void *secrecy_malloc(size_t size);
void *secrecy_calloc(size_t count, size_t size);
void *secrecy_realloc(void *memory, size_t size);
char *secrecy_strdup(const char *text);
void secrecy_free(void *memory);
/*
 * Runs what calls a library that does not survive an allocation that fails. When one does,
 * the library is left where it is, and all that this allocator gave it since is wiped and given
 * back: false. Not nested; run holds no locks. Any thread.
 */
bool secrecy_guard(void (*run)(void *context), void *context) MUST_CHECK;

/*
 * From now on secrecy_env takes values out of the environment, which everybody sees who may look
 * at the process: /proc/PID/environ. Before threads.
 */
void secrecy_hide_environment(void);
/*
 * The value of a variable, copied; unset when it is not set. Once hidden it comes from a copy that
 * was made when it was asked for first. False when out of memory. Any thread.
 */
bool secrecy_env(const char *name, struct secret *value) MUST_CHECK;

#endif
