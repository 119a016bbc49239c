/* SPDX-License-Identifier: MIT */
#include "server/cli/check_report.h"

#include "mapping/mapping.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/base/version.h"
#include "server/bob/bob.h"

#include <stdlib.h>
#include <string.h>

#define COMPANY_FIELD "root.companyId"

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
	struct bob_client *client;
	struct field_catalog *catalog; /* NULL: metadata could not be read */
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
		        person_field(person, check->catalog, field_at(check, i), &value);
		check->census.received[i] += state == FIELD_VALUE || state == FIELD_EMPTY ? 1 : 0;
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
	bool is_other =
	        person_field(person, check->catalog, COMPANY_FIELD, &value) == FIELD_VALUE &&
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

static void judge_field(struct bob_check *check, size_t index)
{
	const char *path = field_at(check, index);
	size_t people = check->census.people;
	size_t received = check->census.received[index];
	bool is_known = check->catalog == NULL || field_catalog_covers(check->catalog, path);
	char what[220];
	char found[120];
	str_format_cut(what, sizeof(what), "bob: %s", path);
	/* Sub-fields ("work.reportsTo.email") are readable without being in the metadata. */
	if (received == 0 && !is_known) {
		check_report_add(check->report, CHECK_FAILURE, what, "Bob has no such field",
		        "correct the field's id in mapping or match");
	} else if (received == 0) {
		check_report_add(check->report, CHECK_FAILURE, what, "asked for and never received",
		        "give the service user's permission group the right to view this field's"
		        " category in People's data");
	} else if (received < people) {
		str_format_cut(
		        found, sizeof(found), "received for %zu of %zu people", received, people);
		check_report_add(check->report, CHECK_WARNING, what, found,
		        "view rights may differ between groups of people");
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

static void read_everybody(struct bob_check *check)
{
	struct call_outcome outcome = {0};
	struct bob_people people = {0};
	check->fields = fields_of(check->connection);
	if (check->fields != NULL) {
		bob_search_all(check->client, check->fields, &people, &outcome);
		if (outcome.call_class == CALL_DONE) {
			judge_answer(check, &people);
		} else {
			check_report_add_call(check->report, "bob: people", &outcome);
		}
		bob_people_finish(&people);
	}
	json_decref(check->fields);
}

static void check_with_client(struct bob_check *check)
{
	struct call_outcome outcome = {0};
	bob_fields(check->client, &check->catalog, &outcome);
	if (outcome.call_class != CALL_DONE) {
		check_report_add_call(check->report, "bob: reachable", &outcome);
		return; /* Bob's firewall blocks who goes on after a refusal. */
	}
	check_report_add(
	        check->report, CHECK_OK, "bob: reachable", check->connection->bob.base_url, NULL);
	read_everybody(check);
	field_catalog_destroy(check->catalog);
}

void check_bob(struct check_report *report, const struct connection_settings *connection)
{
	struct err err = ERR_INIT;
	const struct bob_company_options options = {.base_url = connection->bob.base_url,
	        .service_user_id = connection->bob.service_user_id,
	        .service_user_token = &connection->bob.service_user_token,
	        .user_agent = version_user_agent(),
	        .plain = check_plain(report->call) == SETTINGS_PLAIN_ON_LOOPBACK
	                ? TRANSPORT_PLAIN_ON_LOOPBACK
	                : TRANSPORT_TLS_ONLY};
	struct bob_check check = {.report = report, .connection = connection};
	struct bob_company *company = bob_company_create(&options, &err);
	check.client = company != NULL ? bob_client_create(company, &err) : NULL;
	if (check.client != NULL) {
		check_with_client(&check);
	} else {
		check_report_add(report, CHECK_FAILURE, "bob: reachable", err.text, NULL);
	}
	if (connection->bob.webhook_key_count == 0) {
		check_report_add(report, CHECK_WARNING, "bob: webhook_secrets",
		        "none configured: every delivery is answered 503",
		        "copy the webhook's secret from Bob into bob.webhook_secrets");
	}
	bob_client_destroy(check.client);
	bob_company_destroy(company);
}
