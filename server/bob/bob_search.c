/* SPDX-License-Identifier: MIT */
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/bob/bob_client.h"

#include <stdlib.h>
#include <string.h>

/*
 * A search that Bob refuses (400) or that comes back too large or cut off is
 * halved, down to one id (engine rule 15), so that one bad record costs at most
 * two searches a halving. Two brakes keep a general refusal from being taken
 * for many bad ids: searches a read, and refusals before anybody came through.
 */

#define SEARCHES_MAX           40 /* of one batch; beyond it: later */
#define DAMAGED_MAX            10 /* answers too large or cut off, of one batch */
#define LONE_REFUSALS_MAX      3 /* refused alone while nobody has come through yet */
#define EMPLOYEE_ID_MAX_DIGITS 32
#define ID_BYTES               33

struct search {
	struct bob_client *client;
	const json_t *fields;
	struct bob_people *people;
	struct call_outcome *outcome;
	size_t batch_begun_at; /* searches before the present batch */
	size_t damaged; /* in the present batch */
	bool is_anybody_through; /* a search was answered properly, whoever was in it */
};

void bob_people_finish(struct bob_people *people)
{
	if (people != NULL) {
		json_decref(people->employees);
		*people = (struct bob_people){0};
	}
}

json_t *bob_people_find(const struct bob_people *people, const char *employee_id)
{
	size_t index = 0;
	json_t *employee = NULL;
	json_array_foreach(people->employees, index, employee)
	{
		char id[ID_BYTES];
		if (json_id_text(json_object_get(employee, "id"), id, sizeof(id)) &&
		        str_equal(id, employee_id)) {
			return employee;
		}
	}
	return NULL;
}

/* ------------------------------------------------------------------ body */

static json_t *build_values(const char *const *ids, size_t count)
{
	json_t *values = json_array();
	for (size_t i = 0; i < count; i++) {
		if (json_array_append_new(values, json_string(ids[i])) != 0) {
			json_decref(values);
			return NULL;
		}
	}
	return values;
}

/* `filters` is left out when unused: an empty one is a 400 (bob.md 5.3). */
static json_t *build_search(const json_t *fields, const char *const *ids, size_t count)
{
	json_t *search = json_pack("{s:b,s:s}", "showInactive", 1, "humanReadable", "APPEND");
	json_t *copy = json_deep_copy(fields);
	bool done = search != NULL && json_object_set_new(search, "fields", copy) == 0;
	if (done && ids != NULL) {
		json_t *values = build_values(ids, count);
		json_t *filter = values == NULL
		        ? NULL
		        : json_pack("[{s:s,s:s,s:o}]", "fieldPath", "root.id", "operator", "equals",
		                  "values", values);
		done = json_object_set_new(search, "filters", filter) == 0;
	}
	if (!done) {
		json_decref(search);
		return NULL;
	}
	return search;
}

static bool call_search(struct search *search, const json_t *body, struct bob_reply *reply)
{
	struct bob_request request = {
	        .method = "POST", .route = "/people/search", .is_search = true};
	char *text = body != NULL ? json_format(body) : NULL;
	*reply = (struct bob_reply){0};
	if (text == NULL) {
		bob_client_distrust(search->outcome);
		return false;
	}
	request.body = text;
	search->people->searches++;
	bool done = bob_client_call(search->client, &request, reply, search->outcome);
	free(text);
	return done;
}

/* ------------------------------------------------------------- searching */

/* Moves the employees of one answer to the people; false for a wrong shape. */
static bool take_employees(struct search *search, const struct bob_reply *reply)
{
	json_t *employees = json_object_get(reply->json, "employees");
	if (!json_is_array(employees) ||
	        json_array_extend(search->people->employees, employees) != 0) {
		bob_client_distrust(search->outcome);
		return false;
	}
	search->is_anybody_through = true;
	return true;
}

enum verdict {
	VERDICT_GO_ON,
	VERDICT_HALVE,
	VERDICT_GIVE_UP, /* the outcome says why */
};

static bool may_halve(struct search *search, const struct bob_reply *reply)
{
	if (reply->damage != BOB_DAMAGE_NONE) {
		search->damaged++;
		return search->damaged < DAMAGED_MAX;
	}
	return search->outcome->call_class == CALL_PERMANENT;
}

static enum verdict judge_failure(
        struct search *search, const struct bob_reply *reply, size_t count)
{
	if (!may_halve(search, reply)) {
		return VERDICT_GIVE_UP;
	}
	if (count > 1) {
		size_t searches = search->people->searches - search->batch_begun_at;
		bool has_room = searches + 2 <= SEARCHES_MAX;
		if (!has_room) {
			search->outcome->call_class = CALL_RETRY_LATER;
		}
		return has_room ? VERDICT_HALVE : VERDICT_GIVE_UP;
	}
	if (reply->damage != BOB_DAMAGE_NONE) {
		return VERDICT_GIVE_UP;
	}
	search->people->refused++;
	bool is_general =
	        !search->is_anybody_through && search->people->refused >= LONE_REFUSALS_MAX;
	return is_general ? VERDICT_GIVE_UP : VERDICT_GO_ON;
}

static enum verdict search_once(struct search *search, const char *const *ids, size_t count)
{
	struct bob_reply reply;
	enum verdict verdict = VERDICT_GO_ON;
	json_t *body = build_search(search->fields, ids, count);
	if (!call_search(search, body, &reply)) {
		verdict = judge_failure(search, &reply, count);
	} else if (!take_employees(search, &reply)) {
		verdict = VERDICT_GIVE_UP;
	}
	bob_reply_finish(&reply);
	json_decref(body);
	return verdict;
}

/* Recursion is at most log2(BOB_BATCH_MAX) deep. False: given up. */
static bool search_range(struct search *search, const char *const *ids, size_t count)
{
	switch (search_once(search, ids, count)) {
	case VERDICT_GO_ON: return true;
	case VERDICT_GIVE_UP: return false;
	case VERDICT_HALVE: break;
	}
	size_t half = count / 2;
	return search_range(search, ids, half) && search_range(search, ids + half, count - half);
}

static void begin(struct search *search)
{
	*search->people = (struct bob_people){.begun_at_ms = clock_wall_ms()};
	*search->outcome = (struct call_outcome){.call_class = CALL_RETRY_LATER};
	search->people->employees = json_array();
}

/* CALL_DONE, or nothing is known about anybody. */
static void finish(struct search *search, bool is_done)
{
	if (is_done && search->people->employees != NULL &&
	        (search->is_anybody_through || search->people->refused == 0)) {
		/* The last call may have been one that was refused. */
		*search->outcome = (struct call_outcome){.call_class = CALL_DONE,
		        .http_status = search->people->searches > 0 ? 200 : 0,
		        .is_sent = search->people->searches > 0};
		return;
	}
	json_decref(search->people->employees);
	search->people->employees = NULL;
}

void bob_search(struct bob_client *client, const char *const *employee_ids, size_t count,
        const json_t *fields, struct bob_people *people, struct call_outcome *outcome)
{
	struct search search = {
	        .client = client, .fields = fields, .people = people, .outcome = outcome};
	begin(&search);
	bool is_sane = count <= BOB_BATCH_MAX;
	for (size_t i = 0; i < count && is_sane; i++) {
		is_sane = str_is_digits(employee_ids[i], EMPLOYEE_ID_MAX_DIGITS);
	}
	if (!is_sane) {
		outcome->call_class = CALL_PERMANENT;
		str_format_cut(outcome->sentence, sizeof(outcome->sentence),
		        "More people than one search takes, or an employee id that is none.");
	}
	finish(&search, is_sane && (count == 0 || search_range(&search, employee_ids, count)));
}

static json_t *build_all(const json_t *fields)
{
	return fields != NULL ? build_search(fields, NULL, 0)
	                      : json_pack("{s:b,s:[s]}", "showInactive", 1, "fields", "root.id");
}

/* True when everybody came in one answer; *damage says whether pieces may fare better. */
static bool search_at_once(struct search *search, const json_t *fields, enum bob_damage *damage)
{
	struct bob_reply reply;
	json_t *body = build_all(fields);
	bool done = call_search(search, body, &reply) && take_employees(search, &reply);
	*damage = reply.damage;
	bob_reply_finish(&reply);
	json_decref(body);
	return done;
}

static size_t collect_ids(const json_t *employees, size_t *at, const char *ids[BOB_BATCH_MAX])
{
	size_t count = 0;
	for (; *at < json_array_size(employees) && count < BOB_BATCH_MAX; (*at)++) {
		const char *id = json_get_text(json_array_get(employees, *at), "id");
		if (str_is_digits(id, EMPLOYEE_ID_MAX_DIGITS)) {
			ids[count++] = id;
		}
	}
	return count;
}

/* For companies whose answer with all fields is too large: their ids, then batches. */
static bool search_in_batches(struct search *search)
{
	enum bob_damage damage;
	if (!search_at_once(search, NULL, &damage)) {
		return false;
	}
	json_t *everybody = search->people->employees;
	search->people->employees = json_array();
	const char *ids[BOB_BATCH_MAX];
	size_t at = 0;
	bool done = true;
	size_t count = collect_ids(everybody, &at, ids);
	for (; done && count > 0; count = collect_ids(everybody, &at, ids)) {
		search->batch_begun_at = search->people->searches;
		search->damaged = 0;
		done = search_range(search, ids, count);
	}
	json_decref(everybody);
	return done;
}

void bob_search_all(struct bob_client *client, const json_t *fields, struct bob_people *people,
        struct call_outcome *outcome)
{
	struct search search = {
	        .client = client, .fields = fields, .people = people, .outcome = outcome};
	enum bob_damage damage;
	begin(&search);
	bool done = search_at_once(&search, fields, &damage);
	if (!done && damage != BOB_DAMAGE_NONE && fields != NULL) {
		done = search_in_batches(&search);
	}
	finish(&search, done);
}
