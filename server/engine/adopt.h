/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_ADOPT_H
#define SERVER_ENGINE_ADOPT_H

/*
 * Day one in an org that has users already (docs/adoption.md): a scan compares
 * everybody with all Okta users and changes nothing; a human decides; applying
 * carries the decisions out, each after a second look. Scan and apply are one
 * job a server at a time, on a thread of its own that ends with the engine;
 * what it has found and done so far stays. Reports are JSON as docs/http.md
 * describes it, new references; errors as in engine.h.
 */

#include "server/engine/engine.h"

struct adopt_start {
	const char *connection;
	const char *by;
	const json_t *rules; /* words in their order; NULL: all */
};
/* ERR_CONFLICT: a scan or an apply runs. */
bool engine_adopt_scan(
        struct engine *engine, const struct adopt_start *start, struct err *err) MUST_CHECK;
bool engine_adopt_apply(
        struct engine *engine, const struct adopt_start *start, struct err *err) MUST_CHECK;
/*
 * Ends the one that runs, after the person or the call in hand; what it has done stays.
 * ERR_CONFLICT: none of this connection runs.
 */
bool engine_adopt_stop(
        struct engine *engine, const char *connection, const char *by, struct err *err) MUST_CHECK;
/* ERR_CONFLICT while a job of the connection runs: what it works on is not decided meanwhile. */
bool engine_adopt_is_free(
        struct engine *engine, const char *connection, struct err *err) MUST_CHECK;
/* How the last scan and apply went or go, and how many people are where. */
bool engine_adopt_report(
        struct engine *engine, const char *connection, json_t **report, struct err *err) MUST_CHECK;

struct link_request {
	struct employee_key key;
	const char *okta_user; /* Okta id or login */
	const char *by;
	const char *although; /* why, where the facts disagree; NULL: they have to agree */
	const char *expect; /* "facts" of the report a human saw; NULL: whatever they are */
	bool is_check; /* only show both sides */
};
/* Links one person to an Okta user; allowed in dry_run, since nothing is sent. */
bool engine_link(struct engine *engine, const struct link_request *request, json_t **report,
        struct err *err) MUST_CHECK;
/* Forgets the link and holds the employee, so that no run makes a second account. */
struct unlink_request {
	struct employee_key key;
	const char *by;
};
bool engine_unlink(struct engine *engine, const struct unlink_request *request, json_t **report,
        struct err *err) MUST_CHECK;

#endif
