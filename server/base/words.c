/* SPDX-License-Identifier: MIT */
#include "server/base/words.h"

#include "server/base/attr.h"
#include "server/base/str.h"

static const char *const LANES[LANE_COUNT] = {
        [LANE_REVOKE] = "revoke",
        [LANE_LEAVE] = "leave",
        [LANE_JOIN] = "join",
        [LANE_UPDATE] = "update",
        [LANE_SWEEP] = "sweep",
};

static const char *const HOLDS[HOLD_KIND_COUNT] = {
        [HOLD_HUMAN] = "human",
        [HOLD_LIMIT] = "limit",
        [HOLD_MATCH] = "match",
        [HOLD_DUPLICATE] = "duplicate",
        [HOLD_CLOSED_BY_OTHER] = "closed_by_other",
        [HOLD_REVOKED] = "revoked",
        [HOLD_REVOKE_DOUBTFUL] = "revoke_doubtful",
        [HOLD_DISAPPEARED] = "disappeared",
        [HOLD_REHIRE] = "rehire",
        [HOLD_DOMAIN] = "domain",
        [HOLD_EXISTING] = "existing",
        [HOLD_FIRST_LOWER] = "first_lower",
        [HOLD_FORBIDDEN] = "forbidden",
        [HOLD_ROW] = "row",
        [HOLD_CRASH] = "crash",
        [HOLD_UNDO] = "undo",
};

static const char *const ACTIONS[ACTION_KIND_COUNT] = {
        [ACTION_CREATE] = "create",
        [ACTION_UPDATE] = "update",
        [ACTION_ACTIVATE] = "activate",
        [ACTION_REACTIVATE] = "reactivate",
        [ACTION_SUSPEND] = "suspend",
        [ACTION_UNSUSPEND] = "unsuspend",
        [ACTION_DEACTIVATE] = "deactivate",
        [ACTION_END_SESSIONS] = "end_sessions",
        [ACTION_JOIN_GROUP] = "join_group",
        [ACTION_LEAVE_GROUP] = "leave_group",
        [ACTION_LINK] = "link",
        [ACTION_UNLINK] = "unlink",
};

static const char *const LIMITS[LIMIT_KIND_COUNT] = {
        [LIMIT_NONE] = "none",
        [LIMIT_LOWER] = "lower",
        [LIMIT_RENAME] = "rename",
        [LIMIT_RAISE] = "raise",
        [LIMIT_CREATE] = "create",
        [LIMIT_REVOKE] = "revoke",
        [LIMIT_LEAVE_GROUP] = "leave_group",
        [LIMIT_UPDATE_BY_SETTINGS] = "update_by_settings",
};

static const char *const PERIODS[LIMIT_PERIOD_COUNT] = {
        [LIMIT_HOUR] = "hour",
        [LIMIT_DAY] = "day",
        [LIMIT_WEEK] = "week",
};

static const char *const CAUSES[] = {
        [LOWER_NONE] = "none",
        [LOWER_LEAVER] = "leaver",
        [LOWER_LEAVE] = "leave",
        [LOWER_REVOKED] = "revoked",
        [LOWER_SCOPE] = "scope",
        [LOWER_CLOSE] = "close",
        [LOWER_DUPLICATE] = "duplicate",
};

static const char *const ORIGINS[] = {
        [ORIGIN_NONE] = "none",
        [ORIGIN_CREATED] = "created",
        [ORIGIN_ADOPTED_STAGED] = "adopted_staged",
        [ORIGIN_ADOPTED] = "adopted",
};

static const char *word(const char *const *words, size_t count, size_t at)
{
	return at < count && words[at] != NULL ? words[at] : "unknown";
}

const char *lane_name(enum lane lane)
{
	return word(LANES, ARRAY_SIZE(LANES), (size_t)lane);
}

const char *hold_kind_name(enum hold_kind kind)
{
	return word(HOLDS, ARRAY_SIZE(HOLDS), (size_t)kind);
}

const char *action_kind_name(enum action_kind kind)
{
	return word(ACTIONS, ARRAY_SIZE(ACTIONS), (size_t)kind);
}

const char *limit_kind_name(enum limit_kind kind)
{
	return word(LIMITS, ARRAY_SIZE(LIMITS), (size_t)kind);
}

const char *limit_period_name(enum limit_period period)
{
	return word(PERIODS, ARRAY_SIZE(PERIODS), (size_t)period);
}

const char *lower_cause_name(enum lower_cause cause)
{
	return word(CAUSES, ARRAY_SIZE(CAUSES), (size_t)cause);
}

const char *account_origin_name(enum account_origin origin)
{
	return word(ORIGINS, ARRAY_SIZE(ORIGINS), (size_t)origin);
}

enum hold_kind hold_kind_parse(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(HOLDS); i++) {
		if (str_equal(HOLDS[i], text)) {
			return (enum hold_kind)i;
		}
	}
	return HOLD_KIND_COUNT;
}

bool hold_kind_is_apart(enum hold_kind kind)
{
	return kind == HOLD_HUMAN || kind == HOLD_UNDO || kind == HOLD_REVOKED ||
	        kind == HOLD_CRASH;
}

enum limit_kind limit_kind_parse(const char *text)
{
	for (size_t i = LIMIT_NONE + 1; i < ARRAY_SIZE(LIMITS); i++) {
		if (str_equal(LIMITS[i], text)) {
			return (enum limit_kind)i;
		}
	}
	return LIMIT_KIND_COUNT;
}

const struct limit_window *limit_set_window(
        const struct limit_set *limits, enum limit_kind kind, enum limit_period period)
{
	switch (period) {
	case LIMIT_HOUR: return &limits->hour[kind];
	case LIMIT_DAY: return &limits->day[kind];
	case LIMIT_WEEK:
	case LIMIT_PERIOD_COUNT: break;
	}
	return &limits->week[kind];
}

int64_t limit_period_ms(enum limit_period period)
{
	static const int64_t HOURS[LIMIT_PERIOD_COUNT] = {1, 24, 7 * INT64_C(24)};

	return HOURS[period] * 3600000;
}
