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
	bool is_about_people; /* all of the answer, also where it names no employee_id */
};

/*
 * Takes hold of the engine, checks query and body against what the route knows (lists end with
 * NULL; NULL: none) and finds the connection. False: err says why. Call args_finish in every case.
 */
struct args_known {
	const char *const *query; /* beside "connection" */
	const char *const *body;
	bool has_no_connection; /* a route of the whole program: "connection" is taken and unused */
};
bool args_init(struct args *args, const struct console *console, const struct http_request *request,
        const struct args_known *known) MUST_CHECK;
void args_finish(struct args *args);

/* The {id} of the path as args->key. */
bool args_key(struct args *args) MUST_CHECK;
/* A text of at most max_bytes; fallback when absent; NULL and err when it is no such text. */
const char *args_body_text(
        struct args *args, const char *name, size_t max_bytes, const char *fallback);
/* true or false; false when absent; false and err when it is neither. */
bool args_body_flag(struct args *args, const char *name);
/* Who asked, for the audit trail: the account, or what a program with the admin token says. */
const char *args_by(struct args *args);
/*
 * What who asked may see of people (A-11, G-10), which is decided here alone and asked by all:
 * viewers see nobody's names, accounts see no values of attributes but those they had revealed,
 * the admin token sees all.
 */
enum args_sight { ARGS_SEES_NOBODY, ARGS_SEES_NAMES, ARGS_SEES_VALUES };
/* employee_id NULL: of nobody in particular. */
enum args_sight args_sight(const struct args *args, const char *employee_id);
bool args_sees_people(const struct args *args);
/* Whether values of this person's attributes are shown: to programs, and to who revealed them. */
bool args_sees_values(const struct args *args, const char *employee_id);
/* A whole number of the query within 1..max; fallback when absent; 0 and err when it is none. */
int64_t args_query_number(struct args *args, const char *name, int64_t max, int64_t fallback);
/* The same within min..max. */
int64_t args_query_from(
        struct args *args, const char *name, int64_t min, int64_t max, int64_t fallback);
/*
 * The zone of whoever looks, "time_zone" of the query; NULL: none, or one that is not known here,
 * as a browser may know more of them than this machine. Close it.
 */
struct zone *args_query_zone(const struct args *args);
/* Sends args->err; for `return args_refuse(...)`. */
enum http_verdict args_refuse(struct args *args, struct http_reply *reply);

/* The same with all that was found wrong, beside the error that names the first. */
enum http_verdict args_refuse_mistakes(
        struct args *args, struct http_reply *reply, const struct settings_report *report);
/*
 * Sends json, taken, with that status, masked as args_sight says; NULL: args->err. Finishes args.
 */
enum http_verdict args_answer(
        struct args *args, struct http_reply *reply, json_t *json, int status);
/* The same unmasked: for what is audited as read out. */
enum http_verdict args_answer_whole(
        struct args *args, struct http_reply *reply, json_t *json, int status);

/* The draft in the body, borrowed: mapping, and with it scope and groups; else what is in force. */
bool args_draft(struct args *args, struct mapping_draft *draft) MUST_CHECK;
/* All mistakes of the draft at once, else the report, taken, else what went wrong. */
enum http_verdict args_answer_draft(struct args *args, struct http_reply *reply,
        const struct settings_report *mistakes, json_t *report);

/* A whole route that takes nothing and shows what the engine reports of the connection. */
typedef bool (*args_report)(
        struct engine *engine, const char *connection, json_t **report, struct err *err);
enum http_verdict args_answer_report(
        struct http_request *request, struct http_reply *reply, void *context, args_report make);

/* reveal.c: whether the values of that person were revealed to who asks, and still are. */
bool reveal_is_given(const struct args *args, const char *employee_id);
/* Writes into the trail who wants them and what for; from then on they are. */
bool reveal_give(
        struct args *args, const char *employee_id, const char *by, const char *purpose) MUST_CHECK;

/* status.c: the pause of a connection as `status` shows it; new reference. */
json_t *console_pause_json(const struct console *console, const char *connection);

/* status.c: when those who wait will be done, as `status` shows it; new reference. */
json_t *console_drain_json(const struct args *args, const char *connection,
        const struct engine_health *health, const struct store_counts *counts);

/* sweeps.c: the sweeps of a connection as `status` shows them; new reference. */
json_t *console_sweep_json(struct args *args, const char *connection);

/* limits.c: the limits of a connection as `status` shows them; new reference, NULL with err. */
json_t *console_limits_json(struct args *args, const char *connection);
/* kept.c: the audit trail and the retention job, the same. */
json_t *console_audit_json(const struct console *console);
json_t *console_retention_json(const struct args *args);

#define KNOWN(...) ((const char *const[]){__VA_ARGS__, NULL})

#endif
