/* SPDX-License-Identifier: MIT */
/*
 * LD_PRELOAD: what the heap holds, as a line every few seconds in the file that
 * HEAP_ACCOUNT_FILE names: milliseconds, bytes given out, bytes taken from
 * the kernel, bytes SQLite holds of those. Resident memory rises with every page
 * that was touched once; what was given out and never freed is what a leak is.
 *
 * Written where a commit is made durable, on the thread that does so: a thread of
 * its own would not do in a program that forks. Processes that store nothing
 * (evaluators) write nothing.
 */
#include <fcntl.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define EVERY_MS 2000

int64_t sqlite3_memory_used(void) __attribute__((weak));

static atomic_llong written_at_ms;

static long long now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void write_line(long long at_ms)
{
	const char *path = getenv("HEAP_ACCOUNT_FILE");
	int fd = path != NULL ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
	struct mallinfo2 heap = mallinfo2();
	long long sqlite = sqlite3_memory_used != NULL ? (long long)sqlite3_memory_used() : -1;

	if (fd >= 0) {
		(void)dprintf(fd, "%lld %zu %zu %lld\n", at_ms, heap.uordblks + heap.hblkhd,
		        heap.arena + heap.hblkhd, sqlite);
		close(fd);
	}
}

int fdatasync(int fd)
{
	long long at_ms = now_ms();
	long long before_ms = atomic_load(&written_at_ms);
	if (at_ms - before_ms >= EVERY_MS &&
	        atomic_compare_exchange_strong(&written_at_ms, &before_ms, at_ms)) {
		write_line(at_ms);
	}
	return (int)syscall(SYS_fdatasync, fd);
}
