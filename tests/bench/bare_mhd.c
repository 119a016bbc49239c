/* SPDX-License-Identifier: MIT */
/*
 * What the bench compares with: a bare libmicrohttpd that reads the body and
 * answers, and the same with one SQLite transaction (WAL, synchronous FULL) a
 * request. Usage: bare_mhd [STORE]; prints "listening on http://..." and ends
 * with SIGTERM. No product code; it is measured, not shipped.
 */
#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS        2 /* as the public listener of bob2okta has */
#define BODY_MAX_BYTES 65536

struct store {
	pthread_mutex_t lock;
	/* protected by lock: */
	sqlite3 *db; /* NULL: nothing is stored */
	sqlite3_stmt *insert;
};

struct body {
	size_t len;
	char bytes[BODY_MAX_BYTES];
};

static struct store store = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool store_open(const char *path)
{
	static const char SCHEMA[] =
	        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
	        "CREATE TABLE events (event_id INTEGER PRIMARY KEY, body BLOB)";
	static const char INSERT[] = "INSERT INTO events (body) VALUES (?)";
	return sqlite3_open(path, &store.db) == SQLITE_OK &&
	        sqlite3_exec(store.db, SCHEMA, NULL, NULL, NULL) == SQLITE_OK &&
	        sqlite3_prepare_v2(store.db, INSERT, -1, &store.insert, NULL) == SQLITE_OK;
}

static bool store_append(const struct body *body)
{
	pthread_mutex_lock(&store.lock);
	bool is_stored = sqlite3_bind_blob(store.insert, 1, body->bytes, (int)body->len,
	                         SQLITE_STATIC) == SQLITE_OK &&
	        sqlite3_step(store.insert) == SQLITE_DONE;
	is_stored = sqlite3_reset(store.insert) == SQLITE_OK && is_stored;
	pthread_mutex_unlock(&store.lock);
	return is_stored;
}

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status)
{
	static char text[] = "{}";
	struct MHD_Response *response =
	        MHD_create_response_from_buffer(2, text, MHD_RESPMEM_PERSISTENT);
	if (response == NULL) {
		return MHD_NO;
	}
	enum MHD_Result result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result take_part(struct body *body, const char *part, size_t *len)
{
	if (*len > sizeof(body->bytes) - body->len) {
		return MHD_NO;
	}
	memcpy(body->bytes + body->len, part, *len);
	body->len += *len;
	*len = 0;
	return MHD_YES;
}

/* The signature of the callback is libmicrohttpd's. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
        const char *method, const char *version, const char *part, size_t *len, void **request)
{
	(void)context;
	(void)url;
	(void)method;
	(void)version;
	struct body *body = *request;
	if (body == NULL) {
		body = malloc(sizeof(*body));
		if (body == NULL) {
			return MHD_NO;
		}
		body->len = 0;
		*request = body;
		return MHD_YES;
	}
	if (*len > 0) {
		return take_part(body, part, len);
	}
	bool is_taken = store.db == NULL || store_append(body);
	return answer(connection, is_taken ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **request,
        enum MHD_RequestTerminationCode how)
{
	(void)context;
	(void)connection;
	(void)how;
	free(*request);
	*request = NULL;
}

static void wait_for_stop(const sigset_t *signals)
{
	int number = 0;
	(void)sigwait(signals, &number);
}

int main(int argc, char **argv)
{
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	if (argc > 1 && !store_open(argv[1])) {
		fprintf(stderr, "bare_mhd: the store %s cannot be opened\n", argv[1]);
		return 1;
	}
	struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_ITC | MHD_USE_EPOLL_INTERNAL_THREAD, 0,
	        NULL, NULL, on_request, NULL, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)THREADS,
	        MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
	const union MHD_DaemonInfo *info =
	        daemon != NULL ? MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
	if (info == NULL) {
		fprintf(stderr, "bare_mhd: cannot listen\n");
		return 1;
	}
	printf("listening on http://127.0.0.1:%u\n", (unsigned)info->port);
	fflush(stdout);
	wait_for_stop(&signals);
	MHD_stop_daemon(daemon);
	sqlite3_finalize(store.insert);
	sqlite3_close(store.db);
	return 0;
}
