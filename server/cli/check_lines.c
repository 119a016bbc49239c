/* SPDX-License-Identifier: MIT */
#include "server/cli/check_lines.h"

#include "server/base/str.h"

static void on_line(void *context, const struct check_line *line)
{
	struct check_lines *lines = context;
	const char *result = check_result_name(line->result);
	if (lines->call->is_json) {
		json_array_append_new(lines->gathered,
		        json_pack("{s:s?, s:s, s:s, s:s, s:s}", "connection", line->connection,
		                "result", result, "what", line->what, "found", line->found, "mend",
		                line->mend));
		return;
	}
	cli_call_print(lines->call, "%-8s %s: %s\n", result, line->what, line->found);
	if (!str_is_empty(line->mend)) {
		cli_call_print(lines->call, "         -> %s\n", line->mend);
	}
}

void check_lines_init(struct check_lines *lines, struct cli_call *call)
{
	*lines = (struct check_lines){.call = call, .gathered = json_array()};
	lines->report = (struct check_report){.on_line = on_line, .context = lines};
	if (call->options != NULL && call->options->allow_insecure_loopback) {
		lines->report.plain = SETTINGS_PLAIN_ON_LOOPBACK;
	}
}

void check_lines_finish(struct check_lines *lines)
{
	json_decref(lines->gathered);
	lines->gathered = NULL;
}

void check_lines_head(struct check_lines *lines, const struct connection_settings *connection)
{
	if (!lines->call->is_json) {
		cli_call_print(lines->call, "connection %s, mode %s\n", connection->name,
		        connection->mode == SETTINGS_LIVE ? "live" : "dry_run");
	}
}

int check_lines_close(struct check_lines *lines)
{
	const struct check_report *report = &lines->report;
	bool is_well = report->failures == 0;
	if (lines->call->is_json) {
		json_t *json = json_pack("{s:b, s:I, s:I, s:O}", "ok", is_well, "failures",
		        (json_int_t)report->failures, "warnings", (json_int_t)report->warnings,
		        "checks", lines->gathered);
		(void)cli_call_print_json(lines->call, json);
		json_decref(json);
	} else if (is_well && report->warnings == 0) {
		cli_call_print(lines->call, "all is well\n");
	} else {
		cli_call_print(lines->call, "%zu failure%s, %zu warning%s\n", report->failures,
		        report->failures == 1 ? "" : "s", report->warnings,
		        report->warnings == 1 ? "" : "s");
	}
	return is_well ? CLI_DONE : CLI_FAILED;
}
