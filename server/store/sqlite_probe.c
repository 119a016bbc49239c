/* SPDX-License-Identifier: MIT */
#include "server/store/sqlite.h"

#include "server/base/clock.h"

#include <stdlib.h>

/* A small row may find room where the webhook before it found none: it proves nothing so soon. */
#define FULL_PAUSE_MS 10000

/* May outlive the one who asked: whoever comes second, asker or writer, frees it. */
struct probe {
	struct sqlite_write write;
	struct store *store;
	bool is_answered; /* protected by store->done */
	bool is_left; /* protected by store->done */
};

bool store_is_writable(struct store *store, struct err *err)
{
	enum err_code code = atomic_load(&store->last_commit);
	int64_t full_at_ms = atomic_load(&store->full_at_ms);
	if (code != ERR_OK) {
		err_set(err, code, "the last commit of the store failed");
	} else if (full_at_ms != 0 && clock_mono_ms() - full_at_ms < FULL_PAUSE_MS) {
		code = ERR_STORE_FULL;
		err_set(err, code, "the disk was full a moment ago");
	}
	return code == ERR_OK;
}

static bool probe_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	(void)context;
	return sqlite_state_set(conn, "probed_at_ms", clock_wall_ms(), err);
}

static void probe_complete(struct sqlite_write *write)
{
	struct probe *probe = write->context;
	struct store *store = probe->store;
	monitor_lock(&store->done);
	store->is_probing = false;
	probe->is_answered = true;
	bool is_left = probe->is_left;
	monitor_wake_all(&store->done);
	monitor_unlock(&store->done);
	if (is_left) {
		free(probe);
	}
}

/* One probe at a time: those who ask while the disk hangs cost nothing. */
static bool claim_probe(struct store *store)
{
	monitor_lock(&store->done);
	bool is_free = !store->is_probing;
	store->is_probing = true;
	monitor_unlock(&store->done);
	return is_free;
}

static void release_probe(struct store *store)
{
	monitor_lock(&store->done);
	store->is_probing = false;
	monitor_unlock(&store->done);
}

static bool await_probe(struct probe *probe, int64_t timeout_ms, struct err *err)
{
	struct store *store = probe->store;
	int64_t until_ms = clock_mono_ms() + timeout_ms;
	monitor_lock(&store->done);
	while (!probe->is_answered && monitor_wait_until(&store->done, until_ms)) {
	}
	bool is_answered = probe->is_answered;
	enum err_code code = is_answered ? probe->write.code : ERR_TIMEOUT;
	probe->is_left = true;
	monitor_unlock(&store->done);
	if (is_answered) {
		free(probe);
	}
	if (code != ERR_OK) {
		err_set(err, code, "a row could not be committed");
	}
	return code == ERR_OK;
}

bool store_probe(struct store *store, int64_t timeout_ms, struct err *err)
{
	if (!claim_probe(store)) {
		err_set(err, ERR_OVERLOADED, "another probe of the store is under way");
		return false;
	}
	struct probe *probe = calloc(1, sizeof(*probe));
	if (probe == NULL) {
		release_probe(store);
		err_set(err, ERR_NO_MEMORY, "no memory for a probe");
		return false;
	}
	probe->store = store;
	probe->write = (struct sqlite_write){
	        .run = probe_run, .complete = probe_complete, .context = probe};
	enum err_code code = sqlite_writer_queue(store, &probe->write);
	if (code != ERR_OK) {
		free(probe);
		release_probe(store);
		err_set(err, code, "the store takes no writes now");
		return false;
	}
	return await_probe(probe, timeout_ms, err);
}
