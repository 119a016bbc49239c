/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CLI_CLI_CALL_H
#define SERVER_CLI_CLI_CALL_H

/*
 * One run of one command: its arguments, its output, and its way to the
 * running server. Private to server/cli. One thread.
 */

#include "server/base/attr.h"
#include "server/base/err.h"
#include "server/base/transport.h"
#include "server/cli/cli.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct admin_client;
struct cli_command;

#define CLI_WORDS_MAX 100

struct cli_call {
	const struct options *options;
	const struct cli_command *command;
	const char *sub; /* "set" of "secret set"; NULL: none */
	int argc; /* what follows the command's name */
	char **argv;
	FILE *out;
	FILE *errors;

	/* Filled in by cli_call_read. */
	const char *connection; /* NULL: not given */
	bool is_json;
	const char *word; /* the first argument that is no flag; NULL: none */
	const char *words[CLI_WORDS_MAX]; /* all of those */
	size_t word_count;

	struct admin_client *client; /* opened by the first request */
};

struct cli_flag {
	const char *name; /* "--text" */
	const char **value; /* takes a value; NULL: a switch */
	bool *is_given; /* of a switch */
};

enum cli_word { CLI_NO_WORD, CLI_MAY_HAVE_WORD, CLI_NEEDS_WORD };

/*
 * Reads the command's own flags (up to one with a NULL name), --connection, --json, and the word.
 * ERR_USAGE with a suggestion for anything else.
 */
bool cli_call_read(struct cli_call *call, const struct cli_flag *flags, enum cli_word word,
        struct err *err) MUST_CHECK;
/* The same for a command with words of its own ("settings diff 3 4"): up to max of them. */
bool cli_call_read_words(struct cli_call *call, const struct cli_flag *flags, size_t max,
        struct err *err) MUST_CHECK;
/* An employee id as Bob has them; ERR_USAGE saying where ids are found. */
bool cli_call_check_id(const char *id, struct err *err) MUST_CHECK;
/* As cli_call_read, for a command whose word is an employee's id. */
bool cli_call_read_id(
        struct cli_call *call, const struct cli_flag *flags, struct err *err) MUST_CHECK;
/* --employee ID or --all, for which nothing at all stands too; ERR_USAGE for both, or a bad id. */
bool cli_call_check_whom(const char *employee, bool is_all, struct err *err) MUST_CHECK;
const char *cli_call_connection(const struct cli_call *call);

/* Complains on the error stream; returns the exit status that belongs to the error. */
int cli_call_fail(struct cli_call *call, const struct err *err);
/* Prints what may hold text from outside: nothing in it can steer a terminal. */
void cli_call_print(struct cli_call *call, const char *format, ...) PRINTF(2, 3);
/* Prints the API's answer as it is and returns CLI_DONE. */
int cli_call_print_json(struct cli_call *call, const json_t *json);

/* What is asked of the admin API. */
struct cli_request {
	const char *method;
	const char *path; /* "/api/v1/status" */
	const char *employee_id; /* with verb: the path is people/{id}/{verb} */
	const char *verb; /* NULL: people/{id} itself */
	const char *query; /* encoded, without ? ("state=held"); NULL: none */
	json_t *body; /* taken; NULL: none */
};

/* A new reference; NULL with an error that says what to do. */
json_t *cli_call_ask(
        struct cli_call *call, const struct cli_request *request, struct err *err) MUST_CHECK;
/* Asks for a file, which goes to the sink; the body is taken. */
bool cli_call_fetch(struct cli_call *call, const struct cli_request *request, transport_sink *sink,
        void *context, struct err *err) MUST_CHECK;
/* The whole answer that refused the last request, for what stands in it beside the error; may be
 * NULL. Borrowed. */
const json_t *cli_call_refusal(const struct cli_call *call);
/* As cli_call_fail, after a request: says all that was found wrong, as check does. */
int cli_call_refuse(struct cli_call *call, const struct err *err);
/* Asks, prints the answer as JSON or by show, and returns the exit status. */
int cli_call_show(struct cli_call *call, const struct cli_request *request,
        void (*show)(struct cli_call *call, const json_t *answer));
/* A body for a change: an object with `by`, the name of the operating system's user. */
json_t *cli_call_body(void);
/* A text of an answer, "" when it is not there. Borrowed. */
const char *cli_call_text(const json_t *object, const char *key);

#endif
