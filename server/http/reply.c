/* SPDX-License-Identifier: MIT */
#include "server/http/reply.h"

#include "server/base/secrecy.h"
#include "server/base/str.h"
#include "server/http/request.h"

#include <stdlib.h>
#include <unistd.h>

/* Sent when the real body could not be built: over the cap, or no memory for it. */
#define FALLBACK_BODY                                                                      \
	"{\"error\":{\"code\":\"internal\",\"message\":\"the answer could not be built\"," \
	"\"hint\":\"\",\"request_id\":\"\"}}"

/*
 * H-06: what every answer of both listeners says to a browser, whether it is the page, data or a
 * refusal. HSTS means something behind a proxy that ends TLS; plain HTTP has no ears for it.
 */
static const struct {
	const char *name;
	const char *value;
} SAFETY[] = {
        {"Content-Security-Policy",
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"},
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Strict-Transport-Security", "max-age=31536000"},
};

void reply_init(struct http_reply *reply)
{
	*reply = (struct http_reply){
	        .status = 200, .content_type = "application/json", .file = -1, .cache = "no-store"};
	buf_init(&reply->body, HTTP_REPLY_MAX_BYTES);
}

void reply_finish(struct http_reply *reply)
{
	buf_finish(&reply->body);
	free(reply->headers);
	reply->headers = NULL;
	if (reply->file >= 0) {
		close(reply->file);
		reply->file = -1;
	}
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
	reply->cache = "no-store";
	if (reply->status == 503 && reply->retry_after_s == 0) {
		reply->retry_after_s = REPLY_RETRY_AFTER_S;
	}
	reply->bytes = NULL;
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

void http_reply_file(struct http_reply *reply, int fd, int64_t bytes, const char *content_type)
{
	buf_clear(&reply->body);
	reply->content_type = content_type;
	reply->file = fd;
	reply->file_bytes = bytes;
}

void http_reply_static(
        struct http_reply *reply, const void *bytes, size_t len, const char *content_type)
{
	buf_clear(&reply->body);
	reply->content_type = content_type;
	reply->bytes = bytes;
	reply->bytes_len = len;
}

bool http_reply_header(struct http_reply *reply, const char *name, const char *value)
{
	if (reply->headers == NULL) {
		reply->headers = calloc(HTTP_REPLY_HEADERS_MAX, sizeof(*reply->headers));
	}
	if (reply->headers == NULL || reply->header_count == HTTP_REPLY_HEADERS_MAX) {
		return false;
	}
	struct http_header *header = &reply->headers[reply->header_count];
	header->name = name;
	if (!str_copy(header->value, sizeof(header->value), value)) {
		return false;
	}
	reply->header_count++;
	return true;
}

/* libmicrohttpd closes the file with the response. */
static struct MHD_Response *create_file_response(struct http_reply *reply)
{
	struct MHD_Response *response =
	        MHD_create_response_from_fd64((uint64_t)reply->file_bytes, reply->file);

	if (response != NULL) {
		reply->file = -1;
	}
	return response;
}

/* libmicrohttpd only reads what is persistent. */
static struct MHD_Response *create_static_response(const struct http_reply *reply)
{
	union {
		const void *shared;
		void *bytes;
	} body = {.shared = reply->bytes};

	return MHD_create_response_from_buffer(
	        reply->bytes_len, body.bytes, MHD_RESPMEM_PERSISTENT);
}

static struct MHD_Response *create_response(struct http_reply *reply)
{
	static char empty[] = "";
	static char fallback[] = FALLBACK_BODY;
	if (reply->file >= 0) {
		return create_file_response(reply);
	}
	if (reply->bytes != NULL) {
		return create_static_response(reply);
	}
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
	/* Wiped when it was sent: it may have held a one-time code or somebody's values. */
	char *bytes = buf_take(&reply->body);
	struct MHD_Response *response =
	        MHD_create_response_from_buffer_with_free_callback(len, bytes, secrecy_free);
	if (response == NULL) {
		secrecy_free(bytes);
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

static bool add_own_headers(struct MHD_Response *response, const struct http_reply *reply)
{
	bool done = true;
	for (size_t i = 0; done && i < reply->header_count; i++) {
		done = add_header(response, reply->headers[i].name, reply->headers[i].value);
	}
	return done;
}

static bool add_safety_headers(struct MHD_Response *response)
{
	bool done = true;
	for (size_t i = 0; done && i < ARRAY_SIZE(SAFETY); i++) {
		done = add_header(response, SAFETY[i].name, SAFETY[i].value);
	}
	return done;
}

static bool add_headers(struct MHD_Response *response, const struct http_request *request)
{
	return add_header(response, "Content-Type", request->reply.content_type) &&
	        add_safety_headers(response) &&
	        add_header(response, "Cache-Control", request->reply.cache) &&
	        add_header(response, REQUEST_ID_HEADER, request->id) &&
	        add_own_headers(response, &request->reply) &&
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
