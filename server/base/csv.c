/* SPDX-License-Identifier: MIT */
#include "server/base/csv.h"

#include "server/base/str.h"

#include <string.h>

#define BYTE_ORDER_MARK  "\xEF\xBB\xBF"
#define EXACT_DIGITS_MAX 15 /* a spreadsheet rounds longer numbers */

/* ----------------------------------------------------------------- writing */

static bool is_guarded(const char *cell)
{
	bool is_formula = cell[0] != '\0' && strchr("=+-@\t\r'", cell[0]) != NULL;
	return is_formula || (strlen(cell) > EXACT_DIGITS_MAX && str_is_digits(cell, strlen(cell)));
}

static void add_cell(struct buf *to, const char *cell)
{
	bool is_quoted = cell[strcspn(cell, ",;\"\r\n")] != '\0';
	buf_add_text(to, is_quoted ? "\"" : "");
	buf_add_text(to, is_guarded(cell) ? "'" : "");
	for (const char *at = cell; *at != '\0'; at++) {
		buf_add_text(to, *at == '"' ? "\"" : "");
		buf_add_char(to, *at);
	}
	buf_add_text(to, is_quoted ? "\"" : "");
}

void csv_add_row(struct buf *to, const char *const *cells)
{
	for (size_t i = 0; cells[i] != NULL; i++) {
		buf_add_text(to, i > 0 ? "," : "");
		add_cell(to, cells[i]);
	}
	buf_add_text(to, "\r\n");
}

/* ----------------------------------------------------------------- reading */

void csv_reader_init(struct csv_reader *reader, char *text)
{
	*reader = (struct csv_reader){.at = text, .next_line = 1, .separator = ','};
	if (str_starts_with(text, BYTE_ORDER_MARK)) {
		reader->at += strlen(BYTE_ORDER_MARK);
	}
	size_t first = strcspn(reader->at, "\r\n");
	const char *semicolon = memchr(reader->at, ';', first);
	if (semicolon != NULL && memchr(reader->at, ',', first) == NULL) {
		reader->separator = ';';
	}
}

/* Takes a quoted cell's quotes away in place; NULL when it never ends. */
static char *unquote(struct csv_reader *reader, char *cell)
{
	char *to = cell;
	for (char *from = cell + 1; *from != '\0'; from++) {
		if (from[0] == '"' && from[1] != '"') {
			*to = '\0';
			return from + 1;
		}
		from += from[0] == '"' ? 1 : 0;
		reader->next_line += *from == '\n' ? 1 : 0;
		*to++ = *from;
	}
	return NULL;
}

static void unguard(struct csv_reader *reader)
{
	char **cell = &reader->cells[reader->count - 1];
	*cell += **cell == '\'' ? 1 : 0;
}

/* Ends the cell at `end`; true when another one follows in this row. */
static bool end_cell(struct csv_reader *reader, char *end)
{
	char what = *end;
	if (what == reader->separator) {
		*end = '\0';
		reader->at = end + 1;
		return true;
	}
	if (what == '\r' && end[1] == '\n') {
		*end++ = '\0';
	}
	reader->at = *end == '\0' ? NULL : end + 1;
	*end = '\0';
	reader->next_line++;
	return false;
}

static bool damaged(const struct csv_reader *reader, const char *why, struct err *err)
{
	err_set(err, ERR_BAD_REQUEST, "line %zu: %s", reader->line, why);
	return false;
}

static bool read_cells(struct csv_reader *reader, struct err *err)
{
	const char ends[] = {reader->separator, '\r', '\n', '\0'};
	bool is_more = true;
	reader->line = reader->next_line;
	reader->count = 0;
	while (is_more) {
		char *cell = reader->at;
		char *end = cell[0] == '"' ? unquote(reader, cell) : cell + strcspn(cell, ends);
		if (end == NULL) {
			return damaged(reader, "a cell in quotes never ends", err);
		}
		if (reader->count == CSV_CELLS_MAX) {
			return damaged(reader, "there are too many cells", err);
		}
		if (*end != '\0' && strchr(ends, *end) == NULL) {
			return damaged(reader, "something follows a cell in quotes", err);
		}
		reader->cells[reader->count++] = cell;
		is_more = end_cell(reader, end);
		unguard(reader);
	}
	return true;
}

bool csv_read_row(struct csv_reader *reader, struct err *err)
{
	while (reader->at != NULL) {
		if (!read_cells(reader, err)) {
			return false;
		}
		bool is_empty = true;
		for (size_t i = 0; i < reader->count; i++) {
			is_empty = is_empty && str_is_empty(reader->cells[i]);
		}
		if (!is_empty) {
			return true;
		}
	}
	return false;
}
