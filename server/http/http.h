/* SPDX-License-Identifier: MIT */
#ifndef SERVER_HTTP_HTTP_H
#define SERVER_HTTP_HTTP_H

/*
 * The HTTP server, and the only user of libmicrohttpd. A listener serves one
 * route table. It judges framing, method, path and size before a handler runs
 * (H1 to H5), collects the body within the route's cap, asks `authorize` for
 * routes that need a role, and sends what the handler put in the reply. Errors
 * have one JSON shape: {"error":{"code","message","hint","request_id"}}.
 *
 * A listener is either POOLED (epoll threads; handlers must not block; an
 * answer may be given later through a ticket) or THREADED (a thread per
 * connection; handlers may block; for the admin listener). Stop is
 * http_quiesce, then http_stop: the first refuses new work, the second waits
 * for requests in flight within a bound and frees everything (H9 to H12).
 */

#include "server/base/address.h"
#include "server/base/attr.h"
#include "server/base/buf.h"
#include "server/base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_BODY_MAX_BYTES  (256 * 1024)
#define HTTP_REPLY_MAX_BYTES (16 * 1024 * 1024)
#define HTTP_PATH_PARAMS_MAX 3

enum http_method { HTTP_GET, HTTP_POST, HTTP_PUT, HTTP_DELETE, HTTP_METHOD_COUNT };

/* Who may call a route; the table says it, handlers never check. Each may do what those before it
 * may. */
enum http_role { HTTP_ROLE_PUBLIC, HTTP_ROLE_VIEWER, HTTP_ROLE_OPERATOR, HTTP_ROLE_ADMIN };

/* A route's flags. */
#define HTTP_FRESH 1U /* only for who has just proved who they are */
#define HTTP_PAGE  2U /* part of the console's page; no API */

/* On whose behalf a request is made, as `authorize` found out. */
enum http_actor_kind {
	HTTP_NOBODY, /* a public route */
	HTTP_TOKEN, /* the admin token: a program on this machine */
	HTTP_SESSION /* somebody who signed in */
};

struct http_actor {
	enum http_actor_kind kind;
	enum http_role role;
	char name[64]; /* of the account; "" but for HTTP_SESSION */
	int64_t account; /* its number; 0 but for HTTP_SESSION */
	int64_t session; /* 0 but for HTTP_SESSION */
};

struct http_request; /* valid until the handler returns, or until its ticket is answered */

#define HTTP_REPLY_HEADERS_MAX  4
#define HTTP_HEADER_VALUE_BYTES 256

struct http_header {
	const char *name; /* static */
	char value[HTTP_HEADER_VALUE_BYTES];
};

struct http_reply {
	int status; /* 200 at first */
	const char *content_type; /* static; application/json at first */
	struct buf body; /* owned by http; capped at HTTP_REPLY_MAX_BYTES */
	const void *bytes; /* static; sent in the body's place; NULL: none */
	size_t bytes_len;
	int file; /* sent from its beginning in the body's place and closed by http; -1: none */
	int64_t file_bytes; /* of it */
	int retry_after_s; /* 0: no header */
	struct http_header *headers; /* beside those every answer has; NULL: none; http's */
	size_t header_count;
	const char *cache; /* static; the Cache-Control; no-store at first */
};

enum http_verdict {
	HTTP_ANSWERED, /* reply is filled in */
	HTTP_LATER, /* a ticket was taken; POOLED listeners only */
};

typedef enum http_verdict (*http_handler)(
        struct http_request *request, struct http_reply *reply, void *context);

struct http_route {
	enum http_method method;
	const char *path; /* "/webhooks/bob/{connection}": {x} matches one non-empty segment */
	enum http_role role;
	size_t body_max_bytes;
	unsigned flags; /* HTTP_FRESH... */
	http_handler handler;
};

enum http_mode { HTTP_POOLED, HTTP_THREADED };

struct http_options {
	const char *name; /* label of metrics and logs: "public", "admin" */
	const char *listen; /* "127.0.0.1:8080", "[::1]:0", "0.0.0.0:8080" */
	enum http_mode mode;
	const struct http_route *routes; /* borrowed; ends with a NULL path */
	void *context; /* handed to every handler */
	/*
	 * Asked for every request that has a route, before its body is read: ERR_OK, or why it is
	 * refused, with complaint saying it (static). Sets the actor. NULL: only public routes
	 * answer.
	 */
	enum err_code (*authorize)(struct http_request *request, const struct http_route *route,
	        const char **complaint, void *context);
	int threads; /* POOLED: pool size */
	int connections_max; /* of the listener */
	int connections_per_ip_max; /* 0: no such limit (behind one proxy) */
	int in_flight_max; /* beyond: 503 with Retry-After (H8) */
	int64_t header_deadline_ms; /* a reaper closes later ones (engine rule 17) */
	int64_t body_deadline_ms;
	int64_t write_deadline_ms; /* of one answer, from its beginning to its end */
	const struct address_ranges *trusted_proxies; /* borrowed; NULL: none (peer.h) */
};

struct http_server;

/* Listens and serves; NULL with an error that names the address. */
struct http_server *http_start(const struct http_options *options, struct err *err) MUST_CHECK;
/* The port really bound (for ":0"). */
int http_port(const struct http_server *server);
/* No new requests are taken; those in flight go on. Any thread, once. */
void http_quiesce(struct http_server *server);
/* Waits until deadline_ms (monotonic), answers open tickets with 503, frees. */
void http_stop(struct http_server *server, int64_t deadline_ms);

/* Reading a request; all borrowed. */
enum http_method http_request_method(const struct http_request *request);
/* The text that matched the n-th {x}; percent-decoded; "" when there is none. */
const char *http_request_param(const struct http_request *request, int n);
/* The value of a query argument; NULL when absent. */
const char *http_request_query(const struct http_request *request, const char *name);
/* The name of the n-th query argument; NULL beyond the last. */
const char *http_request_query_name(const struct http_request *request, size_t n);
/* How often a header came, and its first value (H5: callers refuse more than one). */
int http_request_header_count(const struct http_request *request, const char *name);
const char *http_request_header(const struct http_request *request, const char *name);
const char *http_request_body(const struct http_request *request, size_t *len);
const char *http_request_id(const struct http_request *request);
/*
 * The value of a cookie (cookie.h); false also when there are two Cookie headers (H5).
 */
bool http_request_cookie(
        const struct http_request *request, const char *name, char *to, size_t size);
/* On whose behalf; HTTP_NOBODY until `authorize` has set somebody. */
const struct http_actor *http_request_actor(const struct http_request *request);
void http_request_set_actor(struct http_request *request, const struct http_actor *actor);
/* Whom it came from (peer.h). */
struct address http_request_peer(const struct http_request *request);

/* Filling in a reply. */
void http_reply_error(struct http_reply *reply, const struct http_request *request,
        enum err_code code, const char *message);
void http_reply_err(
        struct http_reply *reply, const struct http_request *request, const struct err *err);
/* The same with the members of more, an object that is taken, beside "error". */
void http_reply_err_with(struct http_reply *reply, const struct http_request *request,
        const struct err *err, json_t *more);
/* Takes the json reference. */
void http_reply_json(struct http_reply *reply, int status, json_t *json);
/* Takes the descriptor; bytes of it are sent. Other deadlines than for a body (reaper.h). */
void http_reply_file(struct http_reply *reply, int fd, int64_t bytes, const char *content_type);
void http_reply_text(struct http_reply *reply, int status, const char *text);
/* Static bytes; nothing is copied. */
void http_reply_static(
        struct http_reply *reply, const void *bytes, size_t len, const char *content_type);
/* One more header; name is static. False when there is no room for it. */
bool http_reply_header(struct http_reply *reply, const char *name, const char *value);

/*
 * Answering later (H12, engine rule 13). http_ticket_take suspends the
 * request, so take it BEFORE handing the work on. Of http_ticket_answer, the
 * deadline and stop only the first wins and resumes the connection; the others
 * are no-ops. The taker owns one reference and must call http_ticket_answer
 * exactly once, also when it lost: that call releases the reference. On the
 * deadline the client gets 503 with Retry-After.
 */
struct http_ticket;
struct http_ticket *http_ticket_take(struct http_request *request, int64_t timeout_ms) MUST_CHECK;
/* Status and code only (ERR_OK: 200 with an empty JSON object). Any thread. */
void http_ticket_answer(struct http_ticket *ticket, enum err_code code);

#endif
