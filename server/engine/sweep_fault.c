/* SPDX-License-Identifier: MIT */
#include "server/engine/sweep_fault.h"

#include "server/base/str.h"

#define LIST_COUNT     5 /* so many may be missing ... */
#define LIST_PERCENT   2 /* ... or this share, whichever is more */
#define FIELDS_COUNT   3
#define FIELDS_PERCENT 1

const char *needed_field_id(enum needed_field field)
{
	static const char *const IDS[NEEDED_COUNT] = {
	        [NEEDED_LIFECYCLE] = "internal.lifecycleStatus",
	        [NEEDED_ACCESS] = "internal.status",
	        [NEEDED_START_DATE] = "work.startDate",
	        [NEEDED_TERMINATION_DATE] = "internal.terminationDate",
	        [NEEDED_LAST_DAY] = "employee.lastDayOfWork",
	        [NEEDED_SITE] = "work.site",
	        [NEEDED_EMAIL] = "root.email",
	};

	return (size_t)field < ARRAY_SIZE(IDS) ? IDS[field] : "";
}

static int64_t larger(int64_t count, int64_t percent, int64_t of)
{
	int64_t share = of * percent / 100;

	return share > count ? share : count;
}

static bool is_short(int64_t missing, int64_t of)
{
	return missing > larger(LIST_COUNT, LIST_PERCENT, of);
}

bool sweep_list_is_fault(const struct sweep_reading *reading, char *why, size_t size)
{
	int64_t missing = reading->listed_before - reading->listed;

	if (reading->listed == 0) {
		str_format_cut(why, size, "Bob's list of people is empty");
		return true;
	}
	if (reading->accepts_shorter) {
		return false;
	}
	if (is_short(reading->absent, reading->linked)) {
		str_format_cut(why, size, "Bob's list lacks %lld of %lld people with an account",
		        (long long)reading->absent, (long long)reading->linked);
		return true;
	}
	if (reading->listed_before != NOT_KNOWN && is_short(missing, reading->listed_before)) {
		str_format_cut(why, size, "Bob lists %lld people, and listed %lld last time",
		        (long long)reading->listed, (long long)reading->listed_before);
		return true;
	}
	return false;
}

/* Those for whom it was readable at their last read, as far as that is known. */
static int64_t vanished(const struct sweep_reading *reading, enum needed_field field)
{
	int64_t before = reading->unreadable_before[field];
	int64_t more = before == NOT_KNOWN ? 0 : reading->unreadable[field] - before;

	return more > reading->lost[field] ? more : reading->lost[field];
}

bool sweep_fields_are_fault(const struct sweep_reading *reading, char *why, size_t size)
{
	if (is_short(reading->not_brought, reading->listed) && !reading->accepts_shorter) {
		str_format_cut(why, size, "Bob lists %lld people, and does not show %lld of them",
		        (long long)reading->listed, (long long)reading->not_brought);
		return true;
	}
	for (int i = 0; i < NEEDED_COUNT && !reading->accepts_shorter; i++) {
		int64_t count = vanished(reading, (enum needed_field)i);
		if (count > larger(FIELDS_COUNT, FIELDS_PERCENT, reading->people)) {
			str_format_cut(why, size,
			        "Bob does not show the field %s any more for %lld of %lld people",
			        needed_field_id((enum needed_field)i), (long long)count,
			        (long long)reading->people);
			return true;
		}
	}
	return false;
}
