/* SPDX-License-Identifier: MIT */
#include "server/cli/cli_page.h"

#include "server/base/json.h"

void cli_page_add_argument(struct buf *query, const char *name, const char *value)
{
	if (value != NULL) {
		buf_add_format(query, "%s%s=", query->len > 0 ? "&" : "", name);
		buf_add_url(query, value);
	}
}

void cli_page_print_people(struct cli_call *call, const json_t *answer, const char *const *headings,
        void (*add_row)(struct cli_table *table, const json_t *person))
{
	const json_t *people = json_object_get(answer, "people");
	const char *next = json_get_text(answer, "next_after");
	struct cli_table *table = cli_table_create(headings);
	for (size_t i = 0; i < json_array_size(people); i++) {
		add_row(table, json_array_get(people, i));
	}
	if (cli_table_rows(table) == 0) {
		cli_call_print(call, "nobody\n");
	}
	cli_table_print(table, 0, call->out);
	if (next != NULL) {
		cli_call_print(call, "\nthere are more: add --after %s\n", next);
	}
	cli_table_destroy(table);
}
