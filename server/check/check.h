/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CHECK_CHECK_H
#define SERVER_CHECK_CHECK_H

/*
 * Whether a connection can do its work: may the tokens what they must, are the
 * mapped fields readable, do the attributes exist, do the rows fit? Asks Bob
 * and Okta, and changes nothing. What is found goes out line by line to whoever
 * asked: `bob2okta check` prints it, the admin API gathers it (check_job.h). The
 * parts (check_bob.c, check_okta.c, check_groups.c, check_rows.c,
 * check_census.c) write into one report. One thread a report; calls may take
 * seconds, and end early when *stop says so.
 */

#include "mapping/mapping.h"
#include "server/base/attr.h"
#include "server/base/call.h"
#include "server/base/transport.h"
#include "server/evaluator/evaluator.h"
#include "server/settings/settings.h"

#include <jansson.h>
#include <stdatomic.h>

struct okta_org;
struct bob_company;

enum check_result {
	CHECK_OK,
	CHECK_WARNING, /* works; somebody should look */
	CHECK_UNKNOWN, /* could not be found out */
	CHECK_FAILURE, /* bob2okta cannot do its work like this */
};

struct check_line {
	const char *connection; /* NULL: of none */
	enum check_result result;
	const char *what; /* what was asked: "bob: work.title" */
	const char *found;
	const char *mend; /* what to do; "": nothing */
};

struct check_report {
	void (*on_line)(void *context, const struct check_line *line);
	/* What is asked now ("reads everybody in Bob"); may be NULL. */
	void (*on_step)(void *context, const char *step);
	void *context;
	enum settings_plain plain; /* how Bob and Okta may be talked to */
	const atomic_bool *stop; /* borrowed; may be NULL */
	/* Whose budgets are spent, so that a check takes its turns among the engine's calls;
	   borrowed, NULL: budgets of its own. */
	const struct okta_org *org;
	const struct bob_company *company;
	bool is_detailed; /* what is well has a line of its own, too */
	const char *connection; /* of the lines that come; NULL: none */
	size_t failures;
	size_t warnings; /* unknown ones included */
};

/* "ok", "warning", "unknown", "failure". */
const char *check_result_name(enum check_result result);
/* One line: what was asked ("bob: work.title"), what came of it. mend NULL or "": nothing to do. */
void check_report_add(struct check_report *report, enum check_result result, const char *what,
        const char *found, const char *mend);
/* The same for a call that did not go well: its sentence, and the mend of its class. */
void check_report_add_call(
        struct check_report *report, const char *what, const struct call_outcome *outcome);
/* Says what is asked now. */
void check_report_step(struct check_report *report, const char *step);
/* Why no token is there, of those that are entered for the store. */
void check_report_add_lack(
        struct check_report *report, const char *what, const struct token_settings *token);
#define CHECK_TURN_MAX_MS 120000 /* two windows of Okta's and of Bob's */
/* Waits that long; false: the check shall end. */
bool check_report_wait(const struct check_report *report, int64_t ms) MUST_CHECK;
/* For transports. */
enum transport_plain check_plain(const struct check_report *report);

/* What the parts of the check find out for each other. */
struct check_facts {
	struct evaluator_spawner *spawner; /* borrowed; NULL: no row has an expression */
	struct field_catalog *fields; /* NULL: Bob's metadata could not be read */
	struct attribute_catalog *attributes; /* NULL: Okta's schema could not be read */
	json_t *people; /* array of Bob's objects; NULL: not read */
};
void check_facts_finish(struct check_facts *facts);

/* Which sides are asked; rows and people need both. */
enum check_part { CHECK_BOTH, CHECK_OKTA_ONLY, CHECK_BOB_ONLY };
/* A whole connection; spawner NULL: expressions are not tried. */
void check_connection(struct check_report *report, const struct connection_settings *connection,
        enum check_part part, struct evaluator_spawner *spawner);

/* Reads Bob's fields and everybody, and compares asked with received (K2). Changes nothing. */
void check_bob(struct check_report *report, const struct connection_settings *connection,
        struct check_facts *facts);
/* Finds the token's owner, proves permissions, reads the schema. Changes nothing. */
void check_okta(struct check_report *report, const struct connection_settings *connection,
        struct check_facts *facts);
struct okta_client;
/* Each group of the settings, and the protected one. Changes nothing. */
void check_groups(struct check_report *report, const struct connection_settings *connection,
        struct okta_client *client);
/* Each row against Okta's schema: does the attribute exist, may it be written, will it fit? */
void check_rows(struct check_report *report, const struct connection_settings *connection,
        const struct check_facts *facts);
/* Compiles the expressions, and tries all rows on everybody who was read. */
void check_census(struct check_report *report, const struct connection_settings *connection,
        const struct check_facts *facts);

#endif
