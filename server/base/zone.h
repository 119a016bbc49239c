/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_ZONE_H
#define SERVER_BASE_ZONE_H

/*
 * Time zones, by GLib's GTimeZone; this is GLib's only user. A zone is
 * immutable once opened and may be read by any thread.
 */

#include "server/base/attr.h"
#include "server/base/err.h"

#include <stdint.h>

struct zone;

/* An IANA name ("Europe/London"); NULL with ERR_SETTINGS_INVALID if unknown. */
struct zone *zone_open(const char *name, struct err *err) MUST_CHECK;
void zone_close(struct zone *zone);
const char *zone_name(const struct zone *zone);

/*
 * The first instant of that local date in Unix ms. Where midnight does not
 * exist it is the first instant after the gap; where it comes twice, the
 * earlier one (GLib gives the second, engine rule 26).
 */
int64_t zone_first_instant_ms(const struct zone *zone, int32_t date_days);
/* The local date at an instant. */
int32_t zone_date(const struct zone *zone, int64_t wall_ms);

#endif
