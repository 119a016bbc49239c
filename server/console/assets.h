/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CONSOLE_ASSETS_H
#define SERVER_CONSOLE_ASSETS_H

/*
 * The files of the console's page, as they stand in the program: made from
 * server/console/web/ and three of Debian's packages when it is built
 * (web/embed.py). Read-only; any thread.
 */

#include <stddef.h>

struct asset {
	const char *name; /* "main.js", "pages/people.js"; NULL: the end */
	const char *type; /* Content-Type */
	const char *plain;
	size_t plain_len;
	const char *packed; /* gzip */
	size_t packed_len;
};

/* The page itself; the others are found under /assets/SET/. */
#define ASSETS_PAGE "index.html"

extern const char assets_set[]; /* 16 hex digits, of the content of all of them */
extern const struct asset assets_all[]; /* ends with a NULL name */

#endif
