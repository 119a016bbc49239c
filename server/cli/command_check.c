/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

#include "server/base/str.h"
#include "server/cli/check_report.h"

/* Every mistake of the document as a line of its own. */
static int report_settings(
        struct check_report *report, const struct settings_report *mistakes, const struct err *err)
{
	for (size_t i = 0; i < mistakes->count; i++) {
		check_report_add(report, CHECK_FAILURE, mistakes->mistakes[i].path,
		        mistakes->mistakes[i].text, NULL);
	}
	if (mistakes->left_out > 0) {
		char found[80];
		str_format_cut(found, sizeof(found), "%zu more mistakes", mistakes->left_out);
		check_report_add(report, CHECK_FAILURE, "document", found, NULL);
	}
	if (mistakes->count == 0) {
		check_report_add(report, CHECK_FAILURE, "settings", err->text, NULL);
	}
	(void)check_report_close(report);
	return CLI_USAGE;
}

static void check_connection(struct check_report *report,
        const struct connection_settings *connection, struct evaluator_spawner *spawner)
{
	struct check_facts facts = {.spawner = spawner};
	report->connection = connection->name;
	if (!report->call->is_json) {
		cli_call_print(report->call, "connection %s, mode %s\n", connection->name,
		        connection->mode == SETTINGS_LIVE ? "live" : "dry_run");
	}
	check_bob(report, connection, &facts);
	check_okta(report, connection, &facts);
	check_rows(report, connection, &facts);
	check_census(report, connection, &facts);
	check_facts_finish(&facts);
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

static int check_settings(struct check_report *report, const struct settings *settings,
        struct evaluator_spawner *spawner)
{
	const char *name = report->call->connection;
	char found[64];
	if (name != NULL && settings_find(settings, name) == NULL) {
		struct err err = ERR_INIT;
		err_set(&err, ERR_USAGE, "the settings have no connection %s", name);
		return cli_call_fail(report->call, &err);
	}
	str_format_cut(found, sizeof(found), "valid, version %s", settings->version);
	check_report_add(report, CHECK_OK, "settings", found, NULL);
	for (size_t i = 0; i < settings->connection_count; i++) {
		if (name == NULL || str_equal(settings->connections[i].name, name)) {
			check_connection(report, &settings->connections[i], spawner);
		}
	}
	return check_report_close(report);
}

/* The spawner comes before every thread that a call to Bob or Okta may start. */
static int check_all(struct check_report *report, const struct settings *settings)
{
	struct err err = ERR_INIT;
	struct evaluator_spawner *spawner =
	        has_expressions(settings) ? evaluator_spawner_start(NULL, &err) : NULL;
	if (err_is_set(&err)) {
		check_report_add(report, CHECK_FAILURE, "expressions", err.text, NULL);
	}
	int status = check_settings(report, settings, spawner);
	evaluator_spawner_stop(spawner);
	return status;
}

int command_check(struct cli_call *call)
{
	struct err err = ERR_INIT;
	struct settings_report mistakes;
	struct check_report report;
	if (!cli_call_read(call, NULL, CLI_NO_WORD, &err)) {
		return cli_call_fail(call, &err);
	}
	check_report_init(&report, call);
	struct settings *settings =
	        settings_load_file(call->options->settings, check_plain(call), &mistakes, &err);
	int status = settings != NULL ? check_all(&report, settings)
	                              : report_settings(&report, &mistakes, &err);
	settings_destroy(settings);
	check_report_finish(&report);
	return status;
}
