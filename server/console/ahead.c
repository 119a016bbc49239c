/* SPDX-License-Identifier: MIT */
/* The next days' joins and leaves, from what the store has read: Bob is not asked. */
#include "server/base/clock.h"
#include "server/console/args.h"
#include "server/console/render.h"
#include "server/store/history.h"

#define DAYS_MAX     31
#define DAYS_DEFAULT 7
/* Of everybody: more dates than this in so few days are told by their counts alone. */
#define PEOPLE_MAX 20000
#define NAMED_MAX  50 /* of a day */

struct look {
	const struct zone *zone; /* of the days */
	const struct zone *home; /* of the connection */
	const struct ahead_list *list;
	int32_t today;
};

static json_t *entry_json(const struct look *look, const struct ahead *ahead)
{
	return json_pack("{s:s, s:s, s:s, s:I, s:s, s:b, s:I, s:s}", "employee_id",
	        ahead->employee_id, "display_name", personal_reveal(&ahead->display_name), "kind",
	        ahead_kind_name(ahead->kind), "at_ms", (json_int_t)ahead->at_ms, "present_status",
	        account_status_name(ahead->present_status), "is_held", ahead->is_held, "read_at_ms",
	        (json_int_t)ahead->read_at_ms, "time_zone",
	        render_time_zone(ahead->time_zone, look->home));
}

/* From the entry at *at on those of that day; *at is behind them then. */
static json_t *day_json(const struct look *look, int32_t date, size_t *at)
{
	json_int_t counts[AHEAD_KIND_COUNT] = {0};
	json_t *entries = json_array();
	json_int_t left_out = 0;
	char text[CLOCK_TEXT_BYTES];

	for (; *at < look->list->count; (*at)++) {
		const struct ahead *ahead = &look->list->items[*at];
		if (zone_date(look->zone, ahead->at_ms) != date) {
			break;
		}
		counts[ahead->kind]++;
		if (json_array_size(entries) < NAMED_MAX) {
			json_array_append_new(entries, entry_json(look, ahead));
		} else {
			left_out++;
		}
	}
	date_format(text, date);
	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:o, s:I}", "date", text, "at_ms",
	        (json_int_t)zone_first_instant_ms(look->zone, date), "joins", counts[AHEAD_JOIN],
	        "leaves", counts[AHEAD_LEAVE], "changes", counts[AHEAD_CHANGE], "entries", entries,
	        "left_out", left_out);
}

static json_t *days_json(const struct look *look, int64_t days)
{
	json_t *list = json_array();
	size_t at = 0;

	for (int32_t i = 0; i < days; i++) {
		json_array_append_new(list, day_json(look, look->today + i, &at));
	}
	return list;
}

static int64_t oldest_read_ms(const struct ahead_list *list)
{
	int64_t oldest_ms = 0;

	for (size_t i = 0; i < list->count; i++) {
		int64_t read_ms = list->items[i].read_at_ms;
		oldest_ms = oldest_ms == 0 || read_ms < oldest_ms ? read_ms : oldest_ms;
	}
	return oldest_ms;
}

/* zone: in which the days are; NULL: the connection's. */
static json_t *calendar_json(struct args *args, int64_t days, const struct zone *zone)
{
	const struct zone *home = settings_find(args->settings, args->connection)->policy.zone;
	int64_t now_ms = clock_wall_ms();
	struct ahead_list list;
	struct look look = {.zone = zone != NULL ? zone : home, .home = home, .list = &list};

	look.today = zone_date(look.zone, now_ms);
	const struct ahead_query query = {.connection = args->connection,
	        .from_ms = now_ms,
	        .until_ms = zone_first_instant_ms(look.zone, look.today + (int32_t)days),
	        .limit = PEOPLE_MAX + 1};

	if (!store_ahead(args->console->store, &query, &list, &args->err)) {
		return NULL;
	}
	json_t *json = json_pack("{s:s, s:s, s:I, s:b, s:b, s:o}", "connection", args->connection,
	        "time_zone", zone_name(look.zone), "oldest_read_at_ms",
	        (json_int_t)oldest_read_ms(&list), "is_masked", !args_sees_people(args), "is_cut",
	        list.count > PEOPLE_MAX, "days", days_json(&look, days));
	ahead_list_finish(&list);
	return json;
}

enum http_verdict console_overview_calendar(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.query = KNOWN("days", "time_zone")};

	if (!args_init(&args, context, request, &known)) {
		return args_refuse(&args, reply);
	}
	int64_t days = args_query_number(&args, "days", DAYS_MAX, DAYS_DEFAULT);
	struct zone *zone = args_query_zone(&args);
	json_t *json = days > 0 ? calendar_json(&args, days, zone) : NULL;
	zone_close(zone);
	return args_answer(&args, reply, json, 200);
}
