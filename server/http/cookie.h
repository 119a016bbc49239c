/* SPDX-License-Identifier: MIT */
#ifndef SERVER_HTTP_COOKIE_H
#define SERVER_HTTP_COOKIE_H

/* Finds one cookie in a Cookie header ("a=1; b=2", RFC 6265 4.2.1). Pure; any thread. */

#include "server/base/attr.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The value of the cookie of that name, case and all, into to. False, and to is "": there is none,
 * it does not fit, or there are two of that name, so that nobody slips a second one in.
 */
bool cookie_find(const char *header, const char *name, char *to, size_t size) MUST_CHECK;

#endif
