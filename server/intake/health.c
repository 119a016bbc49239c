/* SPDX-License-Identifier: MIT */
#include "server/intake/health.h"

#include "server/intake/webhook.h"

enum http_verdict intake_health(
        struct http_request *request, struct http_reply *reply, void *context)
{
	(void)request;
	(void)context;
	http_reply_json(reply, 200, json_pack("{s:s}", "status", "ok"));
	return HTTP_ANSWERED;
}

/*
 * Asks the store how its last commits went; a commit made for the asking would let strangers cause
 * disk writes (W-08).
 */
enum http_verdict intake_ready(
        struct http_request *request, struct http_reply *reply, void *context)
{
	const struct intake *intake = context;
	bool is_ready = store_is_writable(intake->store, NULL);

	(void)request;
	http_reply_json(reply, is_ready ? 200 : 503,
	        json_pack("{s:s}", "status", is_ready ? "ok" : "unavailable"));
	return HTTP_ANSWERED;
}
