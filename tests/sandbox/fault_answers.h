/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_FAULT_ANSWERS_H
#define TESTS_SANDBOX_FAULT_ANSWERS_H

/* What a chosen fault makes of an answer. Under the sandbox's lock. */

#include "tests/sandbox/faults.h"

struct sandbox;

/* Answers a call that is not applied. */
void fault_answer_before(
        struct sandbox *sb, const struct fault_plan *plan, struct request *rq, struct reply *rp);
/* Spoils the rendered answer of a call that was applied. */
void fault_change_after(const struct fault_plan *plan, struct reply *rp);

#endif
