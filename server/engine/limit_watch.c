/* SPDX-License-Identifier: MIT */
#include "server/engine/limit_watch.h"

#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "server/base/json.h"
#include "server/base/log.h"
#include "server/base/metrics.h"
#include "server/base/str.h"
#include "server/store/approvals.h"
#include "server/store/limits.h"

#include <stdlib.h>
#include <string.h>

#define MAPPING_VALUE "mapping" /* "VERSION DIGEST" */

/* ------------------------------------------------------------------ watching */

static void show_limit(
        const char *connection, enum limit_kind limit, const struct limit_state *state)
{
	for (int i = 0; i < LIMIT_PERIOD_COUNT; i++) {
		const struct limit_fill *fill = &state->fills[i];
		const char *period = limit_period_name((enum limit_period)i);
		if (fill->allowed >= 0) {
			metrics_set(METRIC_LIMIT_USED,
			        LABELS(connection, limit_kind_name(limit), period),
			        (double)fill->used);
			metrics_set(METRIC_LIMIT_ALLOWED,
			        LABELS(connection, limit_kind_name(limit), period),
			        (double)fill->allowed);
		}
	}
	metrics_set(METRIC_LIMIT_FULL, LABELS(connection, limit_kind_name(limit)),
	        state->is_full ? 1 : 0);
}

static void let_go(struct store *store, const char *connection)
{
	struct err err = ERR_INIT;
	size_t released = 0;

	if (!store_approvals_release(store, connection, clock_wall_ms(), &released, &err)) {
		log_error("approvals not looked at", F("connection", connection),
		        F("cause", err.text));
	} else if (released > 0) {
		log_info("holds released, as approved in advance", F("connection", connection),
		        F("count", released));
	}
}

void limit_watch(struct store *store, struct connection *connection)
{
	const char *name = connection->settings->name;

	for (int i = LIMIT_NONE + 1; i < LIMIT_KIND_COUNT; i++) {
		enum limit_kind limit = (enum limit_kind)i;
		struct limit_state state;
		if (store_limit_look(
		            store, name, &connection->settings->limits, limit, &state, NULL)) {
			show_limit(name, limit, &state);
		}
	}
	let_go(store, name);
}

/* ------------------------------------------------------------------- mapping */

static json_t *expressions_json(const struct map_row *row)
{
	json_t *list = json_array();

	for (size_t i = 0; i < row->expression_count; i++) {
		json_array_append_new(list, json_string(row->expressions[i].text));
	}
	return list;
}

/* All that decides about a value, in an order of its own. */
static json_t *rules_json(const struct map_rules *rules)
{
	json_t *list = json_array();

	json_array_append_new(
	        list, rules->scope.text != NULL ? json_string(rules->scope.text) : json_null());
	for (size_t i = 0; i < rules->count; i++) {
		const struct map_row *row = &rules->rows[i];
		json_array_append_new(list,
		        json_pack("[s, i, s?, o, O?, i, i, O?, i, i]", row->okta, (int)row->source,
		                row->bob, expressions_json(row), row->value, (int)row->apply,
		                (int)row->when_empty, row->fallback, (int)row->form,
		                (int)row->too_long));
	}
	return list;
}

#define DIGEST_TEXT_BYTES (2 * CRYPTO_SHA256_BYTES + 1)

static bool digest_rules(const struct map_rules *rules, char text[DIGEST_TEXT_BYTES])
{
	uint8_t digest[CRYPTO_SHA256_BYTES];
	json_t *json = rules_json(rules);
	char *bytes = json != NULL ? json_format(json) : NULL;
	bool is_made = bytes != NULL && crypto_sha256(bytes, strlen(bytes), digest);

	if (is_made) {
		str_hex(text, digest, sizeof(digest));
	}
	free(bytes);
	json_decref(json);
	return is_made;
}

/* 0: nothing is known, or another mapping was in force last. */
static int64_t known_version(struct store *store, const char *connection, const char *digest)
{
	char *value = NULL;
	char *end = NULL;
	int64_t version = 0;

	if (store_value_get(store, connection, MAPPING_VALUE, &value, NULL)) {
		long long number = strtoll(value, &end, 10);
		version = *end == ' ' && str_equal(end + 1, digest) ? number : 0;
	}
	free(value);
	return version;
}

bool limit_note_mapping(struct store *store, struct connection *connection, struct err *err)
{
	const char *name = connection->settings->name;
	char digest[DIGEST_TEXT_BYTES];
	char value[DIGEST_TEXT_BYTES + 24];

	if (!digest_rules(&connection->settings->rules, digest)) {
		err_set(err, ERR_NO_MEMORY, "out of memory for the digest of a mapping");
		return false;
	}
	connection->mapping_version = known_version(store, name, digest);
	if (connection->mapping_version > 0) {
		return true;
	}
	connection->mapping_version = connection->settings_version;
	str_format_cut(
	        value, sizeof(value), "%lld %s", (long long)connection->mapping_version, digest);
	return store_value_set(store, name, MAPPING_VALUE, value, err);
}
