/* SPDX-License-Identifier: MIT */
#ifndef SERVER_HTTP_REQUEST_H
#define SERVER_HTTP_REQUEST_H

/*
 * One request from its head to its completion, as libmicrohttpd's callbacks
 * tell it (H1): the first call judges, the following ones bring the body, the
 * last one runs the handler. A request belongs to the thread that serves its
 * connection; only its ticket is touched by others.
 */

#include "server/http/http.h"
#include "server/http/route.h"

#include <microhttpd.h>

#define REQUEST_ID_HEADER "X-Request-Id"
#define REQUEST_ID_BYTES  33
#define REQUEST_PATH_MAX  511
#define REQUEST_ARGS_MAX  16
#define REQUEST_ARG_BYTES 256

/* NEW -> BODY -> (LATER ->) REPLIED; a verdict before the body goes from NEW to REPLIED. */
enum request_state { REQUEST_NEW, REQUEST_BODY, REQUEST_LATER, REQUEST_REPLIED };

struct request_arg {
	char name[32];
	char value[REQUEST_ARG_BYTES];
};

struct reaper_entry;

/* Below 1 KB: beyond, glibc has no quick way to give out and take back memory. */
struct http_request {
	struct http_server *server;
	struct MHD_Connection *connection;
	struct reaper_entry *entry; /* of the connection */
	enum request_state state;
	enum http_method method;
	struct route_match match;
	struct http_ticket *ticket;
	struct buf body;
	struct http_reply reply;
	enum err_code verdict; /* ERR_OK, or what the last call must answer */
	const char *verdict_text; /* static */
	int64_t body_deadline_ms;
	bool closes; /* Connection: close goes with the reply */
	struct http_actor actor;
	char id[REQUEST_ID_BYTES];
	struct request_arg *args; /* decoded query; NULL without one */
	size_t arg_count;
};

/* libmicrohttpd's callbacks; cls is the struct http_server. */
enum MHD_Result request_on_call(void *cls, struct MHD_Connection *connection, const char *url,
        const char *method, const char *version, const char *upload, size_t *upload_size,
        void **slot);
void request_on_completed(void *cls, struct MHD_Connection *connection, void **slot,
        enum MHD_RequestTerminationCode how);
void request_on_connection(void *cls, struct MHD_Connection *connection, void **slot,
        enum MHD_ConnectionNotificationCode what);

#endif
