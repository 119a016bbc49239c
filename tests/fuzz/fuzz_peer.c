/* SPDX-License-Identifier: MIT */
/*
 * Lines as X-Forwarded-For headers behind a trusted proxy: what a client puts to the left of the
 * peer that was found changes nothing, and from a stranger no line counts at all.
 */
#include "tests/fuzz/target.h"

#include "server/base/str.h"
#include "server/http/peer.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUES_MAX 64
#define FORGED     "198.51.100.1,"

static struct address_ranges trusted;
static struct address proxy;
static struct address stranger;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	bool is_ready = address_ranges_parse("127.0.0.1,10.0.0.0/8,2001:db8::/32", &trusted) &&
	        address_parse("127.0.0.1", &proxy) && address_parse("203.0.113.1", &stranger);
	return is_ready ? 0 : 1;
}

static bool is_same(struct address a, struct address b)
{
	return memcmp(&a, &b, sizeof(a)) == 0;
}

static void check(const char **values, size_t count)
{
	struct address peer = peer_find(&proxy, &trusted, values, count);
	assert(is_same(peer_find(&stranger, &trusted, values, count), stranger));
	if (count == 0 || address_ranges_have(&trusted, &peer)) {
		return;
	}
	size_t size = strlen(FORGED) + strlen(values[0]) + 1;
	char *longer = malloc(size);
	if (longer != NULL && str_format(longer, size, "%s%s", FORGED, values[0])) {
		values[0] = longer;
		assert(is_same(peer_find(&proxy, &trusted, values, count), peer));
	}
	free(longer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *values[VALUES_MAX];
	size_t count = 0;
	char *text = str_dup_len((const char *)data, size);
	char *rest = NULL;
	if (text == NULL) {
		return 0;
	}
	for (char *line = strtok_r(text, "\n", &rest); line != NULL && count < VALUES_MAX;
	        line = strtok_r(NULL, "\n", &rest)) {
		struct address_ranges ranges;
		assert(!address_ranges_parse(line, &ranges) || ranges.count <= ADDRESS_RANGES_MAX);
		values[count++] = line;
	}
	check(values, count);
	free(text);
	return 0;
}
