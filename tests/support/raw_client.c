/* SPDX-License-Identifier: MIT */
#include "tests/support/raw_client.h"

#include "server/base/clock.h"
#include "server/base/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static void must(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "raw client: %s (errno %d)\n", what, errno);
		abort();
	}
}

static void connect_client(struct raw_client *client)
{
	struct sockaddr_in address = {
	        .sin_family = AF_INET,
	        .sin_port = htons((uint16_t)client->port),
	        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(client->fd >= 0, "no socket");
	must(connect(client->fd, (struct sockaddr *)&address, sizeof(address)) == 0,
	        "no connection");
}

struct raw_client *raw_client_open(int port)
{
	struct raw_client *client = calloc(1, sizeof(*client));
	must(client != NULL, "no memory");
	client->port = port;
	connect_client(client);
	return client;
}

void raw_client_close(struct raw_client *client)
{
	close(client->fd);
	free(client);
}

bool raw_client_send_bytes(struct raw_client *client, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t sent = send(client->fd, bytes, len, MSG_NOSIGNAL);
		if (sent <= 0) {
			return false;
		}
		bytes += sent;
		len -= (size_t)sent;
	}
	return true;
}

bool raw_client_send(struct raw_client *client, const char *text)
{
	return raw_client_send_bytes(client, text, strlen(text));
}

enum receipt { RECEIVED, ENDED, TIMED_OUT };

static enum receipt receive(struct raw_client *client, int64_t deadline_ms)
{
	int64_t left_ms = deadline_ms - clock_mono_ms();
	struct pollfd wait = {.fd = client->fd, .events = POLLIN};
	if (poll(&wait, 1, left_ms > 0 ? (int)left_ms : 0) <= 0) {
		return TIMED_OUT;
	}
	must(client->len < RAW_CLIENT_BYTES - 1, "the answer is too long");
	ssize_t got = recv(
	        client->fd, client->bytes + client->len, RAW_CLIENT_BYTES - 1 - client->len, 0);
	if (got <= 0) {
		return ENDED;
	}
	client->len += (size_t)got;
	client->bytes[client->len] = '\0';
	return RECEIVED;
}

static bool wait_for(struct raw_client *client, size_t len)
{
	int64_t deadline_ms = clock_mono_ms() + RAW_CLIENT_WAIT_MS;
	while (client->len < len) {
		enum receipt receipt = receive(client, deadline_ms);
		must(receipt != TIMED_OUT, "no answer in time");
		if (receipt == ENDED) {
			return false;
		}
	}
	return true;
}

static void take(struct raw_client *client, size_t len)
{
	memmove(client->bytes, client->bytes + len, client->len - len);
	client->len -= len;
	client->bytes[client->len] = '\0';
}

static bool read_head(struct raw_client *client)
{
	const char *end = NULL;
	client->bytes[client->len] = '\0';
	while ((end = strstr(client->bytes, "\r\n\r\n")) == NULL) {
		if (!wait_for(client, client->len + 1)) {
			return false;
		}
	}
	size_t len = (size_t)(end - client->bytes) + 2;
	must(len < sizeof(client->head), "the head is too long");
	memcpy(client->head, client->bytes, len);
	client->head[len] = '\0';
	take(client, len + 2);
	must(str_starts_with(client->head, "HTTP/1.1 "), "not an answer");
	client->status = (int)strtol(client->head + strlen("HTTP/1.1 "), NULL, 10);
	return true;
}

int raw_client_read_head(struct raw_client *client)
{
	client->status = 0;
	client->body_len = 0;
	client->body[0] = '\0';
	do {
		if (!read_head(client)) {
			return 0;
		}
	} while (client->status == 100);
	return client->status;
}

int raw_client_read(struct raw_client *client)
{
	if (raw_client_read_head(client) == 0) {
		return 0;
	}
	const char *text = raw_client_header(client, "Content-Length");
	int64_t len = 0;
	must(text != NULL && str_to_int64(text, &len), "the answer has no length");
	must((size_t)len < sizeof(client->body), "the body is too long");
	if (!wait_for(client, (size_t)len)) {
		return 0;
	}
	memcpy(client->body, client->bytes, (size_t)len);
	client->body[len] = '\0';
	client->body_len = (size_t)len;
	take(client, (size_t)len);
	return client->status;
}

const char *raw_client_header(const struct raw_client *client, const char *name)
{
	static _Thread_local char value[512];
	size_t name_len = strlen(name);
	const char *line = strstr(client->head, "\r\n");
	for (; line != NULL && line[2] != '\0'; line = strstr(line, "\r\n")) {
		line += 2;
		if (strncasecmp(line, name, name_len) == 0 && line[name_len] == ':') {
			const char *start = line + name_len + 1;
			start += strspn(start, " ");
			str_format_cut(
			        value, sizeof(value), "%.*s", (int)strcspn(start, "\r"), start);
			return value;
		}
	}
	return NULL;
}

bool raw_client_is_ended(struct raw_client *client, int64_t wait_ms)
{
	return client->len == 0 && receive(client, clock_mono_ms() + wait_ms) == ENDED;
}

bool raw_client_drain(struct raw_client *client)
{
	int64_t deadline_ms = clock_mono_ms() + RAW_CLIENT_WAIT_MS;
	enum receipt receipt = RECEIVED;
	while (receipt == RECEIVED) {
		receipt = receive(client, deadline_ms);
	}
	return receipt == ENDED;
}

bool raw_client_is_silent(struct raw_client *client, int64_t wait_ms)
{
	return client->len == 0 && receive(client, clock_mono_ms() + wait_ms) == TIMED_OUT;
}

int raw_client_ask(struct raw_client *client, const char *text)
{
	if (str_equal_fold(raw_client_header(client, "Connection"), "close")) {
		close(client->fd);
		client->len = 0;
		client->head[0] = '\0';
		connect_client(client);
	}
	/* A peer that refuses early may close before all is sent, and still have answered. */
	raw_client_send(client, text);
	return raw_client_read(client);
}
