/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_FAILPOINT_H
#define SERVER_BASE_FAILPOINT_H

/*
 * Named places where a test makes the process die, fail or dawdle
 * (tests/faults/README.md). They exist in builds with MODE=faults alone: in all
 * others FAILPOINT is the constant false, and neither names nor the variable
 * are in the program, which tests/faults/test_failpoints.py proves.
 *
 * BOB2OKTA_FAILPOINT=NAME:ACTION[:NTH[+][:ABOUT]]
 *
 * ACTION: abort, kill, error (FAILPOINT is true, and the code around it fails),
 * sleep (half a second), stop (this thread alone sleeps past twice its lease).
 * NTH counts from 1, which is the default; with + that pass and all behind it.
 * ABOUT: only where the place is about this employee id, or an address that
 * holds this text. Before it acts "failpoint NAME ACTION" goes to stderr.
 *
 * Any thread. Names are listed in server/base/failpoints.def.
 */

#ifdef BOB2OKTA_FAILPOINTS

#include <stdbool.h>

/* about: an employee id, an address, or NULL where there is none. */
bool failpoint_pass(const char *name, const char *about);
#define FAILPOINT(name, about) failpoint_pass(name, about)

#else

#define FAILPOINT(name, about) false

#endif

/* Where nothing can fail: the other actions alone. */
#define FAILPOINT_ONLY(name, about)           \
	do {                                  \
		if (FAILPOINT(name, about)) { \
		}                             \
	} while (0)

#endif
