/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_FORECAST_H
#define SERVER_ENGINE_FORECAST_H

/*
 * What happens to one person from now on, step by step: at each time at which
 * something may change, the person as Bob will show them then (mapping/future.h)
 * is planned, from what the steps before would have made of the account. A
 * forecast of what is entered today, and no promise: when the day comes, the
 * person is read and planned afresh. One thread.
 */

#include "server/engine/planner.h"

struct forecast {
	struct planner *planner; /* borrowed */
	struct employee *employee; /* a copy, changed on the way; borrowed */
	json_t *source; /* as Bob shows the person now; borrowed; NULL: not at all */
	const json_t *rows; /* of Bob's lifecycle table; borrowed; NULL: not known */
	int64_t now_ms;
	int64_t until_ms; /* steps up to here, this included */
};

struct forecast_step {
	int64_t at_ms;
	bool is_now;
	/* The local day it belongs to, and the time of it: what closes at the end of a day belongs
	   to that day, at DAY_MINUTES. */
	int32_t date;
	int minute;
	const char *status_after; /* of the account, once the plan was carried out */
	json_t *plan; /* as planner_plan reports it; borrowed */
	const char *lifecycle; /* as Bob will show it; "" while not known */
};
typedef void forecast_visit(void *context, const struct forecast_step *step);

/* Visits the steps in order of time; at most a few dozen. False when out of memory. */
bool forecast_walk(const struct forecast *forecast, forecast_visit *visit, void *context,
        struct err *err) MUST_CHECK;
/* "17:30", "24:00"; to is 6 bytes. */
#define FORECAST_TIME_BYTES 6
void forecast_format_time(char to[FORECAST_TIME_BYTES], int minute);
/* The time zone of that person. */
const struct zone *forecast_zone(const struct planner *planner, json_t *source);

/*
 * Reads the lifecycle rows of these people: object by id, NULL when the table cannot be read, which
 * ends no plan; then *why says so. Waits out a rate limit, and no longer than a minute.
 */
json_t *forecast_rows(struct planner *planner, struct engine *engine, const char *const *ids,
        size_t count, char why[SENTENCE_BYTES]);

#endif
