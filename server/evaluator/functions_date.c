/* SPDX-License-Identifier: MIT */
/* Dates: days since 1970-01-01 in between (server/base/clock.h). */
#include "server/evaluator/functions.h"

#include "server/base/clock.h"
#include "server/base/str.h"

#include <string.h>
#include <time.h>

#define DATE_BYTES      10 /* 2026-11-23 */
#define FORMATTED_BYTES 256
#define DAY_SECONDS     86400
#define DAYS_MAX        2000000 /* some five thousand years */

/* What stands behind the day is not looked at. */
static bool read_date(const char *text, int32_t *days)
{
	char date[DATE_BYTES + 1];
	str_format_cut(date, sizeof(date), "%.*s", DATE_BYTES, text);
	return date_parse(date, days);
}

static struct tm tm_of(int64_t days)
{
	struct tm tm = {0};
	time_t at = (time_t)(days * DAY_SECONDS);
	gmtime_r(&at, &tm);
	return tm;
}

static enum function_end give_date(struct function_call *call, int64_t days)
{
	char date[CLOCK_TEXT_BYTES];
	if (days > DAYS_MAX || days < -DAYS_MAX / 3) {
		return FUNCTION_NULL;
	}
	date_format(date, (int32_t)days);
	buf_add_text(call->to, date);
	return FUNCTION_TEXT;
}

/* ----------------------------------------------------------------- forms */

/* -Wformat-nonliteral has nothing to find here: strftime takes no arguments from the format. */
static size_t format_tm(char *to, size_t size, const char *format, const struct tm *tm)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	return strftime(to, size, format, tm);
#pragma GCC diagnostic pop
}

enum function_end function_date_format(struct function_call *call)
{
	char text[FORMATTED_BYTES];
	int32_t days = 0;
	if (!read_date(call->text, &days)) {
		return FUNCTION_WANTS_DATE;
	}
	struct tm tm = tm_of(days);
	buf_add(call->to, text, format_tm(text, sizeof(text), call->argument, &tm));
	return FUNCTION_TEXT;
}

/* What strptime read, written again, is what there was: 31.02. is no date. */
enum function_end function_date_parse(struct function_call *call)
{
	char again[FORMATTED_BYTES];
	struct tm tm = {.tm_mday = 1};
	const char *end = strptime(call->text, call->argument, &tm);
	if (end == NULL || *end != '\0') {
		return FUNCTION_NULL;
	}
	struct tm normal = tm;
	int64_t at = (int64_t)timegm(&normal);
	bool is_same = format_tm(again, sizeof(again), call->argument, &normal) > 0 &&
	        str_equal_fold(again, call->text);
	int64_t days = at / DAY_SECONDS - (at % DAY_SECONDS < 0 ? 1 : 0);
	return is_same ? give_date(call, days) : FUNCTION_NULL;
}

/* ------------------------------------------------------------ arithmetic */

enum function_end function_date_add(struct function_call *call)
{
	int32_t days = 0;
	return read_date(call->text, &days) ? give_date(call, days + call->number)
	                                    : FUNCTION_WANTS_DATE;
}

/* 31 January and a month is the last of February. */
enum function_end function_months_add(struct function_call *call)
{
	int32_t days = 0;
	if (!read_date(call->text, &days)) {
		return FUNCTION_WANTS_DATE;
	}
	if (call->number > DAYS_MAX / 30 || call->number < -DAYS_MAX / 90) {
		return FUNCTION_NULL;
	}
	struct tm from = tm_of(days);
	struct tm to = {
	        .tm_year = from.tm_year,
	        .tm_mon = from.tm_mon + (int)call->number,
	        .tm_mday = 1,
	};
	struct tm next = to;
	next.tm_mon++;
	int64_t first = (int64_t)timegm(&to) / DAY_SECONDS;
	int64_t last = (int64_t)timegm(&next) / DAY_SECONDS - 1;
	int64_t wanted = first + from.tm_mday - 1;
	return give_date(call, wanted < last ? wanted : last);
}

enum function_end function_days_between(struct function_call *call)
{
	int32_t from = 0;
	int32_t to = 0;
	if (call->argument[0] == '\0') {
		return FUNCTION_NULL;
	}
	if (!read_date(call->text, &from) || !read_date(call->argument, &to)) {
		return FUNCTION_WANTS_DATE;
	}
	call->number = (int64_t)to - from;
	return FUNCTION_NUMBER;
}

enum function_end function_year(struct function_call *call)
{
	int32_t days = 0;
	if (!read_date(call->text, &days)) {
		return FUNCTION_WANTS_DATE;
	}
	call->number = tm_of(days).tm_year + 1900;
	return FUNCTION_NUMBER;
}

enum function_end function_weekday(struct function_call *call)
{
	int32_t days = 0;
	if (!read_date(call->text, &days)) {
		return FUNCTION_WANTS_DATE;
	}
	int day = tm_of(days).tm_wday;
	call->number = day == 0 ? 7 : day;
	return FUNCTION_NUMBER;
}
