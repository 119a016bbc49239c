/* SPDX-License-Identifier: MIT */
#include "server/engine/row_tally.h"

#include "server/base/clock.h"

#define KEPT_TIMES 200

bool row_tally_init(struct row_tally *tally)
{
	*tally = (struct row_tally){0};
	return monitor_init(&tally->monitor);
}

static void clear(struct row_tally *tally)
{
	row_problem_list_finish(&tally->problems);
	group_count_list_finish(&tally->memberships);
	tally->is_made = false;
}

void row_tally_finish(struct row_tally *tally)
{
	clear(tally);
	monitor_finish(&tally->monitor);
}

static bool is_new_enough(const struct row_tally *tally, int64_t now_ms)
{
	int64_t kept_ms = tally->took_ms * KEPT_TIMES;

	kept_ms = kept_ms > ROW_TALLY_KEPT_MIN_MS ? kept_ms : ROW_TALLY_KEPT_MIN_MS;
	kept_ms = kept_ms < ROW_TALLY_KEPT_MAX_MS ? kept_ms : ROW_TALLY_KEPT_MAX_MS;
	return tally->is_made && now_ms - tally->made_at_ms < kept_ms;
}

static bool make(
        struct row_tally *tally, struct store *store, const char *connection, struct err *err)
{
	int64_t begun_ms = clock_mono_ms();

	clear(tally);
	tally->is_made = store_row_problems(store, connection, &tally->problems, err) &&
	        store_membership_counts(store, connection, &tally->memberships, err);
	tally->made_at_ms = clock_mono_ms();
	tally->took_ms = tally->made_at_ms - begun_ms;
	return tally->is_made;
}

bool row_tally_use(
        struct row_tally *tally, struct store *store, const char *connection, struct err *err)
{
	monitor_lock(&tally->monitor);
	if (is_new_enough(tally, clock_mono_ms()) || make(tally, store, connection, err)) {
		return true;
	}
	monitor_unlock(&tally->monitor);
	return false;
}

void row_tally_release(struct row_tally *tally)
{
	monitor_unlock(&tally->monitor);
}
