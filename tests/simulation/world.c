/* SPDX-License-Identifier: MIT */
#include "tests/simulation/world.h"

#include "server/base/clock.h"
#include "server/base/str.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	const char *zone;
} SITES[SITE_COUNT] = {
        {"London", "Europe/London"},
        {"Auckland", "Pacific/Auckland"},
        {"New York", "America/New_York"},
        {"Mumbai", "Asia/Kolkata"},
        {"Honolulu", "Pacific/Honolulu"},
};

static const char *const WORDS[] = {"Hired", "Employed", "Leave", "Parental leave", "Garden leave",
        "Terminated", "On the moon"};

const char *word_name(enum word word)
{
	return WORDS[word];
}

const char *site_name(int site)
{
	return SITES[site].name;
}

const char *site_zone(int site)
{
	return SITES[site].zone;
}

int32_t site_today(const struct sim *sim, int site)
{
	return zone_date(sim->zones[site], sim->now_ms);
}

int64_t site_instant_ms(const struct sim *sim, int site, int32_t date)
{
	return zone_first_instant_ms(sim->zones[site], date);
}

/* --------------------------------------------------------------- people */

struct someone *someone_add(struct sim *sim)
{
	if (sim->person_count == sim->person_max) {
		return NULL;
	}
	int index = sim->person_count++;
	struct someone *someone = &sim->people[index];
	*someone = (struct someone){.now = {.manager = -1}};
	str_format_cut(someone->id, sizeof(someone->id), "33328838942350%05d", index + 1);
	return someone;
}

int someone_index(const struct sim *sim, const struct someone *someone)
{
	return (int)(someone - sim->people);
}

int someone_find(const struct sim *sim, const char *employee_id)
{
	size_t len = strlen(employee_id);
	int64_t number = 0;
	int index = len > 5 && str_to_int64(employee_id + len - 5, &number) ? (int)number - 1 : -1;

	return index >= 0 && index < sim->person_count &&
	                str_equal(sim->people[index].id, employee_id)
	        ? index
	        : -1;
}

void someone_change(struct sim *sim, struct someone *someone)
{
	memmove(&someone->past[1], &someone->past[0], (PAST_MAX - 1) * sizeof(someone->past[0]));
	someone->past[0].truth = someone->now;
	someone->past[0].until_ms = sim->now_ms;
	someone->is_to_compare = true;
	int index = someone_index(sim, someone);
	for (int i = 0; i < sim->person_count; i++) {
		/* Their manager's name is part of what Bob says of them. */
		bool is_report = sim->people[i].now.manager == index;
		sim->people[i].is_to_compare |= is_report;
		sim->people[i].is_unheard |= is_report;
	}
	sim->changes++;
}

const struct truth *someone_at(const struct someone *someone, int64_t at_ms)
{
	const struct truth *truth = &someone->now;

	for (int i = 0; i < PAST_MAX && someone->past[i].until_ms > at_ms; i++) {
		truth = &someone->past[i].truth;
	}
	return truth;
}

/* ---------------------------------------------------------------- flips */

static void become(struct sim *sim, struct someone *someone, enum word word, bool is_active)
{
	someone_change(sim, someone);
	someone->now.word = word;
	someone->now.is_active = is_active;
	trace(sim, "bob: person %d is %s, %s", someone_index(sim, someone), WORDS[word],
	        is_active ? "active" : "inactive");
}

static void start(struct sim *sim, struct someone *someone)
{
	become(sim, someone, WORD_EMPLOYED, true);
	someone->has_started = true;
	/* Which of the two is not spelled out (bob.md 6). */
	int which = random_below(&sim->fate, 3);
	if (which != 0) {
		bob_tells(sim, someone, "employee.joined", NULL);
	}
	if (which != 1) {
		bob_tells(sim, someone, "employee.activated", NULL);
	}
}

static void terminate(struct sim *sim, struct someone *someone)
{
	bool is_first = someone->now.word != WORD_GARDEN;
	bool was_active = someone->now.is_active;

	become(sim, someone, WORD_TERMINATED, false);
	someone->terminated_ms = sim->now_ms;
	someone->leave_from = someone->leave_to = 0;
	if (is_first) {
		bob_tells(sim, someone, "employee.left", NULL);
	}
	if (was_active) {
		bob_tells(sim, someone, "employee.inactivated", NULL);
	}
}

static void begin_leave(struct sim *sim, struct someone *someone)
{
	bool is_active = someone->leave_is_active;

	become(sim, someone, someone->leave_word, is_active);
	someone->leave_from = 0;
	bob_tells(sim, someone, "employee.temporaryLeave", NULL);
	if (!is_active) {
		bob_tells(sim, someone, "employee.inactivated", NULL);
	}
}

static void end_leave(struct sim *sim, struct someone *someone)
{
	become(sim, someone, WORD_EMPLOYED, true);
	someone->leave_to = 0;
	bob_tells(sim, someone, "employee.activated", NULL);
}

/* A rehire reuses the record: an end before the start is of an earlier employment. */
static bool has_come(int32_t today, int32_t date)
{
	return date != 0 && today >= date;
}

static bool is_on_leave(const struct someone *someone)
{
	return someone->now.word == WORD_LEAVE || someone->now.word == WORD_PARENTAL;
}

void someone_flip(struct sim *sim, struct someone *someone)
{
	int32_t today = site_today(sim, someone->now.site);
	const struct truth *now = &someone->now;

	if (now->is_deleted) {
		return;
	}
	if (now->word == WORD_HIRED && has_come(today, now->start)) {
		start(sim, someone);
	}
	if (now->word != WORD_TERMINATED && now->word != WORD_HIRED) {
		bool is_ending = now->end >= now->start;
		if (is_ending && has_come(today, now->end + 1)) {
			terminate(sim, someone);
		} else if (now->word != WORD_GARDEN && someone->has_garden && is_ending &&
		        has_come(today, now->last_day + 1)) {
			become(sim, someone, WORD_GARDEN, true);
			bob_tells(sim, someone, "employee.left", NULL);
		}
	}
	if (now->word == WORD_EMPLOYED && has_come(today, someone->leave_from)) {
		begin_leave(sim, someone);
	}
	if (is_on_leave(someone) && has_come(today, someone->leave_to)) {
		end_leave(sim, someone);
	}
}

static bool is_about_to_flip(const struct someone *someone, int32_t today)
{
	const struct truth *now = &someone->now;
	bool is_ending = now->end >= now->start && now->word != WORD_TERMINATED;

	return (now->word == WORD_HIRED && has_come(today, now->start)) ||
	        (is_ending &&
	                (has_come(today, now->end + 1) || has_come(today, now->last_day + 1))) ||
	        has_come(today, someone->leave_from) || has_come(today, someone->leave_to);
}

/* Bob follows its own dates within minutes. */
void world_midnight(struct sim *sim, int site)
{
	for (int i = 0; i < sim->person_count; i++) {
		if (sim->people[i].now.site == site &&
		        is_about_to_flip(&sim->people[i], site_today(sim, site))) {
			agenda_at(sim, sim->now_ms + random_between(&sim->fate, 0, 4 * MINUTE_MS),
			        AT_FLIP, i);
		}
	}
	agenda_at(sim, site_instant_ms(sim, site, site_today(sim, site) + 1) + SECOND_MS,
	        AT_MIDNIGHT, site);
}

/* --------------------------------------------------------------- answer */

static json_t *text_or_null(const char *text)
{
	return text[0] != '\0' ? json_string(text) : json_null();
}

static json_t *date_or_null(int32_t date, bool is_shown)
{
	char text[CLOCK_TEXT_BYTES];

	if (date == 0 || !is_shown) {
		return json_null();
	}
	date_format(text, date);
	return json_string(text);
}

static json_t *manager_json(const struct sim *sim, int manager, const char **name)
{
	static char display[64];

	*name = NULL;
	if (manager < 0 || sim->people[manager].now.is_deleted) {
		return json_null();
	}
	const struct someone *boss = &sim->people[manager];
	str_format_cut(display, sizeof(display), "%s %s", boss->now.first, boss->now.surname);
	*name = display;
	return json_pack("{s:s, s:s, s:s, s:s, s:s}", "id", boss->id, "firstName", boss->now.first,
	        "surname", boss->now.surname, "email", boss->now.email, "displayName", display);
}

static json_t *labels(const struct truth *truth, const char *manager)
{
	json_t *work = json_object();
	if (truth->title[0] != '\0') {
		json_object_set_new(work, "title", json_string(truth->title));
	}
	json_object_set_new(work, "department", json_string(truth->department));
	if (manager != NULL) {
		json_object_set_new(work, "reportsTo", json_string(manager));
	}
	return json_pack("{s:o}", "work", work);
}

/* A list value is an item's id; its label stands under humanReadable. */
static json_t *list_id(const char *label)
{
	char id[24];
	uint64_t hash = 7;

	if (label[0] == '\0') {
		return json_null();
	}
	for (const char *at = label; *at != '\0'; at++) {
		hash = hash * 31 + (uint8_t)*at;
	}
	str_format_cut(id, sizeof(id), "%" PRIu64, hash % 1000000);
	return json_string(id);
}

json_t *someone_json(const struct sim *sim, const struct someone *someone, int64_t at_ms)
{
	const struct truth *truth = someone_at(someone, at_ms);
	const char *manager = NULL;
	char display[64];

	if (truth->is_deleted || truth->first[0] == '\0') {
		return NULL;
	}
	bool shows_end = sim->scenario.shows_future_ends || truth->word == WORD_TERMINATED ||
	        truth->word == WORD_GARDEN;
	str_format_cut(display, sizeof(display), "%s %s", truth->first, truth->surname);
	json_t *boss = manager_json(sim, truth->manager, &manager);
	return json_pack("{s:s, s:i, s:s, s:s, s:s, s:o,"
	                 " s:{s:o, s:o, s:o, s:s, s:o, s:n, s:n, s:i},"
	                 " s:{s:s, s:s, s:o}, s:{s:o}, s:{s:n}, s:{s:{s:s}}, s:o}",
	        "id", someone->id, "companyId", 636192, "firstName", truth->first, "surname",
	        truth->surname, "displayName", display, "email", text_or_null(truth->email), "work",
	        "startDate", date_or_null(truth->start, true), "title", list_id(truth->title),
	        "department", list_id(truth->department), "site", site_name(truth->site),
	        "reportsTo", boss, "workPhone", "workMobile", "employeeIdInCompany",
	        someone_index(sim, someone) + 1, "internal", "status",
	        truth->is_active ? "Active" : "Inactive", "lifecycleStatus", WORDS[truth->word],
	        "terminationDate", date_or_null(truth->end, shows_end), "employee", "lastDayOfWork",
	        date_or_null(truth->last_day, shows_end), "home", "privateEmail", "payroll",
	        "employment", "type", "Permanent", "humanReadable", labels(truth, manager));
}
