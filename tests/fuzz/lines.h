/* SPDX-License-Identifier: MIT */
#ifndef TESTS_FUZZ_LINES_H
#define TESTS_FUZZ_LINES_H

/* Inputs of several parts: a line each, and what follows them. */

#include "server/base/str.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Cuts the next line off what is left; its copy, or NULL when nothing is left. Caller frees. */
static inline char *take_line(const uint8_t **data, size_t *size)
{
	if (*size == 0) {
		return NULL;
	}
	const uint8_t *end = memchr(*data, '\n', *size);
	size_t len = end != NULL ? (size_t)(end - *data) : *size;
	char *line = str_dup_len((const char *)*data, len);
	*data += len + (end != NULL ? 1 : 0);
	*size -= len + (end != NULL ? 1 : 0);
	return line;
}

/* A line's number within 0..599, as a status is one; 0 for anything else. */
static inline int take_status(const char *text)
{
	int64_t number = 0;
	return text != NULL && str_to_int64(text, &number) && number > 0 ? (int)(number % 600) : 0;
}

#endif
