/* SPDX-License-Identifier: MIT */
#include "server/base/zone.h"

#include "server/base/str.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS   "0123456789"
#define DAY_S    INT64_C(86400)
#define MINUTE_S 60
/* Local time is at most 14 hours from UTC, and a change moves it by at most a day. */
#define SEARCH_S (2 * DAY_S)

struct zone {
	char name[ZONE_NAME_BYTES];
	GTimeZone *data;
};

/*
 * GLib also takes offsets ("+02"), POSIX rules and file paths; only IANA names
 * are let through, so that a settings file cannot name any file on the disk.
 * A name with a digit and no slash ("CET-1") would be read as a POSIX rule.
 */
static bool is_iana_name(const char *name)
{
	return str_is_word(name, ZONE_NAME_BYTES - 1, "/_+-") && name[0] >= 'A' && name[0] <= 'Z' &&
	        (strchr(name, '/') != NULL || strpbrk(name, DIGITS) == NULL);
}

struct zone *zone_open(const char *name, struct err *err)
{
	if (!is_iana_name(name)) {
		err_set(err, ERR_SETTINGS_INVALID, "not the name of a time zone");
		return NULL;
	}
	struct zone *zone = calloc(1, sizeof(*zone));
	if (zone == NULL || !str_copy(zone->name, sizeof(zone->name), name)) {
		err_set(err, ERR_NO_MEMORY, "no memory for a time zone");
		free(zone);
		return NULL;
	}
	zone->data = g_time_zone_new_identifier(name);
	if (zone->data == NULL) {
		err_set(err, ERR_SETTINGS_INVALID, "unknown time zone \"%s\"", name);
		free(zone);
		return NULL;
	}
	return zone;
}

bool zone_has_data(void)
{
	struct err err = ERR_INIT;
	struct zone *zone = zone_open("Etc/UTC", &err);
	zone_close(zone);
	return zone != NULL;
}

void zone_close(struct zone *zone)
{
	if (zone != NULL) {
		g_time_zone_unref(zone->data);
		free(zone);
	}
}

const char *zone_name(const struct zone *zone)
{
	return zone->name;
}

static int64_t offset_s(const struct zone *zone, gint interval)
{
	return g_time_zone_get_offset(zone->data, interval);
}

static gint interval_at(const struct zone *zone, int64_t instant_s)
{
	return g_time_zone_find_interval(zone->data, G_TIME_TYPE_UNIVERSAL, instant_s);
}

/* The first instant of an interval that begins after from_s and not after to_s. */
static int64_t interval_start(const struct zone *zone, gint interval, int64_t from_s, int64_t to_s)
{
	int64_t before_s = from_s;
	int64_t in_s = to_s;
	while (in_s - before_s > 1) {
		int64_t middle_s = before_s + (in_s - before_s) / 2;
		if (interval_at(zone, middle_s) < interval) {
			before_s = middle_s;
		} else {
			in_s = middle_s;
		}
	}
	return in_s;
}

/*
 * Between two changes of the offset local time runs evenly, so each interval
 * near it has one candidate for that time. The first interval in order of time
 * that holds its own candidate gives the earlier of two (GLib's own conversion
 * gives the later). An interval that begins after its candidate, with none
 * found before, follows a gap: its first instant is the answer.
 */
int64_t zone_instant_ms(const struct zone *zone, int32_t date_days, int minute)
{
	int64_t clock_s = date_days * DAY_S + (int64_t)minute * MINUTE_S;
	int64_t from_s = clock_s - SEARCH_S;
	int64_t to_s = clock_s + SEARCH_S;
	gint last = interval_at(zone, to_s);
	for (gint interval = interval_at(zone, from_s); interval <= last; interval++) {
		int64_t candidate_s = clock_s - offset_s(zone, interval);
		gint holder = interval_at(zone, candidate_s);
		if (holder == interval) {
			return candidate_s * 1000;
		}
		if (holder < interval) {
			return interval_start(zone, interval, from_s, to_s) * 1000;
		}
	}
	/* Not reached: to_s lies after that local time in every zone. */
	return to_s * 1000;
}

int64_t zone_first_instant_ms(const struct zone *zone, int32_t date_days)
{
	return zone_instant_ms(zone, date_days, 0);
}

int32_t zone_date(const struct zone *zone, int64_t wall_ms)
{
	int64_t instant_s = wall_ms / 1000 - (wall_ms % 1000 < 0 ? 1 : 0);
	int64_t local_s = instant_s + offset_s(zone, interval_at(zone, instant_s));
	int64_t days = local_s / DAY_S - (local_s % DAY_S < 0 ? 1 : 0);
	if (days > INT32_MAX) {
		return INT32_MAX;
	}
	return days < INT32_MIN ? INT32_MIN : (int32_t)days;
}

int zone_minute(const struct zone *zone, int64_t wall_ms)
{
	int64_t instant_s = wall_ms / 1000 - (wall_ms % 1000 < 0 ? 1 : 0);
	int64_t local_s = instant_s + offset_s(zone, interval_at(zone, instant_s));
	int64_t second = local_s % DAY_S + (local_s % DAY_S < 0 ? DAY_S : 0);
	return (int)(second / 60);
}
