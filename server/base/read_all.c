/* SPDX-License-Identifier: MIT */
#include "server/base/read_all.h"

#include <errno.h>
#include <unistd.h>

ssize_t read_all(int fd, char *bytes, size_t size)
{
	size_t len = 0;
	while (len < size) {
		ssize_t got = read(fd, bytes + len, size - len);
		if (got == 0) {
			break;
		}
		if (got < 0 && errno != EINTR) {
			return -1;
		}
		len += got > 0 ? (size_t)got : 0;
	}
	return (ssize_t)len;
}
