/* SPDX-License-Identifier: MIT */
#include "server/cli/cli_holds.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/base/words.h"
#include "server/cli/cli_table.h"
#include "server/cli/cli_text.h"

#include <string.h>

static const char *const headings[] = {"ID", "NAME", "KIND", "SINCE", "BY", "CAUSE", NULL};

void cli_holds_print(struct cli_call *call, const json_t *holds, size_t indent)
{
	struct cli_table *table = cli_table_create(headings);
	for (size_t i = 0; i < json_array_size(holds); i++) {
		const json_t *hold = json_array_get(holds, i);
		char kind[48];
		char since[CLI_TEXT_TIME_BYTES];
		str_format_cut(kind, sizeof(kind), "%s%s", cli_call_text(hold, "kind"),
		        json_get_bool(hold, "is_rejected", false) ? " (rejected)" : "");
		cli_text_time(since, json_get_int(hold, "since_ms", 0));
		const char *cells[] = {cli_call_text(hold, "employee_id"),
		        cli_call_text(hold, "display_name"), kind, since, cli_call_text(hold, "by"),
		        cli_call_text(hold, "cause")};
		cli_table_add(table, cells);
	}
	cli_table_print(table, indent, call->out);
	cli_table_destroy(table);
}

bool cli_holds_check_kind(const char *kind, struct err *err)
{
	if (kind == NULL || hold_kind_parse(kind) != HOLD_KIND_COUNT) {
		return true;
	}
	char words[300] = "";
	for (int i = 0; i < HOLD_KIND_COUNT; i++) {
		size_t len = strlen(words);
		str_format_cut(words + len, sizeof(words) - len, "%s%s", i > 0 ? ", " : "",
		        hold_kind_name((enum hold_kind)i));
	}
	err_set(err, ERR_USAGE, "--kind is one of: %s", words);
	return false;
}

int cli_holds_decide(struct cli_call *call, const struct cli_holds_word *word, json_t *body)
{
	struct err err = ERR_INIT;
	if (word->kind != NULL) {
		json_object_set_new(body, "kind", json_string(word->kind));
	}
	const struct cli_request request = {.method = "POST", .path = word->path, .body = body};
	json_t *answer = cli_call_ask(call, &request, &err);
	if (answer == NULL) {
		return cli_call_fail(call, &err);
	}
	int status = CLI_DONE;
	if (call->is_json) {
		status = cli_call_print_json(call, answer);
	} else {
		cli_call_print(call, "%lld %s\n", (long long)json_get_int(answer, word->count, 0),
		        word->meaning);
	}
	json_decref(answer);
	return status;
}
