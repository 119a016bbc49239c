/* SPDX-License-Identifier: MIT */
/* Where Bob shall send its webhooks, and whether something arrives. */
#include "server/base/hook_light.h"

#include "server/base/str.h"
#include "server/console/args.h"
#include "server/engine/sweep.h"

#define WEBHOOK_PATH "/webhooks/bob"

static json_t *light_json(struct args *args)
{
	const char *name = args->connection;
	const char *public_url = args->console->public_url;
	const struct connection_settings *connection = settings_find(args->settings, name);
	char path[sizeof(WEBHOOK_PATH) + CONNECTION_NAME_BYTES];
	char url[sizeof(path) + 320];
	bool is_default = str_equal(name, "default");
	struct sweep_outlook outlook;
	int64_t event_ms = hook_light_at_ms(name, HOOK_EVENT);

	engine_sweep_outlook(args->engine, name, &outlook);
	event_ms = event_ms > outlook.last_delivery_at_ms ? event_ms : outlook.last_delivery_at_ms;
	public_url = public_url != NULL ? public_url : "";
	str_format_cut(path, sizeof(path), "%s%s%s", WEBHOOK_PATH, is_default ? "" : "/",
	        is_default ? "" : name);
	str_format_cut(url, sizeof(url), "%s%s", public_url, public_url[0] != '\0' ? path : "");
	return json_pack("{s:s, s:s, s:s, s:b, s:I, s:I, s:I, s:I}", "connection", name, "path",
	        path, "url", url, "has_secret", connection->bob.webhook_key_count > 0, "ping_at_ms",
	        (json_int_t)hook_light_at_ms(name, HOOK_PING), "event_at_ms", (json_int_t)event_ms,
	        "wrong_signature_at_ms", (json_int_t)hook_light_at_ms(name, HOOK_WRONG_SIGNATURE),
	        "no_secret_at_ms", (json_int_t)hook_light_at_ms(name, HOOK_NO_SECRET));
}

enum http_verdict console_webhook(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {0};
	bool is_good = args_init(&args, context, request, &known);

	return args_answer(&args, reply, is_good ? light_json(&args) : NULL, 200);
}
