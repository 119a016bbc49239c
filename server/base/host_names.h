/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_HOST_NAMES_H
#define SERVER_BASE_HOST_NAMES_H

/*
 * Names by which a listener may be called (H-04): what a browser writes into the Host header,
 * without the port. Pure; any thread.
 */

#include "server/base/attr.h"

#include <stdbool.h>
#include <stddef.h>

#define HOST_NAMES_MAX  16
#define HOST_NAME_BYTES 254 /* RFC 1035, and the end */

struct host_names {
	char items[HOST_NAMES_MAX][HOST_NAME_BYTES]; /* in small letters */
	size_t count;
};

/* Names and addresses ("[2001:db8::1]" in brackets), comma-separated, no ports; "none": none. */
bool host_names_parse(const char *text, struct host_names *names) MUST_CHECK;
/* Whether the value of a Host header, with or without a port, is one of them. */
bool host_names_have(const struct host_names *names, const char *host);

#endif
