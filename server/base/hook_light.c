/* SPDX-License-Identifier: MIT */
#include "server/base/hook_light.h"

#include "server/base/words.h"
#include "server/base/str.h"

#include <pthread.h>

static struct {
	pthread_mutex_t mutex;
	/* protected by the mutex: */
	struct {
		char connection[CONNECTION_NAME_BYTES];
		int64_t at_ms[HOOK_SEEN_COUNT];
	} slots[HOOK_LIGHT_MAX];
} lights = {.mutex = PTHREAD_MUTEX_INITIALIZER};

/* With the mutex; HOOK_LIGHT_MAX: not there, and no place. */
static size_t slot_of(const char *connection)
{
	size_t i = 0;
	while (i < HOOK_LIGHT_MAX && lights.slots[i].connection[0] != '\0' &&
	        !str_equal(lights.slots[i].connection, connection)) {
		i++;
	}
	return i;
}

void hook_light_note(const char *connection, enum hook_seen seen, int64_t wall_ms)
{
	pthread_mutex_lock(&lights.mutex);
	size_t slot = slot_of(connection);
	if (slot < HOOK_LIGHT_MAX &&
	        str_copy(lights.slots[slot].connection, CONNECTION_NAME_BYTES, connection)) {
		lights.slots[slot].at_ms[seen] = wall_ms;
	}
	pthread_mutex_unlock(&lights.mutex);
}

int64_t hook_light_at_ms(const char *connection, enum hook_seen seen)
{
	pthread_mutex_lock(&lights.mutex);
	size_t slot = slot_of(connection);
	int64_t at_ms = slot < HOOK_LIGHT_MAX ? lights.slots[slot].at_ms[seen] : 0;
	pthread_mutex_unlock(&lights.mutex);
	return at_ms;
}
