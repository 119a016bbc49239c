/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/sandbox/jsonx.h"

bool calls_init(struct calls *calls, const char *path)
{
	*calls = (struct calls){.entries = json_array(), .fd = -1};
	(void)pthread_mutex_init(&calls->sync_lock, NULL);
	(void)pthread_cond_init(&calls->synced, NULL);
	if (path != NULL) {
		calls->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	}
	return path == NULL || calls->fd >= 0;
}

void calls_finish(struct calls *calls)
{
	json_decref(calls->entries);
	if (calls->fd >= 0) {
		(void)close(calls->fd);
	}
	(void)pthread_cond_destroy(&calls->synced);
	(void)pthread_mutex_destroy(&calls->sync_lock);
}

void calls_clear(struct calls *calls)
{
	(void)json_array_clear(calls->entries);
	calls->dropped = calls->last_seq;
}

static void write_line(int fd, const json_t *entry)
{
	char *text = jsonx_dump(entry);
	char *line = util_text("%s\n", text);
	size_t left = strlen(line);
	const char *at = line;

	while (left > 0) {
		ssize_t written = write(fd, at, left);

		if (written < 0 && errno != EINTR) {
			perror("sandbox: call log");
			abort();
		}
		at += written > 0 ? written : 0;
		left -= written > 0 ? (size_t)written : 0;
	}
	free(line);
	free(text);
}

static void cut_front(struct calls *calls)
{
	json_t *kept = json_array();
	size_t size = json_array_size(calls->entries);

	for (size_t i = size / 2; i < size; i++) {
		(void)json_array_append(kept, json_array_get(calls->entries, i));
	}
	calls->dropped += (int64_t)(size / 2);
	json_decref(calls->entries);
	calls->entries = kept;
}

int64_t calls_append(struct calls *calls, json_t *taken)
{
	int64_t seq = ++calls->last_seq;

	jsonx_set_int(taken, "seq", seq);
	if (calls->fd >= 0) {
		write_line(calls->fd, taken);
		atomic_store(&calls->written_seq, seq);
	}
	if (json_array_size(calls->entries) >= CALLS_MAX_KEPT) {
		cut_front(calls);
	}
	jsonx_push(calls->entries, taken);
	return seq;
}

void calls_sync(struct calls *calls, int64_t seq)
{
	if (calls->fd < 0) {
		return;
	}
	(void)pthread_mutex_lock(&calls->sync_lock);
	while (calls->synced_seq < seq) {
		if (calls->is_syncing) {
			(void)pthread_cond_wait(&calls->synced, &calls->sync_lock);
			continue;
		}
		int64_t covered = atomic_load(&calls->written_seq);

		calls->is_syncing = true;
		(void)pthread_mutex_unlock(&calls->sync_lock);
		if (fdatasync(calls->fd) != 0 && errno != EINVAL) {
			perror("sandbox: call log");
			abort();
		}
		(void)pthread_mutex_lock(&calls->sync_lock);
		calls->is_syncing = false;
		calls->synced_seq = covered;
		(void)pthread_cond_broadcast(&calls->synced);
	}
	(void)pthread_mutex_unlock(&calls->sync_lock);
}
