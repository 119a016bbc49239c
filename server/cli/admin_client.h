/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CLI_ADMIN_CLIENT_H
#define SERVER_CLI_ADMIN_CLIENT_H

/*
 * The commands' way to the running server: its admin API on this machine,
 * with the token that lies beside the store. Blocks up to
 * ADMIN_CLIENT_TIMEOUT_MS a call. One thread.
 */

#include "server/base/attr.h"
#include "server/base/err.h"
#include "server/base/transport.h"
#include "server/settings/options.h"

#include <jansson.h>
#include <stddef.h>

#define ADMIN_CLIENT_TIMEOUT_MS       (11 * 60 * 1000) /* an approval reads everybody first */
#define ADMIN_CLIENT_ANSWER_MAX_BYTES (16 * 1024 * 1024)
#define ADMIN_CLIENT_FILE_MAX_BYTES   ((size_t)1 << 46)
#define ADMIN_TOKEN_FILE              "admin-token"

struct admin_client;

/* NULL with an error that says what to do (no token file, listener not reachable from here). */
struct admin_client *admin_client_open(const struct options *options, struct err *err) MUST_CHECK;
void admin_client_close(struct admin_client *client);

/* A new reference to the answer of a call that went well; NULL with the API's own message. */
json_t *admin_client_call(struct admin_client *client, const char *method, const char *path,
        const json_t *body, struct err *err) MUST_CHECK;

/* A call whose answer is a file: a good one goes to the sink in pieces (transport.h). */
struct admin_call {
	const char *method;
	const char *path;
	const json_t *body; /* borrowed; NULL: none */
	transport_sink *sink;
	void *sink_context;
};
bool admin_client_fetch(
        struct admin_client *client, const struct admin_call *call, struct err *err) MUST_CHECK;

/* The answer of the last call when that was refused; NULL: it was not, or not by JSON. Borrowed. */
const json_t *admin_client_refusal(const struct admin_client *client);

/*
 * Where a client on this machine finds a listener: "http://127.0.0.1:8081" also for 0.0.0.0 and
 * [::]. ERR_USAGE for port 0. `to` is size bytes.
 */
bool admin_client_url(char *to, size_t size, const char *listen, struct err *err) MUST_CHECK;
/* The path of a file that lies beside a store; caller frees. */
char *admin_client_beside_store(const char *store, const char *name, struct err *err) MUST_CHECK;
/* The path of the token file for a store; caller frees. */
char *admin_client_token_path(const char *store, struct err *err) MUST_CHECK;

#endif
