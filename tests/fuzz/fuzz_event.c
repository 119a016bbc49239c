/* SPDX-License-Identifier: MIT */
/*
 * Any body of a delivery: a verdict comes, the same each time, and only a usable one names an
 * employee that could be somebody.
 */
#include "tests/fuzz/target.h"

#include "server/base/str.h"
#include "server/intake/event.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define RECEIVED_MS INT64_C(1795600000000)

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static void check(const struct event_verdict *verdict)
{
	bool is_accepted = verdict->state == EVENT_ACCEPTED;
	assert(verdict->state > EVENT_RECEIVED && verdict->state < EVENT_STATE_COUNT);
	assert(verdict->lane >= 0 && verdict->lane < LANE_COUNT);
	assert(verdict->employee_id[0] == '\0' ||
	        str_is_digits(verdict->employee_id, EMPLOYEE_ID_BYTES - 1));
	assert(!is_accepted || verdict->employee_id[0] != '\0');
	assert(verdict->state != EVENT_UNUSABLE || verdict->reason[0] != '\0');
	assert(str_is_utf8(verdict->reason, strlen(verdict->reason)));
	assert(str_is_utf8(verdict->type, strlen(verdict->type)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct event_verdict first;
	struct event_verdict again;
	memset(&first, 0, sizeof(first));
	memset(&again, 0xff, sizeof(again));
	again.event_id = first.event_id;
	char *body = str_dup_len((const char *)data, size);
	if (body == NULL) {
		return 0;
	}
	event_parse(body, size, "636192", RECEIVED_MS, &first);
	event_parse(body, size, "636192", RECEIVED_MS, &again);
	check(&first);
	assert(first.state == again.state && first.kind == again.kind);
	assert(str_equal(first.employee_id, again.employee_id));
	free(body);
	return 0;
}
