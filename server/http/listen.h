/* SPDX-License-Identifier: MIT */
#ifndef SERVER_HTTP_LISTEN_H
#define SERVER_HTTP_LISTEN_H

/* Opens listening sockets. Numeric addresses only: a listener never waits for a name. */

#include "server/base/attr.h"
#include "server/base/err.h"

struct listen_socket {
	int fd; /* the caller's */
	int port; /* really bound */
	int family; /* AF_INET or AF_INET6 */
};

/* address is "127.0.0.1:8080" or "[::1]:0"; errors name it and the mend. */
bool listen_open(const char *address, struct listen_socket *socket, struct err *err) MUST_CHECK;

#endif
