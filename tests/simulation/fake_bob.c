/* SPDX-License-Identifier: MIT */
/*
 * Bob's People API as its documents describe it (bob.md 5): no pages, people
 * outside the answer simply absent, and for up to 20 s after a change the value
 * of before (bob.md 4.6). Takes the place of the client's functions at link time.
 */
#include "server/base/clock.h"
#include "server/base/str.h"
#include "tests/simulation/driver.h"
#include "tests/simulation/fake_okta.h"
#include "tests/simulation/weather.h"
#include "tests/simulation/world.h"

#include <inttypes.h>
#include <stdlib.h>

#define STALE_MS (20 * SECOND_MS)

struct bob_company {
	struct sim *sim;
};

struct bob_client {
	struct sim *sim;
};

struct sim *bob_served;

/* --------------------------------------------------------------- answers */

static struct bob_answer_facts answer(const struct sim *sim, int status)
{
	return (struct bob_answer_facts){
	        .http_status = status, .is_json = true, .now_ms = sim->now_ms + sim->skew_ms};
}

static void fail(struct sim *sim, enum fate fate, struct call_outcome *outcome)
{
	char reset[24];
	struct bob_answer_facts facts = answer(sim, 500);

	str_format_cut(reset, sizeof(reset), "%" PRId64,
	        facts.now_ms / 1000 + random_between(&sim->fate, 1, 60));
	facts.rate_reset = reset;
	if (fate == FATE_CUT_BEFORE || fate == FATE_NOT_SENT) {
		*outcome = (struct call_outcome){
		        .call_class = CALL_RETRY_LATER, .is_sent = fate == FATE_CUT_BEFORE};
		str_format_cut(outcome->sentence, sizeof(outcome->sentence), "no answer from Bob");
		return;
	}
	facts.http_status = fate == FATE_LIMITED ? 429 : fate == FATE_REFUSED ? 401 : 503;
	bob_answer_judge(&facts, outcome);
}

/* True when Bob answers; the outcome is set in both cases. */
static bool ask(struct sim *sim, const char *what, struct call_outcome *outcome)
{
	driver_pass_time(sim, random_between(&sim->fate, 50, 700));
	enum fate fate = weather_of_bob(sim);

	sim->calls++;
	trace(sim, "bob call %s, fate %d", what, fate);
	if (fate == FATE_CRASH_BEFORE) {
		driver_crash(sim);
	}
	if (fate != FATE_FINE) {
		fail(sim, fate, outcome);
		return false;
	}
	struct bob_answer_facts facts = answer(sim, 200);
	bob_answer_judge(&facts, outcome);
	return true;
}

/* ---------------------------------------------------------------- search */

void bob_people_finish(struct bob_people *people)
{
	json_decref(people->employees);
	*people = (struct bob_people){0};
}

json_t *bob_people_find(const struct bob_people *people, const char *employee_id)
{
	for (size_t i = 0; i < json_array_size(people->employees); i++) {
		json_t *one = json_array_get(people->employees, i);
		if (str_equal(json_string_value(json_object_get(one, "id")), employee_id)) {
			return one;
		}
	}
	return NULL;
}

/* Bob leaves out silently whom the service user may not see (bob.md 5.2). */
static bool is_left_out(struct sim *sim, int index)
{
	if (!random_chance(&sim->fate, sim->weather.missing_permille)) {
		return false;
	}
	sim->people[index].left_out_ms = sim->now_ms;
	return true;
}

static void add(struct sim *sim, json_t *list, int index)
{
	if (is_left_out(sim, index)) {
		return;
	}
	int64_t stale_ms =
	        random_chance(&sim->fate, 500) ? 0 : random_between(&sim->fate, 0, STALE_MS);
	json_t *one = someone_json(sim, &sim->people[index], sim->now_ms - stale_ms);

	if (one != NULL) {
		json_array_append_new(list, one);
	}
}

void bob_search(struct bob_client *client, const char *const *employee_ids, size_t count,
        const json_t *fields, struct bob_people *people, struct call_outcome *outcome)
{
	struct sim *sim = client->sim;

	(void)fields;
	*people = (struct bob_people){.begun_at_ms = sim->now_ms + sim->skew_ms, .searches = 1};
	int64_t begun_ms = sim->now_ms;
	if (!ask(sim, "search", outcome)) {
		return;
	}
	(void)begun_ms;
	people->employees = json_array();
	for (size_t i = 0; i < count; i++) {
		int index = someone_find(sim, employee_ids[i]);
		if (index >= 0) {
			add(sim, people->employees, index);
		}
	}
}

void bob_search_all(struct bob_client *client, const json_t *fields, struct bob_people *people,
        struct call_outcome *outcome)
{
	struct sim *sim = client->sim;

	(void)fields;
	*people = (struct bob_people){.begun_at_ms = sim->now_ms + sim->skew_ms, .searches = 1};
	if (!ask(sim, "search of all", outcome)) {
		return;
	}
	people->employees = json_array();
	for (int i = 0; i < sim->person_count; i++) {
		add(sim, people->employees, i);
	}
}

/* The ids of a sweep: whom the service user may not see is silently not among them. */
void bob_stream_ids(struct bob_client *client, bob_on_id *on_id, void *context, size_t *count,
        struct call_outcome *outcome)
{
	struct sim *sim = client->sim;
	bool goes_on = true;

	*count = 0;
	if (!ask(sim, "ids", outcome)) {
		return;
	}
	for (int i = 0; goes_on && i < sim->person_count; i++) {
		json_t *one = is_left_out(sim, i) ? NULL
		                                  : someone_json(sim, &sim->people[i], sim->now_ms);
		if (one != NULL) {
			goes_on = on_id(context, sim->people[i].id);
			(*count)++;
		}
		json_decref(one);
	}
	if (!goes_on) {
		outcome->call_class = CALL_ABORTED;
	}
}

/* ------------------------------------------------------------------ table */

static void add_row(json_t *rows, int32_t date, const char *status, bool is_current)
{
	char text[CLOCK_TEXT_BYTES];

	date_format(text, date);
	json_array_append_new(rows,
	        json_pack("{s:s, s:s, s:b}", "effectiveDate", text, "status", status, "isCurrent",
	                is_current));
}

/* Where future rows can be seen, which basic reads hide (bob.md 5.8). */
void bob_lifecycle(struct bob_client *client, const char *const *employee_ids, size_t count,
        json_t **rows, struct call_outcome *outcome)
{
	struct sim *sim = client->sim;

	*rows = NULL;
	if (!ask(sim, "lifecycle table", outcome)) {
		return;
	}
	*rows = json_object();
	for (size_t i = 0; i < count; i++) {
		int index = someone_find(sim, employee_ids[i]);
		const struct someone *someone = index >= 0 ? &sim->people[index] : NULL;
		if (someone == NULL || someone->now.is_deleted) {
			continue;
		}
		json_t *list = json_array();
		add_row(list, someone->now.start, word_name(someone->now.word), true);
		if (someone->now.end >= someone->now.start &&
		        someone->now.word != WORD_TERMINATED) {
			add_row(list, someone->now.end, word_name(WORD_TERMINATED), false);
		}
		json_object_set_new(*rows, someone->id, list);
	}
}

/* -------------------------------------------------------------- metadata */

void bob_fields(
        struct bob_client *client, struct field_catalog **catalog, struct call_outcome *outcome)
{
	static const char *const FIELDS[][2] = {{"root.id", "text"}, {"root.email", "text"},
	        {"root.firstName", "text"}, {"root.surname", "text"}, {"root.displayName", "text"},
	        {"work.startDate", "date"}, {"work.title", "list"}, {"work.department", "list"},
	        {"work.site", "text"}, {"work.reportsTo", "employee"}, {"work.workPhone", "text"},
	        {"work.workMobile", "text"}, {"work.employeeIdInCompany", "number"},
	        {"internal.status", "list"}, {"internal.lifecycleStatus", "list"},
	        {"internal.terminationDate", "date"}, {"employee.lastDayOfWork", "date"},
	        {"home.privateEmail", "text"}, {"payroll.employment.type", "list"}};
	json_t *list = json_array();

	*catalog = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(FIELDS); i++) {
		json_array_append_new(list,
		        json_pack("{s:s, s:s, s:s}", "id", FIELDS[i][0], "name", FIELDS[i][0],
		                "type", FIELDS[i][1]));
	}
	if (ask(client->sim, "fields", outcome)) {
		*catalog = field_catalog_parse(list, NULL);
		must(*catalog != NULL, "fields", NULL);
	}
	json_decref(list);
}

void bob_lists(struct bob_client *client, json_t **lists, struct call_outcome *outcome)
{
	*lists = ask(client->sim, "lists", outcome) ? json_object() : NULL;
}

/* --------------------------------------------------------------- clients */

struct bob_company *bob_company_create(const struct bob_company_options *options, struct err *err)
{
	(void)options;
	(void)err;
	struct bob_company *company = calloc(1, sizeof(*company));
	must(company != NULL, "memory", NULL);
	company->sim = bob_served;
	return company;
}

void bob_company_destroy(struct bob_company *company)
{
	free(company);
}

void bob_company_shut(struct bob_company *company)
{
	(void)company;
}

void bob_company_open(struct bob_company *company)
{
	(void)company;
}

/* Bob's budget is not what is tried here: a search may always go. */
int64_t bob_company_next_search_ms(
        const struct bob_company *company, enum call_urgency urgency, int64_t now_ms)
{
	(void)company;
	(void)urgency;
	return now_ms;
}

struct bob_client *bob_client_create(struct bob_company *company, struct err *err)
{
	(void)err;
	struct bob_client *client = calloc(1, sizeof(*client));
	must(client != NULL, "memory", NULL);
	client->sim = company->sim;
	return client;
}

void bob_client_stop_on(struct bob_client *client, const atomic_bool *stop)
{
	(void)client;
	(void)stop;
}

void bob_client_set_probing(struct bob_client *client, bool is_probing)
{
	(void)client;
	(void)is_probing;
}

void bob_client_destroy(struct bob_client *client)
{
	free(client);
}
