/* SPDX-License-Identifier: MIT */
#include "server/base/secrecy.h"

#include "server/base/str.h"

#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

void secrecy_start(void)
{
	const struct rlimit none = {0, 0};
	/* Neither can fail in a way that could be mended here. */
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)setrlimit(RLIMIT_CORE, &none);
}

/* ---------------------------------------------------------------- allocator */

/* What was given out since a guard began; freed places are NULL. */
struct guard {
	bool is_on;
	jmp_buf out;
	void **blocks;
	size_t count;
	size_t capacity;
};

static _Thread_local struct guard guard;

#define GUARD_FIRST_BLOCKS 64

/* There is no other way out of a library that goes on without its memory. */
static _Noreturn void leave(void)
{
	longjmp(guard.out, 1); /* check: allow Only to secrecy_guard, whose frame is still there. */
}

/* Takes the block, or leaves the library. */
static void *keep(void *memory)
{
	if (memory != NULL && guard.count == guard.capacity) {
		size_t capacity = guard.capacity > 0 ? 2 * guard.capacity : GUARD_FIRST_BLOCKS;
		void **grown = realloc(guard.blocks, capacity * sizeof(*grown));
		if (grown == NULL) {
			free(memory);
			leave();
		}
		guard.blocks = grown;
		guard.capacity = capacity;
	}
	if (memory == NULL) {
		leave();
	}
	guard.blocks[guard.count++] = memory;
	return memory;
}

/* Most blocks are freed soon after they were given out: looked for from the end. */
static void forget(const void *memory)
{
	for (size_t i = guard.count; i > 0; i--) {
		if (guard.blocks[i - 1] == memory) {
			guard.blocks[i - 1] = NULL;
			break;
		}
	}
	while (guard.count > 0 && guard.blocks[guard.count - 1] == NULL) {
		guard.count--;
	}
}

bool secrecy_guard(void (*run)(void *context), void *context)
{
	guard = (struct guard){.is_on = true};
	bool is_left = setjmp(guard.out) != 0; /* check: allow See above. */
	if (!is_left) {
		run(context);
	}
	guard.is_on = false;
	for (size_t i = 0; is_left && i < guard.count; i++) {
		secrecy_free(guard.blocks[i]);
	}
	free(guard.blocks);
	guard.blocks = NULL;
	return !is_left;
}

void *secrecy_malloc(size_t size)
{
	void *memory = malloc(size > 0 ? size : 1);
	return guard.is_on ? keep(memory) : memory;
}

void *secrecy_calloc(size_t count, size_t size)
{
	return calloc(count, size);
}

void secrecy_free(void *memory)
{
	if (memory != NULL) {
		if (guard.is_on) {
			forget(memory);
		}
		explicit_bzero(memory, malloc_usable_size(memory));
		free(memory);
	}
}

/* realloc itself would leave the old block behind as it was. */
void *secrecy_realloc(void *memory, size_t size)
{
	size_t before = memory != NULL ? malloc_usable_size(memory) : 0;
	if (size > 0 && size <= before && size > before / 2) {
		return memory;
	}
	void *moved = malloc(size > 0 ? size : 1);
	if (moved != NULL && memory != NULL) {
		memcpy(moved, memory, before < size ? before : size);
		secrecy_free(memory);
	}
	return moved;
}

char *secrecy_strdup(const char *text)
{
	return str_dup(text);
}

/* -------------------------------------------------------------- environment */

struct hidden {
	struct hidden *next;
	char *name;
	struct secret value;
};

static bool is_hiding; /* set before threads */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct hidden *first; /* protected by mutex; lives as long as the process */

void secrecy_hide_environment(void)
{
	is_hiding = true;
}

/* With the mutex locked. NULL: not asked for yet. */
static struct hidden *find(const char *name)
{
	struct hidden *at = first;
	while (at != NULL && !str_equal(at->name, name)) {
		at = at->next;
	}
	return at;
}

/* With the mutex locked. */
static struct hidden *add(const char *name)
{
	struct hidden *made = calloc(1, sizeof(*made));
	char *copy = str_dup(name);
	if (made == NULL || copy == NULL) {
		free(made);
		free(copy);
		return NULL;
	}
	made->name = copy;
	made->next = first;
	first = made;
	return made;
}

/* With the mutex locked. The kernel shows the very bytes that getenv gives. */
static bool hide(const char *name, char *text)
{
	struct hidden *kept = find(name);
	kept = kept != NULL ? kept : add(name);
	if (kept == NULL || !secret_set(&kept->value, text)) {
		return false;
	}
	explicit_bzero(text, strlen(text));
	return true;
}

bool secrecy_env(const char *name, struct secret *value)
{
	pthread_mutex_lock(&mutex);
	char *text = getenv(name);
	bool done = true;
	if (!is_hiding) {
		done = secret_set(value, text);
	} else {
		done = text == NULL || text[0] == '\0' || hide(name, text);
		const struct hidden *kept = find(name);
		done = done && secret_set(value, kept != NULL ? kept->value.text : text);
	}
	pthread_mutex_unlock(&mutex);
	return done;
}
