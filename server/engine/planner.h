/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_PLANNER_H
#define SERVER_ENGINE_PLANNER_H

/*
 * What would be done for one person: with the settings in force or with others,
 * now or at a later time. A plan is a run that stores and sends nothing; for a
 * later time it does not ask Okta either, and the record at hand is carried
 * forward, so that the next plan finds what this one would have done. One
 * thread.
 */

#include "server/engine/rule_set.h"
#include "server/engine/run.h"

struct planner {
	struct runner *runner; /* borrowed */
	struct connection *connection;
	const struct settings *settings; /* all connections, for moves; borrowed */
	int64_t read_begun_ms; /* of the people that are planned; set by the caller */
	bool is_draft;
	struct connection_settings draft; /* without its rules */
	struct rule_set rules; /* of the draft */
	json_t *fields; /* what must be read of people; owned */
};

/* settings NULL: those in force. Close it in every case. */
bool planner_open(struct planner *planner, struct engine *engine, struct connection *connection,
        const struct plan_settings *settings, struct err *err) MUST_CHECK;
void planner_close(struct planner *planner);
const struct policy_settings *planner_policy(const struct planner *planner);
const struct limit_set *planner_limits(const struct planner *planner);

/* At what time a plan is made. */
struct planner_time {
	int64_t at_ms; /* 0: now */
	bool carries; /* the employee becomes what the plan would make of them */
};
struct planned {
	json_t *report; /* as docs/http.md has it; owned; NULL: out of memory */
	int64_t due_at_ms; /* when the answer may change by itself; 0: never */
};
/* source NULL: Bob does not bring this person. */
void planner_plan(const struct planner *planner, struct employee *employee, json_t *source,
        const struct planner_time *time, struct planned *planned);

/* Reads up to BOB_BATCH_MAX people with the planner's fields; false with err. */
bool planner_read(const struct planner *planner, const char *const *employee_ids, size_t count,
        struct bob_people *people, struct err *err) MUST_CHECK;

#endif
