/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CLI_CLI_TABLE_H
#define SERVER_CLI_CLI_TABLE_H

/*
 * Rows and columns for people, aligned by what UTF-8 text takes on a screen.
 * Cells are copied and cleaned. Every column but the last is cut at
 * CLI_TABLE_CELL_COLUMNS. One thread.
 */

#include <stddef.h>
#include <stdio.h>

#define CLI_TABLE_COLUMNS_MAX  10
#define CLI_TABLE_CELL_COLUMNS 44

struct cli_table;

/* headings ends with NULL and is borrowed. NULL when out of memory. */
struct cli_table *cli_table_create(const char *const *headings);
void cli_table_destroy(struct cli_table *table);
/* As many cells as there are headings; a NULL cell is empty. No-op for a NULL table. */
void cli_table_add(struct cli_table *table, const char *const *cells);
size_t cli_table_rows(const struct cli_table *table);
/* Headings, then rows, each line with `indent` blanks in front. Prints nothing without rows. */
void cli_table_print(const struct cli_table *table, size_t indent, FILE *out);

#endif
