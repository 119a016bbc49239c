/* SPDX-License-Identifier: MIT */
/* Health, readiness with what is wrong, and metrics, for the admin listener. */
#include "server/base/metrics.h"
#include "server/base/str.h"
#include "server/console/alarms.h"
#include "server/console/console.h"

#define PROBE_TIMEOUT_MS  5000
#define METRICS_MAX_BYTES (4 * 1024 * 1024)

enum http_verdict console_health(
        struct http_request *request, struct http_reply *reply, void *context)
{
	(void)request;
	(void)context;
	http_reply_json(reply, 200, json_pack("{s:s}", "status", "ok"));
	return HTTP_ANSWERED;
}

static json_t *system_json(bool is_parked, const char *cause)
{
	return json_pack("{s:s, s:s}", "state", is_parked ? "parked" : "ok", "sentence",
	        is_parked ? cause : "");
}

static json_t *connections_json(struct engine *engine)
{
	const struct settings *settings = engine_settings(engine);
	json_t *list = json_array();

	for (size_t i = 0; i < settings->connection_count; i++) {
		const char *name = settings->connections[i].name;
		struct engine_health health;
		engine_health(engine, name, &health);
		json_array_append_new(list,
		        json_pack("{s:s, s:o, s:o}", "name", name, "bob",
		                system_json(health.is_bob_parked, health.bob_cause), "okta",
		                system_json(health.is_okta_parked, health.okta_cause)));
	}
	return list;
}

/* Ready means: events can be stored. Bob or Okta being away does not make it unready. */
enum http_verdict console_ready(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct console *console = context;
	struct err err = ERR_INIT;
	bool is_ready = store_probe(console->store, PROBE_TIMEOUT_MS, &err);
	struct engine *engine = holder_acquire(console->engines);
	json_t *alarms = console_alarms_summary(console, engine_settings(engine), NULL);

	(void)request;
	json_object_del(alarms, "targets"); /* who may ask here may be anybody of the network */
	http_reply_json(reply, is_ready ? 200 : 503,
	        json_pack("{s:s, s:{s:b, s:s}, s:o, s:o}", "status",
	                is_ready ? "ok" : "unavailable", "store", "is_writable", is_ready,
	                "sentence", err.text, "alarms", alarms, "connections",
	                connections_json(engine)));
	holder_release(console->engines, engine);
	return HTTP_ANSWERED;
}

enum http_verdict console_metrics(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct buf text;

	(void)request;
	(void)context;
	buf_init(&text, METRICS_MAX_BYTES);
	metrics_render(&text);
	http_reply_text(reply, 200, buf_text(&text));
	reply->content_type = "text/plain; version=0.0.4; charset=utf-8";
	buf_finish(&text);
	return HTTP_ANSWERED;
}
