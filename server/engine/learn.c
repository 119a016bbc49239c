/* SPDX-License-Identifier: MIT */
#include "server/engine/learn.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/log.h"
#include "server/engine/connection.h"

#include <stdlib.h>
#include <string.h>

#define AGAIN_MIN_MS      10000
#define AGAIN_MAX_MS      (10 * 60 * 1000)
#define AGAIN_REFUSED_MS  (60 * 60 * 1000)
#define REFRESH_MS        (24 * 60 * 60 * 1000)
#define DOUBT_DISTANCE_MS 60000 /* doubts of a whole company are one read a minute */

/* ------------------------------------------------------------------- when */

/* True once: the next turn is set here, and moved when the answer is there. */
static bool is_due(
        struct connection *connection, struct learning *learning, const struct park *park)
{
	int64_t now_ms = clock_mono_ms();

	monitor_lock(&connection->monitor);
	bool is_now = !park_is_parked(park) && now_ms >= learning->not_before_ms;
	if (is_now) {
		learning->not_before_ms = now_ms + AGAIN_MIN_MS;
	}
	monitor_unlock(&connection->monitor);
	return is_now;
}

static int64_t again_ms(const struct learning *learning, const struct call_outcome *outcome)
{
	int64_t wait_ms = AGAIN_MIN_MS;

	if (outcome->call_class == CALL_STOP_CONFIG) {
		return AGAIN_REFUSED_MS;
	}
	for (int i = 1; i < learning->failures && wait_ms < AGAIN_MAX_MS; i++) {
		wait_ms *= 2;
	}
	return wait_ms < AGAIN_MAX_MS ? wait_ms : AGAIN_MAX_MS;
}

/* True when the failure is to be said: a refusal only once. */
static bool note_answer(struct connection *connection, struct learning *learning,
        const struct call_outcome *outcome)
{
	int64_t now_ms = clock_mono_ms();
	bool is_refused = outcome->call_class == CALL_STOP_CONFIG;

	monitor_lock(&connection->monitor);
	bool is_said = is_refused && learning->is_refusal_said;
	if (outcome->call_class == CALL_DONE) {
		*learning = (struct learning){
		        .not_before_ms = now_ms + REFRESH_MS, .read_at_ms = now_ms};
	} else {
		learning->failures++;
		learning->is_refusal_said = learning->is_refusal_said || is_refused;
		learning->not_before_ms = now_ms + again_ms(learning, outcome);
	}
	monitor_unlock(&connection->monitor);
	return outcome->call_class != CALL_DONE && !is_said;
}

/* -------------------------------------------------------------------- Bob */

/*
 * People can be read without the metadata: a fault of that one page must not
 * hold back the searches, which back off by their own faults.
 */
static bool tells_of_bob(const struct call_outcome *outcome)
{
	return outcome->call_class == CALL_DONE || outcome->call_class == CALL_RETRY_AT ||
	        outcome->call_class == CALL_STOP_CREDENTIALS ||
	        outcome->call_class == CALL_STOP_CONFIG;
}

static bool is_list(const struct field_catalog *fields, const char *id)
{
	enum field_type type = field_catalog_type(fields, id);
	return type == FIELD_TYPE_LIST || type == FIELD_TYPE_MULTI_LIST;
}

static bool maps_a_list(const struct map_rules *rules, const struct field_catalog *fields)
{
	for (size_t i = 0; i < rules->count; i++) {
		if (rules->rows[i].bob != NULL && is_list(fields, rules->rows[i].bob)) {
			return true;
		}
	}
	for (size_t i = 0; i < map_rules_program_count(rules); i++) {
		const struct map_expression *program = map_rules_program(rules, i);
		for (size_t k = 0; k < program->field_count; k++) {
			if (is_list(fields, program->fields[k])) {
				return true;
			}
		}
	}
	return false;
}

/* Labels for values that come without one. Most come with one: without lists work goes on. */
static void add_lists(
        struct connection *connection, struct bob_client *client, struct field_catalog *fields)
{
	json_t *lists = NULL;
	struct call_outcome outcome;
	struct err err = ERR_INIT;

	if (!maps_a_list(&connection->settings->rules, fields)) {
		return;
	}
	bob_lists(client, &lists, &outcome);
	if (lists == NULL) {
		log_warn("named lists not read", F("connection", connection->settings->name),
		        F("cause", outcome.sentence));
	} else if (!field_catalog_add_lists(fields, lists, &err)) {
		log_warn("named lists not used", F("connection", connection->settings->name),
		        F("cause", err.text));
	}
	json_decref(lists);
}

void learn_fields_now(struct connection *connection, struct bob_client *client)
{
	struct field_catalog *fields = NULL;
	struct call_outcome outcome;

	bob_fields(client, &fields, &outcome);
	if (tells_of_bob(&outcome)) {
		connection_bob_outcome(connection, &outcome);
	}
	if (note_answer(connection, &connection->learning_fields, &outcome) &&
	        settings_is_set_up(connection->settings)) {
		log_warn("field metadata not read", F("connection", connection->settings->name),
		        F("cause", outcome.sentence));
	}
	if (fields == NULL) {
		return;
	}
	add_lists(connection, client, fields);
	if (!catalogs_set_fields(&connection->catalogs, fields)) {
		log_warn("field metadata not kept", F("connection", connection->settings->name));
	}
}

bool learn_fields(struct connection *connection, struct bob_client *client)
{
	if (!is_due(connection, &connection->learning_fields, &connection->bob)) {
		return false;
	}
	learn_fields_now(connection, client);
	return true;
}

/* ------------------------------------------------------------------- Okta */

/* Of the schema as sorted text. False without memory: then it counts as changed. */
static bool digest_of(const json_t *schema, uint8_t digest[CRYPTO_SHA256_BYTES])
{
	char *text = json_format(schema);
	bool is_made = text != NULL && crypto_sha256(text, strlen(text), digest);

	free(text);
	return is_made;
}

/* The dispatcher alone reads schemas: the digest needs no lock. */
static bool is_new_schema(struct connection *connection, const json_t *schema)
{
	uint8_t digest[CRYPTO_SHA256_BYTES] = {0};
	bool is_same = digest_of(schema, digest) &&
	        memcmp(digest, connection->schema_digest, sizeof(digest)) == 0;

	memcpy(connection->schema_digest, digest, sizeof(digest));
	return !is_same;
}

/* True when it is not the schema of before. */
static bool keep_schema(struct connection *connection, const json_t *schema)
{
	struct err err = ERR_INIT;
	bool was_known = catalogs_has_attributes(&connection->catalogs);

	if (!is_new_schema(connection, schema)) {
		return false;
	}
	struct attribute_catalog *attributes = attribute_catalog_parse(schema, &err);
	if (attributes == NULL || !catalogs_set_attributes(&connection->catalogs, attributes)) {
		log_warn("user schema not used", F("connection", connection->settings->name),
		        F("cause", err.text));
		return false;
	}
	return was_known;
}

bool learn_attributes_now(struct connection *connection, struct okta_client *client)
{
	json_t *schema = NULL;
	struct call_outcome outcome;

	okta_schema_get(client, &schema, &outcome);
	/* Once a day this keeps a token alive that has nothing else to do, or finds it dead. */
	if (outcome.http_status != 0 && outcome.http_status < 500) {
		(void)connection_okta_outcome(connection, "", &outcome);
	}
	if (note_answer(connection, &connection->learning_attributes, &outcome)) {
		log_warn("user schema not read; values are not checked before they are sent",
		        F("connection", connection->settings->name), F("cause", outcome.sentence));
	}
	bool is_changed = schema != NULL && keep_schema(connection, schema);
	json_decref(schema);
	return is_changed;
}

bool learn_attributes(struct connection *connection, struct okta_client *client, bool *is_changed)
{
	*is_changed = false;
	if (!is_due(connection, &connection->learning_attributes, &connection->okta)) {
		return false;
	}
	okta_client_set_urgency(client, CALL_NORMAL);
	*is_changed = learn_attributes_now(connection, client);
	return true;
}

void learn_attributes_soon(struct connection *connection)
{
	monitor_lock(&connection->monitor);
	connection->learning_attributes.not_before_ms = 0;
	monitor_unlock(&connection->monitor);
}

void learn_doubt_attributes(struct connection *connection)
{
	struct learning *learning = &connection->learning_attributes;

	monitor_lock(&connection->monitor);
	int64_t at_ms = learning->read_at_ms + DOUBT_DISTANCE_MS;
	if (learning->read_at_ms != 0 && at_ms < learning->not_before_ms) {
		learning->not_before_ms = at_ms;
	}
	monitor_unlock(&connection->monitor);
}
