/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_PARTS_H
#define SERVER_ENGINE_PARTS_H

/*
 * The engine from the inside: its threads and what they share. Only files of
 * this folder include it. Thread by thread: dispatcher.c, reader.c, worker.c,
 * sweeper.c; engine.c starts and stops them; control.c serves the control
 * functions.
 */

#include "server/engine/adopt_job.h"
#include "server/engine/alone.h"
#include "server/engine/connection.h"
#include "server/engine/runner.h"
#include "server/engine/work.h"

#include <pthread.h>
#include <stdatomic.h>

#ifndef ENGINE_LEASE_MS /* short in MODE=faults */
#define ENGINE_LEASE_MS (10 * 60 * 1000)
#endif
#define ENGINE_QUEUE_MAX      (4 * BOB_BATCH_MAX)
#define ENGINE_EVENTS_AT_ONCE 512

struct engine {
	struct engine_options options;
	struct store *store;
	struct connection **connections;
	size_t connection_count;
	struct work_queue queue;
	struct alone alone; /* has its own lock */

	atomic_bool is_stopping; /* no new claims */
	atomic_bool is_aborting; /* calls in flight end at once */
	atomic_bool is_event_waiting; /* stored since the dispatcher last looked */

	struct monitor wake;
	/* protected by wake: */
	uint64_t wake_count; /* + 1 with every engine_wake */
	int threads_running;

	pthread_t dispatcher;
	pthread_t *readers; /* one per connection */
	pthread_t *sweepers; /* one per connection */
	pthread_t *workers;
	int readers_started;
	int sweepers_started;
	int workers_started;
	bool is_dispatcher_started;
	struct adopt_job adopt_job;
};

struct reader_argument {
	struct engine *engine;
	struct connection *connection;
};

struct worker_argument {
	struct engine *engine;
	enum lane lane_at_most; /* the first worker only takes what lowers access */
};

/*
 * One thread's work, step by step: what the thread functions below repeat until the engine stops.
 * A simulation calls the same steps in an order of its own, on one thread.
 */
struct dispatcher;
struct dispatcher *dispatcher_open(struct engine *engine, struct err *err) MUST_CHECK;
void dispatcher_turn(struct dispatcher *dispatcher); /* ends with a wait */
void dispatcher_close(struct dispatcher *dispatcher);

struct reader;
struct reader *reader_open(
        struct engine *engine, struct connection *connection, struct err *err) MUST_CHECK;
void reader_turn(struct reader *reader); /* one search at most, or a wait */
void reader_close(struct reader *reader);

/* Converges one employee, whoever else is in hand; takes the work. */
void worker_do(struct engine *engine, struct runner *runner, struct work *work);

/* What comes before the threads: pauses, the mode, what an earlier process left open. */
bool engine_prepare(struct engine *engine, struct err *err) MUST_CHECK;

/* Thread functions; argument on the heap, freed by the thread. */
void *dispatcher_run(void *engine);
void *reader_run(void *reader_argument);
void *worker_run(void *worker_argument);
void *sweeper_run(void *reader_argument);

/* Something may be due: every waiting thread looks again. */
void engine_wake(struct engine *engine);
/* Waits until a wake after *seen or until deadline_ms (monotonic); updates *seen. */
void engine_wait(struct engine *engine, uint64_t *seen, int64_t deadline_ms);
/* Around every thread of the engine: a stop waits for them. */
void engine_thread_begins(struct engine *engine);
void engine_thread_ended(struct engine *engine);
/* Once the engine was told to stop, gives back what waits in the queue; else does nothing. */
void engine_drain_if_stopping(struct engine *engine);
struct connection *engine_connection(struct engine *engine, const char *name);
/*
 * After a write failed for what passes (a full disk, no memory): waits a second, forgets the error
 * and is true, for as long as the engine runs. Whoever gave up instead would leave the employee to
 * nobody until its lease is over.
 */
bool engine_may_store_again(struct engine *engine, struct err *err) MUST_CHECK;
/* Gives a claimed employee back undone; no attempt is used up. */
void engine_give_back(struct engine *engine, struct employee *employee, const char *why);
/* Ends a claim without a run, in that state. */
void engine_hand_back(struct engine *engine, struct employee *employee, enum employee_state state,
        const char *why);

/* For control functions: the connection, or ERR_NOT_FOUND; and what a call came to. */
struct connection *engine_need_connection(struct engine *engine, const char *name, struct err *err);
void engine_err_from_call(struct err *err, const char *system, const struct call_outcome *outcome);

/* One search of Bob, at most BOB_BATCH_MAX ids; err says why there is no answer. */
struct engine_ids {
	const char *const *items;
	size_t count;
};
bool engine_read_people(struct runner *runner, struct connection *connection,
        const struct engine_ids *ids, struct bob_people *people, struct err *err) MUST_CHECK;

/* What is known of an employee, or a blank record for somebody new. */
bool engine_load_employee(struct store *store, const struct employee_key *key,
        struct employee *employee, struct err *err) MUST_CHECK;

/* Puts a claimed employee, taken, into the queue without asking Bob: revocations (V1). */
void engine_hand_unread(
        struct engine *engine, struct connection *connection, struct employee *employee);

#endif
