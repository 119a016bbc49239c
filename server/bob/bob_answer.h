/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BOB_BOB_ANSWER_H
#define SERVER_BOB_BOB_ANSWER_H

/* The times in an answer of Bob, for server/bob/ alone. Pure. */

#include "server/bob/bob.h"

#define BOB_WAIT_DEFAULT_MS 60000 /* a 429 that names no time */
#define BOB_WAIT_MIN_MS     1000
#define BOB_WAIT_MAX_MS     300000 /* the firewall's block (bob.md 5.10) */
#define BOB_WAIT_MARGIN_MS  1000 /* times come in whole seconds */

/* A whole number that makes sense, capped; -1 for anything else and for NULL. */
int64_t bob_answer_number(const char *text);
/* By the Date header; our own clock only without one. */
int64_t bob_answer_server_now_ms(const struct bob_answer_facts *facts);
/* How long a 429 asks to stay away; floor and cap applied. */
int64_t bob_answer_wait_ms(const struct bob_answer_facts *facts);

#endif
