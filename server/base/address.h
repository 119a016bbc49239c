/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_ADDRESS_H
#define SERVER_BASE_ADDRESS_H

/*
 * IP addresses and ranges of them: whom a request came from (H-02), and whether
 * an address may be called (U-03). An IPv4 address is kept as ::ffff:a.b.c.d,
 * so both spellings of one are the same address. Pure; any thread.
 */

#include "server/base/attr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ADDRESS_TEXT_BYTES 46
#define ADDRESS_RANGES_MAX 32

struct sockaddr;

struct address {
	uint8_t bytes[16];
};

struct address_range {
	struct address first;
	unsigned bits; /* of the 128 */
};

struct address_ranges {
	struct address_range items[ADDRESS_RANGES_MAX];
	size_t count;
};

/* "192.0.2.1", "2001:db8::1"; no brackets, port or zone. */
bool address_parse(const char *text, struct address *address) MUST_CHECK;
/* False for a family that is neither IPv4 nor IPv6. */
bool address_of_socket(const struct sockaddr *from, struct address *address) MUST_CHECK;
void address_format(const struct address *address, char to[ADDRESS_TEXT_BYTES]);
bool address_is_v4(const struct address *address);
bool address_is_loopback(const struct address *address);
/* On the open internet: not private, local, shared, reserved, multicast or a tunnel into such. */
bool address_is_public(const struct address *address);

/* Ranges ("10.0.0.0/8") and single addresses, comma-separated; "none" is an empty list. */
bool address_ranges_parse(const char *text, struct address_ranges *ranges) MUST_CHECK;
bool address_ranges_have(const struct address_ranges *ranges, const struct address *address);

#endif
