/* SPDX-License-Identifier: MIT */
/* Who may come into the console: invited, changed and removed here. */
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/cli/cli_confirm.h"
#include "server/cli/cli_sub.h"
#include "server/cli/cli_table.h"
#include "server/cli/cli_text.h"
#include "server/cli/commands.h"

#define ACCOUNTS_PATH "/api/v1/accounts"
#define PATH_BYTES    128
#define ID_BYTES      24

/* ----------------------------------------------------------------------- list */

static void add_account(struct cli_table *table, const json_t *account)
{
	char sessions[ID_BYTES];
	char signed_in[CLI_TEXT_TIME_BYTES];
	char invited[CLI_TEXT_TIME_BYTES];
	str_format_cut(sessions, sizeof(sessions), "%lld",
	        (long long)json_get_int(account, "sessions", 0));
	cli_text_time(signed_in, json_get_int(account, "signed_in_at_ms", 0));
	cli_text_time(invited, json_get_int(account, "invited_until_ms", 0));
	const char *cells[] = {cli_call_text(account, "name"), cli_call_text(account, "role"),
	        cli_call_text(account, "state"),
	        json_get_bool(account, "has_totp", false) ? "yes" : "no", sessions, signed_in,
	        invited};
	cli_table_add(table, cells);
}

static void show_list(struct cli_call *call, const json_t *answer)
{
	static const char *const HEADINGS[] = {"NAME", "ROLE", "STATE", "SECOND FACTOR", "SESSIONS",
	        "SIGNED IN LAST", "INVITED UNTIL", NULL};
	const json_t *accounts = json_object_get(answer, "accounts");
	struct cli_table *table = cli_table_create(HEADINGS);
	for (size_t i = 0; i < json_array_size(accounts); i++) {
		add_account(table, json_array_get(accounts, i));
	}
	if (cli_table_rows(table) == 0) {
		cli_call_print(call,
		        "nobody yet: bob2okta account first-code gives the code for the first"
		        " admin\n");
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
	const struct cli_request request = {.method = "GET", .path = ACCOUNTS_PATH};
	return cli_call_show(call, &request, show_list);
}

/* ---------------------------------------------------------------------- codes */

static void show_first_code(struct cli_call *call, const json_t *answer)
{
	cli_call_print(call, "%s\n", cli_call_text(answer, "code"));
	cli_call_print(call,
	        "open the console within 30 minutes and enter it: it makes the first admin\n");
}

static int run_first_code(struct cli_call *call)
{
	struct err err = ERR_INIT;
	if (!cli_call_read(call, NULL, CLI_NO_WORD, &err)) {
		return cli_call_fail(call, &err);
	}
	const struct cli_request request = {
	        .method = "POST", .path = ACCOUNTS_PATH "/first-code", .body = cli_call_body()};
	return cli_call_show(call, &request, show_first_code);
}

static void show_code(struct cli_call *call, const json_t *answer)
{
	const json_t *account = json_object_get(answer, "account");
	char until[CLI_TEXT_TIME_BYTES];
	cli_text_time(until, json_get_int(account, "invited_until_ms", 0));
	cli_call_print(call, "%s\n", cli_call_text(answer, "code"));
	cli_call_print(call,
	        "give it to %s (%s): with it and that name they choose a password in the console,"
	        " until %s; it is not shown again\n",
	        cli_call_text(account, "name"), cli_call_text(account, "role"), until);
}

static int run_invite(struct cli_call *call)
{
	const char *role = NULL;
	const struct cli_flag flags[] = {{"--role", &role, NULL}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	if (!cli_call_read(call, flags, CLI_NEEDS_WORD, &err)) {
		return cli_call_fail(call, &err);
	}
	if (role == NULL) {
		err_set(&err, ERR_USAGE, "say --role viewer, operator or admin");
		return cli_call_fail(call, &err);
	}
	json_t *body = cli_call_body();
	json_object_set_new(body, "name", json_string(call->word));
	json_object_set_new(body, "role", json_string(role));
	const struct cli_request request = {.method = "POST", .path = ACCOUNTS_PATH, .body = body};
	return cli_call_show(call, &request, show_code);
}

/* ---------------------------------------------------------------- one account */

/* Accounts are named here and numbered there. */
static bool find_account(
        struct cli_call *call, const char *name, char id[ID_BYTES], struct err *err)
{
	const struct cli_request request = {.method = "GET", .path = ACCOUNTS_PATH};
	json_t *answer = cli_call_ask(call, &request, err);
	const json_t *accounts = json_object_get(answer, "accounts");
	bool is_found = false;
	for (size_t i = 0; i < json_array_size(accounts) && !is_found; i++) {
		const json_t *account = json_array_get(accounts, i);
		is_found = str_equal_fold(cli_call_text(account, "name"), name) &&
		        str_copy(id, ID_BYTES, cli_call_text(account, "account"));
	}
	if (answer != NULL && !is_found) {
		err_set(err, ERR_NOT_FOUND,
		        "there is no account %s; bob2okta account list shows them", name);
	}
	json_decref(answer);
	return is_found;
}

static void show_account(struct cli_call *call, const json_t *answer)
{
	const json_t *account = json_object_get(answer, "account");
	if (str_equal(call->sub, "remove")) {
		cli_call_print(call, "%s: removed\n", cli_call_text(account, "name"));
		return;
	}
	cli_call_print(call, "%s: %s, %s, %lld sessions\n", cli_call_text(account, "name"),
	        cli_call_text(account, "role"), cli_call_text(account, "state"),
	        (long long)json_get_int(account, "sessions", 0));
}

/* Does what the second word says with the account of that name; the body is taken. */
static int change(struct cli_call *call, const char *name, json_t *body,
        void (*show)(struct cli_call *, const json_t *))
{
	char id[ID_BYTES] = "";
	char path[PATH_BYTES];
	struct err err = ERR_INIT;
	if (!find_account(call, name, id, &err)) {
		json_decref(body);
		return cli_call_refuse(call, &err);
	}
	str_format_cut(path, sizeof(path), ACCOUNTS_PATH "/%s/%s", id, call->sub);
	const struct cli_request request = {.method = "POST", .path = path, .body = body};
	return cli_call_show(call, &request, show);
}

static int run_role(struct cli_call *call)
{
	struct err err = ERR_INIT;
	if (!cli_call_read_words(call, NULL, 2, &err)) {
		return cli_call_fail(call, &err);
	}
	if (call->word_count != 2) {
		err_set(&err, ERR_USAGE, "say whose, and viewer, operator or admin");
		return cli_call_fail(call, &err);
	}
	json_t *body = cli_call_body();
	json_object_set_new(body, "role", json_string(call->words[1]));
	return change(call, call->words[0], body, show_account);
}

/* disable, enable, end-sessions: what they do can be taken back. */
static int run_plain(struct cli_call *call)
{
	struct err err = ERR_INIT;
	if (!cli_call_read(call, NULL, CLI_NEEDS_WORD, &err)) {
		return cli_call_fail(call, &err);
	}
	return change(call, call->word, cli_call_body(), show_account);
}

static int run_asked(struct cli_call *call, const char *question_text,
        void (*show)(struct cli_call *, const json_t *))
{
	bool is_yes = false;
	char question[256];
	const struct cli_flag flags[] = {{"--yes", NULL, &is_yes}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	if (!cli_call_read(call, flags, CLI_NEEDS_WORD, &err)) {
		return cli_call_fail(call, &err);
	}
	str_format_cut(question, sizeof(question), "%s: %s", call->word, question_text);
	switch (cli_confirm(call, is_yes, question)) {
	case CLI_ANSWER_YES: break;
	case CLI_ANSWER_NO: cli_call_print(call, "nothing was changed\n"); return CLI_DONE;
	case CLI_ANSWER_NOBODY: return CLI_USAGE;
	}
	return change(call, call->word, cli_call_body(), show);
}

static int run_reset(struct cli_call *call)
{
	return run_asked(call, "forget password and second factor, end all sessions?", show_code);
}

static int run_remove(struct cli_call *call)
{
	return run_asked(call, "remove the account and end its sessions?", show_account);
}

int command_account(struct cli_call *call)
{
	static const struct cli_sub SUBS[] = {{"first-code", run_first_code}, {"list", run_list},
	        {"invite", run_invite}, {"role", run_role}, {"reset", run_reset},
	        {"disable", run_plain}, {"enable", run_plain}, {"end-sessions", run_plain},
	        {"remove", run_remove}, {NULL, NULL}};
	return cli_sub_run(call, SUBS);
}
