/* SPDX-License-Identifier: MIT */
/* Any status and headers of Bob (a line each): nothing is ever unclear, and a wait has an end. */
#include "tests/fuzz/target.h"

#include "server/bob/bob_answer.h"
#include "tests/fuzz/lines.h"

#include <assert.h>

#define NOW_MS INT64_C(1795600000000)

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *lines[5];
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		lines[i] = take_line(&data, &size);
	}
	struct bob_answer_facts facts = {
	        .http_status = take_status(lines[0]),
	        .is_json = size % 2 == 0,
	        .rate_remaining = lines[1],
	        .rate_reset = lines[2],
	        .retry_after = lines[3],
	        .date = lines[4],
	        .now_ms = NOW_MS,
	};
	struct call_outcome outcome;
	bob_answer_judge(&facts, &outcome);
	assert(outcome.call_class != CALL_UNCLEAR && outcome.call_class < CALL_ABORTED);
	assert(outcome.call_class == CALL_DONE || outcome.sentence[0] != '\0');
	int64_t wait_ms = bob_answer_wait_ms(&facts);
	assert(wait_ms >= BOB_WAIT_MIN_MS && wait_ms <= BOB_WAIT_MAX_MS);
	assert(bob_answer_number(lines[1]) >= -1);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		free(lines[i]);
	}
	return 0;
}
