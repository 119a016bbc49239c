/* SPDX-License-Identifier: MIT */
#include "server/cli/cli_sub.h"

#include "server/base/str.h"
#include "server/cli/commands.h"
#include "server/settings/nearest.h"

#include <string.h>

/* "say what: set, list, remove". */
static void list_all(const struct cli_sub *table, char *to, size_t size)
{
	str_format_cut(to, size, "say what: ");
	for (const struct cli_sub *sub = table; sub->name != NULL; sub++) {
		size_t len = strlen(to);
		str_format_cut(to + len, size - len, "%s%s", sub == table ? "" : ", ", sub->name);
	}
}

static int complain(struct cli_call *call, const struct cli_sub *table)
{
	struct err err = ERR_INIT;
	struct nearest nearest;
	char all[200];
	list_all(table, all, sizeof(all));
	if (call->argc == 0) {
		err_set(&err, ERR_USAGE, "%s", all);
		return cli_call_fail(call, &err);
	}
	nearest_init(&nearest, call->argv[0]);
	for (const struct cli_sub *sub = table; sub->name != NULL; sub++) {
		nearest_offer(&nearest, sub->name);
	}
	const char *near = nearest_get(&nearest);
	err_set(&err, ERR_USAGE, "%s %s is not known; %s%s%s", call->command->name, call->argv[0],
	        near != NULL ? "did you mean " : all, near != NULL ? near : "",
	        near != NULL ? "?" : "");
	return cli_call_fail(call, &err);
}

int cli_sub_run(struct cli_call *call, const struct cli_sub *table)
{
	for (const struct cli_sub *sub = table; call->argc > 0 && sub->name != NULL; sub++) {
		if (str_equal(sub->name, call->argv[0])) {
			call->sub = sub->name;
			call->argc--;
			call->argv++;
			return sub->run(call);
		}
	}
	return complain(call, table);
}
