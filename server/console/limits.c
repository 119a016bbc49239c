/* SPDX-License-Identifier: MIT */
/* What the limits come to (policy M2), as status and the list of holds show it. */
#include "server/base/str.h"
#include "server/console/args.h"
#include "server/store/limits.h"

static json_t *fill_json(enum limit_period period, const struct limit_fill *fill)
{
	return json_pack("{s:s, s:I, s:I, s:I}", "window", limit_period_name(period), "used",
	        (json_int_t)fill->used, "allowed", (json_int_t)fill->allowed, "next_in_ms",
	        (json_int_t)fill->next_ms);
}

static json_t *windows_json(const struct limit_state *state)
{
	json_t *list = json_array();

	for (int i = 0; i < LIMIT_PERIOD_COUNT; i++) {
		if (state->fills[i].allowed >= 0) {
			json_array_append_new(
			        list, fill_json((enum limit_period)i, &state->fills[i]));
		}
	}
	return list;
}

/* Open ones and rejected ones. */
static void count_held(
        const struct hold_list *holds, enum limit_kind limit, int64_t *held, int64_t *rejected)
{
	*held = 0;
	*rejected = 0;
	for (size_t i = 0; i < holds->count; i++) {
		const struct hold *hold = &holds->items[i];
		if (hold->kind == HOLD_LIMIT && hold->limit == limit) {
			*(hold->is_rejected ? rejected : held) += 1;
		}
	}
}

static json_t *limit_json(struct args *args, const struct hold_list *holds, enum limit_kind limit)
{
	const struct connection_settings *settings =
	        settings_find(args->settings, args->connection);
	struct limit_state state;
	int64_t held = 0;
	int64_t rejected = 0;

	if (!store_limit_look(args->console->store, args->connection, &settings->limits, limit,
	            &state, &args->err)) {
		return NULL;
	}
	count_held(holds, limit, &held, &rejected);
	return json_pack("{s:s, s:b, s:I, s:b, s:I, s:I, s:o}", "limit", limit_kind_name(limit),
	        "is_full", state.is_full, "next_in_ms", (json_int_t)state.next_ms, "is_restored",
	        state.is_restored, "held", (json_int_t)held, "rejected", (json_int_t)rejected,
	        "windows", windows_json(&state));
}

json_t *console_limits_json(struct args *args, const char *connection)
{
	struct hold_list holds = {0};
	json_t *list = json_array();
	bool is_good = str_copy(args->connection, sizeof(args->connection), connection) &&
	        store_hold_list(args->console->store, connection, NULL, &holds, &args->err);

	for (int i = LIMIT_NONE + 1; is_good && i < LIMIT_KIND_COUNT; i++) {
		json_t *one = limit_json(args, &holds, (enum limit_kind)i);
		is_good = one != NULL && json_array_append_new(list, one) == 0;
	}
	hold_list_finish(&holds);
	if (!is_good) {
		json_decref(list);
		return NULL;
	}
	return list;
}
