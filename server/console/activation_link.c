/* SPDX-License-Identifier: MIT */
/*
 * The activation link of one person: told once, to whoever asked, and written
 * down nowhere. That it was asked for is in the audit trail before it is made.
 */
#include "server/engine/activation_link.h"

#include "server/console/args.h"

static json_t *link_json(const struct args *args, const struct secret *link)
{
	return json_pack("{s:s, s:s}", "employee_id", args->key.employee_id, "activation_link",
	        secret_reveal(link));
}

static json_t *make_link(struct args *args)
{
	const struct console *console = args->console;
	const char *by = args_by(args);
	struct secret link = {0};
	json_t *json = NULL;

	if (by == NULL ||
	        !store_audit(console->store, args->connection, args->key.employee_id, by,
	                "activation link", &args->err)) {
		return NULL;
	}
	if (engine_activation_link(args->engine, &args->key, &link, &args->err)) {
		json = link_json(args, &link);
	}
	secret_finish(&link);
	return json;
}

enum http_verdict console_activation_link(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.body = KNOWN("by")};
	bool is_good = args_init(&args, context, request, &known) && args_key(&args);

	return args_answer(&args, reply, is_good ? make_link(&args) : NULL, 200);
}
