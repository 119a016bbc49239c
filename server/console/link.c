/* SPDX-License-Identifier: MIT */
/* One person and one Okta user, by name. */
#include "server/console/args.h"
#include "server/engine/adopt.h"

#define OKTA_USER_MAX_BYTES 1024
#define WHY_MAX_BYTES       160 /* what the audit line has room for */
#define FACTS_MAX_BYTES     64

static bool read_request(struct args *args, struct link_request *request)
{
	*request = (struct link_request){
	        .key = args->key,
	        .okta_user = args_body_text(args, "okta_user", OKTA_USER_MAX_BYTES, NULL),
	        .although = args_body_text(args, "although", WHY_MAX_BYTES, NULL),
	        .expect = args_body_text(args, "expect", FACTS_MAX_BYTES, NULL),
	        .by = args_by(args),
	        .is_check = json_is_true(json_object_get(args->body, "check")),
	};
	if (!err_is_set(&args->err) && request->okta_user == NULL) {
		err_set(&args->err, ERR_BAD_REQUEST,
		        "\"okta_user\" names the Okta user, by id or login");
	}
	return !err_is_set(&args->err);
}

enum http_verdict console_link(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct link_request link;
	struct args_known known = {.body = KNOWN("okta_user", "although", "expect", "check", "by")};
	json_t *report = NULL;

	if (!args_init(&args, context, request, &known) || !args_key(&args) ||
	        !read_request(&args, &link) ||
	        !engine_link(args.engine, &link, &report, &args.err)) {
		report = NULL;
	}
	return args_answer(&args, reply, report, 200);
}

enum http_verdict console_unlink(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.body = KNOWN("by")};
	json_t *report = NULL;

	if (args_init(&args, context, request, &known) && args_key(&args)) {
		const struct unlink_request unlink = {.key = args.key, .by = args_by(&args)};
		if (unlink.by == NULL || !engine_unlink(args.engine, &unlink, &report, &args.err)) {
			report = NULL;
		}
	}
	return args_answer(&args, reply, report, 200);
}
