/* SPDX-License-Identifier: MIT */
/* What happens to people, as HR enters it in Bob. */
#include "server/base/str.h"
#include "tests/simulation/fake_okta.h"
#include "tests/simulation/happening.h"
#include "tests/simulation/world.h"

#include <stdio.h>
#include <string.h>

static const char *const FIRSTS[] = {"Ada", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gia", "Hal"};
static const char *const SURNAMES[] = {
        "King", "Stone", "Roe", "Marsh", "Wood", "Field", "Lake", "Hill"};
static const char *const TITLES[] = {"Analyst", "Engineer", "Nurse", "Clerk", "Head of it all"};
static const char *const DEPARTMENTS[] = {"Finance", "Research", "Care", "Works"};

#define ONE_OF(sim, list) (list)[random_below(&(sim)->lives, (int)ARRAY_SIZE(list))]

static int roll(struct sim *sim)
{
	return random_below(&sim->lives, 100);
}

/* -------------------------------------------------------------- writing */

static void make_email(struct someone *someone, int index, const char *domain)
{
	struct truth *now = &someone->now;

	str_format_cut(now->email, sizeof(now->email), "%s.%s%d@%s", now->first, now->surname,
	        index, domain);
	str_fold(now->email);
}

void life_name(struct sim *sim, struct someone *someone)
{
	struct truth *now = &someone->now;
	int index = someone_index(sim, someone);

	str_format_cut(now->first, sizeof(now->first), "%s", ONE_OF(sim, FIRSTS));
	str_format_cut(now->surname, sizeof(now->surname), "%s%d", ONE_OF(sim, SURNAMES), index);
	str_format_cut(now->title, sizeof(now->title), "%s", ONE_OF(sim, TITLES));
	str_format_cut(now->department, sizeof(now->department), "%s", ONE_OF(sim, DEPARTMENTS));
	now->site = random_below(&sim->lives, SITE_COUNT);
	now->manager = index > 4 && roll(sim) < 60 ? random_below(&sim->lives, 5) : -1;
	make_email(someone, index, "example.com");
}

static void change_row(struct sim *sim, struct someone *someone, const char *field)
{
	bob_tells_row(
	        sim, someone, "table.entry.created", "work", site_today(sim, someone->now.site));
	bob_tells(sim, someone, "employee.updated", field);
}

static void change_email(struct sim *sim, struct someone *someone)
{
	int which = roll(sim);
	int index = someone_index(sim, someone);

	make_email(someone, index + 1000 * (int)(sim->changes % 9 + 1),
	        which < 85 ? "example.com" : "example.org");
	bob_tells(sim, someone, "employee.updated", "root.email");
}

static void change_surname(struct sim *sim, struct someone *someone)
{
	str_format_cut(someone->now.surname, sizeof(someone->now.surname), "%s%d",
	        ONE_OF(sim, SURNAMES), someone_index(sim, someone));
	bob_tells(sim, someone, "employee.updated", "root.surname");
}

/* Who had an account before we came keeps the address until we found it: it is all we have. */
static bool keeps_email(struct sim *sim, struct someone *someone)
{
	const struct okta_account *account = okta_of(sim, someone_index(sim, someone));
	return account != NULL && !account->is_known;
}

void life_edit(struct sim *sim, struct someone *someone)
{
	int which = roll(sim);

	someone_change(sim, someone);
	if (someone->now.email[0] == '\0' || (which < 12 && !keeps_email(sim, someone))) {
		change_email(sim, someone);
	} else if (which < 35 && !keeps_email(sim, someone)) {
		change_surname(sim, someone);
	} else if (which < 65) {
		str_format_cut(
		        someone->now.title, sizeof(someone->now.title), "%s", ONE_OF(sim, TITLES));
		change_row(sim, someone, "work.title");
	} else if (which < 90) {
		str_format_cut(someone->now.department, sizeof(someone->now.department), "%s",
		        ONE_OF(sim, DEPARTMENTS));
		change_row(sim, someone, "work.department");
	} else {
		someone->now.manager =
		        someone_index(sim, someone) > 4 ? random_below(&sim->lives, 5) : -1;
		change_row(sim, someone, "work.reportsTo");
	}
	trace(sim, "hr: edits person %d", someone_index(sim, someone));
}

void life_hire(struct sim *sim, struct someone *someone, int32_t start)
{
	bool has_begun = start <= site_today(sim, someone->now.site);

	someone_change(sim, someone);
	someone->past[0].truth = (struct truth){0};
	someone->now.start = start;
	someone->now.word = has_begun ? WORD_EMPLOYED : WORD_HIRED;
	someone->now.is_active = has_begun;
	trace(sim, "hr: person %d is hired, starts in %d days", someone_index(sim, someone),
	        (int)(start - site_today(sim, someone->now.site)));
	bob_tells(sim, someone, "employee.created", NULL);
}

void life_leave(struct sim *sim, struct someone *someone, int32_t from, int32_t to)
{
	someone->leave_from = from;
	someone->leave_to = to;
	someone->leave_word = roll(sim) < 50 ? WORD_LEAVE : WORD_PARENTAL;
	someone->leave_is_active = roll(sim) < 30;
	trace(sim, "hr: enters a leave of person %d", someone_index(sim, someone));
	bob_tells_row(sim, someone, "table.entry.created", "lifecycle", from);
	someone_flip(sim, someone);
}

void life_terminate(struct sim *sim, struct someone *someone, int32_t end)
{
	struct truth *now = &someone->now;

	someone_change(sim, someone);
	now->end = end;
	now->last_day = roll(sim) < 40 ? end - random_below(&sim->lives, 6) : end;
	now->last_day = now->last_day < now->start ? now->start : now->last_day;
	someone->has_garden = sim->scenario.uses_garden && now->last_day < end;
	trace(sim, "hr: ends person %d in %d days", someone_index(sim, someone),
	        (int)(end - site_today(sim, now->site)));
	bob_tells_row(sim, someone, "table.entry.created", "lifecycle", end);
	bob_tells(sim, someone, "employee.updated", "internal.terminationDate");
	someone_flip(sim, someone);
}

void life_rehire(struct sim *sim, struct someone *someone, int32_t start)
{
	struct truth *now = &someone->now;
	bool has_begun = start <= site_today(sim, now->site);

	someone_change(sim, someone);
	now->start = start;
	now->word = has_begun ? WORD_EMPLOYED : WORD_HIRED;
	now->is_active = has_begun;
	if (roll(sim) < 50) {
		/* Whether the old dates stay in the record differs; they are before the start. */
		now->end = now->last_day = 0;
	}
	someone->rehired_ms = sim->now_ms;
	/* M3 is about who was employed at go-live; whoever is to start is created like anybody. */
	someone->is_existing = someone->is_existing && has_begun;
	trace(sim, "hr: rehires person %d", someone_index(sim, someone));
	bob_tells(sim, someone, "employee.updated", "work.startDate");
	bob_tells_row(sim, someone, "table.entry.created", "lifecycle", start);
	if (has_begun) {
		bob_tells(sim, someone, "employee.activated", NULL);
	}
}

/* ------------------------------------------------------------- choosing */

void life_start(struct sim *sim, struct someone *someone, int32_t start)
{
	someone_change(sim, someone);
	someone->now.start = start;
	trace(sim, "hr: moves the start of person %d", someone_index(sim, someone));
	bob_tells(sim, someone, "employee.updated", "work.startDate");
	bob_tells_row(sim, someone, "table.entry.updated", "lifecycle", someone->now.start);
	someone_flip(sim, someone);
}

static void delete_file(struct sim *sim, struct someone *someone)
{
	someone_change(sim, someone);
	someone->now.is_deleted = true;
	trace(sim, "hr: deletes the file of person %d", someone_index(sim, someone));
	bob_tells(sim, someone, "employee.deleted", NULL);
}

/* Deleting a row fires no webhook at all. */
static void cancel_termination(struct sim *sim, struct someone *someone)
{
	someone_change(sim, someone);
	someone->is_unheard = true;
	someone->now.end = someone->now.last_day = 0;
	trace(sim, "hr: cancels the end of person %d", someone_index(sim, someone));
}

static void revoke(struct sim *sim, struct someone *someone)
{
	trace(sim, "hr: revokes the access of person %d", someone_index(sim, someone));
	bob_tells(sim, someone, "employee.access.revoked.immediately", NULL);
}

static void act_hired(struct sim *sim, struct someone *someone)
{
	int which = roll(sim);

	if (which < 40) {
		life_start(sim, someone,
		        site_today(sim, someone->now.site) + random_below(&sim->lives, 20));
	} else if (which < 48) {
		delete_file(sim, someone);
	} else {
		life_edit(sim, someone);
	}
}

static void act_ending(struct sim *sim, struct someone *someone)
{
	int which = roll(sim);

	if (which < 35 && someone->now.word != WORD_GARDEN) {
		cancel_termination(sim, someone);
	} else if (which < 60) {
		revoke(sim, someone);
	} else {
		life_edit(sim, someone);
	}
}

static void act_employed(struct sim *sim, struct someone *someone)
{
	int which = roll(sim);
	int32_t today = site_today(sim, someone->now.site);

	if (someone->now.end >= someone->now.start && someone->now.end != 0) {
		act_ending(sim, someone);
	} else if (which < 20) {
		life_terminate(sim, someone, today + random_below(&sim->lives, 14) - 2);
		if (roll(sim) < 15) {
			revoke(sim, someone);
		}
	} else if (which < 36 && someone->leave_from == 0) {
		int32_t from = today + random_below(&sim->lives, 8);
		life_leave(sim, someone, from, from + 1 + random_below(&sim->lives, 15));
	} else if (which < 39) {
		someone_change(sim, someone);
		someone->word_before = someone->now.word;
		someone->now.word = WORD_STRANGE;
		bob_tells_row(sim, someone, "table.entry.created", "lifecycle", today);
	} else {
		life_edit(sim, someone);
	}
}

static void act_terminated(struct sim *sim, struct someone *someone)
{
	int which = roll(sim);
	int32_t today = site_today(sim, someone->now.site);

	if (which < 55 && sim->now_ms - someone->terminated_ms > 3 * DAY_MS) {
		int32_t earliest = someone->now.end + 1;
		int32_t start = today + random_below(&sim->lives, 12);
		life_rehire(sim, someone, start > earliest ? start : earliest);
	} else if (which < 65) {
		delete_file(sim, someone);
	} else {
		life_edit(sim, someone);
	}
}

static void act_strange(struct sim *sim, struct someone *someone)
{
	someone_change(sim, someone);
	someone->now.word = someone->word_before;
	bob_tells_row(sim, someone, "table.entry.created", "lifecycle",
	        site_today(sim, someone->now.site));
	someone_flip(sim, someone);
}

static void hire_somebody(struct sim *sim)
{
	struct someone *someone = someone_add(sim);

	if (someone == NULL) {
		return;
	}
	life_name(sim, someone);
	if (roll(sim) < 15) {
		someone->now.email[0] = '\0';
	} else if (roll(sim) < 10) {
		make_email(someone, someone_index(sim, someone), "example.org");
	}
	life_hire(sim, someone,
	        site_today(sim, someone->now.site) + random_below(&sim->lives, 30) - 3);
}

void life_act(struct sim *sim, int person)
{
	if (person < 0) {
		hire_somebody(sim);
		return;
	}
	struct someone *someone = &sim->people[person];
	if (someone->now.is_deleted) {
		return;
	}
	switch (someone->now.word) {
	case WORD_HIRED: act_hired(sim, someone); break;
	case WORD_EMPLOYED: act_employed(sim, someone); break;
	case WORD_LEAVE:
	case WORD_PARENTAL: life_edit(sim, someone); break;
	case WORD_GARDEN: act_ending(sim, someone); break;
	case WORD_TERMINATED: act_terminated(sim, someone); break;
	case WORD_STRANGE: act_strange(sim, someone); break;
	}
}

/* ----------------------------------------------------------- the start */

static void begin_one(struct sim *sim)
{
	struct someone *someone = someone_add(sim);

	must(someone != NULL, "room for people", NULL);
	life_name(sim, someone);
	someone->is_existing = true;
	someone->is_to_compare = someone->is_unheard = true;
	someone->now.start =
	        site_today(sim, someone->now.site) - 30 - random_below(&sim->lives, 900);
	bool has_left = roll(sim) < 8;
	someone->now.word = has_left ? WORD_TERMINATED : WORD_EMPLOYED;
	someone->now.is_active = !has_left;
	if (has_left) {
		someone->now.end = someone->now.last_day = site_today(sim, someone->now.site) - 10;
		someone->terminated_ms = sim->now_ms - 9 * DAY_MS;
	}
	if (!has_left && roll(sim) < 60) {
		okta_had(sim, someone_index(sim, someone), ACCOUNT_ACTIVE);
	}
}

void life_begin(struct sim *sim)
{
	int count = sim->size.people * 7 / 10;

	for (int i = 0; i < count; i++) {
		begin_one(sim);
	}
	for (int site = 0; site < SITE_COUNT; site++) {
		agenda_at(sim, site_instant_ms(sim, site, site_today(sim, site) + 1) + SECOND_MS,
		        AT_MIDNIGHT, site);
	}
}

static int64_t some_time(struct sim *sim)
{
	return sim->now_ms + random_between(&sim->lives, MINUTE_MS, 20 * HOUR_MS);
}

void life_plan_day(struct sim *sim)
{
	int hires = sim->size.people * 6;

	for (int i = 0; i < sim->person_count; i++) {
		if (random_chance(&sim->lives, 50)) {
			agenda_at(sim, some_time(sim), AT_LIFE, i);
		}
	}
	for (; hires > 0; hires -= 1000) {
		if (random_chance(&sim->lives, hires)) {
			agenda_at(sim, some_time(sim), AT_LIFE, -1);
		}
	}
}
