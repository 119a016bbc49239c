/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/fault_answers.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/bob_api.h"
#include "tests/sandbox/jsonx.h"
#include "tests/sandbox/okta_api.h"
#include "tests/sandbox/okta_error.h"
#include "tests/sandbox/route.h"
#include "tests/sandbox/sandbox.h"

static const char LOGIN_PAGE[] = "<!doctype html><html><head><title>Please wait</title></head>"
                                 "<body>Please enable JavaScript.</body></html>";
static const char GARBAGE[] = "\x01\x02}{ this is not JSON \xff\xfe";

static void add_headers(const json_t *rule, struct reply *rp)
{
	const char *name = NULL;
	json_t *value = NULL;
	json_t *headers = json_deep_copy(json_object_get(rule, "headers"));

	json_object_foreach(headers, name, value)
	{
		if (json_is_string(value)) {
			reply_header(rp, name, "%s", json_string_value(value));
		}
	}
	json_decref(headers);
}

static void default_body(struct request *rq, struct reply *rp, int status, const char *code)
{
	if (rq->system == SYSTEM_OKTA) {
		okta_error(rq, rp, status, code != NULL ? code : okta_error_code_for(status), NULL);
	} else if (status == 401 || status == 404 || status == 304 || status == 204) {
		reply_empty(rp, status);
	} else {
		bob_api_error(rp, status, "internal.error", "Something went wrong");
	}
}

static void answer_status(const json_t *rule, struct request *rq, struct reply *rp)
{
	int status = (int)jsonx_int(rule, "status", 500);
	const json_t *body = json_object_get(rule, "body");

	if (json_is_string(body)) {
		reply_text(rp, status, "text/plain", json_string_value(body));
	} else if (body != NULL) {
		reply_json(rp, status, json_deep_copy(body));
	} else {
		default_body(rq, rp, status, jsonx_text(rule, "code"));
	}
	add_headers(rule, rp);
}

static void answer_429(struct sandbox *sb, const json_t *rule, struct request *rq, struct reply *rp)
{
	int64_t reset_s = util_wall_ms() / 1000 + jsonx_int(rule, "reset_s", 2);
	bool is_okta = rq->system == SYSTEM_OKTA;
	const char *dash = is_okta ? "X-Rate-Limit" : "X-RateLimit";
	int64_t limit = jsonx_is(rule, "concurrency", false) ? 0
	        : is_okta
	        ? settings_okta_limit(&sb->settings, rq->route != NULL ? rq->route->bucket : "api")
	        : settings_int(&sb->settings, "bob_search_per_min");
	int times = jsonx_is(rule, "doubled", false) ? 2 : 1;
	char name[64];

	default_body(rq, rp, 429, "E0000047");
	for (int i = 0; i < times; i++) {
		util_format(name, sizeof(name), "%s-Limit", dash);
		reply_header(rp, name, "%lld", (long long)limit);
		util_format(name, sizeof(name), "%s-Remaining", dash);
		reply_header(rp, name, "0");
		util_format(name, sizeof(name), "%s-Reset", dash);
		reply_header(rp, name, "%lld", (long long)reset_s);
	}
	add_headers(rule, rp);
}

static void cut(const json_t *rule, struct reply *rp)
{
	rp->is_cut = true;
	rp->cut_bytes = (size_t)jsonx_int(rule, "bytes", 0);
	rp->cut_reset = jsonx_is(rule, "reset", false);
}

static void answer_empty(const struct request *rq, struct reply *rp)
{
	const char *path = rq->route != NULL ? rq->route->path : "";
	bool is_list = strcmp(path, "/api/v1/users") == 0 || strcmp(path, "/api/v1/groups") == 0;

	if (strcmp(path, "/v1/people/search") == 0) {
		json_t *body = json_object();

		jsonx_take(body, "employees", json_array());
		reply_json(rp, 200, body);
	} else {
		reply_json(rp, 200, is_list ? json_array() : json_object());
	}
}

void fault_answer_before(
        struct sandbox *sb, const struct fault_plan *plan, struct request *rq, struct reply *rp)
{
	switch (plan->action) {
	case FAULT_STATUS: answer_status(plan->rule, rq, rp); break;
	case FAULT_500_BEFORE:
		default_body(rq, rp, (int)jsonx_int(plan->rule, "status", 500), NULL);
		break;
	case FAULT_401: default_body(rq, rp, 401, "E0000011"); break;
	case FAULT_429: answer_429(sb, plan->rule, rq, rp); break;
	case FAULT_CUT:
		reply_json(rp, 200, json_object());
		cut(plan->rule, rp);
		break;
	case FAULT_HANG:
		reply_json(rp, 200, json_object());
		cut(NULL, rp);
		break;
	case FAULT_HTML200: reply_text(rp, 200, "text/html", LOGIN_PAGE); break;
	case FAULT_GARBAGE: reply_text(rp, 200, "application/json", GARBAGE); break;
	case FAULT_EMPTY: answer_empty(rq, rp); break;
	case FAULT_NONE:
	case FAULT_SLOW:
	case FAULT_500_AFTER:
	case FAULT_CUT_AFTER:
	case FAULT_TRUNCATE: abort();
	}
}

static void fail_after(const json_t *rule, struct reply *rp)
{
	int status = (int)jsonx_int(rule, "status", 500);
	json_t *body = json_object();

	if (strcmp(jsonx_text_or(rule, "system", ""), "okta") == 0) {
		jsonx_set_text(body, "errorCode", okta_error_code_for(status));
		jsonx_set_text(body, "errorSummary", "Internal Server Error");
		jsonx_set_text(body, "errorLink", okta_error_code_for(status));
		jsonx_set_text(body, "errorId", "oaeSandboxAfter");
		jsonx_take(body, "errorCauses", json_array());
	} else {
		jsonx_set_text(body, "key", "internal.error");
		jsonx_set_text(body, "error", "Something went wrong");
	}
	reply_json(rp, status, body);
}

void fault_change_after(const struct fault_plan *plan, struct reply *rp)
{
	switch (plan->action) {
	case FAULT_500_AFTER: fail_after(plan->rule, rp); break;
	case FAULT_CUT_AFTER: cut(plan->rule, rp); break;
	case FAULT_TRUNCATE: rp->text_length /= 2; break;
	case FAULT_NONE:
	case FAULT_STATUS:
	case FAULT_500_BEFORE:
	case FAULT_SLOW:
	case FAULT_CUT:
	case FAULT_HANG:
	case FAULT_HTML200:
	case FAULT_GARBAGE:
	case FAULT_EMPTY:
	case FAULT_429:
	case FAULT_401: break;
	}
}
