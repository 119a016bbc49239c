/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CONSOLE_ARGS_H
#define SERVER_CONSOLE_ARGS_H

/*
 * Reading what a caller sent, strictly: query arguments and body keys a route
 * does not know are errors, so that a misspelt filter never shows more than
 * was asked for. Errors name the argument and the mend.
 */

#include "server/console/console.h"

struct args {
	const struct http_request *request;
	const struct console *console;
	struct engine *engine; /* the present one, held until args_finish */
	const struct settings *settings; /* that engine's */
	json_t *body; /* object; owned */
	struct err err;
	char connection[CONNECTION_NAME_BYTES];
	struct employee_key key; /* of args_key */
};

/*
 * Takes hold of the engine, checks query and body against what the route knows (lists end with
 * NULL; NULL: none) and finds the connection. False: err says why. Call args_finish in every case.
 */
struct args_known {
	const char *const *query; /* beside "connection" */
	const char *const *body;
};
bool args_init(struct args *args, const struct console *console, const struct http_request *request,
        const struct args_known *known) MUST_CHECK;
void args_finish(struct args *args);

/* The {id} of the path as args->key. */
bool args_key(struct args *args) MUST_CHECK;
/* A text of at most max_bytes; fallback when absent; NULL and err when it is no such text. */
const char *args_body_text(
        struct args *args, const char *name, size_t max_bytes, const char *fallback);
/* Who asked, for the audit trail. */
const char *args_by(struct args *args);
/* A whole number of the query within 1..max; fallback when absent; 0 and err when it is none. */
int64_t args_query_number(struct args *args, const char *name, int64_t max, int64_t fallback);
/* Sends args->err; for `return args_refuse(...)`. */
enum http_verdict args_refuse(struct args *args, struct http_reply *reply);

/* The same with all that was found wrong, beside the error that names the first. */
enum http_verdict args_refuse_mistakes(
        struct args *args, struct http_reply *reply, const struct settings_report *report);
/* Sends json, taken, with that status; NULL: args->err. Finishes args. */
enum http_verdict args_answer(
        struct args *args, struct http_reply *reply, json_t *json, int status);

/* A whole route that takes nothing and shows what the engine reports of the connection. */
typedef bool (*args_report)(
        struct engine *engine, const char *connection, json_t **report, struct err *err);
enum http_verdict args_answer_report(
        struct http_request *request, struct http_reply *reply, void *context, args_report make);

/* status.c: the pause of a connection as `status` shows it; new reference. */
json_t *console_pause_json(const struct console *console, const char *connection);

/* sweeps.c: the sweeps of a connection as `status` shows them; new reference. */
json_t *console_sweep_json(struct args *args, const char *connection);

#define KNOWN(...) ((const char *const[]){__VA_ARGS__, NULL})

#endif
