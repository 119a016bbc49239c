/* SPDX-License-Identifier: MIT */
#include "server/http/http.h"

#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "server/base/str.h"
#include "server/http/reaper.h"
#include "server/http/request.h"
#include "server/http/server.h"
#include "server/http/ticket.h"

#include <fcntl.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* A connection kept alive without a word; longer than proxies keep theirs (H7). */
#define IDLE_TIMEOUT_S UINT32_C(75)
/* Head, and one part of a body at a time. */
#define CONNECTION_MEMORY_BYTES (32 * 1024)
/* After the deadline of stop: for the last 503s to leave. */
#define STOP_GRACE_MS 500

/*
 * Paths and arguments stay as they came; url.c decodes what is needed (H16).
 * libmicrohttpd takes the length of the result from here.
 */
static size_t keep_escapes(void *cls, struct MHD_Connection *connection, char *text)
{
	(void)cls;
	(void)connection;
	return strlen(text);
}

/*
 * a thread that has no connection yet and gets no descriptor for its first tries again and
 * again, a core long; a thread with connections waits until one ends. It says so before each time,
 * which is where it is made to rest. What else libmicrohttpd says is nothing new.
 */
static void rest_without_descriptors(void *cls, const char *format, va_list arguments)
{
	static const char SAID[] = "Hit process or system resource limit at FIRST connection";
	static const struct timespec REST = {.tv_nsec = 50 * 1000 * 1000};
	(void)cls;
	(void)arguments;
	if (strncmp(format, SAID, sizeof(SAID) - 1) == 0) {
		(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &REST, NULL);
	}
}

static unsigned flags_of(const struct http_server *server)
{
	unsigned flags = MHD_USE_ITC | MHD_USE_ERROR_LOG |
	        (server->listening.family == AF_INET6 ? MHD_USE_IPv6 : 0U);
	if (server->options.mode == HTTP_POOLED) {
		return flags | MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
	}
	return flags | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
	        MHD_USE_POLL;
}

/* H13: a pool of one is ignored with a warning, so it is not asked for. */
static unsigned pool_size_of(const struct http_options *options)
{
	return options->mode == HTTP_POOLED && options->threads > 1 ? (unsigned)options->threads
	                                                            : 0;
}

static bool start_daemon(struct http_server *server, struct err *err)
{
	const struct http_options *options = &server->options;
	unsigned pool_size = pool_size_of(options);
	struct MHD_OptionItem pool[] = {
	        {MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)pool_size, NULL},
	        {MHD_OPTION_END, 0, NULL},
	};
	struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
	server->daemon = MHD_start_daemon(flags_of(server), 0, NULL, NULL, request_on_call, server,
	        MHD_OPTION_EXTERNAL_LOGGER, rest_without_descriptors, NULL,
	        MHD_OPTION_LISTEN_SOCKET, server->listening.fd, MHD_OPTION_CONNECTION_LIMIT,
	        (unsigned)options->connections_max, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
	        (unsigned)options->connections_per_ip_max, MHD_OPTION_CONNECTION_TIMEOUT,
	        IDLE_TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY_BYTES,
	        MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_NOTIFY_COMPLETED,
	        request_on_completed, server, MHD_OPTION_NOTIFY_CONNECTION, request_on_connection,
	        server, MHD_OPTION_ARRAY, pool_size > 0 ? pool : none, MHD_OPTION_END);
	if (server->daemon == NULL) {
		err_set(err, ERR_IO, "the HTTP server on %s cannot be started", options->listen);
		return false;
	}
	return true;
}

static bool start_helpers(struct http_server *server, struct err *err)
{
	struct reaper_options deadlines = {
	        .header_deadline_ms = server->options.header_deadline_ms,
	        .body_deadline_ms = server->options.body_deadline_ms,
	        .write_deadline_ms = server->options.write_deadline_ms,
	};
	server->reaper = reaper_start(&deadlines, err);
	if (server->reaper == NULL) {
		return false;
	}
	if (server->options.mode == HTTP_POOLED) {
		server->tickets = tickets_start(err);
		return server->tickets != NULL;
	}
	return true;
}

/* Frees what is there; the daemon is stopped or was never started. */
static void destroy(struct http_server *server)
{
	tickets_stop(server->tickets);
	reaper_stop(server->reaper);
	if (server->listening.fd >= 0) {
		close(server->listening.fd);
	}
	monitor_finish(&server->drained);
	free(server);
}

static bool make_id_prefix(struct http_server *server, struct err *err)
{
	uint8_t bytes[4];
	if (!crypto_random(bytes, sizeof(bytes), err)) {
		return false;
	}
	str_hex(server->id_prefix, bytes, sizeof(bytes));
	return true;
}

static struct http_server *create(const struct http_options *options, struct err *err)
{
	struct http_server *server = calloc(1, sizeof(*server));
	if (server == NULL || !monitor_init(&server->drained)) {
		free(server);
		err_set(err, ERR_NO_MEMORY, "no memory for the HTTP server on %s", options->listen);
		return NULL;
	}
	server->options = *options;
	server->listening.fd = -1;
	str_format_cut(server->name, sizeof(server->name), "%s", options->name);
	return server;
}

struct http_server *http_start(const struct http_options *options, struct err *err)
{
	struct http_server *server = create(options, err);
	if (server == NULL) {
		return NULL;
	}
	if (make_id_prefix(server, err) && listen_open(options->listen, &server->listening, err) &&
	        start_helpers(server, err) && start_daemon(server, err)) {
		return server;
	}
	destroy(server);
	return NULL;
}

int http_port(const struct http_server *server)
{
	return server->listening.port;
}

/*
 * MHD_quiesce_daemon takes the socket out of the epoll set of each thread of a pool while that
 * thread may be doing the same, and libmicrohttpd 0.9.75 then aborts the process ("Failed to
 * remove listen FD from epoll set"). So the number of the socket is given to something that never
 * becomes readable: the socket is closed by that, which takes it out of all sets and refuses
 * newcomers at once, and the threads see nothing. The number is libmicrohttpd's to close.
 */
static bool swap_listener(struct http_server *server)
{
	int nobody = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (nobody < 0) {
		return false;
	}
	bool is_swapped = dup3(nobody, server->listening.fd, O_CLOEXEC) >= 0;
	close(nobody);
	if (is_swapped) {
		server->listening.fd = -1;
	}
	return is_swapped;
}

void http_quiesce(struct http_server *server)
{
	if (atomic_exchange(&server->is_draining, true)) {
		return;
	}
	if (server->options.mode == HTTP_POOLED && swap_listener(server)) {
		return;
	}
	/* H11: the socket is ours again, and is closed only after the daemon stopped. Shut down,
	   it refuses newcomers at once instead of leaving them in the backlog (H8). */
	if (MHD_quiesce_daemon(server->daemon) != MHD_INVALID_SOCKET) {
		shutdown(server->listening.fd, SHUT_RDWR);
	}
}

/* H10: requests are counted, not connections. */
static void wait_for_requests(struct http_server *server, int64_t deadline_ms)
{
	monitor_lock(&server->drained);
	while (atomic_load(&server->in_flight) > 0 &&
	        monitor_wait_until(&server->drained, deadline_ms)) {
	}
	monitor_unlock(&server->drained);
}

void http_stop(struct http_server *server, int64_t deadline_ms)
{
	if (server == NULL) {
		return;
	}
	http_quiesce(server);
	wait_for_requests(server, deadline_ms);
	if (server->tickets != NULL) {
		/* H12: a suspended connection would abort the process below. */
		tickets_close(server->tickets);
		wait_for_requests(server, clock_mono_ms() + STOP_GRACE_MS);
	}
	MHD_stop_daemon(server->daemon);
	destroy(server);
}
