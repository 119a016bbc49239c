/* SPDX-License-Identifier: MIT */
#include "server/engine/park.h"

#include "server/base/clock.h"
#include "server/base/str.h"

#include <string.h>

#define PROBE_CREDENTIALS_MS  60000
#define PROBE_OUTAGE_FIRST_MS 1000
#define PROBE_OUTAGE_MAX_MS   10000
#define PROBE_STARTING_MS     2000

void park_init(struct park *park)
{
	memset(park, 0, sizeof(*park));
}

bool park_is_parked(const struct park *park)
{
	return park->reason != PARK_NONE;
}

bool park_was_away(const struct park *park)
{
	return park->reason == PARK_OUTAGE || (park->reason == PARK_STARTING && park->probes > 1);
}

static int64_t probe_wait_ms(const struct park *park)
{
	if (park->reason == PARK_CREDENTIALS) {
		/* The first probe comes soon: a token that was replaced a moment ago should not
		 * cost a minute. */
		return park->probes == 0 ? PROBE_OUTAGE_FIRST_MS : PROBE_CREDENTIALS_MS;
	}
	if (park->reason == PARK_STARTING) {
		return park->probes == 0 ? 0 : PROBE_STARTING_MS;
	}
	int64_t wait = PROBE_OUTAGE_FIRST_MS;
	for (int i = 0; i < park->probes && wait < PROBE_OUTAGE_MAX_MS; i++) {
		wait *= 2;
	}
	return wait < PROBE_OUTAGE_MAX_MS ? wait : PROBE_OUTAGE_MAX_MS;
}

void park_enter(struct park *park, enum park_reason reason, const char *cause, int64_t mono_ms)
{
	bool is_same = park->reason == reason;

	if (park->reason == PARK_NONE) {
		park->since_ms = clock_wall_ms();
	}
	if (!is_same) {
		park->reason = reason;
		park->probes = 0;
		park->probe_at_ms = mono_ms + probe_wait_ms(park);
	}
	str_format_cut(park->cause, sizeof(park->cause), "%s", cause);
}

bool park_success(struct park *park)
{
	bool was_parked = park_is_parked(park);

	park->reason = PARK_NONE;
	park->cause[0] = '\0';
	park->failing_count = 0;
	park->probes = 0;
	park->success_at_ms = clock_wall_ms();
	return was_parked;
}

static bool is_counted(const struct park *park, const char *employee_id)
{
	for (int i = 0; i < park->failing_count; i++) {
		if (str_equal(park->failing[i], employee_id)) {
			return true;
		}
	}
	return false;
}

bool park_failure(struct park *park, const char *employee_id, const char *cause, int64_t mono_ms)
{
	if (park_is_parked(park) || is_counted(park, employee_id)) {
		return false;
	}
	str_format_cut(
	        park->failing[park->failing_count], sizeof(park->failing[0]), "%s", employee_id);
	park->failing_count++;
	if (park->failing_count < PARK_OUTAGE_EMPLOYEES) {
		return false;
	}
	park_enter(park, PARK_OUTAGE, cause, mono_ms);
	return true;
}

bool park_probe_due(struct park *park, int64_t mono_ms)
{
	if (!park_is_parked(park) || mono_ms < park->probe_at_ms) {
		return false;
	}
	park->probes++;
	park->probe_at_ms = mono_ms + probe_wait_ms(park);
	return true;
}
