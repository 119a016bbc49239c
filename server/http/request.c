/* SPDX-License-Identifier: MIT */
#include "server/http/request.h"

#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/base/str.h"
#include "server/http/cookie.h"
#include "server/http/framing.h"
#include "server/http/peer.h"
#include "server/http/reaper.h"
#include "server/http/reply.h"
#include "server/http/server.h"
#include "server/http/ticket.h"
#include "server/http/url.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* ------------------------------------------------------- life of a request */

static struct reaper_entry *entry_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
	        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info != NULL ? info->socket_context : NULL;
}

static struct http_request *create(struct http_server *server, struct MHD_Connection *connection)
{
	struct http_request *request = calloc(1, sizeof(*request));
	if (request == NULL) {
		return NULL;
	}
	request->server = server;
	request->connection = connection;
	request->entry = entry_of(connection);
	request->state = REQUEST_NEW;
	reply_init(&request->reply);
	str_format_cut(request->id, sizeof(request->id), "%s-%lu", server->id_prefix,
	        atomic_fetch_add(&server->requests, 1) + 1);
	return request;
}

static void destroy(struct http_request *request)
{
	ticket_release(request->ticket);
	buf_wipe(&request->body);
	reply_finish(&request->reply);
	free(request->args);
	free(request);
}

static void set_phase(struct http_request *request, enum reaper_phase phase)
{
	reaper_set(request->server->reaper, request->entry, phase);
}

/* ----------------------------------------------------------------- the peer */

struct peer_values {
	const char *values[FRAMING_HEADERS_MAX];
	size_t count;
};

static enum MHD_Result collect_peer(
        void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	(void)kind;
	struct peer_values *found = cls;
	if (str_equal_fold(name, PEER_HEADER) && found->count < FRAMING_HEADERS_MAX) {
		found->values[found->count++] = value != NULL ? value : "";
	}
	return MHD_YES;
}

/* True when the other end of the socket is a proxy whose headers are believed. */
static bool is_from_proxy(const struct http_request *request, struct address *socket)
{
	const struct address_ranges *trusted = request->server->options.trusted_proxies;
	const union MHD_ConnectionInfo *info =
	        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	memset(socket, 0, sizeof(*socket));
	return info != NULL && address_of_socket(info->client_addr, socket) && trusted != NULL &&
	        address_ranges_have(trusted, socket);
}

struct address http_request_peer(const struct http_request *request)
{
	struct address socket;
	struct peer_values found = {.count = 0};
	if (!is_from_proxy(request, &socket)) {
		return socket;
	}
	MHD_get_connection_values(request->connection, MHD_HEADER_KIND, collect_peer, &found);
	return peer_find(
	        &socket, request->server->options.trusted_proxies, found.values, found.count);
}

/* A proxy's own name for the request, so that its log and ours speak of the same one. */
static void take_proxys_id(struct http_request *request)
{
	struct address socket;
	const char *id = http_request_header(request, REQUEST_ID_HEADER);
	if (id != NULL && http_request_header_count(request, REQUEST_ID_HEADER) == 1 &&
	        str_is_word(id, sizeof(request->id) - 1, "-_") && is_from_proxy(request, &socket)) {
		str_format_cut(request->id, sizeof(request->id), "%s", id);
	}
}

/* ------------------------------------------------------------- the verdict */

/* The first objection stays; it may have to wait for the last call (H1). */
static bool object(struct http_request *request, enum err_code code, const char *text)
{
	if (request->verdict == ERR_OK) {
		request->verdict = code;
		request->verdict_text = text;
	}
	return false;
}

static enum MHD_Result add_header_to(void *cls, enum MHD_ValueKind kind, const char *name,
        size_t name_len, const char *value, size_t value_len)
{
	(void)kind;
	(void)name_len;
	framing_add(cls, name, value != NULL ? value : "", value != NULL ? value_len : 0);
	return MHD_YES;
}

/* All headers are counted, since a look-up shows only the first of a name (H4, H5). */
static bool judge_framing(
        struct http_request *request, struct framing *framing, const char *version)
{
	framing_init(framing);
	MHD_get_connection_values_n(request->connection, MHD_HEADER_KIND, add_header_to, framing);
	framing_end(framing, version);
	/* Engine rule 17: what a chunked request leaves behind is never read as another one. */
	request->closes = framing->is_chunked;
	if (framing->is_too_long) {
		return object(request, ERR_HEADERS_TOO_LARGE, framing->complaint);
	}
	if (framing->complaint != NULL) {
		return object(request, ERR_BAD_FRAMING, framing->complaint);
	}
	return true;
}

static enum MHD_Result count_arg(void *cls, enum MHD_ValueKind kind, const char *name,
        size_t name_len, const char *value, size_t value_len)
{
	(void)kind;
	(void)name_len;
	(void)value_len;
	struct http_request *request = cls;
	struct request_arg *arg = &request->args[request->arg_count];
	const char *text = value != NULL ? value : "";
	if (request->arg_count == REQUEST_ARGS_MAX ||
	        !url_decode(name, strlen(name), arg->name, sizeof(arg->name)) ||
	        !url_decode(text, strlen(text), arg->value, sizeof(arg->value))) {
		object(request, ERR_BAD_REQUEST, "the query is too long or badly encoded");
		return MHD_NO;
	}
	request->arg_count++;
	return MHD_YES;
}

static bool read_query(struct http_request *request)
{
	if (MHD_get_connection_values_n(request->connection, MHD_GET_ARGUMENT_KIND, NULL, NULL) ==
	        0) {
		return true;
	}
	request->args = calloc(REQUEST_ARGS_MAX, sizeof(*request->args));
	if (request->args == NULL) {
		return object(request, ERR_NO_MEMORY, "no memory for the query");
	}
	MHD_get_connection_values_n(request->connection, MHD_GET_ARGUMENT_KIND, count_arg, request);
	return request->verdict == ERR_OK;
}

static bool judge_path(struct http_request *request, const char *url)
{
	if (strlen(url) > REQUEST_PATH_MAX) {
		return object(request, ERR_URI_TOO_LONG, "the path is too long");
	}
	if (!url_path_is_clean(url)) {
		return object(request, ERR_BAD_REQUEST, "the path is badly encoded");
	}
	return true;
}

static bool judge_route(struct http_request *request, const char *method, const char *url)
{
	request->method = route_method_parse(method);
	enum route_result result =
	        route_find(request->server->options.routes, request->method, url, &request->match);
	if (result == ROUTE_NO_PATH) {
		return object(request, ERR_NOT_FOUND, "there is no such path");
	}
	if (result == ROUTE_NO_METHOD) {
		return object(request, ERR_METHOD_NOT_ALLOWED, "this path has no such method");
	}
	return true;
}

static bool judge_draining(struct http_request *request)
{
	if (atomic_load(&request->server->is_draining)) {
		return object(request, ERR_DRAINING, "the server is stopping");
	}
	return true;
}

/* Public questions without a body (health) are answered at once, also when all else waits. */
static bool judge_load(struct http_request *request)
{
	struct http_server *server = request->server;
	const struct http_route *route = request->match.route;
	if (route->role == HTTP_ROLE_PUBLIC && route->body_max_bytes == 0) {
		return true;
	}
	if (atomic_load(&server->in_flight) > server->options.in_flight_max) {
		return object(request, ERR_OVERLOADED, "too many requests are being served");
	}
	return true;
}

static bool judge_role(struct http_request *request)
{
	const struct http_options *options = &request->server->options;
	const struct http_route *route = request->match.route;
	const char *complaint = "nobody may call this path here";
	enum err_code code = route->role == HTTP_ROLE_PUBLIC ? ERR_OK : ERR_UNAUTHORIZED;
	if (options->authorize != NULL) {
		code = options->authorize(request, route, &complaint, options->context);
	}
	return code == ERR_OK || object(request, code, complaint);
}

static bool judge_size(struct http_request *request, const struct framing *framing)
{
	size_t max_bytes = request->match.route->body_max_bytes;
	if (framing->content_length > max_bytes) {
		request->closes = true;
		return object(request, ERR_BODY_TOO_LARGE, "the body is over the cap");
	}
	buf_init(&request->body, max_bytes);
	return true;
}

/* ------------------------------------------------------------------ replies */

/*
 * After a request we refuse, what follows on its connection is not read as another one: the
 * sharpest end for whatever libmicrohttpd hides (an empty header name ends the head for it, so
 * that header lines become a body; engine rule 17).
 */
static bool is_closing_status(int status)
{
	return status >= 400 && status < 500;
}

static enum MHD_Result send_reply(struct http_request *request)
{
	if (atomic_load(&request->server->is_draining) ||
	        is_closing_status(request->reply.status)) {
		request->closes = true;
	}
	request->state = REQUEST_REPLIED;
	set_phase(request, request->reply.file >= 0 ? REAPER_SENDING_FILE : REAPER_WRITING);
	return reply_send(request);
}

static enum MHD_Result send_verdict(struct http_request *request)
{
	http_reply_error(&request->reply, request, request->verdict, request->verdict_text);
	return send_reply(request);
}

static enum MHD_Result send_decision(struct http_request *request)
{
	enum err_code code = ticket_code(request->ticket);
	if (code == ERR_OK) {
		buf_add_text(&request->reply.body, "{}");
	} else {
		http_reply_error(&request->reply, request, code, "the request was not carried out");
	}
	return send_reply(request);
}

/* --------------------------------------------------------------- the calls */

static enum MHD_Result first_call(
        struct http_request *request, const char *url, const char *method, const char *version)
{
	struct framing framing;
	take_proxys_id(request);
	bool is_fine = judge_framing(request, &framing, version) && judge_path(request, url) &&
	        read_query(request) && judge_draining(request) &&
	        judge_route(request, method, url) && judge_load(request) && judge_role(request) &&
	        judge_size(request, &framing);
	if (!is_fine && framing_has_body(&framing)) {
		/* H2: an answer before the body is the cheap one, and the end of the connection. */
		request->closes = true;
		return send_verdict(request);
	}
	/* Without a body the verdict waits for the last call, as libmicrohttpd wants it. */
	request->state = REQUEST_BODY;
	request->body_deadline_ms = clock_mono_ms() + request->server->options.body_deadline_ms;
	set_phase(request, REAPER_BODY);
	return MHD_YES;
}

static enum MHD_Result body_call(struct http_request *request, const char *part, size_t len)
{
	if (clock_mono_ms() > request->body_deadline_ms) {
		return MHD_NO;
	}
	if (request->verdict != ERR_OK || buf_add(&request->body, part, len)) {
		return MHD_YES;
	}
	if (len > request->body.max - request->body.len) {
		object(request, ERR_BODY_TOO_LARGE, "the body is over the cap");
	} else {
		object(request, ERR_NO_MEMORY, "no memory for the body");
	}
	buf_wipe(&request->body);
	return MHD_YES;
}

static enum MHD_Result last_call(struct http_request *request)
{
	if (request->verdict != ERR_OK) {
		return send_verdict(request);
	}
	set_phase(request, REAPER_HANDLING);
	enum http_verdict verdict = request->match.route->handler(
	        request, &request->reply, request->server->options.context);
	/* A ticket means suspended, whatever the handler says: nothing may be queued now. */
	if (request->ticket != NULL) {
		request->state = REQUEST_LATER;
		return MHD_YES;
	}
	if (verdict == HTTP_LATER) {
		object(request, ERR_INTERNAL, "the handler gave no answer");
		return send_verdict(request);
	}
	return send_reply(request);
}

enum MHD_Result request_on_call(void *cls, struct MHD_Connection *connection, const char *url,
        const char *method, const char *version, const char *upload, size_t *upload_size,
        void **slot)
{
	struct http_server *server = cls;
	struct http_request *request = *slot;
	if (request == NULL) {
		request = create(server, connection);
		if (request == NULL) {
			return MHD_NO;
		}
		*slot = request;
		atomic_fetch_add(&server->in_flight, 1);
		return first_call(request, url, method, version);
	}
	if (*upload_size > 0) {
		size_t len = *upload_size;
		/* H3: bytes left unconsumed are no back-pressure. */
		*upload_size = 0;
		return body_call(request, upload, len);
	}
	return request->state == REQUEST_LATER ? send_decision(request) : last_call(request);
}

static void count_answer(const struct http_request *request)
{
	char status[8] = "none";
	int code = request->reply.status;
	if (request->state == REQUEST_REPLIED) {
		memcpy(status,
		        (char[]){(char)('0' + code / 100 % 10), (char)('0' + code / 10 % 10),
		                (char)('0' + code % 10), '\0'},
		        4);
	}
	metrics_add(METRIC_HTTP_REQUESTS, LABELS(request->server->name, status), 1);
}

void request_on_completed(void *cls, struct MHD_Connection *connection, void **slot,
        enum MHD_RequestTerminationCode how)
{
	(void)connection;
	(void)how;
	struct http_server *server = cls;
	struct http_request *request = *slot;
	if (request == NULL) {
		return;
	}
	*slot = NULL;
	count_answer(request);
	set_phase(request, REAPER_IDLE);
	destroy(request);
	atomic_fetch_sub(&server->in_flight, 1);
	if (atomic_load(&server->is_draining)) {
		monitor_lock(&server->drained);
		monitor_wake_all(&server->drained);
		monitor_unlock(&server->drained);
	}
}

void request_on_connection(void *cls, struct MHD_Connection *connection, void **slot,
        enum MHD_ConnectionNotificationCode what)
{
	struct http_server *server = cls;
	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		reaper_remove(server->reaper, *slot);
		*slot = NULL;
		return;
	}
	const union MHD_ConnectionInfo *info =
	        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	if (info == NULL) {
		return;
	}
	*slot = reaper_add(server->reaper, info->connect_fd);
	if (*slot == NULL) {
		/* A connection without a deadline is not let in. */
		shutdown(info->connect_fd, SHUT_RDWR);
	}
}

/* ------------------------------------------------------- reading a request */

enum http_method http_request_method(const struct http_request *request)
{
	return request->method;
}

const char *http_request_param(const struct http_request *request, int n)
{
	return n >= 0 && n < HTTP_PATH_PARAMS_MAX ? request->match.params[n] : "";
}

const char *http_request_query(const struct http_request *request, const char *name)
{
	for (size_t i = 0; i < request->arg_count; i++) {
		if (str_equal(request->args[i].name, name)) {
			return request->args[i].value;
		}
	}
	return NULL;
}

const char *http_request_query_name(const struct http_request *request, size_t n)
{
	return n < request->arg_count ? request->args[n].name : NULL;
}

struct header_count {
	const char *name;
	int count;
};

static enum MHD_Result count_header(
        void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	(void)kind;
	(void)value;
	struct header_count *counted = cls;
	counted->count += str_equal_fold(name, counted->name) ? 1 : 0;
	return MHD_YES;
}

int http_request_header_count(const struct http_request *request, const char *name)
{
	struct header_count counted = {.name = name};
	MHD_get_connection_values(request->connection, MHD_HEADER_KIND, count_header, &counted);
	return counted.count;
}

const char *http_request_header(const struct http_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

bool http_request_cookie(
        const struct http_request *request, const char *name, char *to, size_t size)
{
	const char *header = http_request_header(request, "Cookie");
	return header != NULL && http_request_header_count(request, "Cookie") == 1 &&
	        cookie_find(header, name, to, size);
}

const struct http_actor *http_request_actor(const struct http_request *request)
{
	return &request->actor;
}

void http_request_set_actor(struct http_request *request, const struct http_actor *actor)
{
	request->actor = *actor;
}

const char *http_request_body(const struct http_request *request, size_t *len)
{
	*len = request->body.len;
	return buf_text(&request->body);
}

const char *http_request_id(const struct http_request *request)
{
	return request->id;
}

/* ------------------------------------------------------------------ tickets */

struct http_ticket *http_ticket_take(struct http_request *request, int64_t timeout_ms)
{
	if (request->server->tickets == NULL || request->ticket != NULL) {
		return NULL;
	}
	request->ticket = ticket_open(request->server->tickets, request->connection, timeout_ms);
	return request->ticket;
}
