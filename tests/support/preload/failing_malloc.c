/* SPDX-License-Identifier: MIT */
/*
 * LD_PRELOAD: the n-th allocation after somebody arms it fails, or that one and
 * all behind it. It is armed from outside, through a small file that both
 * have mapped (FAILING_MALLOC_FILE), so that a server is up before it starts.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

/* As tests/faults/test_resources.py writes it. */
struct control {
	_Atomic uint64_t armed; /* 0: all is well, 1: once, 2: from then on */
	_Atomic uint64_t at; /* from 1 */
	_Atomic uint64_t count; /* since it was armed */
	_Atomic uint64_t failed;
};
static struct control *control;

__attribute__((constructor)) static void open_control(void)
{
	const char *path = getenv("FAILING_MALLOC_FILE");
	int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
	if (fd < 0) {
		return;
	}
	void *map = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	control = map != MAP_FAILED ? map : NULL;
}

static bool fails(void)
{
	if (control == NULL || atomic_load(&control->armed) == 0) {
		return false;
	}
	uint64_t count = atomic_fetch_add(&control->count, 1) + 1;
	uint64_t at = atomic_load(&control->at);
	if (count != at && (atomic_load(&control->armed) != 2 || count < at)) {
		return false;
	}
	atomic_fetch_add(&control->failed, 1);
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return fails() ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return fails() ? NULL : __libc_realloc(old, size);
}
