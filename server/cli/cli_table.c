/* SPDX-License-Identifier: MIT */
#include "server/cli/cli_table.h"

#include "server/base/str.h"
#include "server/cli/cli_text.h"

#include <stdlib.h>
#include <string.h>

#define CELL_MAX_BYTES 600
#define GAP            2

struct row {
	char *cells[CLI_TABLE_COLUMNS_MAX];
};

struct cli_table {
	const char *const *headings;
	size_t columns;
	struct row *rows;
	size_t count;
	size_t capacity;
	size_t widths[CLI_TABLE_COLUMNS_MAX];
};

struct cli_table *cli_table_create(const char *const *headings)
{
	struct cli_table *table = calloc(1, sizeof(*table));
	if (table == NULL) {
		return NULL;
	}
	table->headings = headings;
	while (table->columns < CLI_TABLE_COLUMNS_MAX && headings[table->columns] != NULL) {
		table->widths[table->columns] = cli_text_width(headings[table->columns]);
		table->columns++;
	}
	return table;
}

void cli_table_destroy(struct cli_table *table)
{
	if (table == NULL) {
		return;
	}
	for (size_t i = 0; i < table->count; i++) {
		for (size_t j = 0; j < table->columns; j++) {
			free(table->rows[i].cells[j]);
		}
	}
	free(table->rows);
	free(table);
}

static bool grow(struct cli_table *table)
{
	if (table->count < table->capacity) {
		return true;
	}
	size_t capacity = table->capacity > 0 ? table->capacity * 2 : 32;
	struct row *rows = realloc(table->rows, capacity * sizeof(*rows));
	if (rows == NULL) {
		return false;
	}
	table->rows = rows;
	table->capacity = capacity;
	return true;
}

/* A cleaned copy; a text over the column's width ends in three dots. */
static char *cell_of(const char *text, bool is_last)
{
	char cell[CELL_MAX_BYTES];
	cli_text_clean(cell, sizeof(cell), text != NULL ? text : "");
	if (!is_last && cli_text_width(cell) > CLI_TABLE_CELL_COLUMNS) {
		size_t fit = cli_text_fit(cell, CLI_TABLE_CELL_COLUMNS - 3);
		str_format_cut(cell + fit, sizeof(cell) - fit, "...");
	}
	return str_dup(cell);
}

void cli_table_add(struct cli_table *table, const char *const *cells)
{
	if (table == NULL || !grow(table)) {
		return;
	}
	struct row *row = &table->rows[table->count++];
	*row = (struct row){0};
	for (size_t i = 0; i < table->columns; i++) {
		bool is_last = i + 1 == table->columns;
		/* A hole within a row would let the eye slip into the wrong column. */
		bool is_hole = !is_last && str_is_empty(cells[i]);
		row->cells[i] = cell_of(is_hole ? "-" : cells[i], is_last);
		size_t width = row->cells[i] != NULL ? cli_text_width(row->cells[i]) : 0;
		table->widths[i] = width > table->widths[i] ? width : table->widths[i];
	}
}

size_t cli_table_rows(const struct cli_table *table)
{
	return table != NULL ? table->count : 0;
}

static void print_line(
        const struct cli_table *table, const char *const *cells, size_t indent, FILE *out)
{
	size_t owed = indent;
	for (size_t i = 0; i < table->columns; i++) {
		const char *cell = cells[i] != NULL ? cells[i] : "";
		if (cell[0] != '\0') {
			/* Blanks are only written before text: no line ends in them. */
			fprintf(out, "%*s%s", (int)owed, "", cell);
			owed = 0;
		}
		owed += table->widths[i] - cli_text_width(cell) + GAP;
	}
	fputc('\n', out);
}

void cli_table_print(const struct cli_table *table, size_t indent, FILE *out)
{
	if (table == NULL || table->count == 0) {
		return;
	}
	print_line(table, table->headings, indent, out);
	for (size_t i = 0; i < table->count; i++) {
		print_line(table, (const char *const *)table->rows[i].cells, indent, out);
	}
}
