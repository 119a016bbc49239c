/* SPDX-License-Identifier: MIT */
#include "tests/support/listener.h"

#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "server/base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MS 60000

static void must(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "listener: %s\n", what);
		abort();
	}
}

static enum http_verdict hello(
        struct http_request *request, struct http_reply *reply, void *context)
{
	(void)request;
	struct listener *listener = context;
	atomic_fetch_add(&listener->handled, 1);
	http_reply_text(reply, 200, "hello");
	return HTTP_ANSWERED;
}

static enum http_verdict hello_name(
        struct http_request *request, struct http_reply *reply, void *context)
{
	(void)context;
	char text[512];
	const char *argument = http_request_query(request, "q");
	str_format_cut(text, sizeof(text), "%s|%s", http_request_param(request, 0),
	        argument != NULL ? argument : "(none)");
	http_reply_text(reply, 200, text);
	return HTTP_ANSWERED;
}

static enum http_verdict echo(struct http_request *request, struct http_reply *reply, void *context)
{
	struct listener *listener = context;
	size_t len = 0;
	const char *body = http_request_body(request, &len);
	atomic_fetch_add(&listener->handled, 1);
	reply->content_type = "application/octet-stream";
	buf_add(&reply->body, body, len);
	return HTTP_ANSWERED;
}

static enum http_verdict gate(struct http_request *request, struct http_reply *reply, void *context)
{
	(void)request;
	struct listener *listener = context;
	monitor_lock(&listener->monitor);
	listener->waiting++;
	monitor_wake_all(&listener->monitor);
	while (!listener->is_gate_open) {
		monitor_wait(&listener->monitor);
	}
	listener->waiting--;
	monitor_unlock(&listener->monitor);
	http_reply_text(reply, 200, "through");
	return HTTP_ANSWERED;
}

static enum http_verdict later(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct listener *listener = context;
	struct http_ticket *ticket = http_ticket_take(request, listener->ticket_timeout_ms);
	if (ticket == NULL) {
		http_reply_error(reply, request, ERR_STOPPED, "no ticket");
		return HTTP_ANSWERED;
	}
	monitor_lock(&listener->monitor);
	must(listener->ticket_count < LISTENER_TICKETS_MAX, "too many tickets");
	listener->tickets[listener->ticket_count++] = ticket;
	monitor_wake_all(&listener->monitor);
	monitor_unlock(&listener->monitor);
	return HTTP_LATER;
}

static enum http_verdict thing(
        struct http_request *request, struct http_reply *reply, void *context)
{
	(void)context;
	http_reply_text(reply, 200, http_request_method(request) == HTTP_PUT ? "put" : "deleted");
	return HTTP_ANSWERED;
}

static enum err_code authorize(struct http_request *request, const struct http_route *route,
        const char **complaint, void *context)
{
	(void)context;
	*complaint = "this path needs the right token";
	bool is_right = str_equal(http_request_header(request, "Authorization"), "Bearer right");
	return route->role == HTTP_ROLE_PUBLIC || is_right ? ERR_OK : ERR_UNAUTHORIZED;
}

static const struct http_route ROUTES[] = {
        {HTTP_GET, "/hello", HTTP_ROLE_PUBLIC, 0, 0, hello},
        {HTTP_GET, "/hello/{name}", HTTP_ROLE_PUBLIC, 0, 0, hello_name},
        {HTTP_POST, "/echo", HTTP_ROLE_PUBLIC, LISTENER_CAP, 0, echo},
        {HTTP_POST, "/gate", HTTP_ROLE_PUBLIC, LISTENER_CAP, 0, gate},
        {HTTP_POST, "/later", HTTP_ROLE_PUBLIC, LISTENER_CAP, 0, later},
        {HTTP_GET, "/admin", HTTP_ROLE_ADMIN, 0, 0, hello},
        {HTTP_PUT, "/thing", HTTP_ROLE_PUBLIC, LISTENER_CAP, 0, thing},
        {HTTP_DELETE, "/thing", HTTP_ROLE_PUBLIC, 0, 0, thing},
        {.path = NULL},
};

struct http_options listener_options(struct listener *listener)
{
	return (struct http_options){
	        .name = "test",
	        .listen = "127.0.0.1:0",
	        .mode = HTTP_POOLED,
	        .routes = ROUTES,
	        .context = listener,
	        .authorize = authorize,
	        .threads = 2,
	        .connections_max = 200,
	        .in_flight_max = 100,
	        .header_deadline_ms = 5000,
	        .body_deadline_ms = 5000,
	        .write_deadline_ms = 5000,
	};
}

void listener_start(struct listener *listener, const struct http_options *options)
{
	struct err err = ERR_INIT;
	must(crypto_start(&err), err.text);
	must(monitor_init(&listener->monitor), "no monitor");
	if (listener->ticket_timeout_ms == 0) {
		listener->ticket_timeout_ms = WAIT_MS;
	}
	listener->server = http_start(options, &err);
	must(listener->server != NULL, err.text);
	listener->port = http_port(listener->server);
}

void listener_stop(struct listener *listener)
{
	http_stop(listener->server, clock_mono_ms() + WAIT_MS);
	monitor_finish(&listener->monitor);
	crypto_stop();
}

struct http_ticket *listener_next_ticket(struct listener *listener)
{
	int64_t deadline_ms = clock_mono_ms() + WAIT_MS;
	monitor_lock(&listener->monitor);
	while (listener->ticket_count == 0) {
		must(monitor_wait_until(&listener->monitor, deadline_ms), "no ticket was taken");
	}
	struct http_ticket *ticket = listener->tickets[--listener->ticket_count];
	monitor_unlock(&listener->monitor);
	return ticket;
}

void listener_wait_at_gate(struct listener *listener, int waiting)
{
	int64_t deadline_ms = clock_mono_ms() + WAIT_MS;
	monitor_lock(&listener->monitor);
	while (listener->waiting < waiting) {
		must(monitor_wait_until(&listener->monitor, deadline_ms), "nobody is at the gate");
	}
	monitor_unlock(&listener->monitor);
}

void listener_open_gate(struct listener *listener)
{
	monitor_lock(&listener->monitor);
	listener->is_gate_open = true;
	monitor_wake_all(&listener->monitor);
	monitor_unlock(&listener->monitor);
}
