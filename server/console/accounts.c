/* SPDX-License-Identifier: MIT */
/* Who may come in, for admins. */
#include "server/console/accounts.h"

#include "server/base/crypto.h"
#include "server/base/str.h"

#include <string.h>

/* -------------------------------------------------------------------- shared */

bool accounts_begin(struct args *args, const struct console *console,
        const struct http_request *request, const char *const *body)
{
	const struct args_known known = {.body = body, .has_no_connection = true};

	if (!args_init(args, console, request, &known)) {
		return false;
	}
	if (console->access == NULL) {
		err_set(&args->err, ERR_NOT_FOUND, "this server keeps no accounts");
		return false;
	}
	return true;
}

bool accounts_secret(struct args *args, const char *name, size_t max_bytes, struct secret *secret)
{
	const char *text = args_body_text(args, name, max_bytes, NULL);

	if (text == NULL) {
		err_set(&args->err, ERR_BAD_REQUEST, "%s is a text of 1 to %zu bytes", name,
		        max_bytes);
		return false;
	}
	if (!secret_set(secret, text)) {
		err_set(&args->err, ERR_NO_MEMORY, "no memory for what was entered");
		return false;
	}
	return true;
}

typedef bool account_is(const struct access_account *account, const void *wanted);

static bool find(
        struct args *args, account_is *is, const void *wanted, struct access_account *account)
{
	struct access_account_list list = {0};
	bool is_found = false;

	if (!access_accounts(args->console->access, &list, &args->err)) {
		return false;
	}
	for (size_t i = 0; i < list.count && !is_found; i++) {
		is_found = is(&list.items[i], wanted);
		if (is_found) {
			*account = list.items[i];
		}
	}
	access_account_list_finish(&list);
	if (!is_found) {
		err_set(&args->err, ERR_NOT_FOUND, "there is no such account");
	}
	return is_found;
}

static bool has_id(const struct access_account *account, const void *wanted)
{
	return account->id == *(const int64_t *)wanted;
}

static bool has_name(const struct access_account *account, const void *wanted)
{
	return str_equal_fold(account->name, wanted);
}

bool accounts_find(struct args *args, int64_t id, struct access_account *account)
{
	return find(args, has_id, &id, account);
}

/* ----------------------------------------------------------------- rendering */

static const char *state_word(const struct access_account *account)
{
	if (account->is_disabled) {
		return "disabled";
	}
	return account->has_password ? "active" : "invited";
}

json_t *accounts_json(const struct access_account *account)
{
	char id[24];

	str_format_cut(id, sizeof(id), "%lld", (long long)account->id);
	return json_pack("{s:s, s:s, s:s, s:s, s:b, s:i, s:I, s:I, s:I, s:I}", "account", id,
	        "name", account->name, "role", access_role_name(account->role), "state",
	        state_word(account), "has_totp", account->has_totp, "recovery_codes_left",
	        account->recovery_codes_left, "sessions", (json_int_t)account->sessions,
	        "made_at_ms", (json_int_t)account->made_at_ms, "signed_in_at_ms",
	        (json_int_t)account->signed_in_at_ms, "invited_until_ms",
	        (json_int_t)account->invited_until_ms);
}

static json_t *list_json(struct args *args)
{
	struct access_account_list list = {0};
	json_t *accounts = json_array();

	if (!access_accounts(args->console->access, &list, &args->err)) {
		json_decref(accounts);
		return NULL;
	}
	for (size_t i = 0; i < list.count; i++) {
		json_array_append_new(accounts, accounts_json(&list.items[i]));
	}
	access_account_list_finish(&list);
	return json_pack("{s:o}", "accounts", accounts);
}

enum http_verdict console_accounts(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	bool is_good = accounts_begin(&args, context, request, NULL);

	return args_answer(&args, reply, is_good ? list_json(&args) : NULL, 200);
}

/* --------------------------------------------------------------------- codes */

static bool read_role(struct args *args, enum access_role *role)
{
	const char *word = args_body_text(args, "role", ACCESS_NAME_BYTES, NULL);

	if (word == NULL || !access_role_parse(word, role)) {
		err_set(&args->err, ERR_BAD_REQUEST, "role is viewer, operator or admin");
		return false;
	}
	return true;
}

static json_t *coded_json(const struct access_account *account, const char *code)
{
	return json_pack("{s:o, s:s}", "account", accounts_json(account), "code", code);
}

static json_t *invite(struct args *args)
{
	char code[ACCESS_CODE_BYTES] = {0};
	enum access_role role = ACCESS_VIEWER;
	struct access_account account;
	const char *by = args_by(args);
	const char *name = args_body_text(args, "name", ACCESS_NAME_BYTES - 1, NULL);
	json_t *answer = NULL;

	if (name == NULL && !err_is_set(&args->err)) {
		err_set(&args->err, ERR_BAD_REQUEST, "name is missing: what they sign in with");
	}
	if (by != NULL && name != NULL && read_role(args, &role) &&
	        access_invite(args->console->access, name, role, by, code, &args->err) &&
	        find(args, has_name, name, &account)) {
		answer = coded_json(&account, code);
	}
	crypto_wipe(code, sizeof(code));
	return answer;
}

enum http_verdict console_accounts_invite(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	bool is_good = accounts_begin(&args, context, request, KNOWN("name", "role", "by"));

	return args_answer(&args, reply, is_good ? invite(&args) : NULL, 200);
}

static json_t *first_code(struct args *args)
{
	char code[ACCESS_CODE_BYTES] = {0};
	json_t *answer = NULL;

	if (!access_is_first_run(args->console->access)) {
		err_set(&args->err, ERR_CONFLICT,
		        "the first run is over: an admin invites, or bob2okta account invite");
		return NULL;
	}
	if (args_by(args) != NULL && access_first_code(args->console->access, code, &args->err)) {
		answer = json_pack("{s:s}", "code", code);
	}
	crypto_wipe(code, sizeof(code));
	return answer;
}

enum http_verdict console_accounts_first_code(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	bool is_good = accounts_begin(&args, context, request, KNOWN("by"));

	return args_answer(&args, reply, is_good ? first_code(&args) : NULL, 200);
}

/* ---------------------------------------------------------------- one account */

/* What one route does with the account of its path; the answer shows it afterwards. */
struct deed {
	struct args args;
	int64_t account;
	const char *by;
	char code[ACCESS_CODE_BYTES]; /* of reset */
};

static bool set_role(struct deed *deed)
{
	enum access_role role = ACCESS_VIEWER;

	return read_role(&deed->args, &role) &&
	        access_set_role(
	                deed->args.console->access, deed->account, role, deed->by, &deed->args.err);
}

static bool disable(struct deed *deed)
{
	return access_set_disabled(
	        deed->args.console->access, deed->account, true, deed->by, &deed->args.err);
}

static bool enable(struct deed *deed)
{
	return access_set_disabled(
	        deed->args.console->access, deed->account, false, deed->by, &deed->args.err);
}

static bool reset(struct deed *deed)
{
	return access_reset(
	        deed->args.console->access, deed->account, deed->by, deed->code, &deed->args.err);
}

static bool end_sessions(struct deed *deed)
{
	return access_end_sessions(
	        deed->args.console->access, deed->account, 0, deed->by, &deed->args.err);
}

static bool read_account(struct deed *deed, struct access_account *account)
{
	struct args *args = &deed->args;

	deed->by = args_by(args);
	if (deed->by == NULL) {
		return false;
	}
	if (!str_to_int64(http_request_param(args->request, 0), &deed->account)) {
		err_set(&args->err, ERR_NOT_FOUND, "there is no such account");
		return false;
	}
	return accounts_find(args, deed->account, account);
}

static enum http_verdict answer_deed(
        struct deed *deed, struct http_reply *reply, const struct access_account *account)
{
	json_t *answer = NULL;

	if (account != NULL) {
		answer = deed->code[0] != '\0'
		        ? coded_json(account, deed->code)
		        : json_pack("{s:o}", "account", accounts_json(account));
	}
	crypto_wipe(deed->code, sizeof(deed->code));
	return args_answer(&deed->args, reply, answer, 200);
}

static enum http_verdict change(struct http_request *request, struct http_reply *reply,
        void *context, bool (*apply)(struct deed *), const char *const *body)
{
	struct deed deed = {0};
	struct access_account account;
	bool is_done = accounts_begin(&deed.args, context, request, body) &&
	        read_account(&deed, &account) && apply(&deed) &&
	        accounts_find(&deed.args, deed.account, &account);

	return answer_deed(&deed, reply, is_done ? &account : NULL);
}

enum http_verdict console_accounts_role(
        struct http_request *request, struct http_reply *reply, void *context)
{
	return change(request, reply, context, set_role, KNOWN("role", "by"));
}

enum http_verdict console_accounts_disable(
        struct http_request *request, struct http_reply *reply, void *context)
{
	return change(request, reply, context, disable, KNOWN("by"));
}

enum http_verdict console_accounts_enable(
        struct http_request *request, struct http_reply *reply, void *context)
{
	return change(request, reply, context, enable, KNOWN("by"));
}

enum http_verdict console_accounts_reset(
        struct http_request *request, struct http_reply *reply, void *context)
{
	return change(request, reply, context, reset, KNOWN("by"));
}

enum http_verdict console_accounts_end_sessions(
        struct http_request *request, struct http_reply *reply, void *context)
{
	return change(request, reply, context, end_sessions, KNOWN("by"));
}

enum http_verdict console_accounts_remove(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct deed deed = {0};
	struct access_account account;
	bool is_done = accounts_begin(&deed.args, context, request, KNOWN("by")) &&
	        read_account(&deed, &account) &&
	        access_remove(deed.args.console->access, deed.account, deed.by, &deed.args.err);

	return answer_deed(&deed, reply, is_done ? &account : NULL);
}
