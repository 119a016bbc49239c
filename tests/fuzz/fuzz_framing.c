/* SPDX-License-Identifier: MIT */
/*
 * Any head of a request, a header a line: once objected to, no header behind it mends that; what is
 * not objected to has one length, or chunks, or no body.
 */
#include "tests/fuzz/target.h"

#include "server/http/framing.h"
#include "tests/fuzz/lines.h"

#include <assert.h>

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static void add(struct framing *framing, char *line)
{
	const char *before = framing->complaint;
	char *colon = strchr(line, ':');
	const char *value = "";
	if (colon != NULL) {
		*colon = '\0';
		value = colon + 1;
	}
	framing_add(framing, line, value, strlen(value));
	assert(before == NULL || framing->complaint == before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct framing framing;
	char *version = take_line(&data, &size);
	framing_init(&framing);
	for (char *line = take_line(&data, &size); line != NULL; line = take_line(&data, &size)) {
		add(&framing, line);
		free(line);
	}
	framing_end(&framing, version != NULL ? version : "HTTP/1.1");
	if (framing.complaint == NULL) {
		assert(!framing.has_content_length || !framing.is_chunked);
		assert(framing.headers <= FRAMING_HEADERS_MAX);
		assert(framing.header_bytes <= FRAMING_HEADERS_MAX_BYTES);
		assert(framing_has_body(&framing) ==
		        (framing.is_chunked || framing.content_length > 0));
	}
	free(version);
	return 0;
}
