/* SPDX-License-Identifier: MIT */
#ifndef OKTA_LINK_H
#define OKTA_LINK_H

/* Where a list goes on: Okta's Link headers (okta.md 1.3, RFC 8288). Pure. */

#include <stddef.h>

enum link_next {
	LINK_NEXT_NONE, /* this header names no next page */
	LINK_NEXT_FOUND,
	LINK_NEXT_FOREIGN /* it is elsewhere than below base_url, or too long: not followed */
};

/*
 * Looks in one header's value, which may hold several links, for the one with rel="next"; its path
 * and query below base_url go into `to`.
 */
enum link_next link_next_find(const char *value, const char *base_url, char *to, size_t size);

#endif
