/* SPDX-License-Identifier: MIT */
#include "server/http/reply.h"

#include "server/base/str.h"
#include "server/http/request.h"

#include <stdlib.h>

/* Sent when the real body could not be built: over the cap, or no memory for it. */
#define FALLBACK_BODY                                                                      \
	"{\"error\":{\"code\":\"internal\",\"message\":\"the answer could not be built\"," \
	"\"hint\":\"\",\"request_id\":\"\"}}"

void reply_init(struct http_reply *reply)
{
	*reply = (struct http_reply){.status = 200, .content_type = "application/json"};
	buf_init(&reply->body, HTTP_REPLY_MAX_BYTES);
}

void reply_finish(struct http_reply *reply)
{
	buf_finish(&reply->body);
}

static void add_pair(struct buf *to, const char *key, const char *value, const char *after)
{
	buf_add_json_string(to, key);
	buf_add_char(to, ':');
	buf_add_json_string(to, value);
	buf_add_text(to, after);
}

void http_reply_error(struct http_reply *reply, const struct http_request *request,
        enum err_code code, const char *message)
{
	struct buf *body = &reply->body;
	reply->status = err_code_http_status(code);
	reply->content_type = "application/json";
	if (reply->status == 503 && reply->retry_after_s == 0) {
		reply->retry_after_s = REPLY_RETRY_AFTER_S;
	}
	buf_clear(body);
	buf_add_text(body, "{\"error\":{");
	add_pair(body, "code", err_code_name(code), ",");
	add_pair(body, "message", message, ",");
	add_pair(body, "hint", err_code_hint(code), ",");
	add_pair(body, "request_id", http_request_id(request), "}}");
}

void http_reply_err(
        struct http_reply *reply, const struct http_request *request, const struct err *err)
{
	http_reply_error(reply, request, err->code, err->text);
}

void http_reply_err_with(struct http_reply *reply, const struct http_request *request,
        const struct err *err, json_t *more)
{
	http_reply_err(reply, request, err);
	json_t *whole = json_loadb(buf_text(&reply->body), reply->body.len, 0, NULL);
	int status = reply->status;
	if (whole != NULL && json_object_update(whole, more) != 0) {
		json_decref(whole);
		whole = NULL;
	}
	json_decref(more);
	http_reply_json(reply, status, whole);
}

static int add_to_body(const char *bytes, size_t len, void *body)
{
	return buf_add(body, bytes, len) ? 0 : -1;
}

void http_reply_json(struct http_reply *reply, int status, json_t *json)
{
	reply->status = status;
	reply->content_type = "application/json";
	buf_clear(&reply->body);
	if (json == NULL ||
	        json_dump_callback(
	                json, add_to_body, &reply->body, JSON_COMPACT | JSON_ENCODE_ANY) != 0) {
		reply->body.failed = true;
	}
	json_decref(json);
}

void http_reply_text(struct http_reply *reply, int status, const char *text)
{
	reply->status = status;
	reply->content_type = "text/plain; charset=utf-8";
	buf_clear(&reply->body);
	buf_add_text(&reply->body, text);
}

static struct MHD_Response *create_response(struct http_reply *reply)
{
	static char empty[] = "";
	static char fallback[] = FALLBACK_BODY;
	if (reply->body.failed) {
		reply->status = 500;
		reply->content_type = "application/json";
		return MHD_create_response_from_buffer(
		        sizeof(fallback) - 1, fallback, MHD_RESPMEM_PERSISTENT);
	}
	size_t len = reply->body.len;
	if (len == 0) {
		return MHD_create_response_from_buffer(0, empty, MHD_RESPMEM_PERSISTENT);
	}
	char *bytes = buf_take(&reply->body);
	struct MHD_Response *response =
	        MHD_create_response_from_buffer(len, bytes, MHD_RESPMEM_MUST_FREE);
	if (response == NULL) {
		free(bytes);
	}
	return response;
}

static bool add_header(struct MHD_Response *response, const char *name, const char *value)
{
	return MHD_add_response_header(response, name, value) == MHD_YES;
}

static bool add_retry_after(struct MHD_Response *response, int after_s)
{
	char text[16];
	return str_format(text, sizeof(text), "%d", after_s) &&
	        add_header(response, "Retry-After", text);
}

/* Those that depend on the verdict. */
static bool add_verdict_headers(struct MHD_Response *response, const struct http_request *request)
{
	const struct http_reply *reply = &request->reply;
	bool done = true;
	if (reply->retry_after_s > 0) {
		done = add_retry_after(response, reply->retry_after_s);
	}
	if (reply->status == 405) {
		done = done && add_header(response, "Allow", request->match.allow);
	}
	if (reply->status == 401 && request->verdict == ERR_UNAUTHORIZED) {
		done = done && add_header(response, "WWW-Authenticate", "Bearer");
	}
	if (request->closes) {
		done = done && add_header(response, "Connection", "close");
	}
	return done;
}

static bool add_headers(struct MHD_Response *response, const struct http_request *request)
{
	return add_header(response, "Content-Type", request->reply.content_type) &&
	        add_header(response, "X-Content-Type-Options", "nosniff") &&
	        add_header(response, "Cache-Control", "no-store") &&
	        add_header(response, REQUEST_ID_HEADER, request->id) &&
	        add_verdict_headers(response, request);
}

enum MHD_Result reply_send(struct http_request *request)
{
	struct MHD_Response *response = create_response(&request->reply);
	if (response == NULL) {
		return MHD_NO;
	}
	enum MHD_Result queued = MHD_NO;
	if (add_headers(response, request)) {
		queued = MHD_queue_response(
		        request->connection, (unsigned)request->reply.status, response);
	}
	MHD_destroy_response(response);
	return queued;
}
