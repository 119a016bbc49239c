/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_FAULTS_H
#define TESTS_SANDBOX_FAULTS_H

/*
 * The rules of POST /control/faults: which calls fail, and how. Choosing a rule is pure but for the
 * rules' own counters and the seeded random numbers; carrying it out is split between
 * fault_answer_before (the call is not applied) and fault_change_after (it was).
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/sandbox/request.h"

enum { FAULTS_MAX_RULES = 200, FAULTS_MAX_SUBJECTS = 512 };

enum fault_action {
	FAULT_NONE,
	FAULT_STATUS,
	FAULT_500_BEFORE,
	FAULT_500_AFTER,
	FAULT_SLOW,
	FAULT_CUT,
	FAULT_CUT_AFTER,
	FAULT_HANG,
	FAULT_HTML200,
	FAULT_TRUNCATE,
	FAULT_GARBAGE,
	FAULT_EMPTY,
	FAULT_429,
	FAULT_401,
};

struct fault_rule {
	int64_t id;
	json_t *json; /* as given, for details and for listing */
	enum fault_action action;
	enum system_id system;
	double probability;
	int64_t times; /* negative: no end */
	int64_t after;
	int64_t fired;
};

struct faults {
	struct fault_rule *rules;
	size_t count;
	int64_t last_id;
};

/* Whom a call is about: ids, logins and e-mails, for the rules' user filter. */
struct fault_subjects {
	const char *texts[FAULTS_MAX_SUBJECTS];
	size_t count;
};

struct fault_plan {
	enum fault_action action;
	json_t *rule; /* a reference of the plan's own; NULL without a rule */
	int64_t wait_ms; /* of all slow rules together, and of hang */
};

void faults_init(struct faults *faults);
void faults_finish(struct faults *faults);
void faults_clear(struct faults *faults);
/* Adds one rule and sets its id; NULL when all is well, else what is wrong (the caller frees). */
char *faults_add(struct faults *faults, const json_t *rule, int64_t *id) MUST_CHECK;
bool faults_remove(struct faults *faults, int64_t id);
json_t *faults_list(const struct faults *faults);

/* Decides for one call; its route is set already. The caller ends the plan. */
struct fault_plan faults_choose(struct faults *faults, const struct request *rq,
        const struct fault_subjects *subjects, uint64_t *random);
void fault_plan_finish(struct fault_plan *plan);

/* True when the call is answered by the plan itself, which it then has done. */
bool fault_is_before(enum fault_action action);
bool fault_is_after(enum fault_action action);
/* The name of an action, as in the rules. */
const char *fault_name(enum fault_action action);

#endif
