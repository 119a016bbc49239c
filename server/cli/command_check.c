/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/cli/check_lines.h"
#include "server/cli/cli_wait.h"
#include "server/engine/running.h"

#include <poll.h>

/* Every mistake of the document as a line of its own. */
static int report_settings(
        struct check_lines *lines, const struct settings_report *mistakes, const struct err *err)
{
	for (size_t i = 0; i < mistakes->count; i++) {
		check_report_add(&lines->report, CHECK_FAILURE, mistakes->mistakes[i].path,
		        mistakes->mistakes[i].text, NULL);
	}
	if (mistakes->left_out > 0) {
		char found[80];
		str_format_cut(found, sizeof(found), "%zu more mistakes", mistakes->left_out);
		check_report_add(&lines->report, CHECK_FAILURE, "document", found, NULL);
	}
	if (mistakes->count == 0) {
		check_report_add(&lines->report, CHECK_FAILURE, "settings", err->text, NULL);
	}
	(void)check_lines_close(lines);
	return CLI_USAGE;
}

static bool has_expressions(const struct settings *settings)
{
	for (size_t i = 0; i < settings->connection_count; i++) {
		if (map_rules_program_count(&settings->connections[i].rules) > 0) {
			return true;
		}
	}
	return false;
}

static int check_settings(struct check_lines *lines, const struct settings *settings,
        struct evaluator_spawner *spawner)
{
	const char *name = lines->call->connection;
	char found[64];
	if (name != NULL && settings_find(settings, name) == NULL) {
		struct err err = ERR_INIT;
		err_set(&err, ERR_USAGE, "the settings have no connection %s", name);
		return cli_call_fail(lines->call, &err);
	}
	str_format_cut(found, sizeof(found), "valid, version %s", settings->version);
	check_report_add(&lines->report, CHECK_OK, "settings", found, NULL);
	for (size_t i = 0; i < settings->connection_count; i++) {
		if (name == NULL || str_equal(settings->connections[i].name, name)) {
			check_lines_head(lines, &settings->connections[i]);
			check_connection(
			        &lines->report, &settings->connections[i], CHECK_BOTH, spawner);
		}
	}
	return check_lines_close(lines);
}

/* The spawner comes before every thread that a call to Bob or Okta may start. */
static int check_all(struct check_lines *lines, const struct settings *settings)
{
	struct err err = ERR_INIT;
	struct evaluator_spawner *spawner =
	        has_expressions(settings) ? evaluator_spawner_start(NULL, &err) : NULL;
	if (err_is_set(&err)) {
		check_report_add(&lines->report, CHECK_FAILURE, "expressions", err.text, NULL);
	}
	int status = check_settings(lines, settings, spawner);
	evaluator_spawner_stop(spawner);
	return status;
}

/* ------------------------------------------------ settings of the running server */

#define SERVER_CHECK_MAX_MS 600000

static enum check_result result_of(const char *name)
{
	for (int i = CHECK_OK; i < CHECK_FAILURE; i++) {
		if (str_equal(name, check_result_name((enum check_result)i))) {
			return (enum check_result)i;
		}
	}
	return CHECK_FAILURE;
}

static int print_report(struct check_lines *lines, const json_t *report)
{
	size_t i = 0;
	const json_t *line = NULL;
	lines->report.connection = cli_call_connection(lines->call);
	json_array_foreach(json_object_get(report, "checks"), i, line)
	{
		check_report_add(&lines->report, result_of(cli_call_text(line, "result")),
		        cli_call_text(line, "what"), cli_call_text(line, "found"),
		        cli_call_text(line, "mend"));
	}
	return check_lines_close(lines);
}

/* Without a settings file the server has them, and the secrets: it checks, and goes on when left.
 */
static int check_by_server(struct check_lines *lines)
{
	struct cli_call *call = lines->call;
	struct cli_request request = {
	        .method = "POST", .path = "/api/v1/check", .body = cli_call_body()};
	int64_t deadline_ms = clock_mono_ms() + SERVER_CHECK_MAX_MS;
	struct err err = ERR_INIT;
	json_t *report = cli_call_ask(call, &request, &err);
	request = (struct cli_request){.method = "GET", .path = "/api/v1/check"};
	while (report != NULL && str_equal(cli_call_text(report, "state"), "running") &&
	        clock_mono_ms() < deadline_ms) {
		json_decref(report);
		/* There is nothing to wait on across processes but time. */
		(void)poll(NULL, 0, CLI_WAIT_PAUSE_MS);
		report = cli_call_ask(call, &request, &err);
	}
	if (report == NULL) {
		return cli_call_fail(call, &err);
	}
	int status = print_report(lines, report);
	json_decref(report);
	return status;
}

static int check_by_file(struct check_lines *lines)
{
	struct err err = ERR_INIT;
	struct settings_report mistakes;
	struct settings *settings = settings_load_file(
	        lines->call->options->settings, lines->report.plain, &mistakes, &err);
	int status = settings != NULL ? check_all(lines, settings)
	                              : report_settings(lines, &mistakes, &err);
	settings_destroy(settings);
	return status;
}

int command_check(struct cli_call *call)
{
	struct err err = ERR_INIT;
	struct check_lines lines;
	if (!cli_call_read(call, NULL, CLI_NO_WORD, &err)) {
		return cli_call_fail(call, &err);
	}
	check_lines_init(&lines, call);
	int status = running_has_file(call->options->settings) ? check_by_file(&lines)
	                                                       : check_by_server(&lines);
	check_lines_finish(&lines);
	return status;
}
