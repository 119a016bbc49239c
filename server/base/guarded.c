/* SPDX-License-Identifier: MIT */
#include "server/base/guarded.h"

#include <string.h>
#include <sys/mman.h>

void *guarded_alloc(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		return NULL;
	}
	/* Both only make it better: an old kernel or a small limit refuses. */
	(void)madvise(memory, size, MADV_DONTDUMP);
	(void)mlock(memory, size);
	return memory;
}

void guarded_free(void *memory, size_t size)
{
	if (memory != NULL) {
		explicit_bzero(memory, size);
		munmap(memory, size);
	}
}
