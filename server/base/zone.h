/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_ZONE_H
#define SERVER_BASE_ZONE_H

/*
 * Time zones, by GLib's GTimeZone; this is GLib's only user. A zone is
 * immutable once opened and may be read by any thread.
 */

#include "server/base/attr.h"
#include "server/base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct zone;

#define ZONE_NAME_BYTES 64

/* An IANA name ("Europe/London"); NULL with ERR_SETTINGS_INVALID if unknown. */
struct zone *zone_open(const char *name, struct err *err) MUST_CHECK;
/* False: the machine lacks the tz database, and no name is known. */
bool zone_has_data(void);
void zone_close(struct zone *zone);
const char *zone_name(const struct zone *zone);

#define DAY_MINUTES 1440

/*
 * A time of day on a local date in Unix ms; minute 0 to DAY_MINUTES from the
 * day's start by the clock on the wall, DAY_MINUTES being the first instant of
 * the next day. A time that does not exist is the first instant after the gap;
 * of one that comes twice it is the earlier (GLib gives the second, engine
 * rule 26).
 */
int64_t zone_instant_ms(const struct zone *zone, int32_t date_days, int minute);
/* The first instant of that local date: its minute 0. */
int64_t zone_first_instant_ms(const struct zone *zone, int32_t date_days);
/* The local date at an instant. */
int32_t zone_date(const struct zone *zone, int64_t wall_ms);
/* What the clock on the wall shows then, in minutes from 00:00. */
int zone_minute(const struct zone *zone, int64_t wall_ms);

#endif
