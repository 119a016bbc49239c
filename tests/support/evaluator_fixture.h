/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_EVALUATOR_FIXTURE_H
#define TESTS_SUPPORT_EVALUATOR_FIXTURE_H

/* A spawner and a pool over programs; everything that fails aborts the test. */

#include "server/evaluator/evaluator.h"

struct evaluator_fixture {
	struct evaluator_spawner *spawner;
	struct evaluator_pool *pool;
	size_t count;
	struct evaluation *results; /* of the last call; freed with the next */
};

/* The spawner is the test program itself (suite.h). */
void evaluator_fixture_init(
        struct evaluator_fixture *fixture, const char *const *programs, size_t count);
void evaluator_fixture_finish(struct evaluator_fixture *fixture);

/* What compiling says of one program; "" for nothing. */
const char *evaluator_fixture_complaint(struct evaluator_fixture *fixture, size_t index);
/* One program over input, which is JSON text, for that employee. */
const struct evaluation *evaluator_fixture_run(struct evaluator_fixture *fixture, size_t index,
        const char *employee_id, const char *input);
/* All programs. */
const struct evaluation *evaluator_fixture_run_all(
        struct evaluator_fixture *fixture, const char *employee_id, const char *input);

#endif
