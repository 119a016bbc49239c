/* SPDX-License-Identifier: MIT */
#include "tests/support/evaluator_fixture.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

void evaluator_fixture_init(
        struct evaluator_fixture *fixture, const char *const *programs, size_t count)
{
	struct err err = ERR_INIT;
	*fixture = (struct evaluator_fixture){.count = count};
	fixture->spawner = evaluator_spawner_start(NULL, &err);
	ck_assert_msg(fixture->spawner != NULL, "%s", err.text);
	fixture->pool = evaluator_pool_create(fixture->spawner, programs, count, &err);
	ck_assert_msg(fixture->pool != NULL, "%s", err.text);
	fixture->results = calloc(count + 1, sizeof(*fixture->results));
	ck_assert_ptr_nonnull(fixture->results);
}

static void forget_results(struct evaluator_fixture *fixture)
{
	for (size_t i = 0; i < fixture->count; i++) {
		json_decref(fixture->results[i].value);
		fixture->results[i] = (struct evaluation){0};
	}
}

void evaluator_fixture_finish(struct evaluator_fixture *fixture)
{
	forget_results(fixture);
	free(fixture->results);
	evaluator_pool_destroy(fixture->pool);
	evaluator_spawner_stop(fixture->spawner);
}

const char *evaluator_fixture_complaint(struct evaluator_fixture *fixture, size_t index)
{
	struct err err = ERR_INIT;
	forget_results(fixture);
	ck_assert_msg(
	        evaluator_pool_compile(fixture->pool, fixture->results, &err), "%s", err.text);
	return fixture->results[index].reason;
}

static void run(struct evaluator_fixture *fixture, const bool *is_asked, const char *employee_id,
        const char *input)
{
	struct evaluator evaluator = evaluator_pool_interface(fixture->pool);
	json_t *json = json_loads(input, JSON_DECODE_ANY, NULL);
	ck_assert_msg(json != NULL, "no JSON: %s", input);
	forget_results(fixture);
	evaluator.evaluate(evaluator.context, employee_id, json, is_asked, fixture->results);
	json_decref(json);
}

const struct evaluation *evaluator_fixture_run(
        struct evaluator_fixture *fixture, size_t index, const char *employee_id, const char *input)
{
	bool *is_asked = calloc(fixture->count, sizeof(*is_asked));
	ck_assert_ptr_nonnull(is_asked);
	is_asked[index] = true;
	run(fixture, is_asked, employee_id, input);
	free(is_asked);
	return &fixture->results[index];
}

const struct evaluation *evaluator_fixture_run_all(
        struct evaluator_fixture *fixture, const char *employee_id, const char *input)
{
	bool *is_asked = malloc(fixture->count * sizeof(*is_asked));
	ck_assert_ptr_nonnull(is_asked);
	memset(is_asked, 1, fixture->count * sizeof(*is_asked));
	run(fixture, is_asked, employee_id, input);
	free(is_asked);
	return fixture->results;
}
