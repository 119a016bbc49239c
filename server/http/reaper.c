/* SPDX-License-Identifier: MIT */
#include "server/http/reaper.h"

#include "server/base/clock.h"
#include "server/base/list.h"
#include "server/base/thread.h"

#include <netinet/in.h>
#include <linux/tcp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>

#define TICK_MIN_MS 10
#define TICK_MAX_MS 250

/* Values of an entry's deadline that are no time. */
#define NO_DEADLINE    INT64_C(0)
#define IDLE_UNWATCHED INT64_C(-1) /* became idle since the last tick */
#define IDLE_WATCHED   INT64_C(-2) /* bytes_seen is valid */

struct reaper_entry {
	struct list link; /* protected by the monitor */
	int fd;
	_Atomic int64_t deadline_ms; /* monotonic, or one of the values above */
	uint64_t bytes_seen; /* the reaper thread's */
};

struct reaper {
	struct reaper_options options;
	int64_t tick_ms;
	pthread_t thread;
	struct monitor monitor;
	/* protected by the monitor: */
	struct list entries;
	bool is_stopping;
};

/* What the kernel has received on this socket so far, read by us or not. */
static uint64_t bytes_received(int fd)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);
	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 ? info.tcpi_bytes_received
	                                                               : 0;
}

/*
 * A kept-alive connection may be silent for long, but once a byte of the next
 * head arrived the rest must follow in time. A failed exchange means that the
 * connection has left the idle phase meanwhile.
 */
static void watch_idle(
        struct reaper *reaper, struct reaper_entry *entry, int64_t state, int64_t now_ms)
{
	uint64_t bytes = bytes_received(entry->fd);
	if (state == IDLE_UNWATCHED) {
		entry->bytes_seen = bytes;
		atomic_compare_exchange_strong(&entry->deadline_ms, &state, IDLE_WATCHED);
	} else if (bytes != entry->bytes_seen) {
		atomic_compare_exchange_strong(
		        &entry->deadline_ms, &state, now_ms + reaper->options.header_deadline_ms);
	}
}

/* With the lock held, which keeps the descriptor ours (see reaper_remove). */
static void shut_down(struct reaper_entry *entry)
{
	atomic_store(&entry->deadline_ms, NO_DEADLINE);
	shutdown(entry->fd, SHUT_RDWR);
}

static void look_at_all(struct reaper *reaper)
{
	int64_t now_ms = clock_mono_ms();
	for (struct list *at = reaper->entries.next; at != &reaper->entries; at = at->next) {
		struct reaper_entry *entry = LIST_ENTRY(at, struct reaper_entry, link);
		int64_t deadline_ms = atomic_load(&entry->deadline_ms);
		if (deadline_ms < 0) {
			watch_idle(reaper, entry, deadline_ms, now_ms);
		} else if (deadline_ms != NO_DEADLINE && deadline_ms <= now_ms) {
			shut_down(entry);
		}
	}
}

static void *run(void *arg)
{
	struct reaper *reaper = arg;
	monitor_lock(&reaper->monitor);
	while (!reaper->is_stopping) {
		if (list_is_empty(&reaper->entries)) {
			monitor_wait(&reaper->monitor);
			continue;
		}
		look_at_all(reaper);
		monitor_wait_until(&reaper->monitor, clock_mono_ms() + reaper->tick_ms);
	}
	monitor_unlock(&reaper->monitor);
	return NULL;
}

/* A tenth of the shortest deadline, so that a cut is never later than that. */
static int64_t tick_of(const struct reaper_options *options)
{
	int64_t shortest_ms = options->header_deadline_ms < options->body_deadline_ms
	        ? options->header_deadline_ms
	        : options->body_deadline_ms;
	int64_t tick_ms = shortest_ms / 10;
	if (tick_ms < TICK_MIN_MS) {
		return TICK_MIN_MS;
	}
	return tick_ms > TICK_MAX_MS ? TICK_MAX_MS : tick_ms;
}

struct reaper *reaper_start(const struct reaper_options *options, struct err *err)
{
	struct reaper *reaper = calloc(1, sizeof(*reaper));
	if (reaper == NULL || !monitor_init(&reaper->monitor)) {
		free(reaper);
		err_set(err, ERR_NO_MEMORY, "no memory for the connection reaper");
		return NULL;
	}
	reaper->options = *options;
	reaper->tick_ms = tick_of(options);
	list_init(&reaper->entries);
	if (!thread_start(&reaper->thread, "http-reaper", run, reaper, err)) {
		monitor_finish(&reaper->monitor);
		free(reaper);
		return NULL;
	}
	return reaper;
}

void reaper_stop(struct reaper *reaper)
{
	if (reaper == NULL) {
		return;
	}
	monitor_lock(&reaper->monitor);
	reaper->is_stopping = true;
	monitor_wake_all(&reaper->monitor);
	monitor_unlock(&reaper->monitor);
	thread_join(reaper->thread);
	monitor_finish(&reaper->monitor);
	free(reaper);
}

struct reaper_entry *reaper_add(struct reaper *reaper, int fd)
{
	struct reaper_entry *entry = calloc(1, sizeof(*entry));
	if (entry == NULL) {
		return NULL;
	}
	entry->fd = fd;
	reaper_set(reaper, entry, REAPER_HEADERS);
	monitor_lock(&reaper->monitor);
	if (list_is_empty(&reaper->entries)) {
		monitor_wake_all(&reaper->monitor);
	}
	list_add_last(&reaper->entries, &entry->link);
	monitor_unlock(&reaper->monitor);
	return entry;
}

void reaper_remove(struct reaper *reaper, struct reaper_entry *entry)
{
	if (entry == NULL) {
		return;
	}
	monitor_lock(&reaper->monitor);
	list_remove(&entry->link);
	monitor_unlock(&reaper->monitor);
	free(entry);
}

void reaper_set(struct reaper *reaper, struct reaper_entry *entry, enum reaper_phase phase)
{
	if (entry == NULL) {
		return;
	}
	int64_t deadline_ms = NO_DEADLINE;
	switch (phase) {
	case REAPER_HEADERS:
		deadline_ms = clock_mono_ms() + reaper->options.header_deadline_ms;
		break;
	case REAPER_BODY: deadline_ms = clock_mono_ms() + reaper->options.body_deadline_ms; break;
	case REAPER_HANDLING: break;
	case REAPER_WRITING:
		deadline_ms = clock_mono_ms() + reaper->options.write_deadline_ms;
		break;
	case REAPER_SENDING_FILE: deadline_ms = clock_mono_ms() + REAPER_FILE_MS; break;
	case REAPER_IDLE: deadline_ms = IDLE_UNWATCHED; break;
	}
	atomic_store(&entry->deadline_ms, deadline_ms);
}
