/* SPDX-License-Identifier: MIT */
#ifndef SERVER_EVALUATOR_PROCESS_H
#define SERVER_EVALUATOR_PROCESS_H

/* One evaluator as its user holds it: asked by one thread at a time. */

#include "server/base/buf.h"
#include "server/base/list.h"
#include "server/evaluator/spawner.h"

struct process {
	struct list link; /* in its pool's idle list */
	struct evaluator_spawner *spawner;
	int32_t pid;
	int socket;
	struct wire_page *page;
	size_t people; /* it was asked about: what libjq leaks gathers with them */
};

struct process *process_start(struct evaluator_spawner *spawner, struct err *err) MUST_CHECK;

enum process_answer {
	PROCESS_ANSWERED,
	PROCESS_DIED,
	PROCESS_STALLED, /* on one program for wall_ms */
};
/* answer gets the frame without its length. Whatever is not ANSWERED: end it. */
enum process_answer process_ask(struct process *process, const struct buf *request,
        struct buf *answer, int wall_ms) MUST_CHECK;

/* How it ended, and at what: a program's index, or of wire.h. */
struct process_end {
	enum {
		PROCESS_END_KILLED, /* by us or by somebody: says nothing of a program */
		PROCESS_END_CPU,
		PROCESS_END_MEMORY,
		PROCESS_END_CRASH,
		PROCESS_END_UNCONFINED, /* this machine does not let it be locked in */
	} cause;
	int doing;
};
/* Ends it if it lives, and frees it. */
struct process_end process_end(struct process *process);

#endif
