/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_PROXY_PUMP_H
#define TESTS_SUPPORT_PROXY_PUMP_H

/* One connection through the proxy, and what all of them share. A thread each; blocking sockets. */

#include "tests/support/proxy_rule.h"

#include <netinet/in.h>
#include <pthread.h>

struct proxy {
	pthread_mutex_t mutex; /* guards: */
	struct proxy_rules rules;
	struct sockaddr_in to;
	long connections;
	long fired;
};

struct pump {
	struct proxy *proxy;
	int fds[2]; /* by the side whose bytes come from there: the client, the server */
};

/* Until one of both ends, or a rule ends it. Closes both. */
void pump_run(struct pump *pump);
/* Ends a connection with a reset instead of a FIN. */
void pump_reset(int fd);
/* Counts a fault, and picks the rule for it. */
bool pump_pick(struct proxy *proxy, bool is_connecting, const char *line, size_t len,
        struct proxy_rule *rule);

#endif
