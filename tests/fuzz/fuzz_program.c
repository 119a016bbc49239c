/* SPDX-License-Identifier: MIT */
/*
 * Any text as a jq program, compiled and run in a real evaluator. libjq may
 * crash, hang or eat memory there; here every program gets a verdict, and the
 * innocent one beside it always its value.
 */
#include "tests/fuzz/target.h"

#include "server/base/str.h"
#include "server/evaluator/evaluator.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define PROGRAMS 2

static struct evaluator_spawner *spawner;

static void stop(void)
{
	evaluator_spawner_stop(spawner);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	int status = 0;
	struct err err = ERR_INIT;
	if (evaluator_main(*argc, *argv, &status)) {
		exit(status);
	}
	spawner = evaluator_spawner_start(NULL, &err);
	assert(spawner != NULL);
	atexit(stop);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct evaluation results[PROGRAMS] = {0};
	const bool is_asked[PROGRAMS] = {true, true};
	char *text = size > 0 && size < 4000 ? str_dup_len((const char *)data, size) : NULL;
	if (text == NULL || strlen(text) != size) {
		free(text);
		return 0;
	}
	const char *programs[PROGRAMS] = {text, ".root.firstName"};
	struct evaluator_pool *pool = evaluator_pool_create(spawner, programs, PROGRAMS, NULL);
	assert(pool != NULL);
	struct evaluator evaluator = evaluator_pool_interface(pool);
	json_t *input = json_pack("{s:{s:s}}", "root", "firstName", "Ada");
	evaluator.evaluate(evaluator.context, "7", input, is_asked, results);
	for (size_t i = 0; i < PROGRAMS; i++) {
		assert((results[i].state == EVALUATION_VALUE) == (results[i].value != NULL));
		assert(results[i].state == EVALUATION_VALUE || results[i].reason[0] != '\0');
	}
	assert(results[1].state == EVALUATION_AGAIN ||
	        str_equal(json_string_value(results[1].value), "Ada"));
	for (size_t i = 0; i < PROGRAMS; i++) {
		json_decref(results[i].value);
	}
	json_decref(input);
	evaluator_pool_destroy(pool);
	free(text);
	return 0;
}
