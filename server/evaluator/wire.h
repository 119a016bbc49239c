/* SPDX-License-Identifier: MIT */
#ifndef SERVER_EVALUATOR_WIRE_H
#define SERVER_EVALUATOR_WIRE_H

/*
 * What the process, the spawner and the evaluators say to one another. All are
 * one program image, so structs travel as they are. Neither the spawner nor the
 * process believes an evaluator anything: lengths, indexes and values are
 * checked.
 *
 * With an evaluator, over a stream socket: a frame is its length (uint32_t,
 * without itself), a kind, and the body.
 *
 *   compile    WIRE_COMPILE  uint8_t is_each, uint32_t count,
 *                            then count of: uint8_t is_wanted, uint32_t len, text
 *   answer     WIRE_COMPILE  count of: uint8_t state, uint32_t len, reason
 *   evaluate   WIRE_EVALUATE count of: uint8_t is_asked; then the input as JSON
 *   answer     WIRE_EVALUATE one each asked: uint8_t state, uint32_t len, then the
 *                            value as JSON, or the reason
 *
 * With the spawner: struct spawn_request and spawn_answer over a SEQPACKET.
 */

#include "mapping/mapping.h"
#include "server/evaluator/evaluator.h"

#include <stdatomic.h>
#include <stdint.h>

#define WIRE_SPAWNER_NAME    "bob2okta-spawner"
#define WIRE_KEEPER_NAME     "bob2okta-keeper" /* in the process list, at most 15 bytes */
#define WIRE_SOCKET_FD       3 /* of the spawner and of each evaluator */
#define WIRE_FRAME_MAX_BYTES ((size_t)8 * 1024 * 1024)
#define WIRE_PROGRAMS_MAX    1024
#define WIRE_EVALUATORS_MAX  64

#define WIRE_COMPILE_CPU_MS  3000 /* all programs of a settings version, on a slow machine */
#define WIRE_COMPILE_WALL_MS 20000
#define WIRE_COMPILE_BYTES   ((size_t)64 * 1024 * 1024)
#define WIRE_INPUT_CPU_MS    200
#define WIRE_EVALUATE_BYTES  ((size_t)16 * 1024 * 1024) /* over what stands after compiling */

enum wire_kind { WIRE_COMPILE = 1, WIRE_EVALUATE };

/* What an evaluator is at; a program's index is at it, or one of these. */
enum { WIRE_IDLE = -1, WIRE_READING = -2, WIRE_COMBINING = -3 };

/* Shared by an evaluator, which writes, and the process, which reads. */
struct wire_page {
	atomic_int doing;
	atomic_uint step; /* goes up with each program begun: it is getting on */
};

enum wire_exit { WIRE_EXIT_MEMORY = 77, WIRE_EXIT_UNCONFINED, WIRE_EXIT_PROTOCOL };

enum spawn_kind { SPAWN_START = 1, SPAWN_END };
struct spawn_request {
	int32_t kind;
	int32_t pid; /* SPAWN_END */
	uint32_t serial; /* comes back with the answer; never SPAWN_DIED */
};
/* The keeper's word: a spawner died, and whatever was asked of it. Another one is there soon. */
#define SPAWN_DIED UINT32_MAX
/* SPAWN_START brings two descriptors along: the socket and the page. */
struct spawn_answer {
	uint32_t serial;
	int32_t code; /* 0 or an errno */
	int32_t pid;
	int32_t status; /* SPAWN_END: as of waitpid */
};

/* The loop of an evaluator, on WIRE_SOCKET_FD, until its end; returns what to exit with. */
int evaluator_child_run(struct wire_page *page);
/*
 * The spawner, on WIRE_SOCKET_FD, until the socket ends: a keeper, which only waits, and its child,
 * which does the work and is started again when it dies.
 */
int evaluator_spawner_run(void);

#endif
