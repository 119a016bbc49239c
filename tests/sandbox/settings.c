/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/settings.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/jsonx.h"

enum kind { KIND_INT, KIND_BOOL, KIND_TEXT, KIND_LIST, KIND_LIMITS };

struct setting {
	const char *key;
	enum kind kind;
	const char *initial; /* JSON */
	const char *choices; /* of a text, parted by '|'; NULL: any */
};

static const struct setting TABLE[] = {
        {"bob_latency_ms", KIND_INT, "0", NULL},
        {"okta_latency_ms", KIND_INT, "0", NULL},
        {"bob_stale_ms", KIND_INT, "0", NULL},
        {"bob_stale_null", KIND_BOOL, "false", NULL},
        {"bob_search_per_min", KIND_INT, "50", NULL},
        {"bob_window_s", KIND_INT, "60", NULL},
        {"okta_window_s", KIND_INT, "60", NULL},
        {"okta_search_lag_ms", KIND_INT, "0", NULL},
        {"okta_membership_lag_ms", KIND_INT, "0", NULL},
        {"okta_schema_lag_ms", KIND_INT, "0", NULL},
        {"okta_schema_loses", KIND_INT, "0", NULL},
        {"okta_limits", KIND_LIMITS,
                "{\"users\":300,\"users_write\":300,\"users_read\":1000,\"groups\":250,"
                "\"groups_id\":500,\"api\":600}",
                NULL},
        {"okta_concurrency", KIND_INT, "75", NULL},
        {"okta_transition_ms", KIND_INT, "0", NULL},
        {"okta_password_optional", KIND_BOOL, "false", NULL},
        {"okta_update_deactivated", KIND_BOOL, "false", NULL},
        {"okta_missing_permissions", KIND_LIST, "[]", NULL},
        {"okta_public_url", KIND_TEXT, "\"\"", NULL},
        {"okta_token", KIND_TEXT, "\"sandbox-okta-token\"", NULL},
        {"bob_token", KIND_TEXT, "\"sandbox-bob-token\"", NULL},
        {"service_user_id", KIND_TEXT, "\"SERVICE-1\"", NULL},
        {"company_id", KIND_INT, "636192", NULL},
        {"unreadable_fields", KIND_LIST, "[]", NULL},
        {"hidden_employees", KIND_LIST, "[]", NULL},
        {"hidden_lifecycles", KIND_LIST, "[]", NULL},
        {"hide_future_rows", KIND_BOOL, "false", NULL},
        {"humanreadable_dates", KIND_TEXT, "\"locale\"", "iso|locale"},
        {"bob_status_case", KIND_TEXT, "\"usual\"", "usual|lower|upper"},
        {"bob_person_shape", KIND_TEXT, "\"bare\"", "bare|employees|employee"},
        {"waf", KIND_BOOL, "true", NULL},
        {"waf_limit", KIND_INT, "50", NULL},
        {"waf_window_s", KIND_INT, "10", NULL},
        {"waf_block_s", KIND_INT, "300", NULL},
        {"start_events", KIND_LIST, "[\"employee.joined\",\"employee.activated\"]", NULL},
        {"field_updates_key", KIND_TEXT, "\"fieldUpdates\"", "fieldUpdates|fieldUpdatesIds"},
        {"table_row_keys", KIND_TEXT, "\"one\"", "one|both"},
        {"today", KIND_TEXT, "\"\"", NULL},
};

void settings_init(struct settings *set)
{
	set->values = json_object();
	for (size_t i = 0; i < COUNT(TABLE); i++) {
		jsonx_take(set->values, TABLE[i].key,
		        jsonx_parse(TABLE[i].initial, strlen(TABLE[i].initial)));
	}
}

void settings_finish(struct settings *set)
{
	json_decref(set->values);
	set->values = NULL;
}

static const struct setting *find(const char *key)
{
	for (size_t i = 0; i < COUNT(TABLE); i++) {
		if (strcmp(TABLE[i].key, key) == 0) {
			return &TABLE[i];
		}
	}
	return NULL;
}

static bool is_choice(const char *choices, const char *text)
{
	size_t length = strlen(text);

	for (const char *at = choices; *at != '\0'; at += *at == '|') {
		size_t size = strcspn(at, "|");

		if (size == length && strncmp(at, text, size) == 0) {
			return true;
		}
		at += size;
	}
	return false;
}

static bool is_text_list(const json_t *value)
{
	for (size_t i = 0; i < json_array_size(value); i++) {
		if (!json_is_string(json_array_get(value, i))) {
			return false;
		}
	}
	return json_is_array(value);
}

static bool are_limits(const json_t *value)
{
	const char *key = NULL;
	json_t *limit = NULL;
	/* Iteration does not change the object; jansson's macro wants it writable. */
	json_t *limits = json_deep_copy(value);
	bool good = json_is_object(value);

	json_object_foreach(limits, key, limit)
	{
		good = good && json_is_integer(limit) && json_integer_value(limit) >= 0;
	}
	json_decref(limits);
	return good;
}

static bool fits(const struct setting *setting, const json_t *value)
{
	int64_t days = 0;

	switch (setting->kind) {
	case KIND_INT: return json_is_integer(value) && json_integer_value(value) >= 0;
	case KIND_BOOL: return json_is_boolean(value);
	case KIND_LIST: return is_text_list(value);
	case KIND_LIMITS: return are_limits(value);
	case KIND_TEXT: break;
	}
	const char *text = json_string_value(value);

	if (text == NULL) {
		return false;
	}
	if (strcmp(setting->key, "today") == 0 && text[0] != '\0') {
		return util_date_parse(text, &days);
	}
	return setting->choices == NULL || is_choice(setting->choices, text);
}

static void apply(struct settings *set, const char *key, json_t *value)
{
	json_t *present = json_object_get(set->values, key);

	if (json_is_object(present)) {
		json_t *merged = json_deep_copy(present);

		(void)json_object_update(merged, value);
		jsonx_take(set->values, key, merged);
	} else {
		jsonx_take(set->values, key, json_deep_copy(value));
	}
}

char *settings_change(struct settings *set, const json_t *changes)
{
	const char *key = NULL;
	json_t *value = NULL;
	json_t *copy = json_deep_copy(changes);
	char *problem = json_is_object(changes) ? NULL : util_text("settings must be an object");

	json_object_foreach(copy, key, value)
	{
		const struct setting *setting = find(key);

		if (problem == NULL && (setting == NULL || !fits(setting, value))) {
			problem = util_text(
			        "%s: %s", key, setting == NULL ? "no such setting" : "bad value");
		}
	}
	if (problem == NULL) {
		json_object_foreach(copy, key, value)
		{
			apply(set, key, value);
		}
	}
	json_decref(copy);
	return problem;
}

int64_t settings_int(const struct settings *set, const char *key)
{
	return jsonx_int(set->values, key, 0);
}

bool settings_is(const struct settings *set, const char *key)
{
	return jsonx_is(set->values, key, false);
}

int64_t settings_today(const struct settings *set)
{
	int64_t days = 0;

	if (util_date_parse(settings_text(set, "today"), &days)) {
		return days;
	}
	return util_wall_ms() / UTIL_MS_PER_DAY;
}

const char *settings_text(const struct settings *set, const char *key)
{
	return jsonx_text_or(set->values, key, "");
}

const json_t *settings_list(const struct settings *set, const char *key)
{
	return json_object_get(set->values, key);
}

int64_t settings_okta_limit(const struct settings *set, const char *bucket)
{
	return jsonx_int(json_object_get(set->values, "okta_limits"), bucket, 600);
}
