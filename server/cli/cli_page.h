/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CLI_CLI_PAGE_H
#define SERVER_CLI_CLI_PAGE_H

/* Lists of people that come page by page: how they are asked for and shown. One thread. */

#include "server/base/buf.h"
#include "server/cli/cli_call.h"
#include "server/cli/cli_table.h"

/* One more argument of a query; a value of NULL adds none. */
void cli_page_add_argument(struct buf *query, const char *name, const char *value);
/* The table of an answer's "people", and how to see those behind them. */
void cli_page_print_people(struct cli_call *call, const json_t *answer, const char *const *headings,
        void (*add_row)(struct cli_table *table, const json_t *person));

#endif
