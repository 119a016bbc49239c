/* SPDX-License-Identifier: MIT */
#ifndef SERVER_EVALUATOR_SPAWNER_H
#define SERVER_EVALUATOR_SPAWNER_H

/* The process's side of the spawner: one request at a time. Any thread. */

#include "server/evaluator/wire.h"

/* On success *socket and *page are the caller's. ERR_INTERNAL with what failed. */
bool spawner_start_one(struct evaluator_spawner *spawner, int32_t *pid, int *socket, int *page,
        struct err *err) MUST_CHECK;
/* Kills it if it runs; *status is as of waitpid. False when that cannot be known. */
bool spawner_end_one(struct evaluator_spawner *spawner, int32_t pid, int *status) MUST_CHECK;

/* True: it did not answer last time, and does not now. */
bool spawner_is_away(struct evaluator_spawner *spawner);

#endif
