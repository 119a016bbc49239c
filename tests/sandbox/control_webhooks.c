/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/control.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/jsonx.h"
#include "tests/sandbox/sandbox.h"
#include "tests/sandbox/webhook.h"

enum { WAIT_MS = 30000, DRAIN_MS = 10000, MAX_COPIES = 10000 };

void control_webhooks_show(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	(void)rq;
	reply_json(rp, 200, webhook_config(sb->webhook));
}

void control_webhooks_configure(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	char *problem = webhook_configure(sb->webhook, rq->json);

	if (problem != NULL) {
		control_refuse(rp, 400, problem);
		return;
	}
	reply_json(rp, 200, webhook_config(sb->webhook));
}

/* Sends copies, waits if asked, and answers with the deliveries. */
static void send_item(struct sandbox *sb, const struct request *rq, struct reply *rp,
        const struct webhook_item *item)
{
	int64_t copies = jsonx_int(rq->json, "copies", 1);
	int64_t first = 0;
	int64_t last = 0;
	json_t *list = json_array();

	for (int64_t i = 0; i < copies && i < MAX_COPIES; i++) {
		last = webhook_enqueue(sb->webhook, item);
		first = first == 0 ? last : first;
	}
	for (int64_t id = first; id <= last && id > 0; id++) {
		if (jsonx_is(rq->json, "wait", false)) {
			(void)webhook_wait(sb->webhook, id, WAIT_MS);
		}
		json_t *delivery = webhook_get(sb->webhook, id);

		if (delivery != NULL) {
			jsonx_push(list, delivery);
		}
	}
	reply_json(rp, 200, json_pack("{s:o}", "deliveries", list));
}

static enum webhook_signing signing_of(const json_t *body)
{
	if (jsonx_is(body, "unsigned", false)) {
		return WEBHOOK_UNSIGNED;
	}
	return jsonx_is(body, "wrong_signature", false) ? WEBHOOK_WRONG : WEBHOOK_SIGNED;
}

void control_webhooks_send(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	const json_t *json = json_object_get(rq->json, "json");
	const char *raw = jsonx_text(rq->json, "body");
	char *text = raw != NULL ? util_dup(raw) : json != NULL ? jsonx_dump(json) : NULL;

	if (text == NULL) {
		control_refuse(rp, 400, util_dup("body or json is needed"));
		return;
	}
	json_t *parsed = jsonx_parse(text, strlen(text));
	const json_t *data = json_object_get(parsed, "data");
	struct webhook_item item = {.type = jsonx_text(parsed, "type"),
	        .employee_id = jsonx_text(data, "employeeId"),
	        .body = text,
	        .signature = jsonx_text(rq->json, "signature"),
	        .secret = jsonx_text(rq->json, "secret"),
	        .url = jsonx_text(rq->json, "url"),
	        .content_type = jsonx_text(rq->json, "content_type"),
	        .signing = signing_of(rq->json),
	        .retry = jsonx_is(rq->json, "retry", true) ? WEBHOOK_RETRY_AS_CONFIGURED
	                                                   : WEBHOOK_RETRY_NEVER};

	send_item(sb, rq, rp, &item);
	json_decref(parsed);
	free(text);
}

void control_webhooks_ping(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	const char *as = jsonx_text_or(rq->json, "as", "plain");
	bool is_json = strcmp(as, "json") == 0;
	bool is_quoted = strcmp(as, "quoted") == 0;
	struct webhook_item item = {.type = "ping",
	        .body = is_json     ? "{\"text\":\"Ping test\"}"
	                : is_quoted ? "\"Ping test\""
	                            : "Ping test",
	        .content_type = is_json || is_quoted ? NULL : "text/plain",
	        .signing = jsonx_is(rq->json, "signed", false) ? WEBHOOK_SIGNED : WEBHOOK_UNSIGNED,
	        .retry = WEBHOOK_RETRY_NEVER};

	send_item(sb, rq, rp, &item);
}

void control_webhooks_replay(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	bool all = jsonx_is(rq->json, "all", false);
	int64_t last = webhook_last_id(sb->webhook);
	json_t *ids = json_array();

	for (int64_t id = all ? 1 : jsonx_int(rq->json, "id", 0); id <= last; id++) {
		int64_t made = webhook_replay(sb->webhook, id);

		if (made > 0) {
			jsonx_push(ids, json_integer(made));
		}
		if (!all) {
			break;
		}
	}
	if (json_array_size(ids) == 0 && !all) {
		json_decref(ids);
		control_refuse(rp, 404, util_dup("no such delivery"));
		return;
	}
	reply_json(rp, 200, json_pack("{s:o}", "ids", ids));
}

void control_webhooks_deliveries(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	const char *since = request_query(rq, "since");
	json_t *list = webhook_list(sb->webhook, since != NULL ? strtoll(since, NULL, 10) : 0);

	reply_json(rp, 200,
	        json_pack("{s:o,s:I}", "deliveries", list, "pending",
	                (json_int_t)webhook_pending(sb->webhook)));
}

void control_webhooks_drain(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	bool drained = webhook_drain(sb->webhook, jsonx_int(rq->json, "timeout_ms", DRAIN_MS));

	reply_json(rp, 200,
	        json_pack("{s:b,s:I}", "drained", drained ? 1 : 0, "pending",
	                (json_int_t)webhook_pending(sb->webhook)));
}
