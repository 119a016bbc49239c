/* SPDX-License-Identifier: MIT */
/*
 * What intake is measured against: bare_mhd bare | bare_mhd single DIRECTORY.
 *
 * bare: libmicrohttpd reads the body and answers 200, nothing more.
 * single: each request is one SQLite transaction of its own with
 * synchronous=FULL, into a table like the server's events.
 * Neither checks a signature. The first line on stdout is the address;
 * SIGTERM and SIGINT end it.
 */
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define THREADS           2
#define CONNECTIONS_MAX   1024
#define BODY_MAX          65536
#define CHECKPOINT_PAGES  2000
#define CONNECTION_COLUMN "default"

static const char TABLES[] =
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;"
        "CREATE TABLE events (event_id INTEGER PRIMARY KEY, connection TEXT NOT NULL,"
        " state TEXT NOT NULL DEFAULT 'received', received_at_ms INTEGER NOT NULL DEFAULT 0,"
        " body BLOB) STRICT;"
        "CREATE INDEX events_state ON events (connection, state);"
        "CREATE INDEX events_received ON events (event_id) WHERE state = 'received';";

struct body {
	size_t len;
	char bytes[BODY_MAX];
};

/* With db NULL nothing is stored. The lock stands for SQLite's one writer. */
struct bare {
	pthread_mutex_t lock;
	sqlite3 *db;
	sqlite3_stmt *insert;
	struct MHD_Response *done;
	struct MHD_Response *failed;
};

static bool run_insert(struct bare *bare, const struct body *body)
{
	bool done = sqlite3_bind_text(bare->insert, 1, CONNECTION_COLUMN, -1, SQLITE_STATIC) ==
	                SQLITE_OK &&
	        sqlite3_bind_blob(bare->insert, 2, body->bytes, (int)body->len, SQLITE_STATIC) ==
	                SQLITE_OK &&
	        sqlite3_step(bare->insert) == SQLITE_DONE;
	sqlite3_reset(bare->insert);
	return done;
}

/* Outside an explicit transaction each statement is committed by itself. */
static bool store_body(struct bare *bare, const struct body *body)
{
	if (bare->db == NULL) {
		return true;
	}
	pthread_mutex_lock(&bare->lock);
	bool done = run_insert(bare, body);
	pthread_mutex_unlock(&bare->lock);
	return done;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
        const char *method, const char *version, const char *upload, size_t *upload_len,
        void **request)
{
	struct bare *bare = context;
	struct body *body = *request;
	(void)url;
	(void)method;
	(void)version;
	if (body == NULL) {
		*request = body = malloc(sizeof(*body));
		if (body == NULL) {
			return MHD_NO;
		}
		body->len = 0;
		return MHD_YES;
	}
	if (*upload_len > 0) {
		if (*upload_len > BODY_MAX - body->len) {
			return MHD_NO;
		}
		memcpy(body->bytes + body->len, upload, *upload_len);
		body->len += *upload_len;
		*upload_len = 0;
		return MHD_YES;
	}
	if (store_body(bare, body)) {
		return MHD_queue_response(connection, MHD_HTTP_OK, bare->done);
	}
	return MHD_queue_response(connection, MHD_HTTP_SERVICE_UNAVAILABLE, bare->failed);
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

static bool open_store(struct bare *bare, const char *directory)
{
	static const char INSERT[] = "INSERT INTO events (connection, body) VALUES (?1, ?2)";
	return chdir(directory) == 0 && sqlite3_open("single.db", &bare->db) == SQLITE_OK &&
	        sqlite3_exec(bare->db, TABLES, NULL, NULL, NULL) == SQLITE_OK &&
	        sqlite3_wal_autocheckpoint(bare->db, CHECKPOINT_PAGES) == SQLITE_OK &&
	        sqlite3_prepare_v2(bare->db, INSERT, -1, &bare->insert, NULL) == SQLITE_OK;
}

static bool make_responses(struct bare *bare)
{
	static char empty[] = "{}";
	bare->done = MHD_create_response_from_buffer(2, empty, MHD_RESPMEM_PERSISTENT);
	bare->failed = MHD_create_response_from_buffer(2, empty, MHD_RESPMEM_PERSISTENT);
	return bare->done != NULL && bare->failed != NULL &&
	        MHD_add_response_header(bare->done, "Content-Type", "application/json") == MHD_YES;
}

static struct MHD_Daemon *start_daemon(struct bare *bare)
{
	struct sockaddr_in address = {
	        .sin_family = AF_INET,
	        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	return MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ERROR_LOG, 0, NULL, NULL,
	        on_request, bare, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_THREAD_POOL_SIZE,
	        (unsigned int)THREADS, MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CONNECTIONS_MAX,
	        MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
}

static bool serve_until_signal(struct bare *bare, const sigset_t *signals)
{
	struct MHD_Daemon *daemon = start_daemon(bare);
	if (daemon == NULL) {
		return false;
	}
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
	printf("listening on http://127.0.0.1:%d\n", info->port);
	fflush(stdout);
	int number = 0;
	sigwait(signals, &number);
	MHD_stop_daemon(daemon);
	return true;
}

static void block_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGTERM);
	sigaddset(signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, signals, NULL);
}

int main(int argc, char **argv)
{
	struct bare bare = {.lock = PTHREAD_MUTEX_INITIALIZER};
	bool is_bare = argc == 2 && strcmp(argv[1], "bare") == 0;
	bool is_single = argc == 3 && strcmp(argv[1], "single") == 0;
	sigset_t signals;
	if (!is_bare && !is_single) {
		fprintf(stderr, "bare_mhd bare | bare_mhd single DIRECTORY\n");
		return 2;
	}
	block_signals(&signals);
	bool done = (is_bare || open_store(&bare, argv[2])) && make_responses(&bare) &&
	        serve_until_signal(&bare, &signals);
	if (!done) {
		fprintf(stderr, "bare_mhd: cannot start: %s\n", strerror(errno));
	}
	MHD_destroy_response(bare.done);
	MHD_destroy_response(bare.failed);
	sqlite3_finalize(bare.insert);
	sqlite3_close(bare.db);
	return done ? 0 : 1;
}
