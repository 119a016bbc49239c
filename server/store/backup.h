/* SPDX-License-Identifier: MIT */
#ifndef SERVER_STORE_BACKUP_H
#define SERVER_STORE_BACKUP_H

/*
 * Copies of the store, made while it is used, and what a store knows that
 * began as one. A copy is marked (engine rule 19), so that the first start on
 * it repeats nothing that was done since (sqlite_restore.c). Part of store.h's
 * interface.
 */

#include "server/store/store.h"

#define STORE_BACKUP_MAX_MS (5 * 60 * 1000)

/* One moment of the store as a file of its own, which has no name. */
struct store_copy {
	int fd; /* at its beginning; the caller's to close */
	int64_t bytes;
	int64_t made_at_ms;
};
/*
 * Reads on a connection of its own and holds up no write; the log keeps growing until it is done.
 * Needs room beside the store for another one. One at a time: else ERR_CONFLICT. Blocks at most
 * STORE_BACKUP_MAX_MS, and not beyond store_quiesce.
 */
bool store_backup(struct store *store, struct store_copy *copy, struct err *err) MUST_CHECK;

/* What a copy says of itself. Needs no store; reads all of the file. */
struct store_copy_facts {
	int64_t made_at_ms;
	int64_t schema; /* its version */
	int64_t employees;
};
/* False for what is no whole, marked copy of a store that this program can open. */
bool store_copy_check(const char *path, struct store_copy_facts *facts, struct err *err) MUST_CHECK;

/* A store that began as a copy; zeros: it did not. */
struct store_restored {
	int64_t backup_at_ms; /* when the copy was made */
	int64_t started_at_ms; /* the first start on it */
};
bool store_restored_get(
        struct store *store, struct store_restored *restored, struct err *err) MUST_CHECK;

#endif
