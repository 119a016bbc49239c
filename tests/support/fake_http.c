/* SPDX-License-Identifier: MIT */
#include "tests/support/fake_http.h"

#include "server/base/buf.h"
#include "server/base/str.h"
#include "server/base/thread.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUESTS_MAX      4096
#define SCRIPT_MAX        1024
#define CONNECTIONS_MAX   256
#define REQUEST_MAX_BYTES (4 * 1024 * 1024)
#define ANSWER_MAX_BYTES  (32 * 1024 * 1024)
#define URL_BYTES         64

struct entry {
	char *bytes;
	enum fake_end end;
};

struct connection {
	struct fake_http *fake;
	int fd;
	pthread_t thread;
};

struct fake_http {
	int listen_fd;
	char url[URL_BYTES];
	pthread_t thread;
	fake_handler *handler;
	void *context;
	struct monitor monitor;
	/* Protected by monitor: */
	struct entry script[SCRIPT_MAX];
	size_t script_len;
	size_t script_at;
	struct fake_request *requests[REQUESTS_MAX];
	size_t request_count;
	struct connection connections[CONNECTIONS_MAX];
	size_t connection_count;
	bool is_stopping;
};

static void die(const char *what)
{
	perror(what);
	abort();
}

static void *must(void *memory)
{
	if (memory == NULL) {
		die("fake_http: no memory");
	}
	return memory;
}

/* ------------------------------------------------------------- requests */

static const char *header_value(const char *head, const char *name)
{
	size_t name_len = strlen(name);
	for (const char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
		line += 2;
		if (strncasecmp(line, name, name_len) == 0 && line[name_len] == ':') {
			return line + name_len + 1;
		}
	}
	return NULL;
}

bool fake_request_header(
        const struct fake_request *request, const char *name, char *to, size_t size)
{
	const char *value = header_value(request->head, name);
	if (value == NULL) {
		return false;
	}
	value += strspn(value, " ");
	return str_format(to, size, "%.*s", (int)strcspn(value, "\r"), value);
}

/* Reads until the bytes hold a whole head; returns its length, or 0 at the end. */
static size_t receive_head(int fd, struct buf *received)
{
	const char *end = strstr(buf_text(received), "\r\n\r\n");
	while (end == NULL) {
		char part[4096];
		ssize_t len = recv(fd, part, sizeof(part), 0);
		if (len <= 0 || !buf_add(received, part, (size_t)len)) {
			return 0;
		}
		end = strstr(buf_text(received), "\r\n\r\n");
	}
	return (size_t)(end - buf_text(received)) + 4;
}

static bool receive_body(int fd, struct buf *received, size_t needed)
{
	while (received->len < needed) {
		char part[4096];
		ssize_t len = recv(fd, part, sizeof(part), 0);
		if (len <= 0 || !buf_add(received, part, (size_t)len)) {
			return false;
		}
	}
	return true;
}

static size_t content_length(const char *head)
{
	const char *value = header_value(head, "Content-Length");
	return value != NULL ? (size_t)strtoul(value, NULL, 10) : 0;
}

static struct fake_request *make_request(const struct buf *received, size_t head_len)
{
	struct fake_request *request = must(calloc(1, sizeof(*request)));
	request->head = must(str_dup_len(buf_text(received), head_len));
	request->body_len = content_length(request->head);
	request->body = must(str_dup_len(buf_text(received) + head_len, request->body_len));
	size_t method_len = strcspn(request->head, " ");
	const char *target = request->head + method_len + 1;
	request->method = must(str_dup_len(request->head, method_len));
	request->target = must(str_dup_len(target, strcspn(target, " ")));
	return request;
}

static struct fake_request *receive_request(int fd)
{
	struct fake_request *request = NULL;
	struct buf received;
	buf_init(&received, REQUEST_MAX_BYTES);
	size_t head_len = receive_head(fd, &received);
	if (head_len > 0 &&
	        receive_body(fd, &received, head_len + content_length(buf_text(&received)))) {
		request = make_request(&received, head_len);
	}
	buf_finish(&received);
	return request;
}

static void record(struct fake_http *fake, struct fake_request *request)
{
	monitor_lock(&fake->monitor);
	if (fake->request_count == REQUESTS_MAX) {
		die("fake_http: too many requests");
	}
	fake->requests[fake->request_count++] = request;
	monitor_unlock(&fake->monitor);
}

/* -------------------------------------------------------------- answers */

char *fake_http_format(int status, const char *headers, const char *body)
{
	struct buf bytes;
	buf_init(&bytes, ANSWER_MAX_BYTES);
	buf_add_format(&bytes, "HTTP/1.1 %d Fake\r\nContent-Length: %zu\r\n", status, strlen(body));
	if (strcasestr(headers, "content-type:") == NULL) {
		buf_add_text(&bytes, "Content-Type: application/json\r\n");
	}
	buf_add_text(&bytes, headers);
	buf_add_text(&bytes, "\r\n");
	buf_add_text(&bytes, body);
	return must(buf_take(&bytes));
}

static struct entry take_entry(struct fake_http *fake, const struct fake_request *request)
{
	if (fake->handler != NULL) {
		return (struct entry){must(fake->handler(fake->context, request)), FAKE_KEEP};
	}
	monitor_lock(&fake->monitor);
	struct entry entry = {NULL, FAKE_KEEP};
	if (fake->script_at < fake->script_len) {
		entry = fake->script[fake->script_at];
		fake->script[fake->script_at++].bytes = NULL;
	}
	monitor_unlock(&fake->monitor);
	if (entry.bytes == NULL) {
		entry.bytes = fake_http_format(599, "", "{\"fake\":\"the script is over\"}");
	}
	return entry;
}

static bool send_all(int fd, const char *bytes)
{
	size_t left = strlen(bytes);
	while (left > 0) {
		ssize_t len = send(fd, bytes, left, MSG_NOSIGNAL);
		if (len <= 0) {
			return false;
		}
		bytes += len;
		left -= (size_t)len;
	}
	return true;
}

static void hang(struct fake_http *fake)
{
	monitor_lock(&fake->monitor);
	while (!fake->is_stopping) {
		monitor_wait(&fake->monitor);
	}
	monitor_unlock(&fake->monitor);
}

static void reset(int fd)
{
	struct linger linger = {.l_onoff = 1, .l_linger = 0};
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

static bool answer(struct connection *connection, const struct fake_request *request)
{
	struct entry entry = take_entry(connection->fake, request);
	bool is_sent = send_all(connection->fd, entry.bytes);
	free(entry.bytes);
	if (entry.end == FAKE_HANG) {
		hang(connection->fake);
	} else if (entry.end == FAKE_RESET) {
		reset(connection->fd);
	}
	return is_sent && entry.end == FAKE_KEEP;
}

static void *serve(void *context)
{
	struct connection *connection = context;
	bool goes_on = true;
	while (goes_on) {
		struct fake_request *request = receive_request(connection->fd);
		goes_on = request != NULL;
		if (goes_on) {
			record(connection->fake, request);
			goes_on = answer(connection, request);
		}
	}
	monitor_lock(&connection->fake->monitor);
	close(connection->fd);
	connection->fd = -1;
	monitor_unlock(&connection->fake->monitor);
	return NULL;
}

static void add_connection(struct fake_http *fake, int fd)
{
	int one = 1;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	monitor_lock(&fake->monitor);
	if (fake->connection_count == CONNECTIONS_MAX) {
		die("fake_http: too many connections");
	}
	struct connection *connection = &fake->connections[fake->connection_count++];
	*connection = (struct connection){.fake = fake, .fd = fd};
	if (!thread_start(&connection->thread, "fake-conn", serve, connection, NULL)) {
		die("fake_http: thread");
	}
	monitor_unlock(&fake->monitor);
}

static void *accept_all(void *context)
{
	struct fake_http *fake = context;
	int fd = accept(fake->listen_fd, NULL, NULL);
	while (fd >= 0) {
		add_connection(fake, fd);
		fd = accept(fake->listen_fd, NULL, NULL);
	}
	return NULL;
}

/* ------------------------------------------------------------ life, facts */

static void listen_somewhere(struct fake_http *fake)
{
	struct sockaddr_in address = {
	        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	fake->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fake->listen_fd < 0 ||
	        bind(fake->listen_fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	        listen(fake->listen_fd, 64) != 0 ||
	        getsockname(fake->listen_fd, (struct sockaddr *)&address, &len) != 0 ||
	        !str_format(fake->url, sizeof(fake->url), "http://127.0.0.1:%d",
	                ntohs(address.sin_port))) {
		die("fake_http: listen");
	}
}

struct fake_http *fake_http_start_handler(fake_handler *handler, void *context)
{
	struct fake_http *fake = must(calloc(1, sizeof(*fake)));
	fake->handler = handler;
	fake->context = context;
	listen_somewhere(fake);
	if (!monitor_init(&fake->monitor) ||
	        !thread_start(&fake->thread, "fake-accept", accept_all, fake, NULL)) {
		die("fake_http: start");
	}
	return fake;
}

struct fake_http *fake_http_start(void)
{
	return fake_http_start_handler(NULL, NULL);
}

/* shutdown() wakes the threads that wait in accept() and recv(). */
static void wake_all(struct fake_http *fake)
{
	shutdown(fake->listen_fd, SHUT_RDWR);
	thread_join(fake->thread);
	monitor_lock(&fake->monitor);
	fake->is_stopping = true;
	monitor_wake_all(&fake->monitor);
	for (size_t i = 0; i < fake->connection_count; i++) {
		if (fake->connections[i].fd >= 0) {
			shutdown(fake->connections[i].fd, SHUT_RDWR);
		}
	}
	monitor_unlock(&fake->monitor);
	for (size_t i = 0; i < fake->connection_count; i++) {
		thread_join(fake->connections[i].thread);
	}
}

void fake_http_stop(struct fake_http *fake)
{
	if (fake == NULL) {
		return;
	}
	wake_all(fake);
	close(fake->listen_fd);
	for (size_t i = 0; i < fake->script_len; i++) {
		free(fake->script[i].bytes);
	}
	for (size_t i = 0; i < fake->request_count; i++) {
		free(fake->requests[i]->method);
		free(fake->requests[i]->target);
		free(fake->requests[i]->head);
		free(fake->requests[i]->body);
		free(fake->requests[i]);
	}
	monitor_finish(&fake->monitor);
	free(fake);
}

const char *fake_http_url(struct fake_http *fake)
{
	return fake->url;
}

static void add_entry(struct fake_http *fake, char *bytes, enum fake_end end)
{
	monitor_lock(&fake->monitor);
	if (fake->script_len == SCRIPT_MAX) {
		die("fake_http: script too long");
	}
	fake->script[fake->script_len++] = (struct entry){bytes, end};
	monitor_unlock(&fake->monitor);
}

void fake_http_script(struct fake_http *fake, int status, const char *headers, const char *body)
{
	add_entry(fake, fake_http_format(status, headers, body), FAKE_KEEP);
}

void fake_http_script_raw(struct fake_http *fake, const char *bytes, enum fake_end end)
{
	add_entry(fake, must(str_dup(bytes)), end);
}

size_t fake_http_count(struct fake_http *fake)
{
	monitor_lock(&fake->monitor);
	size_t count = fake->request_count;
	monitor_unlock(&fake->monitor);
	return count;
}

size_t fake_http_connections(struct fake_http *fake)
{
	monitor_lock(&fake->monitor);
	size_t count = fake->connection_count;
	monitor_unlock(&fake->monitor);
	return count;
}

const struct fake_request *fake_http_request(struct fake_http *fake, size_t index)
{
	monitor_lock(&fake->monitor);
	const struct fake_request *request =
	        index < fake->request_count ? fake->requests[index] : NULL;
	monitor_unlock(&fake->monitor);
	return request;
}
