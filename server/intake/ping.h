/* SPDX-License-Identifier: MIT */
#ifndef SERVER_INTAKE_PING_H
#define SERVER_INTAKE_PING_H

/*
 * The bodies Bob sends while a webhook is being connected (bob.md 3.1); they
 * may come unsigned, before anybody holds the secret. Pure.
 */

#include <stdbool.h>
#include <stddef.h>

/* True for exactly one of the three bodies, byte for byte. */
bool ping_is_ping(const char *body, size_t len);

#endif
