/* SPDX-License-Identifier: MIT */
#include "server/console/hosts.h"

#include "server/base/str.h"

#include <string.h>

#define API "/api/"

/* What leads to this machine and to nowhere else. */
static const struct host_names LOOPBACK = {
        .items = {"localhost", "127.0.0.1", "[::1]"}, .count = 3};

/* Probes and Prometheus call by addresses nobody wrote down, and learn nothing about anybody. */
static bool is_probe(const struct http_route *route)
{
	return route->role == HTTP_ROLE_PUBLIC && (route->flags & HTTP_PAGE) == 0 &&
	        !str_starts_with(route->path, API);
}

/* "192.0.2.7:8081" may be called "192.0.2.7", with any port: a tunnel has another one. */
static bool is_own_address(const struct console *console, const char *host)
{
	struct host_names own = {.count = 1};
	const char *listen = console->admin_listen;

	if (listen == NULL || !str_copy(own.items[0], sizeof(own.items[0]), listen)) {
		return false;
	}
	*strrchr(own.items[0], ':') = '\0';
	return host_names_have(&own, host);
}

enum err_code console_judge_host(const struct console *console, const struct http_request *request,
        const struct http_route *route, const char **complaint)
{
	const char *host = http_request_header(request, "Host");

	if (is_probe(route) ||
	        (host != NULL &&
	                (host_names_have(&LOOPBACK, host) || is_own_address(console, host) ||
	                        (console->hosts != NULL &&
	                                host_names_have(console->hosts, host))))) {
		return ERR_OK;
	}
	*complaint = "the admin listener does not answer to the name it was called by";
	return ERR_WRONG_HOST;
}
