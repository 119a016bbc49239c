/* SPDX-License-Identifier: MIT */
#include "server/cli/cli_sub.h"

#include "server/base/str.h"
#include "server/cli/commands.h"
#include "server/settings/nearest.h"

static int complain(struct cli_call *call, const struct cli_sub *table)
{
	struct err err = ERR_INIT;
	struct nearest nearest;
	if (call->argc == 0) {
		err_set(&err, ERR_USAGE, "what of %s?", call->command->name);
		return cli_call_fail(call, &err);
	}
	nearest_init(&nearest, call->argv[0]);
	for (const struct cli_sub *sub = table; sub->name != NULL; sub++) {
		nearest_offer(&nearest, sub->name);
	}
	const char *near = nearest_get(&nearest);
	err_set(&err, ERR_USAGE, "%s %s is not known%s%s%s", call->command->name, call->argv[0],
	        near != NULL ? "; did you mean " : "", near != NULL ? near : "",
	        near != NULL ? "?" : "");
	return cli_call_fail(call, &err);
}

int cli_sub_run(struct cli_call *call, const struct cli_sub *table)
{
	for (const struct cli_sub *sub = table; call->argc > 0 && sub->name != NULL; sub++) {
		if (str_equal(sub->name, call->argv[0])) {
			call->argc--;
			call->argv++;
			return sub->run(call);
		}
	}
	return complain(call, table);
}
