/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CLI_CLI_TEXT_H
#define SERVER_CLI_CLI_TEXT_H

/*
 * Text from outside on a terminal: how wide it is, and how it is kept from
 * steering the terminal (names come from Bob, and anybody may be called
 * anything). Pure but for the writer.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CLI_TEXT_TIME_BYTES 32

/* Columns the text takes, by the usual widths of UTF-8 characters. */
size_t cli_text_width(const char *text);
/* Bytes of the longest beginning that fits into that many columns. */
size_t cli_text_fit(const char *text, size_t columns);
/* A copy in which control, direction and malformed characters are '?'; line breaks are blanks. */
void cli_text_clean(char *to, size_t size, const char *text);
/* Writes the text cleaned, line breaks kept. */
void cli_text_write(FILE *out, const char *text);
/* "2026-11-23 19:00:00Z", or "-" for 0; `to` needs CLI_TEXT_TIME_BYTES. */
void cli_text_time(char *to, int64_t wall_ms);
/* "40 s", "42 min", "3 h 20 min", "2 d 4 h", rounded up; never nothing. `to` as above. */
void cli_text_span(char *to, int64_t ms);

#endif
