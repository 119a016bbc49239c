/* SPDX-License-Identifier: MIT */
/*
 * LD_PRELOAD: connections that this program opened move one byte at a time, and
 * every third wait for anything is interrupted. Connections that came in
 * are left whole: libmicrohttpd waits with edges (EPOLLET), and may take less than
 * it asked for as a sign that there is no more; the test drips into those over
 * the wire instead, through the proxy.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EACH    3
#define FDS_MAX 4096

static _Thread_local unsigned waits;
static atomic_bool is_ours[FDS_MAX]; /* by descriptor: connect was called for it */

static bool is_interrupted(void)
{
	if (++waits % EACH != 0) {
		return false;
	}
	errno = EINTR;
	return true;
}

static size_t shorter(int fd, size_t len)
{
	bool is_short = fd >= 0 && fd < FDS_MAX && atomic_load(&is_ours[fd]);
	return is_short && len > 1 ? 1 : len;
}

int connect(int fd, const struct sockaddr *address, socklen_t len)
{
	if (fd >= 0 && fd < FDS_MAX) {
		atomic_store(&is_ours[fd], address->sa_family == AF_INET);
	}
	return (int)syscall(SYS_connect, fd, address, len);
}

int accept4(int listener, struct sockaddr *address, socklen_t *len, int flags)
{
	int fd = (int)syscall(SYS_accept4, listener, address, len, flags);
	if (fd >= 0 && fd < FDS_MAX) {
		atomic_store(&is_ours[fd], false);
	}
	return fd;
}

ssize_t recv(int fd, void *bytes, size_t len, int flags)
{
	return syscall(SYS_recvfrom, fd, bytes, shorter(fd, len), flags, NULL, NULL);
}

ssize_t send(int fd, const void *bytes, size_t len, int flags)
{
	return syscall(SYS_sendto, fd, bytes, shorter(fd, len), flags, NULL, 0);
}

int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	return is_interrupted() ? -1 : (int)syscall(SYS_poll, fds, count, timeout_ms);
}

int epoll_wait(int epoll, struct epoll_event *events, int most, int timeout_ms)
{
	return is_interrupted()
	        ? -1
	        : (int)syscall(SYS_epoll_pwait, epoll, events, most, timeout_ms, NULL, NSIG / 8);
}
