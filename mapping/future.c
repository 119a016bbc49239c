/* SPDX-License-Identifier: MIT */
#include "mapping/future.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"

#include <stdlib.h>
#include <string.h>

#define DATE_CHARACTERS 10
#define WORD_BYTES      32

/* One row of the table that can be understood. */
struct row {
	int32_t date; /* as it stands there */
	int32_t from; /* the first day on which basic reads show it */
	int64_t id; /* the later one of a day counts */
	enum lifecycle lifecycle;
	enum bob_access access;
	char word[WORD_BYTES];
};

/* --------------------------------------------------------------------- rows */

/* A word, or the object of a list's item. */
static const char *text_of(const json_t *json)
{
	static const char *const PARTS[] = {"value", "name", "label"};
	const char *text = json_string_value(json);
	for (size_t i = 0; text == NULL && i < ARRAY_SIZE(PARTS); i++) {
		text = json_get_text(json, PARTS[i]);
	}
	return text;
}

/* Either key may hold the lifecycle word or the access status: told by the word. */
static void read_word(struct row *row, const char *text)
{
	if (str_is_empty(text)) {
		return;
	}
	if (str_equal_fold(text, "active") || str_equal_fold(text, "inactive")) {
		row->access =
		        str_equal_fold(text, "active") ? BOB_ACCESS_ACTIVE : BOB_ACCESS_INACTIVE;
	} else if (row->word[0] == '\0') {
		str_format_cut(row->word, sizeof(row->word), "%s", text);
		row->lifecycle = person_lifecycle(text);
	}
}

static enum bob_access usual_access(enum lifecycle lifecycle)
{
	switch (lifecycle) {
	case LIFECYCLE_EMPLOYED:
	case LIFECYCLE_GARDEN_LEAVE: return BOB_ACCESS_ACTIVE;
	case LIFECYCLE_HIRED:
	case LIFECYCLE_TERMINATED: return BOB_ACCESS_INACTIVE;
	case LIFECYCLE_LEAVE:
	case LIFECYCLE_UNKNOWN: break;
	}
	return BOB_ACCESS_UNKNOWN; /* stays as it is */
}

static bool read_row(const json_t *json, struct row *row)
{
	char date[DATE_CHARACTERS + 1];
	const char *text = json_get_text(json, "effectiveDate");
	*row = (struct row){.id = json_get_int(json, "id", 0)};
	str_format_cut(date, sizeof(date), "%s", text != NULL ? text : "");
	if (!date_parse(date, &row->date)) {
		return false;
	}
	read_word(row, text_of(json_object_get(json, "status")));
	read_word(row, text_of(json_object_get(json, "employeeStatus")));
	if (row->access == BOB_ACCESS_UNKNOWN) {
		row->access = usual_access(row->lifecycle);
	}
	row->from = row->date + (row->lifecycle == LIFECYCLE_TERMINATED ? 1 : 0);
	return row->word[0] != '\0';
}

/* The row in effect on a day; false: none. */
static bool row_on(const json_t *rows, int32_t day, struct row *found)
{
	bool is_found = false;
	for (size_t i = 0; i < json_array_size(rows); i++) {
		struct row row;
		if (read_row(json_array_get(rows, i), &row) && row.from <= day &&
		        (!is_found || row.from > found->from ||
		                (row.from == found->from && row.id >= found->id))) {
			*found = row;
			is_found = true;
		}
	}
	return is_found;
}

/* The termination that shows on a day: the last one whose date has come. */
static bool termination_on(const json_t *rows, int32_t day, struct row *found)
{
	bool is_found = false;
	for (size_t i = 0; i < json_array_size(rows); i++) {
		struct row row;
		if (read_row(json_array_get(rows, i), &row) &&
		        row.lifecycle == LIFECYCLE_TERMINATED && row.date <= day &&
		        (!is_found || row.date > found->date)) {
			*found = row;
			is_found = true;
		}
	}
	return is_found;
}

/* ------------------------------------------------------------------- fields */

static json_t *section_of(json_t *object, const char *name)
{
	json_t *section = json_object_get(object, name);
	if (!json_is_object(section)) {
		section = json_object();
		if (json_object_set_new(object, name, section) != 0) {
			return NULL;
		}
	}
	return section;
}

/* Sets a field in every form an answer may have it in; takes value. */
static void set_field(json_t *person, const char *section, const char *key, json_t *value)
{
	char flat[64];
	json_t *readable = json_object_get(json_object_get(person, "humanReadable"), section);
	str_format_cut(flat, sizeof(flat), "/%s/%s", section, key);
	json_object_del(person, flat);
	json_object_del(readable, key);
	json_object_set_new(section_of(person, section), key, value);
}

static void set_date(json_t *person, const char *section, const char *key, int32_t days)
{
	char text[CLOCK_TEXT_BYTES];
	date_format(text, days);
	set_field(person, section, key, json_string(text));
}

static void set_status(json_t *person, const char *word, enum bob_access access)
{
	set_field(person, "internal", "lifecycleStatus", json_string(word));
	if (access != BOB_ACCESS_UNKNOWN) {
		set_field(person, "internal", "status",
		        json_string(access == BOB_ACCESS_ACTIVE ? "Active" : "Inactive"));
	}
}

static void clear_ends(json_t *person)
{
	set_field(person, "internal", "terminationDate", json_null());
	set_field(person, "employee", "lastDayOfWork", json_null());
}

/* -------------------------------------------------------------------- person */

static bool is_at_work(enum lifecycle lifecycle)
{
	return lifecycle == LIFECYCLE_HIRED || lifecycle == LIFECYCLE_EMPLOYED;
}

/* Hired again after an end: the record is used on, with another start date. */
static void apply_rehire(json_t *copy, const struct person *now, const struct row *row)
{
	const struct field_date *end = &now->termination_date;
	bool is_after_end = now->lifecycle == LIFECYCLE_TERMINATED ||
	        (end->state == FIELD_VALUE && row->from > end->days);
	if (is_at_work(row->lifecycle) && is_after_end) {
		clear_ends(copy);
		set_date(copy, "work", "startDate", row->from);
	}
}

static void apply_rows(
        json_t *copy, const struct person *now, const json_t *rows, int32_t today, int32_t on)
{
	struct row before = {0};
	struct row after;
	struct row end;
	bool was_any = row_on(rows, today, &before);
	if (!row_on(rows, on, &after)) {
		after = (struct row){0};
	}
	if (termination_on(rows, on, &end) && end.date > today &&
	        !(is_at_work(after.lifecycle) && after.from > end.date)) {
		set_date(copy, "internal", "terminationDate", end.date);
	}
	if (after.word[0] == '\0' ||
	        (was_any && before.from == after.from && before.id == after.id)) {
		return; /* what Bob shows now stays */
	}
	set_status(copy, after.word, after.access);
	apply_rehire(copy, now, &after);
}

/* What Bob does by itself when a date of the record comes (bob.md 6). */
static void apply_dates(json_t *copy, const struct person *then, int32_t today, int32_t on)
{
	const struct field_date *start = &then->start_date;
	const struct field_date *end = &then->termination_date;
	bool is_over = end->state == FIELD_VALUE && end->days >= today && end->days < on &&
	        (start->state != FIELD_VALUE || end->days >= start->days);
	if (on > today && is_over && then->lifecycle != LIFECYCLE_TERMINATED) {
		set_status(copy, "terminated", BOB_ACCESS_INACTIVE);
	} else if (on > today && then->lifecycle == LIFECYCLE_HIRED &&
	        start->state == FIELD_VALUE && start->days <= on) {
		set_status(copy, "employed", BOB_ACCESS_ACTIVE);
	}
}

json_t *future_person(const json_t *source, const json_t *rows, int32_t today, int32_t on)
{
	json_t *copy = json_deep_copy(source);
	struct person now = {0};
	struct person then = {0};
	bool is_read = copy != NULL && person_parse(&now, copy, NULL);
	if (is_read && on > today) {
		apply_rows(copy, &now, rows, today, on);
		is_read = person_parse(&then, copy, NULL);
		if (is_read) {
			apply_dates(copy, &then, today, on);
		}
	}
	person_finish(&now);
	person_finish(&then);
	if (!is_read) {
		json_decref(copy);
		return NULL;
	}
	return copy;
}

/* --------------------------------------------------------------------- dates */

struct dates {
	int32_t from;
	int32_t to;
	int32_t *days;
	size_t count;
};

/* Kept in order; beyond the maximum the latest is dropped. */
static void add_day(struct dates *dates, int32_t day)
{
	size_t at = 0;
	if (day <= dates->from || day > dates->to) {
		return;
	}
	while (at < dates->count && dates->days[at] < day) {
		at++;
	}
	if (at == FUTURE_DATES_MAX || (at < dates->count && dates->days[at] == day)) {
		return;
	}
	dates->count += dates->count < FUTURE_DATES_MAX ? 1 : 0;
	memmove(&dates->days[at + 1], &dates->days[at],
	        (dates->count - at - 1) * sizeof(*dates->days));
	dates->days[at] = day;
}

static void add_date(struct dates *dates, const struct field_date *date, int32_t after)
{
	if (date->state == FIELD_VALUE) {
		add_day(dates, date->days + after);
	}
}

size_t future_dates(const json_t *source, const json_t *rows, int32_t from, int32_t to,
        int32_t days[FUTURE_DATES_MAX])
{
	struct dates dates = {.from = from, .to = to, .days = days};
	struct person person = {0};
	json_t *copy = json_copy((json_t *)(uintptr_t)source);
	if (copy != NULL && person_parse(&person, copy, NULL)) {
		add_date(&dates, &person.start_date, 0);
		add_date(&dates, &person.last_day, 0);
		add_date(&dates, &person.last_day, 1);
		add_date(&dates, &person.termination_date, 1);
	}
	for (size_t i = 0; i < json_array_size(rows); i++) {
		struct row row;
		if (read_row(json_array_get(rows, i), &row)) {
			add_day(&dates, row.date);
			add_day(&dates, row.from);
		}
	}
	person_finish(&person);
	json_decref(copy);
	return dates.count;
}
