/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/http.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "tests/sandbox/api.h"
#include "tests/sandbox/request.h"
#include "tests/sandbox/sandbox.h"

enum { MAX_CONNECTIONS = 2000, BACKLOG = 511, IDLE_SECONDS = 120, CHUNK_BYTES = 32768 };

struct http {
	struct MHD_Daemon *daemon;
	struct sandbox *sb;
	char address[64];
};

/* One request while it is read. */
struct exchange {
	char *uri;
	struct request request;
	bool has_begun;
	bool is_too_large;
	char *body;
	size_t length;
	size_t room;
};

/* The rest of a body that ends before its length, by closing the connection. */
struct cut {
	char *text;
	size_t length; /* bytes that are sent */
	int fd;
	bool reset;
};

static void *begin_exchange(void *context, const char *uri, struct MHD_Connection *connection)
{
	struct exchange *x = util_alloc(sizeof(*x));

	(void)context;
	(void)connection;
	x->uri = util_dup(uri);
	return x;
}

static void end_exchange(void *context, struct MHD_Connection *connection, void **state,
        enum MHD_RequestTerminationCode how)
{
	struct exchange *x = *state;

	(void)context;
	(void)connection;
	(void)how;
	if (x != NULL) {
		if (x->has_begun) {
			request_finish(&x->request);
		}
		free(x->uri);
		free(x->body);
		free(x);
	}
	*state = NULL;
}

static enum MHD_Result note_header(
        void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct request *rq = context;
	const struct {
		const char *name;
		char **slot;
	} wanted[] = {{"Authorization", &rq->authorization}, {"Content-Type", &rq->content_type},
	        {"Accept", &rq->accept}, {"If-Match", &rq->if_match}, {"Host", &rq->host}};

	(void)kind;
	if (strcasecmp(name, "Content-Length") == 0 || strcasecmp(name, "Transfer-Encoding") == 0) {
		rq->has_length = true;
	}
	for (size_t i = 0; i < COUNT(wanted); i++) {
		if (strcasecmp(name, wanted[i].name) == 0 && *wanted[i].slot == NULL &&
		        value != NULL) {
			*wanted[i].slot = util_dup(value);
		}
	}
	return MHD_YES;
}

static void append_body(struct exchange *x, const char *data, size_t size)
{
	if (x->length + size > REQUEST_MAX_BODY_BYTES) {
		x->is_too_large = true;
		return;
	}
	if (x->length + size > x->room) {
		x->room = 2 * (x->length + size);
		x->body = util_grow(x->body, x->room);
	}
	memcpy(x->body + x->length, data, size);
	x->length += size;
}

static ssize_t read_cut(void *context, uint64_t position, char *out, size_t room)
{
	struct cut *cut = context;
	size_t left = cut->length - (size_t)position;
	size_t size = left < room ? left : room;

	if (left == 0) {
		if (cut->reset) {
			/* Leaving the peer this way sends RST instead of FIN. */
			(void)connect(cut->fd, &(struct sockaddr){.sa_family = AF_UNSPEC},
			        sizeof(struct sockaddr));
		}
		return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	memcpy(out, cut->text + position, size);
	return (ssize_t)size;
}

static void free_cut(void *context)
{
	struct cut *cut = context;

	free(cut->text);
	free(cut);
}

static struct MHD_Response *cut_response(struct MHD_Connection *connection, const struct reply *rp)
{
	const union MHD_ConnectionInfo *info =
	        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct cut *cut = util_alloc(sizeof(*cut));
	size_t size = rp->cut_bytes < rp->text_length ? rp->cut_bytes : rp->text_length;

	cut->text = util_dup_n(rp->text_length > 0 ? rp->text : "", rp->text_length);
	cut->length = size;
	cut->fd = info != NULL ? info->connect_fd : -1;
	cut->reset = rp->cut_reset;
	return MHD_create_response_from_callback(
	        rp->text_length + 1, CHUNK_BYTES, read_cut, cut, free_cut);
}

static struct MHD_Response *make_response(struct MHD_Connection *connection, const struct reply *rp)
{
	struct MHD_Response *response = rp->is_cut
	        ? cut_response(connection, rp)
	        : MHD_create_response_from_buffer(rp->text_length, rp->text, MHD_RESPMEM_MUST_COPY);

	for (size_t i = 0; response != NULL && i < rp->header_count; i++) {
		(void)MHD_add_response_header(response, rp->headers[i].name, rp->headers[i].value);
	}
	if (response != NULL && rp->content_type != NULL) {
		(void)MHD_add_response_header(response, "Content-Type", rp->content_type);
	}
	return response;
}

static enum MHD_Result send_reply(struct MHD_Connection *connection, const struct reply *rp)
{
	/* Nothing at all: the connection is closed without an answer. */
	if (rp->is_cut && rp->cut_bytes == 0) {
		const union MHD_ConnectionInfo *info =
		        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

		if (rp->cut_reset && info != NULL) {
			(void)connect(info->connect_fd, &(struct sockaddr){.sa_family = AF_UNSPEC},
			        sizeof(struct sockaddr));
		}
		return MHD_NO;
	}
	struct MHD_Response *response = make_response(connection, rp);

	if (response == NULL) {
		return MHD_NO;
	}
	enum MHD_Result result = MHD_queue_response(connection, (unsigned int)rp->status, response);

	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result serve(
        struct http *http, struct MHD_Connection *connection, struct exchange *x)
{
	struct reply reply = {0};

	if (x->is_too_large) {
		reply_text(&reply, 413, "text/plain", "the body is too large\n");
	} else {
		if (x->length > 0) {
			request_set_body(&x->request, x->body, x->length);
		}
		api_serve(http->sb, &x->request, &reply);
	}
	enum MHD_Result result = send_reply(connection, &reply);

	reply_finish(&reply);
	return result;
}

/* H1: called once with the headers, once for each part of the body, and once at its end. */
static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url,
        const char *method, const char *version, const char *data, size_t *size, void **state)
{
	struct http *http = context;
	struct exchange *x = *state;

	(void)url;
	(void)version;
	if (x == NULL) {
		return MHD_NO;
	}
	if (!x->has_begun) {
		request_init(&x->request, method, x->uri);
		x->has_begun = true;
		(void)MHD_get_connection_values(
		        connection, MHD_HEADER_KIND, note_header, &x->request);
		return MHD_YES;
	}
	if (*size > 0) {
		append_body(x, data, *size);
		*size = 0;
		return MHD_YES;
	}
	return serve(http, connection, x);
}

static bool parse_address(const char *text, struct sockaddr_in *address)
{
	const char *colon = strrchr(text, ':');
	char *end = NULL;
	unsigned long port = colon != NULL ? strtoul(colon + 1, &end, 10) : 0;

	if (colon == NULL || colon[1] == '\0' || *end != '\0' || port > 65535) {
		return false;
	}
	char *host = util_dup_n(text, (size_t)(colon - text));
	bool is_good = inet_pton(AF_INET, host, &address->sin_addr) == 1;

	free(host);
	address->sin_family = AF_INET;
	address->sin_port = htons((uint16_t)port);
	return is_good;
}

static struct MHD_Daemon *start_daemon(struct http *http, struct sockaddr_in *address)
{
	unsigned int flags = MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
	        MHD_USE_POLL | MHD_USE_ITC;

	return MHD_start_daemon(flags, 0, NULL, NULL, handle, http, MHD_OPTION_SOCK_ADDR, address,
	        MHD_OPTION_CONNECTION_LIMIT, (unsigned int)MAX_CONNECTIONS,
	        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)IDLE_SECONDS,
	        MHD_OPTION_LISTEN_BACKLOG_SIZE, (unsigned int)BACKLOG, MHD_OPTION_URI_LOG_CALLBACK,
	        begin_exchange, NULL, MHD_OPTION_NOTIFY_COMPLETED, end_exchange, NULL,
	        MHD_OPTION_END);
}

struct http *http_start(struct sandbox *sb, const char *address)
{
	struct sockaddr_in where = {0};
	struct http *http = util_alloc(sizeof(*http));
	char host[INET_ADDRSTRLEN];

	http->sb = sb;
	if (!parse_address(address, &where)) {
		(void)fprintf(stderr, "sandbox: %s: no address HOST:PORT\n", address);
		free(http);
		return NULL;
	}
	http->daemon = start_daemon(http, &where);
	if (http->daemon == NULL) {
		(void)fprintf(stderr, "sandbox: cannot listen on %s\n", address);
		free(http);
		return NULL;
	}
	const union MHD_DaemonInfo *info =
	        MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_BIND_PORT);
	unsigned int port = info != NULL ? info->port : 0;

	(void)inet_ntop(AF_INET, &where.sin_addr, host, sizeof(host));
	util_format(http->address, sizeof(http->address), "%s:%u", host, port);
	return http;
}

const char *http_address(const struct http *http)
{
	return http->address;
}

void http_stop(struct http *http)
{
	if (http != NULL) {
		MHD_stop_daemon(http->daemon);
		free(http);
	}
}
