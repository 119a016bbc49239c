/* SPDX-License-Identifier: MIT */
#ifndef SERVER_HTTP_PEER_H
#define SERVER_HTTP_PEER_H

/*
 * Whom a request came from (H-02): the other end of the socket, unless that is
 * a proxy we were told to trust; then the right-most address in X-Forwarded-For
 * that is no trusted proxy. Forwarded and X-Real-IP are never looked at: one
 * header, one meaning. Pure; any thread.
 */

#include "server/base/address.h"

#define PEER_HEADER "X-Forwarded-For"
/* Proxies in a row; the rest of the header is not read. */
#define PEER_HOPS_MAX 16

/*
 * values: every X-Forwarded-For of the request, in the order they came. An entry that is no
 * address ends the search at the proxy that reported it, so that nobody can hide behind it or
 * point at somebody else.
 */
struct address peer_find(const struct address *socket, const struct address_ranges *trusted,
        const char *const *values, size_t count);

#endif
