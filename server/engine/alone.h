/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_ALONE_H
#define SERVER_ENGINE_ALONE_H

/*
 * Who was in a worker's hands when the process ended runs alone until there is
 * an outcome (engine rule 6), so that another crash names the one it was. What
 * lowers access and is not suspected itself waits for nobody: should it be in
 * hand as well at the next crash, that one counts for neither. Any thread.
 */

#include "server/base/thread.h"
#include "server/store/record.h"

enum alone_kind {
	ALONE_FREE, /* lowers access: waits for nobody, and is waited for by nobody */
	ALONE_SHARED, /* beside others, but not beside somebody who runs alone */
	ALONE_SOLO /* beside ALONE_FREE only */
};

struct alone {
	struct monitor monitor;
	/* protected by monitor: */
	int shared; /* in hand */
	int wanted; /* solo ones that wait: no shared one begins meanwhile */
	bool is_taken; /* by a solo one */
	bool is_closed;
};

bool alone_init(struct alone *alone) MUST_CHECK;
void alone_finish(struct alone *alone);
enum alone_kind alone_kind_of(const struct employee *employee);
/* Waits until deadline_ms (monotonic). False then, and when closed; else alone_leave must follow.
 */
bool alone_enter(struct alone *alone, enum alone_kind kind, int64_t deadline_ms) MUST_CHECK;
void alone_leave(struct alone *alone, enum alone_kind kind);
/* Whoever waits gives up. */
void alone_close(struct alone *alone);

#endif
