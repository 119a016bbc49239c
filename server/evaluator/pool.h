/* SPDX-License-Identifier: MIT */
#ifndef SERVER_EVALUATOR_POOL_H
#define SERVER_EVALUATOR_POOL_H

/*
 * A pool's inside, shared by pool.c (who is there, what compiles) and
 * evaluate.c (one person). Locks: `compiling` is held for as long as compiling
 * takes, before `lock`, which is held for moments.
 */

#include "server/evaluator/process.h"
#include "server/evaluator/source.h"

#include <pthread.h>

#define POOL_ID_BYTES 64

struct pool_program {
	char *text;
	/* Written before is_compiled is set; read only after. */
	bool is_bad;
	char complaint[EVALUATION_REASON_BYTES];
	/* Under lock. */
	bool is_off;
	size_t stops;
	char stopped_for[EVALUATOR_STOPS_MAX][POOL_ID_BYTES]; /* employee ids, each once */
};

struct evaluator_pool {
	struct evaluator_spawner *spawner;
	struct pool_program *programs;
	size_t count;
	pthread_mutex_t compiling;
	bool is_compiled; /* under compiling */
	pthread_mutex_t lock;
	struct list idle; /* of struct process: programs compiled, nothing asked */
};

/* A process that has the good programs compiled; an idle one or a new one. */
struct process *pool_take(struct evaluator_pool *pool, struct err *err) MUST_CHECK;
void pool_give_back(struct evaluator_pool *pool, struct process *process);

/* One more person for whom it was stopped; past the third it is off, with an alarm. */
void pool_note_stop(struct evaluator_pool *pool, size_t index, const char *employee_id);
bool pool_is_off(struct evaluator_pool *pool, size_t index);
/* One line a minute at most, whoever finds it. */
void pool_complain(const struct err *err);

/* evaluate.c; context is the pool. */
void pool_evaluate(void *context, const char *employee_id, const json_t *input,
        const bool *is_asked, struct evaluation *results);

#endif
