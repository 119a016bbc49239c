/* SPDX-License-Identifier: MIT */
#include "server/http/peer.h"

#include "server/base/str.h"

#include <string.h>

#define PORT_DIGITS_MAX 5
#define ENTRY_BYTES     (ADDRESS_TEXT_BYTES + 16)

/* An address as proxies write it, with or without brackets and port; cut in place. */
static bool parse_entry(char *text, struct address *address)
{
	char *port = NULL;
	if (text[0] == '[') {
		char *end = strchr(text, ']');
		if (end == NULL || (end[1] != '\0' && end[1] != ':')) {
			return false;
		}
		port = end[1] == ':' ? end + 2 : NULL;
		*end = '\0';
		text++;
	} else if (strchr(text, '.') != NULL && strchr(text, ':') == strrchr(text, ':')) {
		char *colon = strchr(text, ':');
		port = colon != NULL ? colon + 1 : NULL;
		text[strcspn(text, ":")] = '\0';
	}
	return (port == NULL || str_is_digits(port, PORT_DIGITS_MAX)) &&
	        address_parse(text, address);
}

/* What of a header is still to be read, from its end. */
struct rest {
	const char *value;
	size_t len;
	bool is_empty; /* no entry is left, not even an empty one */
};

/* The last entry of the rest, which is what was before its comma afterwards. */
static bool take_last(struct rest *rest, struct address *address)
{
	size_t start = rest->len;
	while (start > 0 && rest->value[start - 1] != ',') {
		start--;
	}
	char entry[ENTRY_BYTES];
	char copy[ENTRY_BYTES];
	size_t len = 0;
	bool fits = str_format(
	        entry, sizeof(entry), "%.*s", (int)(rest->len - start), rest->value + start);
	const char *trimmed = str_trim(entry, &len);
	rest->is_empty = start == 0;
	rest->len = start > 0 ? start - 1 : 0;
	return fits && str_format(copy, sizeof(copy), "%.*s", (int)len, trimmed) &&
	        parse_entry(copy, address);
}

struct address peer_find(const struct address *socket, const struct address_ranges *trusted,
        const char *const *values, size_t count)
{
	struct address peer = *socket;
	int hops = 0;
	for (size_t i = count; i > 0; i--) {
		struct rest rest = {.value = values[i - 1], .len = strlen(values[i - 1])};
		while (!rest.is_empty) {
			struct address next;
			if (!address_ranges_have(trusted, &peer) || hops++ == PEER_HOPS_MAX ||
			        !take_last(&rest, &next)) {
				return peer;
			}
			peer = next;
		}
	}
	return peer;
}
