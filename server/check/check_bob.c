/* SPDX-License-Identifier: MIT */
#include "server/check/check.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/base/version.h"
#include "server/bob/bob.h"

#include <stdlib.h>
#include <string.h>

#define COMPANY_FIELD       "root.companyId"
#define SECRET_ENDS_SOON_MS (14 * 24 * INT64_C(3600000))

/* What was seen over everybody Bob showed. */
struct census {
	size_t people;
	size_t terminated;
	size_t strangers; /* of another company */
	size_t unknown_words;
	char words[200];
	size_t *received; /* per asked field: people whose answer had it */
};

struct bob_check {
	struct check_report *report;
	const struct connection_settings *connection;
	struct bob_company *company;
	struct bob_client *client;
	struct check_facts *facts; /* where the metadata and the people are kept */
	json_t *fields;
	struct census census;
};

static const char *field_at(const struct bob_check *check, size_t index)
{
	return json_string_value(json_array_get(check->fields, index));
}

static void count_fields(struct bob_check *check, const struct person *person)
{
	for (size_t i = 0; i < json_array_size(check->fields); i++) {
		json_t *value = NULL;
		enum field_state state =
		        person_field(person, check->facts->fields, field_at(check, i), &value);
		bool is_there = state == FIELD_VALUE || state == FIELD_EMPTY;
		check->census.received[i] += is_there ? 1 : 0;
		json_decref(value);
	}
}

static void note_word(struct census *census, const char *word)
{
	census->unknown_words++;
	if (strstr(census->words, word) == NULL) {
		size_t len = strlen(census->words);
		str_format_cut(census->words + len, sizeof(census->words) - len, "%s\"%s\"",
		        len > 0 ? ", " : "", word);
	}
}

static bool is_stranger(const struct bob_check *check, const struct person *person)
{
	json_t *value = NULL;
	char company[24];
	bool is_other = check->connection->bob.company_id[0] != '\0' &&
	        person_field(person, check->facts->fields, COMPANY_FIELD, &value) == FIELD_VALUE &&
	        json_id_text(value, company, sizeof(company)) &&
	        !str_equal(company, check->connection->bob.company_id);
	json_decref(value);
	return is_other;
}

static void count_person(struct bob_check *check, json_t *source)
{
	struct person person = {0};
	if (!person_parse(&person, source, NULL)) {
		return;
	}
	check->census.people++;
	check->census.terminated += person.lifecycle == LIFECYCLE_TERMINATED ? 1 : 0;
	check->census.strangers += is_stranger(check, &person) ? 1 : 0;
	if (person.lifecycle == LIFECYCLE_UNKNOWN && person.lifecycle_word[0] != '\0') {
		note_word(&check->census, person.lifecycle_word);
	}
	count_fields(check, &person);
	person_finish(&person);
}

static bool reads_field(const struct map_expression *program, const char *path)
{
	for (size_t i = 0; i < program->field_count; i++) {
		if (str_equal(program->fields[i], path)) {
			return true;
		}
	}
	return false;
}

static void add_name(char *to, size_t size, const char *name)
{
	size_t len = strlen(to);
	str_format_cut(to + len, size - len, "%s%s", len == 0 ? "; needed for " : ", ", name);
}

/* "; needed for title, scope": whose values depend on the field. "": none's. */
static void name_rows(const struct bob_check *check, const char *path, char *to, size_t size)
{
	const struct map_rules *rules = &check->connection->rules;
	char name[120];
	to[0] = '\0';
	for (size_t i = 0; i < rules->count; i++) {
		if (str_equal(rules->rows[i].bob, path)) {
			add_name(to, size, rules->rows[i].okta);
		}
	}
	for (size_t i = 0; i < map_rules_program_count(rules); i++) {
		if (reads_field(map_rules_program(rules, i), path)) {
			map_rules_program_name(rules, i, name, sizeof(name));
			add_name(to, size, name);
		}
	}
}

static void judge_field(struct bob_check *check, size_t index)
{
	const char *path = field_at(check, index);
	size_t people = check->census.people;
	size_t received = check->census.received[index];
	bool is_known =
	        check->facts->fields == NULL || field_catalog_covers(check->facts->fields, path);
	char what[220];
	char found[300];
	str_format_cut(what, sizeof(what), "bob: %s", path);
	char rows[200];
	name_rows(check, path, rows, sizeof(rows));
	if (received == 0 && !is_known) {
		str_format_cut(found, sizeof(found), "Bob has no such field%s", rows);
		check_report_add(check->report, CHECK_FAILURE, what, found,
		        "correct the field's id in mapping, scope or match");
	} else if (received == 0) {
		str_format_cut(found, sizeof(found), "asked for and never received%s", rows);
		check_report_add(check->report, CHECK_FAILURE, what, found,
		        "give the service user's permission group the right to view this field's"
		        " category in People's data");
	} else if (received < people) {
		str_format_cut(found, sizeof(found), "received for %zu of %zu people%s", received,
		        people, rows);
		check_report_add(check->report, CHECK_WARNING, what, found,
		        "view rights may differ between groups of people");
	} else if (check->report->is_detailed) {
		str_format_cut(found, sizeof(found), "readable%s", rows);
		check_report_add(check->report, CHECK_OK, what, found, NULL);
	}
}

static void judge_fields(struct bob_check *check)
{
	size_t asked = json_array_size(check->fields);
	size_t before = check->report->failures + check->report->warnings;
	for (size_t i = 0; i < asked; i++) {
		/* The company's number is asked for out of care: nothing depends on it. */
		if (!str_equal(field_at(check, i), COMPANY_FIELD)) {
			judge_field(check, i);
		}
	}
	if (check->report->failures + check->report->warnings == before) {
		char found[100];
		str_format_cut(found, sizeof(found),
		        "all %zu needed and mapped fields are readable", asked - 1);
		check_report_add(check->report, CHECK_OK, "bob: fields", found, NULL);
	}
}

static void judge_people(struct bob_check *check)
{
	const struct census *census = &check->census;
	char found[300];
	str_format_cut(found, sizeof(found), "%zu visible, %zu of them terminated", census->people,
	        census->terminated);
	if (census->terminated == 0) {
		check_report_add(check->report, CHECK_WARNING, "bob: people", found,
		        "if somebody has ever left, the service user's group lacks leavers: under"
		        " \"Access data for\" select all lifecycle statuses");
	} else {
		check_report_add(check->report, CHECK_OK, "bob: people", found, NULL);
	}
	if (census->unknown_words > 0) {
		str_format_cut(found, sizeof(found), "a status that is not known: %zu people, %s",
		        census->unknown_words, census->words);
		check_report_add(check->report, CHECK_WARNING, "bob: lifecycle status", found,
		        "their accounts are neither raised nor lowered");
	}
	if (census->strangers > 0) {
		str_format_cut(found, sizeof(found),
		        "Bob shows people of another company number: %zu", census->strangers);
		check_report_add(check->report, CHECK_FAILURE, "bob: company_id", found,
		        "put the number Bob shows for the company into bob.company_id");
	}
}

static void judge_answer(struct bob_check *check, const struct bob_people *people)
{
	size_t asked = json_array_size(check->fields);
	check->census.received = calloc(asked > 0 ? asked : 1, sizeof(size_t));
	if (check->census.received == NULL) {
		return;
	}
	for (size_t i = 0; i < json_array_size(people->employees); i++) {
		count_person(check, json_array_get(people->employees, i));
	}
	if (check->census.people == 0) {
		check_report_add(check->report, CHECK_FAILURE, "bob: people", "Bob shows nobody",
		        "put the service user into a permission group of its own, with \"Access"
		        " data for\" everybody in all lifecycle statuses");
	} else {
		judge_people(check);
		judge_fields(check);
	}
	free(check->census.received);
}

/* Every field a run asks for, and the company's number. */
static json_t *fields_of(const struct connection_settings *connection)
{
	json_t *fields = map_rules_fields(&connection->rules, connection->policy.match_bob);
	if (fields != NULL) {
		json_array_append_new(fields, json_string(COMPANY_FIELD));
	}
	return fields;
}

/* Searches are paced by who makes them (bob.h): not before the engine's let it. */
static void wait_for_turn(const struct bob_check *check)
{
	int64_t give_up_ms = clock_mono_ms() + CHECK_TURN_MAX_MS;
	int64_t wait_ms = 0;

	do {
		int64_t now_ms = clock_wall_ms();
		wait_ms = bob_company_next_search_ms(check->company, CALL_NORMAL, now_ms) - now_ms;
	} while (wait_ms > 0 && clock_mono_ms() + wait_ms <= give_up_ms &&
	        check_report_wait(check->report, wait_ms));
}

static void read_everybody(struct bob_check *check)
{
	check_report_step(check->report, "reads everybody in Bob");
	struct call_outcome outcome = {0};
	struct bob_people people = {0};
	check->fields = fields_of(check->connection);
	if (check->fields != NULL) {
		wait_for_turn(check);
		bob_search_all(check->client, check->fields, &people, &outcome);
		if (outcome.call_class == CALL_DONE) {
			judge_answer(check, &people);
			check->facts->people = json_incref(people.employees);
		} else {
			check_report_add_call(check->report, "bob: people", &outcome);
		}
		bob_people_finish(&people);
	}
	json_decref(check->fields);
}

/* Labels for list values that come without one; without them such values are not readable. */
static void read_lists(struct bob_check *check)
{
	struct call_outcome outcome = {0};
	struct err err = ERR_INIT;
	json_t *lists = NULL;
	bob_lists(check->client, &lists, &outcome);
	if (outcome.call_class != CALL_DONE) {
		check_report_add(check->report, CHECK_WARNING, "bob: named lists", outcome.sentence,
		        "list values that Bob sends without a label cannot be read");
	} else if (!field_catalog_add_lists(check->facts->fields, lists, &err)) {
		check_report_add(check->report, CHECK_WARNING, "bob: named lists", err.text, NULL);
	}
	json_decref(lists);
}

static void check_with_client(struct bob_check *check)
{
	struct call_outcome outcome = {0};
	check_report_step(check->report, "asks Bob for its fields");
	bob_fields(check->client, &check->facts->fields, &outcome);
	if (outcome.call_class != CALL_DONE) {
		check_report_add_call(check->report, "bob: reachable", &outcome);
		return; /* Bob's firewall blocks who goes on after a refusal. */
	}
	check_report_add(
	        check->report, CHECK_OK, "bob: reachable", check->connection->bob.base_url, NULL);
	read_lists(check);
	read_everybody(check);
}

/* A secret that ends soon ends the deliveries with it, unless another one takes over. */
static void check_secret_ends(struct check_report *report, const struct bob_settings *bob)
{
	for (size_t i = 0; i < bob->webhook_key_count; i++) {
		char text[80];
		char until[CLOCK_TEXT_BYTES];
		int64_t ends_ms = bob->webhook_expires_ms[i];
		int64_t now_ms = clock_wall_ms();
		if (ends_ms == 0 || ends_ms > now_ms + SECRET_ENDS_SOON_MS) {
			continue;
		}
		clock_format(until, ends_ms);
		str_format_cut(text, sizeof(text), "secret %zu %s %s", i + 1,
		        ends_ms <= now_ms ? "has expired at" : "expires at", until);
		check_report_add(report, CHECK_WARNING, "bob: webhook_secrets", text,
		        "put the new secret beside it, or take it out if another is in use");
	}
}

void check_bob(struct check_report *report, const struct connection_settings *connection,
        struct check_facts *facts)
{
	struct err err = ERR_INIT;
	const struct bob_company_options options = {.base_url = connection->bob.base_url,
	        .service_user_id = connection->bob.service_user_id,
	        .service_user_token = &connection->bob.service_user_token.value,
	        .user_agent = version_user_agent(),
	        .plain = check_plain(report),
	        .stop = report->stop,
	        .share_with = report->company};
	struct bob_check check = {.report = report, .connection = connection, .facts = facts};
	const struct token_settings *token = &connection->bob.service_user_token;
	bool is_stored = token->is_stored && !secret_is_set(&token->value);
	if (str_is_empty(connection->bob.service_user_id)) {
		check_report_add(report, CHECK_FAILURE, "bob: service user", "not entered yet",
		        "enter the id and the token of Bob's service user");
		return;
	}
	check.company = is_stored ? NULL : bob_company_create(&options, &err);
	check.client = check.company != NULL ? bob_client_create(check.company, &err) : NULL;
	if (is_stored) {
		check_report_add_lack(report, "bob: token", token);
	} else if (check.client != NULL) {
		check_with_client(&check);
	} else {
		check_report_add(report, CHECK_FAILURE, "bob: reachable", err.text, NULL);
	}
	if (connection->bob.webhook_key_count == 0 && !connection->bob.has_stored_webhook_secrets) {
		check_report_add(report, CHECK_WARNING, "bob: webhook_secrets",
		        "none configured: every delivery is answered 503",
		        "copy the webhook's secret from Bob into bob.webhook_secrets");
	}
	check_secret_ends(report, &connection->bob);
	bob_client_destroy(check.client);
	bob_company_destroy(check.company);
}
