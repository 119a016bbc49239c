/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CONSOLE_ORIGIN_H
#define SERVER_CONSOLE_ORIGIN_H

/*
 * Did the console's own page send this, or a page of somebody else?
 * Judged by headers that a page cannot choose. Pure; any thread.
 */

#include <stdbool.h>

/* Values of headers, NULL where a request has none or more than one. */
struct origin_claim {
	bool has_fetch_site; /* at all, also twice: then Origin does not stand in for it */
	const char *fetch_site; /* Sec-Fetch-Site */
	const char *origin;
	const char *host;
	const char *content_type;
};

/* Why the request is refused, as a static sentence; NULL: it comes from the console's page. */
const char *origin_complaint(const struct origin_claim *claim);

#endif
