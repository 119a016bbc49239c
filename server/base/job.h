/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_JOB_H
#define SERVER_BASE_JOB_H

/*
 * Long work on a thread of its own, which can be left and come back to: who
 * began it and when, how far it is, what came of it, and an end on request. One
 * thread a job; what the last one came to is kept in memory until the next
 * begins. Any thread may start, stop and look. A job has its own lock, which
 * its owner may use for what is the owner's of the same work.
 */

#include "server/base/attr.h"
#include "server/base/err.h"
#include "server/base/thread.h"

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Why one that was ended from outside was, and what to do. */
#define JOB_CLOSED     "the server stopped, or its settings changed; start it again"
#define JOB_BY_BYTES   64
#define JOB_WHAT_BYTES 128

enum job_state {
	JOB_NONE, /* never begun */
	JOB_RUNNING,
	JOB_DONE,
	JOB_STOPPED, /* by a human, or by the end of what it belongs to */
	JOB_FAILED,
};
const char *job_state_name(enum job_state state);

struct job_look {
	enum job_state state;
	int64_t begun_at_ms;
	int64_t ended_at_ms; /* 0 while it runs */
	char by[JOB_BY_BYTES];
	char phase[100]; /* what it does now; "" once it ended */
	char sentence[256]; /* why it did not end well; no personal data */
	int64_t total; /* to look at; 0 until they are counted */
	int64_t done; /* of these */
};

struct job;

/* The work, on the job's thread; *result, taken, is what came of it: JSON, or NULL for none. */
typedef bool job_run(struct job *job, json_t **result, struct err *err);

struct job_order {
	const char *thread; /* its name, at most 15 bytes */
	const char *what; /* "a plan of everybody", for whoever may not start another */
	const char *by;
	const json_t *query; /* what was asked for, as it may be shown; NULL: nothing to tell */
	const atomic_bool *stop; /* beside job_stop; outlives the job; may be NULL */
	job_run *run;
	void *owner; /* job_owner */
	/* With the lock held, once nothing stands in the way: makes the owner's part ready. NULL:
	   nothing to make ready. */
	void (*begin)(struct job *job, void *given);
	void *given; /* for begin alone */
	/* On the job's thread, before anybody sees that it ended; NULL: nothing is kept. */
	void (*keep)(struct job *job, const struct job_look *ended);
	/* Around the thread: is it counted? leave is the last it does, and is also told of a thread
	   that could not be started. NULL: neither. */
	void (*enter)(void *owner);
	void (*leave)(void *owner);
};

struct job {
	struct monitor monitor;
	/* protected by the monitor: */
	pthread_t thread;
	bool is_started; /* the thread is to be joined */
	bool is_closed; /* no more of them */
	struct job_look look;
	char what[JOB_WHAT_BYTES];
	char stopped_by[JOB_BY_BYTES];
	char *query; /* as text: a thread parses its own copy (J4) */
	char *result; /* of JOB_DONE, the same */

	atomic_bool is_told_to_stop;
	/* The thread's own, set before it starts. */
	const atomic_bool *stop;
	job_run *run;
	void *owner;
	void (*keep)(struct job *job, const struct job_look *ended);
	void (*leave)(void *owner);
};

bool job_init(struct job *job) MUST_CHECK;
/* Ends what runs, waits for it, and lets no other begin. */
void job_close(struct job *job);
void job_finish(struct job *job); /* after job_close */

/* ERR_CONFLICT while one runs, saying who began it; ERR_STOPPED once it is closed, or stop is set.
 */
bool job_start(struct job *job, const struct job_order *order, struct err *err) MUST_CHECK;
/* Ends it at its next look; ERR_CONFLICT when none runs. */
bool job_stop(struct job *job, const char *by, struct err *err) MUST_CHECK;

/* With the lock held: ERR_CONFLICT while it runs, saying who began it. */
bool job_is_free(const struct job *job, struct err *err) MUST_CHECK;
/* How it is; the copy is the caller's. */
void job_see(struct job *job, struct job_look *look);
/*
 * The same as JSON with query and result (null: none), its counts under these names. New
 * reference; NULL: no memory.
 */
struct job_count_names {
	const char *total;
	const char *done;
};
json_t *job_json(struct job *job, const struct job_count_names *names) MUST_CHECK;

/* For the work itself. */
void *job_owner(const struct job *job);
/* False, with ERR_STOPPED, once it shall end. */
bool job_goes_on(struct job *job, struct err *err) MUST_CHECK;
void job_phase(struct job *job, const char *phase);
void job_count(struct job *job, int64_t total, int64_t done);

#endif
