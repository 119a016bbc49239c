/* SPDX-License-Identifier: MIT */
#ifndef SERVER_HTTP_REPLY_H
#define SERVER_HTTP_REPLY_H

/*
 * From a struct http_reply to bytes on the wire: every answer carries the same
 * safety headers, a request id and a content type. Filling in replies is in
 * http.h.
 */

#include "server/http/http.h"

#include <microhttpd.h>

/* What clients are told to wait before they send a refused request again. */
#define REPLY_RETRY_AFTER_S 5

void reply_init(struct http_reply *reply);
void reply_finish(struct http_reply *reply);
/* Queues the request's reply; empties its body. MHD_NO ends the connection. */
enum MHD_Result reply_send(struct http_request *request) MUST_CHECK;

#endif
