/* SPDX-License-Identifier: MIT */
#include "server/base/address.h"

#include "server/base/str.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#define V4_OFFSET     12
#define V4_BITS       96 /* of the prefix ::ffff:0:0 */
#define ALL_BITS      128
#define RANGES_BYTES  2048
#define RANGE_BYTES   64
#define BITS_MAX_SIZE 3

/* IANA's special-purpose registries: what no service on the internet answers at. */
static const char NOT_PUBLIC_V4[] =
        "0.0.0.0/8,10.0.0.0/8,100.64.0.0/10,127.0.0.0/8,169.254.0.0/16,172.16.0.0/12,"
        "192.0.0.0/24,192.0.2.0/24,192.88.99.0/24,192.168.0.0/16,198.18.0.0/15,"
        "198.51.100.0/24,203.0.113.0/24,224.0.0.0/4,240.0.0.0/4";
/* Within 2000::/3, outside of which no IPv6 address is public. */
static const char GLOBAL_V6[] = "2000::/3";
static const char NOT_PUBLIC_V6[] = "2001::/23,2001:db8::/32,2002::/16,3fff::/20";
/* A network of IPv6 alone reaches IPv4 through these; the address inside is what counts. */
static const char NAT64[] = "64:ff9b::/96";

static void set_v4(struct address *address, const void *four)
{
	static const uint8_t prefix[V4_OFFSET] = {[10] = 0xff, [11] = 0xff};
	memcpy(address->bytes, prefix, V4_OFFSET);
	memcpy(address->bytes + V4_OFFSET, four, 4);
}

bool address_parse(const char *text, struct address *address)
{
	uint8_t bytes[16];
	if (inet_pton(AF_INET, text, bytes) == 1) {
		set_v4(address, bytes);
		return true;
	}
	return inet_pton(AF_INET6, text, address->bytes) == 1;
}

bool address_of_socket(const struct sockaddr *from, struct address *address)
{
	if (from->sa_family == AF_INET) {
		struct sockaddr_in v4;
		memcpy(&v4, from, sizeof(v4));
		set_v4(address, &v4.sin_addr);
		return true;
	}
	if (from->sa_family == AF_INET6) {
		struct sockaddr_in6 v6;
		memcpy(&v6, from, sizeof(v6));
		memcpy(address->bytes, &v6.sin6_addr, sizeof(address->bytes));
		return true;
	}
	return false;
}

void address_format(const struct address *address, char to[ADDRESS_TEXT_BYTES])
{
	bool is_v4 = address_is_v4(address);
	to[0] = '\0';
	inet_ntop(is_v4 ? AF_INET : AF_INET6, address->bytes + (is_v4 ? V4_OFFSET : 0), to,
	        ADDRESS_TEXT_BYTES);
}

static bool has_prefix(const struct address_range *range, const struct address *address)
{
	size_t whole = range->bits / 8;
	unsigned rest = range->bits % 8;
	if (memcmp(range->first.bytes, address->bytes, whole) != 0) {
		return false;
	}
	return rest == 0 || (range->first.bytes[whole] ^ address->bytes[whole]) >> (8 - rest) == 0;
}

bool address_is_v4(const struct address *address)
{
	struct address_range mapped = {.bits = V4_BITS};
	set_v4(&mapped.first, "\0\0\0");
	return has_prefix(&mapped, address);
}

static bool is_in(const char *list, const struct address *address)
{
	struct address_ranges ranges;
	return address_ranges_parse(list, &ranges) && address_ranges_have(&ranges, address);
}

/* Not the opposite of is_in: a list that cannot be read says yes to nothing. */
static bool is_outside(const char *list, const struct address *address)
{
	struct address_ranges ranges;
	return address_ranges_parse(list, &ranges) && !address_ranges_have(&ranges, address);
}

bool address_is_loopback(const struct address *address)
{
	return is_in("127.0.0.0/8,::1", address);
}

bool address_is_public(const struct address *address)
{
	struct address v4 = *address;
	bool is_nat64 = is_in(NAT64, address);
	if (is_nat64) {
		set_v4(&v4, address->bytes + V4_OFFSET);
	}
	if (is_nat64 || address_is_v4(address)) {
		return is_outside(NOT_PUBLIC_V4, &v4);
	}
	return is_in(GLOBAL_V6, address) && is_outside(NOT_PUBLIC_V6, address);
}

/* The number after the slash, as bits of the 128. */
static bool parse_bits(const char *text, struct address_range *range)
{
	int64_t bits = 0;
	unsigned before = address_is_v4(&range->first) ? V4_BITS : 0;
	if (!str_is_digits(text, BITS_MAX_SIZE) || !str_to_int64(text, &bits) ||
	        bits > ALL_BITS - (int64_t)before) {
		return false;
	}
	range->bits = before + (unsigned)bits;
	return true;
}

static bool parse_range(const char *text, size_t len, struct address_range *range)
{
	char cut[RANGE_BYTES];
	char copy[RANGE_BYTES];
	if (!str_format(cut, sizeof(cut), "%.*s", (int)len, text)) {
		return false;
	}
	const char *trimmed = str_trim(cut, &len);
	if (!str_format(copy, sizeof(copy), "%.*s", (int)len, trimmed)) {
		return false;
	}
	char *slash = strchr(copy, '/');
	if (slash != NULL) {
		*slash = '\0';
	}
	range->bits = ALL_BITS;
	return address_parse(copy, &range->first) &&
	        (slash == NULL || parse_bits(slash + 1, range));
}

bool address_ranges_parse(const char *text, struct address_ranges *ranges)
{
	ranges->count = 0;
	if (strlen(text) > RANGES_BYTES) {
		return false;
	}
	if (str_equal(text, "none")) {
		return true;
	}
	for (;;) {
		size_t len = strcspn(text, ",");
		if (ranges->count == ADDRESS_RANGES_MAX ||
		        !parse_range(text, len, &ranges->items[ranges->count])) {
			return false;
		}
		ranges->count++;
		if (text[len] == '\0') {
			return true;
		}
		text += len + 1;
	}
}

bool address_ranges_have(const struct address_ranges *ranges, const struct address *address)
{
	for (size_t i = 0; i < ranges->count; i++) {
		if (has_prefix(&ranges->items[i], address)) {
			return true;
		}
	}
	return false;
}
