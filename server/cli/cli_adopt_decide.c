/* SPDX-License-Identifier: MIT */
#include "server/cli/cli_adopt.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/cli/cli_confirm.h"

#define DECIDE_PATH "/api/v1/adoption/decide"

json_t *cli_adopt_send(struct cli_call *call, const json_t *people, bool is_check, struct err *err)
{
	json_t *body = cli_call_body();
	json_object_set(body, "people", (json_t *)(uintptr_t)people);
	json_object_set_new(body, "check", json_boolean(is_check));
	const struct cli_request request = {.method = "POST", .path = DECIDE_PATH, .body = body};
	return cli_call_ask(call, &request, err);
}

static void print_decided(struct cli_call *call, const json_t *answer)
{
	long long decided = (long long)json_get_int(answer, "decided", 0);
	cli_call_print(
	        call, "%lld decided; nothing is done until: bob2okta adopt apply\n", decided);
}

static int show_decided(struct cli_call *call, json_t *answer)
{
	int status = CLI_DONE;
	if (call->is_json) {
		status = cli_call_print_json(call, answer);
	} else {
		print_decided(call, answer);
	}
	json_decref(answer);
	return status;
}

/* ------------------------------------------------------------------ one person */

static int decide_one(struct cli_call *call, const char *okta_user)
{
	struct err err = ERR_INIT;
	if (call->word_count != 2) {
		err_set(&err, ERR_USAGE,
		        "say whom and what: adopt decide ID link|create|ignore|none");
		return cli_call_fail(call, &err);
	}
	if (!cli_call_check_id(call->words[0], &err)) {
		return cli_call_fail(call, &err);
	}
	json_t *people = json_pack(
	        "[{s:s, s:s}]", "employee_id", call->words[0], "decision", call->words[1]);
	if (okta_user != NULL) {
		json_object_set_new(json_array_get(people, 0), "okta_user", json_string(okta_user));
	}
	json_t *answer = cli_adopt_send(call, people, false, &err);
	json_decref(people);
	return answer == NULL ? cli_call_refuse(call, &err) : show_decided(call, answer);
}

/* ------------------------------------------------------------------------ bulk */

struct bulk {
	const char *class_;
	const char *rule;
	const char *decision;
	bool is_yes;
};

static json_t *send_bulk(
        struct cli_call *call, const struct bulk *bulk, bool is_check, struct err *err)
{
	json_t *body = cli_call_body();
	json_object_set_new(body, "decision", json_string(bulk->decision));
	json_object_set_new(body, "class", json_string(bulk->class_));
	if (bulk->rule != NULL) {
		json_object_set_new(body, "rule", json_string(bulk->rule));
	}
	json_object_set_new(body, "check", json_boolean(is_check));
	const struct cli_request request = {.method = "POST", .path = DECIDE_PATH, .body = body};
	return cli_call_ask(call, &request, err);
}

static int take_bulk(struct cli_call *call, const struct bulk *bulk)
{
	struct err err = ERR_INIT;
	json_t *answer = send_bulk(call, bulk, false, &err);
	return answer == NULL ? cli_call_refuse(call, &err) : show_decided(call, answer);
}

static int decide_bulk(struct cli_call *call, const struct bulk *bulk)
{
	char question[160];
	struct err err = ERR_INIT;
	json_t *seen = send_bulk(call, bulk, true, &err);
	if (seen == NULL) {
		return cli_call_refuse(call, &err);
	}
	long long people = (long long)json_get_int(seen, "decided", 0);
	json_decref(seen);
	if (!call->is_json) {
		cli_call_print(call, "%s: %lld people (%s%s%s)\n", bulk->decision, people,
		        bulk->class_, bulk->rule != NULL ? ", found by " : "",
		        bulk->rule != NULL ? bulk->rule : "");
	}
	if (people == 0) {
		return call->is_json ? take_bulk(call, bulk) : CLI_DONE;
	}
	str_format_cut(question, sizeof(question), "Decide this for all %lld?", people);
	switch (cli_confirm(call, bulk->is_yes, question)) {
	case CLI_ANSWER_YES: return take_bulk(call, bulk);
	case CLI_ANSWER_NO: cli_call_print(call, "nothing was decided\n"); return CLI_DONE;
	case CLI_ANSWER_NOBODY: break;
	}
	return CLI_USAGE;
}

int cli_adopt_decide(struct cli_call *call)
{
	struct bulk bulk = {0};
	const char *okta_user = NULL;
	const struct cli_flag flags[] = {{"--class", &bulk.class_, NULL},
	        {"--rule", &bulk.rule, NULL}, {"--okta-user", &okta_user, NULL},
	        {"--yes", NULL, &bulk.is_yes}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	if (!cli_call_read_words(call, flags, 2, &err)) {
		return cli_call_fail(call, &err);
	}
	if (bulk.class_ == NULL && bulk.rule == NULL) {
		return decide_one(call, okta_user);
	}
	if (call->word_count != 1 || okta_user != NULL || bulk.class_ == NULL) {
		err_set(&err, ERR_USAGE,
		        "for many: adopt decide --class CLASS [--rule RULE]"
		        " link|create|ignore|none");
		return cli_call_fail(call, &err);
	}
	bulk.decision = call->words[0];
	return decide_bulk(call, &bulk);
}
