/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_CSV_H
#define SERVER_BASE_CSV_H

/*
 * Tables as spreadsheets read and write them (RFC 4180, and what they really
 * do: a byte order mark, semicolons, bare line feeds). A cell that a
 * spreadsheet would take for a formula or for a number it rounds is written with an
 * apostrophe in front, which reading takes away again. Pure.
 */

#include "server/base/attr.h"
#include "server/base/buf.h"
#include "server/base/err.h"

#include <stddef.h>

/* Cells end with NULL. */
void csv_add_row(struct buf *to, const char *const *cells);

#define CSV_CELLS_MAX 64

struct csv_reader {
	char *at; /* in the text, which is changed while it is read; NULL: the end */
	char separator;
	size_t line; /* of the row read last, from 1 */
	size_t next_line;
	char *cells[CSV_CELLS_MAX];
	size_t count;
};

/* The text ends with NUL and is the reader's to change; the separator is told by the first line. */
void csv_reader_init(struct csv_reader *reader, char *text);
/* The next row that is not empty; false at the end, and with err for one that is damaged. */
bool csv_read_row(struct csv_reader *reader, struct err *err) MUST_CHECK;

#endif
