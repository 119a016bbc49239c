/* SPDX-License-Identifier: MIT */
/* Secrets in the store: entered here, listed without their values. */
#include "server/base/json.h"
#include "server/base/secrecy.h"
#include "server/base/str.h"
#include "server/cli/cli_confirm.h"
#include "server/cli/cli_secret.h"
#include "server/cli/cli_sub.h"
#include "server/cli/cli_table.h"
#include "server/cli/cli_text.h"
#include "server/cli/commands.h"
#include "server/settings/nearest.h"
#include "server/settings/secret_names.h"
#include "server/settings/target_secrets.h"
#include "server/store/secrets.h"

#define SECRETS_PATH "/api/v1/secrets"
#define PATH_BYTES   128

/* ----------------------------------------------------------------------- list */

static const char *state_of(const json_t *stored)
{
	if (json_get_bool(stored, "is_damaged", false)) {
		return "cannot be read: enter it again";
	}
	if (!json_get_bool(stored, "is_for_this_host", true)) {
		return "for another host";
	}
	if (!json_get_bool(stored, "is_in_use", false)) {
		return "not in use";
	}
	return str_equal(cli_call_text(stored, "slot"), "before") ? "in use, the one before"
	                                                          : "in use";
}

static void add_stored(struct cli_table *table, const char *name, const json_t *stored)
{
	char last[16] = "-";
	char entered[CLI_TEXT_TIME_BYTES];
	char success[CLI_TEXT_TIME_BYTES];
	if (!str_is_empty(cli_call_text(stored, "last4"))) {
		str_format_cut(last, sizeof(last), "...%s", cli_call_text(stored, "last4"));
	}
	cli_text_time(entered, json_get_int(stored, "entered_at_ms", 0));
	cli_text_time(success, json_get_int(stored, "success_at_ms", 0));
	const char *cells[] = {name, last, cli_call_text(stored, "fingerprint"), entered, success,
	        state_of(stored), cli_call_text(stored, "host")};
	cli_table_add(table, cells);
}

static void add_name(struct cli_table *table, const json_t *secret)
{
	const json_t *stored = json_object_get(secret, "stored");
	const char *name = cli_call_text(secret, "name");
	bool is_wanted = str_equal(cli_call_text(secret, "settings_say"), "stored");
	for (size_t i = 0; i < json_array_size(stored); i++) {
		add_stored(table, name, json_array_get(stored, i));
	}
	if (json_array_size(stored) == 0) {
		const char *cells[] = {name, "-", "-", "-", "-",
		        is_wanted ? "MISSING: enter it" : "in the settings",
		        cli_call_text(secret, "host")};
		cli_table_add(table, cells);
	}
}

static void show_list(struct cli_call *call, const json_t *answer)
{
	static const char *const HEADINGS[] = {"SECRET", "ENDS WITH", "FINGERPRINT", "ENTERED",
	        "WORKED LAST", "STATE", "HOST", NULL};
	const json_t *secrets = json_object_get(answer, "secrets");
	struct cli_table *table = cli_table_create(HEADINGS);
	for (size_t i = 0; i < json_array_size(secrets); i++) {
		add_name(table, json_array_get(secrets, i));
	}
	cli_table_print(table, 0, call->out);
	cli_table_destroy(table);
}

static int run_list(struct cli_call *call)
{
	struct err err = ERR_INIT;
	if (!cli_call_read(call, NULL, CLI_NO_WORD, &err)) {
		return cli_call_fail(call, &err);
	}
	const struct cli_request request = {.method = "GET", .path = SECRETS_PATH};
	return cli_call_show(call, &request, show_list);
}

/* ------------------------------------------------------------------- changing */

/* What can be entered, and whether it is known here what values it may have. */
struct named {
	const char *name;
	const char *help;
	const char *(*problem)(const char *text); /* NULL: the server says */
};

static bool find_name(const char *word, struct named *named, struct err *err)
{
	const struct secret_name *name = secret_names_find(word);
	struct target_secret_name target;
	struct nearest nearest;
	if (name != NULL) {
		*named = (struct named){name->name, name->help, name->problem};
		return true;
	}
	if (target_secret_parse(word, &target)) {
		*named = (struct named){word, target_secret_help(target.which), NULL};
		return true;
	}
	nearest_init(&nearest, word);
	for (size_t i = 0; i < secret_names_count; i++) {
		nearest_offer(&nearest, secret_names[i].name);
	}
	const char *near = nearest_get(&nearest);
	if (near != NULL) {
		err_set(err, ERR_USAGE, "there is no secret %s; did you mean %s?", word, near);
	} else {
		err_set(err, ERR_USAGE,
		        "there is no secret %s; they are okta.api_token, bob.service_user_token,"
		        " bob.webhook_secret, and of a target of alarms alarms.NAME.webhook,"
		        " alarms.NAME.bearer, alarms.NAME.hmac_secret and alarms.NAME.password",
		        word);
	}
	return false;
}

static void show_change(struct cli_call *call, const json_t *answer)
{
	const char *name = cli_call_text(answer, "name");
	bool is_removal = str_equal(call->sub, "remove");
	const char *done = is_removal ? "removed from the store" : "entered in the store";
	if (json_get_bool(answer, "is_in_force", false)) {
		cli_call_print(call, "%s: %s, and in force\n", name, done);
	} else {
		cli_call_print(call, "%s: %s%s%s\n", name, done,
		        is_removal ? "; " : ", not in force: ", cli_call_text(answer, "sentence"));
	}
}

static int ask(struct cli_call *call, const struct named *name, const char *verb, json_t *body)
{
	char path[PATH_BYTES];
	str_format_cut(path, sizeof(path), SECRETS_PATH "/%s%s", name->name, verb);
	const struct cli_request request = {.method = "POST", .path = path, .body = body};
	return cli_call_show(call, &request, show_change);
}

static int run_set(struct cli_call *call)
{
	struct err err = ERR_INIT;
	struct secret value = {0};
	if (!cli_call_read(call, NULL, CLI_NEEDS_WORD, &err)) {
		return cli_call_fail(call, &err);
	}
	struct named name;
	if (!find_name(call->word, &name, &err) ||
	        !cli_secret_read(call, name.help, SECRET_VALUE_MAX_BYTES, &value, &err)) {
		return cli_call_fail(call, &err);
	}
	const char *problem = name.problem != NULL ? name.problem(secret_reveal(&value)) : NULL;
	if (problem != NULL) {
		secret_finish(&value);
		err_set(&err, ERR_USAGE, "%s %s", name.name, problem);
		return cli_call_fail(call, &err);
	}
	json_t *body = cli_call_body();
	json_object_set_new(body, "value", json_string(secret_reveal(&value)));
	secret_finish(&value);
	return ask(call, &name, "", body);
}

static int run_remove(struct cli_call *call)
{
	bool is_before_only = false;
	bool is_yes = false;
	char question[128];
	const struct cli_flag flags[] = {
	        {"--before", NULL, &is_before_only}, {"--yes", NULL, &is_yes}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	if (!cli_call_read(call, flags, CLI_NEEDS_WORD, &err)) {
		return cli_call_fail(call, &err);
	}
	struct named name;
	if (!find_name(call->word, &name, &err)) {
		return cli_call_fail(call, &err);
	}
	str_format_cut(question, sizeof(question), "Remove %s%s from the store?",
	        is_before_only ? "the earlier " : "", name.name);
	switch (cli_confirm(call, is_yes, question)) {
	case CLI_ANSWER_YES: break;
	case CLI_ANSWER_NO: cli_call_print(call, "nothing was removed\n"); return CLI_DONE;
	case CLI_ANSWER_NOBODY: return CLI_USAGE;
	}
	json_t *body = cli_call_body();
	if (is_before_only) {
		json_object_set_new(body, "before_only", json_true());
	}
	return ask(call, &name, "/remove", body);
}

int command_secret(struct cli_call *call)
{
	secrecy_start();
	static const struct cli_sub SUBS[] = {
	        {"set", run_set}, {"list", run_list}, {"remove", run_remove}, {NULL, NULL}};
	return cli_sub_run(call, SUBS);
}
