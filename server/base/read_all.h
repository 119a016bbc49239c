/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_READ_ALL_H
#define SERVER_BASE_READ_ALL_H

/* Reading a descriptor to its end. Blocks; any thread. */

#include "server/base/attr.h"

#include <stddef.h>
#include <sys/types.h>

/* As much as there is, up to size bytes; no NUL is added. -1 with errno: failed. */
ssize_t read_all(int fd, char *bytes, size_t size) MUST_CHECK;

#endif
