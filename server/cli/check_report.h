/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CLI_CHECK_REPORT_H
#define SERVER_CLI_CHECK_REPORT_H

/*
 * What `check` found, line by line: printed as it is found, or gathered as
 * JSON. The parts of the check (check_bob.c, check_okta.c, check_groups.c,
 * check_rows.c, check_census.c) write into one. Private to server/cli. One thread.
 */

#include "mapping/mapping.h"
#include "server/base/attr.h"
#include "server/base/call.h"
#include "server/cli/cli_call.h"
#include "server/evaluator/evaluator.h"
#include "server/settings/settings.h"

#include <jansson.h>

enum check_result {
	CHECK_OK,
	CHECK_WARNING, /* works; somebody should look */
	CHECK_UNKNOWN, /* could not be found out */
	CHECK_FAILURE, /* bob2okta cannot do its work like this */
};

struct check_report {
	struct cli_call *call;
	const char *connection; /* of the lines that come; NULL: none */
	json_t *lines; /* array, for --json */
	size_t failures;
	size_t warnings; /* unknown ones included */
};

void check_report_init(struct check_report *report, struct cli_call *call);
void check_report_finish(struct check_report *report);
/* One line: what was asked ("bob: work.title"), what came of it. mend NULL or "": nothing to do. */
void check_report_add(struct check_report *report, enum check_result result, const char *what,
        const char *found, const char *mend);
/* The same for a call that did not go well: its sentence, and the mend of its class. */
void check_report_add_call(
        struct check_report *report, const char *what, const struct call_outcome *outcome);
/* The last line, or the JSON; returns the exit status. */
int check_report_close(struct check_report *report);

/* How the process may talk to Bob and Okta. */
enum settings_plain check_plain(const struct cli_call *call);

/* What the parts of the check find out for each other. */
struct check_facts {
	struct evaluator_spawner *spawner; /* borrowed; NULL: no row has an expression */
	struct field_catalog *fields; /* NULL: Bob's metadata could not be read */
	struct attribute_catalog *attributes; /* NULL: Okta's schema could not be read */
	json_t *people; /* array of Bob's objects; NULL: not read */
};
void check_facts_finish(struct check_facts *facts);

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
