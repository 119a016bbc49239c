/* SPDX-License-Identifier: MIT */
#include "server/base/clock.h"

#include "server/base/str.h"

#include <string.h>
#include <time.h>

#define MS_PER_DAY       INT64_C(86400000)
#define DAYS_PER_ERA     146097 /* 400 Gregorian years */
#define DAYS_PER_CENTURY 36524
#define DAYS_PER_QUAD    1461
#define MARCH_0000_DAYS  (-719468) /* 0000-03-01 as days since 1970-01-01 */

struct civil {
	int64_t year;
	int month; /* 1..12 */
	int day; /* 1..31 */
};

struct day_time {
	int hour;
	int minute;
	int second;
	int ms;
};

/* Days from 1 March to the first of each month of a year that begins in March. */
static const int days_to_month[12] = {0, 31, 61, 92, 122, 153, 184, 214, 245, 275, 306, 337};

static int64_t clock_read_us(clockid_t id)
{
	struct timespec now = {0};
	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_wall_ms(void)
{
	return clock_read_us(CLOCK_REALTIME) / 1000;
}

int64_t clock_mono_ms(void)
{
	return clock_mono_us() / 1000;
}

int64_t clock_mono_us(void)
{
	return clock_read_us(CLOCK_MONOTONIC);
}

static int64_t floor_div(int64_t a, int64_t b)
{
	int64_t quotient = a / b;
	return a % b < 0 ? quotient - 1 : quotient;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Years are counted from March, so that the leap day is the last of its year. */
static int64_t days_of_civil(struct civil date)
{
	int64_t year = date.month > 2 ? date.year : date.year - 1;
	int64_t era = floor_div(year, 400);
	int64_t in_era = year - era * 400;
	int64_t days = in_era * 365 + in_era / 4 - in_era / 100;
	return MARCH_0000_DAYS + era * DAYS_PER_ERA + days + days_to_month[(date.month + 9) % 12] +
	        date.day - 1;
}

static struct civil civil_of_days(int64_t days)
{
	int64_t rest = days - MARCH_0000_DAYS;
	int64_t era = floor_div(rest, DAYS_PER_ERA);
	rest -= era * DAYS_PER_ERA;
	int64_t century = least(rest / DAYS_PER_CENTURY, 3);
	rest -= century * DAYS_PER_CENTURY;
	int64_t quad = rest / DAYS_PER_QUAD;
	rest -= quad * DAYS_PER_QUAD;
	int64_t single = least(rest / 365, 3);
	rest -= single * 365;
	int month = 11;
	while (days_to_month[month] > rest) {
		month--;
	}
	struct civil date = {.year = era * 400 + century * 100 + quad * 4 + single};
	date.month = month < 10 ? month + 3 : month - 9;
	date.year += date.month <= 2 ? 1 : 0;
	date.day = (int)(rest - days_to_month[month]) + 1;
	return date;
}

void clock_format(char *to, int64_t wall_ms)
{
	int64_t days = floor_div(wall_ms, MS_PER_DAY);
	int64_t ms = (wall_ms % MS_PER_DAY + MS_PER_DAY) % MS_PER_DAY;
	struct civil date = civil_of_days(days);
	str_format_cut(to, CLOCK_TEXT_BYTES, "%04lld-%02d-%02dT%02d:%02d:%02d.%03dZ",
	        (long long)date.year, date.month, date.day, (int)(ms / 3600000),
	        (int)(ms / 60000 % 60), (int)(ms / 1000 % 60), (int)(ms % 1000));
}

void date_format(char *to, int32_t days)
{
	struct civil date = civil_of_days(days);
	str_format_cut(to, CLOCK_TEXT_BYTES, "%04lld-%02d-%02d", (long long)date.year, date.month,
	        date.day);
}

int32_t date_of_ms(int64_t wall_ms)
{
	int64_t days = floor_div(wall_ms, MS_PER_DAY);
	if (days > INT32_MAX) {
		return INT32_MAX;
	}
	return days < INT32_MIN ? INT32_MIN : (int32_t)days;
}

/* Reads exactly `count` digits and moves on. */
static bool take_number(const char **at, int count, int *number)
{
	int value = 0;
	for (int i = 0; i < count; i++) {
		char c = (*at)[i];
		if (c < '0' || c > '9') {
			return false;
		}
		value = value * 10 + (c - '0');
	}
	*at += count;
	*number = value;
	return true;
}

static bool take_char(const char **at, char c)
{
	if (**at != c) {
		return false;
	}
	(*at)++;
	return true;
}

/* The day exists when it comes back from the day count unchanged. */
static bool civil_exists(struct civil date)
{
	if (date.year < 1 || date.month < 1 || date.month > 12 || date.day < 1 || date.day > 31) {
		return false;
	}
	struct civil again = civil_of_days(days_of_civil(date));
	return again.month == date.month && again.day == date.day;
}

static bool take_date(const char **at, struct civil *date)
{
	int year = 0;
	bool taken = take_number(at, 4, &year) && take_char(at, '-') &&
	        take_number(at, 2, &date->month) && take_char(at, '-') &&
	        take_number(at, 2, &date->day);
	date->year = year;
	return taken && civil_exists(*date);
}

/* HH:MM:SS; a leap second counts as the first of the next minute. */
static bool take_day_time(const char **at, struct day_time *time)
{
	return take_number(at, 2, &time->hour) && take_char(at, ':') &&
	        take_number(at, 2, &time->minute) && take_char(at, ':') &&
	        take_number(at, 2, &time->second) && time->hour < 24 && time->minute < 60 &&
	        time->second <= 60;
}

/* An optional ".123456"; digits after the third are read and dropped. */
static bool take_fraction(const char **at, int *ms)
{
	if (!take_char(at, '.')) {
		return true;
	}
	int weight = 100;
	int digits = 0;
	int number = 0;
	while (digits <= 9 && take_number(at, 1, &number)) {
		*ms += number * weight;
		weight /= 10;
		digits++;
	}
	return digits >= 1 && digits <= 9;
}

/* Nothing, "Z", "+02:00" or "+0200". */
static bool take_offset(const char **at, int *minutes)
{
	*minutes = 0;
	if (**at == '\0' || take_char(at, 'Z')) {
		return true;
	}
	int sign = **at == '-' ? -1 : 1;
	int hour = 0;
	int minute = 0;
	if (!take_char(at, '+') && !take_char(at, '-')) {
		return false;
	}
	if (!take_number(at, 2, &hour)) {
		return false;
	}
	take_char(at, ':');
	if (!take_number(at, 2, &minute) || hour > 23 || minute > 59) {
		return false;
	}
	*minutes = sign * (hour * 60 + minute);
	return true;
}

static int64_t ms_of(struct civil date, struct day_time time, int offset_minutes)
{
	int64_t seconds =
	        ((int64_t)time.hour * 60 + time.minute - offset_minutes) * 60 + time.second;
	return days_of_civil(date) * MS_PER_DAY + seconds * 1000 + time.ms;
}

bool date_parse(const char *text, int32_t *days)
{
	const char *at = text;
	struct civil date = {0};
	if (text == NULL || !take_date(&at, &date) || *at != '\0') {
		return false;
	}
	*days = (int32_t)days_of_civil(date);
	return true;
}

bool time_parse(const char *text, int64_t *wall_ms)
{
	const char *at = text;
	struct civil date = {0};
	struct day_time time = {0};
	int offset_minutes = 0;
	if (text == NULL || !take_date(&at, &date) || !take_char(&at, 'T') ||
	        !take_day_time(&at, &time) || !take_fraction(&at, &time.ms) ||
	        !take_offset(&at, &offset_minutes) || *at != '\0') {
		return false;
	}
	*wall_ms = ms_of(date, time, offset_minutes);
	return true;
}

/* The 1-based place of a three-letter name in a row of such names; moves on. */
static bool take_name(const char **at, const char *names, int *index)
{
	for (int i = 0; names[3 * i] != '\0'; i++) {
		if (strncmp(*at, names + 3 * (size_t)i, 3) == 0) {
			*at += 3;
			*index = i + 1;
			return true;
		}
	}
	return false;
}

bool time_parse_http(const char *text, int64_t *wall_ms)
{
	const char *at = text;
	struct civil date = {0};
	struct day_time time = {0};
	int weekday = 0;
	int year = 0;
	if (text == NULL || !take_name(&at, "MonTueWedThuFriSatSun", &weekday) ||
	        !take_char(&at, ',') || !take_char(&at, ' ') || !take_number(&at, 2, &date.day) ||
	        !take_char(&at, ' ') ||
	        !take_name(&at, "JanFebMarAprMayJunJulAugSepOctNovDec", &date.month) ||
	        !take_char(&at, ' ') || !take_number(&at, 4, &year) || !take_char(&at, ' ') ||
	        !take_day_time(&at, &time)) {
		return false;
	}
	date.year = year;
	if (!civil_exists(date) || !str_equal(at, " GMT")) {
		return false;
	}
	*wall_ms = ms_of(date, time, 0);
	return true;
}
