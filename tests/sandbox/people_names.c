/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/people_names.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/jsonx.h"

struct spelled {
	const char *name;
	const char *ascii;
};

static const struct spelled FIRST[] = {{"Ada", "ada"}, {"Zoë", "zoe"}, {"Łukasz", "lukasz"},
        {"José", "jose"}, {"Søren", "soren"}, {"Çağla", "cagla"}, {"Müge", "muge"},
        {"Ngozi", "ngozi"}, {"Siobhán", "siobhan"}, {"Ümit", "umit"}, {"Björn", "bjorn"},
        {"Eszter", "eszter"}, {"Giulia", "giulia"}, {"Renée", "renee"}, {"Iñaki", "inaki"},
        {"Žofia", "zofia"}, {"Ștefan", "stefan"}, {"Māra", "mara"}, {"Ελένη", "eleni"},
        {"Олена", "olena"}, {"Γιώργος", "giorgos"}, {"Дмитро", "dmytro"}, {"Noa", "noa"},
        {"Yuki", "yuki"}, {"Amara", "amara"}, {"Thị Mai", "thi-mai"}, {"Anne-Marie", "anne-marie"},
        {"Priya", "priya"}, {"Kwame", "kwame"}, {"Leila", "leila"}, {"Tomás", "tomas"},
        {"Aino", "aino"}, {"Guðrún", "gudrun"}, {"Jānis", "janis"}, {"Eda", "eda"}, {"Sam", "sam"}};

static const struct spelled LAST[] = {{"Byron", "byron"}, {"Müller", "mueller"},
        {"Kowalczyk", "kowalczyk"}, {"García Márquez", "garcia-marquez"}, {"O'Neill", "oneill"},
        {"Sørensen", "sorensen"}, {"Yılmaz", "yilmaz"}, {"Øster", "oster"}, {"Nagy", "nagy"},
        {"D'Angelo", "dangelo"}, {"van der Berg", "vanderberg"}, {"Lefèvre", "lefevre"},
        {"Novák", "novak"}, {"Țepeș", "tepes"}, {"Kalniņa", "kalnina"}, {"Παππά", "pappa"},
        {"Шевченко", "shevchenko"}, {"Cohen", "cohen"}, {"Tanaka", "tanaka"}, {"Okafor", "okafor"},
        {"Nguyễn", "nguyen"}, {"Smith-Jones", "smith-jones"}, {"Sharma", "sharma"},
        {"Mensah", "mensah"}, {"Haddad", "haddad"}, {"da Silva", "dasilva"},
        {"Virtanen", "virtanen"}, {"Þórsdóttir", "thorsdottir"}, {"Bērziņš", "berzins"},
        {"Strauß", "strauss"}, {"Ångström", "angstrom"}, {"Horváth", "horvath"},
        {"Błaszczyk", "blaszczyk"}, {"Ibáñez", "ibanez"}, {"Quinn", "quinn"}, {"Moreau", "moreau"},
        {"Rossi", "rossi"}};

static const char *const TITLES[] = {"Analyst", "Engineer", "Lead Engineer", "HR Partner",
        "Account Manager", "Designer", "Support Agent", "Counsel", "Team Lead"};
static const char *const DEPARTMENTS[] = {
        "Finance", "Engineering", "People", "Sales", "Marketing", "Support", "Legal", "Operations"};
static const char *const SITES[] = {"London", "Berlin", "Lisbon", "Warsaw", "Tel Aviv", "New York"};

enum { PEOPLE_PER_MANAGER = 8, DAYS_EMPLOYED = 3000 };

struct invented_name people_names_pick(uint64_t random)
{
	const struct spelled *first = &FIRST[random % COUNT(FIRST)];
	const struct spelled *last = &LAST[(random / COUNT(FIRST)) % COUNT(LAST)];

	return (struct invented_name){first->name, last->name, first->ascii, last->ascii};
}

static void set_missing(json_t *change, const json_t *present, const char *id, const char *text)
{
	if (json_object_get(present, id) == NULL) {
		jsonx_set_text(change, id, text);
	}
}

/* The address part of a name that a test gave: letters and digits, the rest left out. */
static char *plain(const char *name)
{
	char *out = util_alloc(strlen(name) + 2);
	size_t at = 0;

	for (; *name != '\0'; name++) {
		if (isalnum((unsigned char)*name) != 0) {
			out[at++] = (char)tolower((unsigned char)*name);
		}
	}
	if (at == 0) {
		out[0] = 'x';
	}
	return out;
}

static char *free_email(const struct people *people, const char *first, const char *last)
{
	char *email = util_text("%s.%s@example.com", first, last);

	for (int i = 2; bob_people_find(people, email) != NULL; i++) {
		free(email);
		email = util_text("%s.%s%d@example.com", first, last, i);
	}
	return email;
}

static void add_names(
        struct people *people, const struct employee *employee, json_t *change, uint64_t *random)
{
	struct invented_name name = people_names_pick(util_random(random));
	const char *first = jsonx_text(employee->fields, "root.firstName");
	const char *last = jsonx_text(employee->fields, "root.surname");
	char *first_plain = first != NULL ? plain(first) : util_dup(name.first_ascii);
	char *last_plain = last != NULL ? plain(last) : util_dup(name.last_ascii);
	char *email = free_email(people, first_plain, last_plain);

	set_missing(change, employee->fields, "root.firstName", name.first);
	set_missing(change, employee->fields, "root.surname", name.last);
	set_missing(change, employee->fields, "root.email", email);
	free(email);
	free(first_plain);
	free(last_plain);
}

static void add_times(
        const struct employee *employee, json_t *change, int64_t day, uint64_t *random)
{
	const char *start = jsonx_text(employee->fields, "work.startDate");
	char date[UTIL_DATE_SIZE];
	char now[UTIL_TIME_SIZE];
	int64_t start_day = day;

	if (start == NULL || !util_date_parse(start, &start_day)) {
		start_day = day - 30 - (int64_t)util_random_below(random, DAYS_EMPLOYED);
	}
	const char *lifecycle = jsonx_text_or(employee->fields, "internal.lifecycleStatus",
	        start_day > day ? "hired" : "employed");
	bool is_inactive = strcmp(lifecycle, "hired") == 0 || strcmp(lifecycle, "terminated") == 0;

	util_date_format(start_day, date);
	util_time_bob(util_wall_us(), now);
	set_missing(change, employee->fields, "work.startDate", date);
	set_missing(change, employee->fields, "work.originalStartDate", date);
	set_missing(change, employee->fields, "work.activeEffectiveDate", date);
	set_missing(change, employee->fields, "employee.firstDayOfWork", date);
	set_missing(change, employee->fields, "internal.currentActiveStatusStartDate", date);
	set_missing(change, employee->fields, "root.creationDateTime", now);
	now[10] = '\0';
	set_missing(change, employee->fields, "root.creationDate", now);
	set_missing(
	        change, employee->fields, "internal.status", is_inactive ? "Inactive" : "Active");
	set_missing(change, employee->fields, "internal.lifecycleStatus", lifecycle);
}

static void add_work(const struct people *people, const struct employee *employee, json_t *change,
        uint64_t *random)
{
	const json_t *present = employee->fields;

	set_missing(
	        change, present, "work.title", TITLES[util_random_below(random, COUNT(TITLES))]);
	set_missing(change, present, "work.department",
	        DEPARTMENTS[util_random_below(random, COUNT(DEPARTMENTS))]);
	set_missing(change, present, "work.site", SITES[util_random_below(random, COUNT(SITES))]);
	set_missing(change, present, "payroll.employment.type", "Permanent");
	set_missing(change, present, "payroll.employment.contract", "Full time");
	set_missing(change, present, "root.state", "uninvited");
	if (json_object_get(present, "work.employeeIdInCompany") == NULL) {
		jsonx_set_int(change, "work.employeeIdInCompany", (int64_t)people->count);
	}
	if (json_object_get(present, "work.isManager") == NULL) {
		jsonx_set_is(change, "work.isManager", false);
	}
}

/* What was given as null is meant to be empty. */
static void drop_given(json_t *change, const json_t *given)
{
	json_t *copy = json_deep_copy(given);
	const char *id = NULL;
	json_t *value = NULL;

	json_object_foreach(copy, id, value)
	{
		(void)json_object_del(change, id);
	}
	json_decref(copy);
}

/* Hired is no row: the one of the start date says employed, and takes effect then. */
static void add_lifecycle_rows(struct people *people, struct employee *employee, const char *start)
{
	const char *status =
	        jsonx_text_or(employee->fields, "internal.lifecycleStatus", "employed");
	const char *end = bob_people_text(employee, "internal.terminationDate");
	bool is_over = strcmp(status, "terminated") == 0;
	bool is_plain = is_over || strcmp(status, "hired") == 0;

	jsonx_set_text(bob_people_add_row(people, employee, "lifecycle", start), "status",
	        is_plain ? "employed" : status);
	if (is_over && end != NULL) {
		jsonx_set_text(
		        bob_people_add_row(people, employee, "lifecycle", end), "status", status);
	}
}

void bob_people_complete(
        struct people *people, struct employee *employee, const json_t *given, int64_t day)
{
	json_t *change = json_object();
	char *problem = NULL;
	uint64_t random = 0;

	for (const char *c = employee->id; *c != '\0'; c++) {
		random = random * 31 + (unsigned char)*c;
	}
	add_names(people, employee, change, &random);
	add_times(employee, change, day, &random);
	add_work(people, employee, change, &random);
	drop_given(change, given);
	json_decref(bob_people_change(people, employee, change, &problem));
	free(problem);
	json_decref(change);
	if (json_array_size(json_object_get(employee->tables, "work")) == 0) {
		const char *start = bob_people_text(employee, "work.startDate");

		add_lifecycle_rows(people, employee, start);
		(void)bob_people_add_row(people, employee, "work", start);
		(void)bob_people_add_row(people, employee, "employment", start);
	}
}

static void seed_one(struct people *people, uint64_t *random, const char *manager, int64_t day)
{
	struct employee *employee = bob_people_add(people, NULL);
	struct invented_name name = people_names_pick(util_random(random));
	json_t *change = json_object();
	char *email = free_email(people, name.first_ascii, name.last_ascii);
	char *problem = NULL;
	char phone[32];

	util_format(phone, sizeof(phone), "+44 7700 900%03d", (int)util_random_below(random, 1000));
	jsonx_set_text(change, "root.firstName", name.first);
	jsonx_set_text(change, "root.surname", name.last);
	jsonx_set_text(change, "root.email", email);
	jsonx_set_text(change, "work.workMobile", phone);
	if (manager != NULL) {
		jsonx_set_text(change, "work.reportsTo", manager);
	}
	json_decref(bob_people_change(people, employee, change, &problem));
	free(problem);
	free(email);
	json_decref(change);
	bob_people_complete(people, employee, NULL, day);
}

void people_names_seed(struct people *people, int64_t count, uint64_t seed, int64_t day)
{
	uint64_t random = seed;

	for (int64_t i = 0; i < count; i++) {
		size_t above = (size_t)((i - 1) / PEOPLE_PER_MANAGER);

		seed_one(people, &random, i > 0 ? people->all[above]->id : NULL, day);
	}
}
