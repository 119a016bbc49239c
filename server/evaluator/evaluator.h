/* SPDX-License-Identifier: MIT */
#ifndef SERVER_EVALUATOR_EVALUATOR_H
#define SERVER_EVALUATOR_EVALUATOR_H

/*
 * Expressions run in processes of their own, because libjq can neither be
 * interrupted nor trusted not to abort (design D2, engine rule 25): no files,
 * no network, no environment, limits on time and memory. A single-threaded spawner, a fresh
 * image of this program started before any thread, forks them on request; this
 * process keeps one socket to each.
 *
 * A pool serves one set of programs, compiled once in each evaluator; there are
 * as many evaluators as threads that evaluate at one time, and an idle one is
 * kept. One that died or was stopped is replaced at the next use.
 */

#include "mapping/mapping.h"
#include "server/base/attr.h"
#include "server/base/err.h"

#define EVALUATOR_CPU_MS          50 /* of one program for one person */
#define EVALUATOR_WALL_MS         2000 /* backstop, on a machine that is too busy */
#define EVALUATOR_STOPS_MAX       3 /* people a program may be stopped for before it is off */
#define EVALUATOR_INPUT_MAX_BYTES (1024 * 1024)
#define EVALUATOR_VALUE_MAX_BYTES (64 * 1024)

struct evaluator_spawner;
/* Before any thread. program: the image to start, NULL for the running one. */
struct evaluator_spawner *evaluator_spawner_start(const char *program, struct err *err) MUST_CHECK;
/* Ends the spawner and every evaluator of it; after all pools are gone. NULL is fine. */
void evaluator_spawner_stop(struct evaluator_spawner *spawner);

/*
 * Called first thing in main: true when this process was started as a spawner or an evaluator,
 * which has then done its work; *status is what to exit with.
 */
bool evaluator_main(int argc, char **argv, int *status) MUST_CHECK;

struct evaluator_pool;
/* The texts are copied. count may be 0. */
struct evaluator_pool *evaluator_pool_create(struct evaluator_spawner *spawner,
        const char *const *programs, size_t count, struct err *err) MUST_CHECK;
void evaluator_pool_destroy(struct evaluator_pool *pool);

/*
 * Compiles the programs and says of each whether jq can: results (count of them) are VALUE with
 * NULL, or FAILED with jq's complaint and its line. False when no evaluator could be had. Any
 * thread.
 */
bool evaluator_pool_compile(
        struct evaluator_pool *pool, struct evaluation *results, struct err *err) MUST_CHECK;

/* How many programs were stopped for too many people, and are off. Any thread. */
size_t evaluator_pool_off(struct evaluator_pool *pool);

/* True: no evaluator can be started. May ask, for at most some seconds. Any thread. */
bool evaluator_pool_is_away(struct evaluator_pool *pool);

/* The pool as mapping/ sees it; valid as long as the pool is. */
struct evaluator evaluator_pool_interface(struct evaluator_pool *pool);

#endif
