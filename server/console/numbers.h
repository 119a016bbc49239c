/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CONSOLE_NUMBERS_H
#define SERVER_CONSOLE_NUMBERS_H

/* What was done by the hour and by the day, as JSON (server/store/history.h). One thread. */

#include "server/base/zone.h"
#include "server/store/history.h"

#include <jansson.h>

#define NUMBERS_HOURS 24
#define NUMBERS_DAYS  30

/* Hours and days by the clock on the wall of that zone; the present ones come last. */
struct numbers {
	struct history_span hours[NUMBERS_HOURS];
	struct history_span days[NUMBERS_DAYS];
	int32_t today;
};
bool numbers_read(struct numbers *numbers, struct store *store, const char *connection,
        const struct zone *zone, struct err *err) MUST_CHECK;

/* New references. */
json_t *numbers_today_json(const struct numbers *numbers);
json_t *numbers_hours_json(const struct numbers *numbers);
json_t *numbers_days_json(const struct numbers *numbers);
/* How long an event waited for its answer: {"writes", "nothings"} of the last 24 hours and 30 days.
 */
json_t *numbers_times_json(const struct numbers *numbers);

#endif
