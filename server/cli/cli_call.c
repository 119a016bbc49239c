/* SPDX-License-Identifier: MIT */
#include "server/cli/cli_call.h"

#include "server/base/buf.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/cli/admin_client.h"
#include "server/cli/cli_text.h"
#include "server/cli/commands.h"
#include "server/settings/nearest.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EMPLOYEE_ID_DIGITS   32
#define PATH_MAX_BYTES       4096
#define BY_MAX_BYTES         63
#define PASSWORD_ENTRY_BYTES 4096

/* ---------------------------------------------------------------- arguments */

static bool is_flag(const char *argument)
{
	return argument[0] == '-' && argument[1] != '\0';
}

static void report_unknown(const char *argument, const struct cli_flag *flags, struct err *err)
{
	struct nearest nearest;
	nearest_init(&nearest, argument);
	for (const struct cli_flag *flag = flags; flag != NULL && flag->name != NULL; flag++) {
		nearest_offer(&nearest, flag->name);
	}
	nearest_offer(&nearest, "--connection");
	nearest_offer(&nearest, "--json");
	for (size_t i = 0; options_flag(i) != NULL; i++) {
		nearest_offer(&nearest, options_flag(i));
	}
	const char *near = nearest_get(&nearest);
	if (near != NULL) {
		err_set(err, ERR_USAGE, "%s is not known; did you mean %s?", argument, near);
	} else {
		err_set(err, ERR_USAGE, "%s is not known", argument);
	}
}

static const struct cli_flag *find_flag(
        const struct cli_flag *flags, const char *argument, size_t len)
{
	for (const struct cli_flag *flag = flags; flag != NULL && flag->name != NULL; flag++) {
		if (strlen(flag->name) == len && memcmp(flag->name, argument, len) == 0) {
			return flag;
		}
	}
	return NULL;
}

/* Reads the flag at argv[*at] and moves *at beyond it. */
static bool read_flag(struct cli_call *call, const struct cli_flag *flag, int *at, struct err *err)
{
	const char *value = strchr(call->argv[*at], '=');
	(*at)++;
	if (flag->value == NULL) {
		if (value != NULL) {
			err_set(err, ERR_USAGE, "%s takes no value", flag->name);
			return false;
		}
		*flag->is_given = true;
		return true;
	}
	if (value != NULL) {
		value++;
	} else if (*at < call->argc) {
		value = call->argv[(*at)++];
	}
	if (str_is_empty(value)) {
		err_set(err, ERR_USAGE, "%s needs a value", flag->name);
		return false;
	}
	*flag->value = value;
	return true;
}

static bool read_argument(
        struct cli_call *call, const struct cli_flag *flags, size_t max, int *at, struct err *err)
{
	const struct cli_flag common[] = {{"--connection", &call->connection, NULL},
	        {"--json", NULL, &call->is_json}, {NULL, NULL, NULL}};
	const char *argument = call->argv[*at];
	if (!is_flag(argument)) {
		if (call->word_count == max) {
			err_set(err, ERR_USAGE, "there is one argument too many: %s", argument);
			return false;
		}
		call->words[call->word_count++] = argument;
		call->word = call->words[0];
		(*at)++;
		return true;
	}
	size_t len = strcspn(argument, "=");
	const struct cli_flag *flag = find_flag(flags, argument, len);
	if (flag == NULL) {
		flag = find_flag(common, argument, len);
	}
	if (flag == NULL) {
		report_unknown(argument, flags, err);
		return false;
	}
	return read_flag(call, flag, at, err);
}

bool cli_call_read_words(
        struct cli_call *call, const struct cli_flag *flags, size_t max, struct err *err)
{
	for (int at = 0; at < call->argc;) {
		if (!read_argument(call, flags, max, &at, err)) {
			return false;
		}
	}
	return true;
}

/* Where the arguments of this command, or of this part of it, stand in its usage. */
static const char *usage_of(const struct cli_call *call)
{
	const char *usage = call->command != NULL ? call->command->arguments : "";
	size_t len = call->sub != NULL ? strlen(call->sub) : 0;
	const char *at = len > 0 ? strstr(usage, call->sub) : NULL;
	while (at != NULL && !((at == usage || at[-1] == ' ') && at[len] == ' ')) {
		at = strstr(at + len, call->sub);
	}
	return at != NULL ? at + len + 1 : usage;
}

bool cli_call_read(
        struct cli_call *call, const struct cli_flag *flags, enum cli_word word, struct err *err)
{
	if (!cli_call_read_words(call, flags, word == CLI_NO_WORD ? 0 : 1, err)) {
		return false;
	}
	if (word == CLI_NEEDS_WORD && call->word == NULL) {
		const char *usage = usage_of(call);
		err_set(err, ERR_USAGE, "%.*s is missing", (int)strcspn(usage, " "), usage);
		return false;
	}
	return true;
}

bool cli_call_check_id(const char *id, struct err *err)
{
	if (str_is_digits(id, EMPLOYEE_ID_DIGITS)) {
		return true;
	}
	err_set(err, ERR_USAGE,
	        "an employee's id is 1 to 32 digits; find it with: bob2okta people --text NAME");
	return false;
}

bool cli_call_read_id(struct cli_call *call, const struct cli_flag *flags, struct err *err)
{
	return cli_call_read(call, flags, CLI_NEEDS_WORD, err) &&
	        cli_call_check_id(call->word, err);
}

bool cli_call_check_whom(const char *employee, bool is_all, struct err *err)
{
	if (employee != NULL && is_all) {
		err_set(err, ERR_USAGE,
		        "--employee names one person, --all everybody; give one of them");
		return false;
	}
	return employee == NULL || cli_call_check_id(employee, err);
}

const char *cli_call_connection(const struct cli_call *call)
{
	return call->connection != NULL ? call->connection : "default";
}

/* ------------------------------------------------------------------- output */

int cli_call_fail(struct cli_call *call, const struct err *err)
{
	char text[ERR_TEXT_MAX_BYTES];
	cli_text_clean(text, sizeof(text), err->text);
	fprintf(call->errors, "bob2okta: %s\n", text);
	if (err->code == ERR_USAGE && call->command != NULL) {
		fprintf(call->errors, "usage: bob2okta %s %s\n", call->command->name,
		        call->command->arguments);
	}
	return err->code == ERR_USAGE || err->code == ERR_SETTINGS_INVALID ? CLI_USAGE : CLI_FAILED;
}

void cli_call_print(struct cli_call *call, const char *format, ...)
{
	char *text = NULL;
	va_list args;
	va_start(args, format);
	int len = vasprintf(&text, format, args);
	va_end(args);
	if (len < 0) {
		return;
	}
	cli_text_write(call->out, text);
	free(text);
}

int cli_call_print_json(struct cli_call *call, const json_t *json)
{
	char *text = json_dumps(json, JSON_INDENT(2) | JSON_ENCODE_ANY);
	if (text == NULL) {
		return CLI_FAILED;
	}
	fprintf(call->out, "%s\n", text);
	free(text);
	return CLI_DONE;
}

/* ------------------------------------------------------------ the admin API */

static void build_path(
        struct buf *path, const struct cli_call *call, const struct cli_request *request)
{
	if (request->employee_id != NULL) {
		buf_add_text(path, "/api/v1/people/");
		buf_add_url(path, request->employee_id);
		if (request->verb != NULL) {
			buf_add_char(path, '/');
			buf_add_text(path, request->verb);
		}
	} else {
		buf_add_text(path, request->path);
	}
	if (!str_equal(request->path, "/api/v1/status")) {
		buf_add_text(path, "?connection=");
		buf_add_url(path, cli_call_connection(call));
	}
	if (request->query != NULL && request->query[0] != '\0') {
		buf_add_char(path, '&');
		buf_add_text(path, request->query);
	}
}

/* The path, and a client to ask with. */
static bool prepare(
        struct cli_call *call, const struct cli_request *request, struct buf *path, struct err *err)
{
	buf_init(path, PATH_MAX_BYTES);
	build_path(path, call, request);
	if (path->failed) {
		err_set(err, ERR_USAGE, "the arguments are too long");
		return false;
	}
	if (call->client == NULL) {
		call->client = admin_client_open(call->options, err);
	}
	return call->client != NULL;
}

json_t *cli_call_ask(struct cli_call *call, const struct cli_request *request, struct err *err)
{
	json_t *answer = NULL;
	struct buf path;
	if (prepare(call, request, &path, err)) {
		answer = admin_client_call(
		        call->client, request->method, buf_text(&path), request->body, err);
	}
	buf_finish(&path);
	json_decref(request->body);
	return answer;
}

bool cli_call_fetch(struct cli_call *call, const struct cli_request *request, transport_sink *sink,
        void *context, struct err *err)
{
	bool is_fetched = false;
	struct buf path;
	if (prepare(call, request, &path, err)) {
		const struct admin_call fetch = {.method = request->method,
		        .path = buf_text(&path),
		        .body = request->body,
		        .sink = sink,
		        .sink_context = context};
		is_fetched = admin_client_fetch(call->client, &fetch, err);
	}
	buf_finish(&path);
	json_decref(request->body);
	return is_fetched;
}

const json_t *cli_call_refusal(const struct cli_call *call)
{
	return call->client != NULL ? admin_client_refusal(call->client) : NULL;
}

int cli_call_refuse(struct cli_call *call, const struct err *err)
{
	const json_t *refusal = cli_call_refusal(call);
	const json_t *mistakes = json_object_get(refusal, "mistakes");
	if (json_array_size(mistakes) == 0) {
		return cli_call_fail(call, err);
	}
	for (size_t i = 0; i < json_array_size(mistakes); i++) {
		const json_t *mistake = json_array_get(mistakes, i);
		cli_call_print(call, "failure  %s: %s\n", cli_call_text(mistake, "path"),
		        cli_call_text(mistake, "text"));
	}
	long long left_out = (long long)json_get_int(refusal, "left_out", 0);
	if (left_out > 0) {
		cli_call_print(call, "and %lld more\n", left_out);
	}
	fprintf(call->errors, "bob2okta: refused, nothing was changed\n");
	return CLI_USAGE;
}

int cli_call_show(struct cli_call *call, const struct cli_request *request,
        void (*show)(struct cli_call *call, const json_t *answer))
{
	struct err err = ERR_INIT;
	json_t *answer = cli_call_ask(call, request, &err);
	if (answer == NULL) {
		return cli_call_refuse(call, &err);
	}
	int status = CLI_DONE;
	if (call->is_json) {
		status = cli_call_print_json(call, answer);
	} else {
		show(call, answer);
	}
	json_decref(answer);
	return status;
}

json_t *cli_call_body(void)
{
	char room[PASSWORD_ENTRY_BYTES];
	struct passwd entry;
	struct passwd *found = NULL;
	const char *by = "admin";
	if (getpwuid_r(geteuid(), &entry, room, sizeof(room), &found) == 0 && found != NULL &&
	        !str_is_empty(found->pw_name) && strlen(found->pw_name) <= BY_MAX_BYTES &&
	        str_is_utf8(found->pw_name, strlen(found->pw_name))) {
		by = found->pw_name;
	}
	return json_pack("{s:s}", "by", by);
}

const char *cli_call_text(const json_t *object, const char *key)
{
	return str_or_empty(json_get_text(object, key));
}
