/* SPDX-License-Identifier: MIT */
#include "server/http/listen.h"

#include "server/base/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG    1024
#define PORT_MAX   65535
#define HOST_BYTES 64

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static bool parse_port(const char *text, in_port_t *port)
{
	int64_t value = 0;
	if (!str_is_digits(text, 5) || !str_to_int64(text, &value) || value > PORT_MAX) {
		return false;
	}
	*port = htons((uint16_t)value);
	return true;
}

/* The host between its brackets, or before the only colon. */
static bool cut_host(const char *text, char *host, const char **port)
{
	bool is_bracketed = text[0] == '[';
	const char *start = is_bracketed ? text + 1 : text;
	size_t len = strcspn(start, is_bracketed ? "]" : ":");
	const char *colon = start + len + (is_bracketed && start[len] == ']' ? 1 : 0);
	if (*colon != ':' || len >= HOST_BYTES) {
		return false;
	}
	*port = colon + 1;
	return str_format(host, HOST_BYTES, "%.*s", (int)len, start);
}

static bool parse_address(const char *text, union address *address, socklen_t *len)
{
	char host[HOST_BYTES];
	const char *port_text = NULL;
	in_port_t port = 0;
	memset(address, 0, sizeof(*address));
	if (!cut_host(text, host, &port_text) || !parse_port(port_text, &port)) {
		return false;
	}
	if (text[0] == '[') {
		address->v6.sin6_family = AF_INET6;
		address->v6.sin6_port = port;
		*len = sizeof(address->v6);
		return inet_pton(AF_INET6, host, &address->v6.sin6_addr) == 1;
	}
	address->v4.sin_family = AF_INET;
	address->v4.sin_port = port;
	*len = sizeof(address->v4);
	return inet_pton(AF_INET, host, &address->v4.sin_addr) == 1;
}

static bool bind_and_listen(int fd, const union address *address, socklen_t len)
{
	int on = 1;
	return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	        bind(fd, &address->any, len) == 0 && listen(fd, BACKLOG) == 0;
}

static bool read_port(int fd, int *port)
{
	union address bound;
	socklen_t len = sizeof(bound);
	if (getsockname(fd, &bound.any, &len) != 0) {
		return false;
	}
	*port = ntohs(bound.any.sa_family == AF_INET6 ? bound.v6.sin6_port : bound.v4.sin_port);
	return true;
}

bool listen_open(const char *address, struct listen_socket *listening, struct err *err)
{
	union address parsed;
	socklen_t len = 0;
	if (!parse_address(address, &parsed, &len)) {
		err_set(err, ERR_USAGE,
		        "cannot listen on \"%s\": write a numeric address and a port, "
		        "127.0.0.1:8080 or [::1]:8080",
		        address);
		return false;
	}
	listening->family = parsed.any.sa_family;
	listening->fd = socket(listening->family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listening->fd >= 0 && bind_and_listen(listening->fd, &parsed, len) &&
	        read_port(listening->fd, &listening->port)) {
		return true;
	}
	err_set(err, ERR_IO, "cannot listen on %s: %s", address,
	        errno == EADDRINUSE ? "another program listens there" : strerrordesc_np(errno));
	if (listening->fd >= 0) {
		close(listening->fd);
	}
	return false;
}
