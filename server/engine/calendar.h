/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_CALENDAR_H
#define SERVER_ENGINE_CALENDAR_H

/*
 * Plans with a clock: what happens to one person until a day, what happens to
 * everybody in the days to come, and the approval in advance of what would pass
 * a limit (server/store/approvals.h). Forecasts of what is entered in Bob today;
 * nothing is done because of them. Control functions, as those of engine.h;
 * those of everybody take as long as reading everybody takes.
 */

#include "server/engine/engine.h"
#include "server/store/approvals.h"

#define CALENDAR_DAYS_MAX  366
#define CALENDAR_ON_MAX    731 /* days ahead, for one person */
#define APPROVE_PEOPLE_MAX 500 /* named at once */

/* The steps from now until the end of that local day (days since 1970). */
bool engine_plan_on(const struct plan_query *query, const char *employee_id, int32_t on,
        json_t **report, struct err *err) MUST_CHECK;

/* The next so many days, 1 to CALENDAR_DAYS_MAX, day by day. */
bool engine_plan_next(
        const struct plan_query *query, int days, json_t **report, struct err *err) MUST_CHECK;
/* The same as a job (engine.h). */
bool engine_plan_next_start(
        const struct plan_query *query, int days, const char *by, struct err *err) MUST_CHECK;

struct approve_query {
	struct plan_query plan; /* with the settings in force */
	int32_t day; /* local date of each person's site */
	enum limit_kind limit;
	const char *const *employee_ids; /* NULL: everybody the calendar has on that day */
	size_t count;
	bool is_check; /* says who would be approved, and approves nobody */
	const char *by;
};
/* ERR_NOT_FOUND: Bob does not bring one of them, or nobody is due. */
bool engine_approve(const struct approve_query *query, json_t **report, struct err *err) MUST_CHECK;

#endif
