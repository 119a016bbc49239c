/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/okta_schema.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/sandbox/jsonx.h"
#include "tests/sandbox/okta_error.h"
#include "tests/sandbox/okta_view.h"
#include "tests/sandbox/sandbox.h"

struct base_attribute {
	const char *name;
	const char *title;
	const char *format; /* or NULL */
	int min;
	int max; /* 0: none */
	bool is_required;
};

/* As a real org's schema answers, lengths included. */
static const struct base_attribute BASE[] = {
        {"login", "Username", NULL, 5, 100, true},
        {"firstName", "First name", NULL, 1, 50, true},
        {"lastName", "Last name", NULL, 1, 50, true},
        {"middleName", "Middle name", NULL, 0, 0, false},
        {"honorificPrefix", "Honorific prefix", NULL, 0, 0, false},
        {"honorificSuffix", "Honorific suffix", NULL, 0, 0, false},
        {"email", "Primary email", "email", 0, 0, true},
        {"title", "Title", NULL, 0, 0, false},
        {"displayName", "Display name", NULL, 0, 0, false},
        {"nickName", "Nickname", NULL, 0, 0, false},
        {"profileUrl", "Profile Url", "uri", 0, 0, false},
        {"secondEmail", "Secondary email", "email", 0, 0, false},
        {"mobilePhone", "Mobile phone", NULL, 0, 100, false},
        {"primaryPhone", "Primary phone", NULL, 0, 100, false},
        {"streetAddress", "Street address", NULL, 0, 0, false},
        {"city", "City", NULL, 0, 0, false},
        {"state", "State", NULL, 0, 0, false},
        {"zipCode", "Zip code", NULL, 0, 0, false},
        {"countryCode", "Country code", "country-code", 0, 0, false},
        {"postalAddress", "Postal Address", NULL, 0, 0, false},
        {"preferredLanguage", "Preferred language", "language-code", 0, 0, false},
        {"locale", "Locale", "locale", 0, 0, false},
        {"timezone", "Time zone", "timezone", 0, 0, false},
        {"userType", "User type", NULL, 0, 0, false},
        {"employeeNumber", "Employee number", NULL, 0, 0, false},
        {"costCenter", "Cost center", NULL, 0, 0, false},
        {"organization", "Organization", NULL, 0, 0, false},
        {"division", "Division", NULL, 0, 0, false},
        {"department", "Department", NULL, 0, 0, false},
        {"managerId", "ManagerId", NULL, 0, 0, false},
        {"manager", "Manager", NULL, 0, 0, false},
};

static const char *const RESERVED[] = {"id", "profile", "status", "transitioningToStatus",
        "created", "activated", "statusChanged", "lastLogin", "lastUpdated", "passwordChanged",
        "type", "realm", "realmId", "password", "credentials", "_links", "_embedded", "class",
        "classloader"};

static const char *const TYPES[] = {"string", "boolean", "number", "integer", "array"};

enum { MAX_UNIQUE = 5 };

static json_t *base_definition(const struct base_attribute *attribute)
{
	json_t *definition = json_object();

	jsonx_set_text(definition, "title", attribute->title);
	jsonx_set_text(definition, "type", "string");
	if (attribute->format != NULL) {
		jsonx_set_text(definition, "format", attribute->format);
	}
	if (attribute->is_required) {
		jsonx_set_is(definition, "required", true);
	}
	jsonx_set_text(definition, "mutability", "READ_WRITE");
	jsonx_set_text(definition, "scope", "NONE");
	if (attribute->min > 0) {
		jsonx_set_int(definition, "minLength", attribute->min);
	}
	if (attribute->max > 0) {
		jsonx_set_int(definition, "maxLength", attribute->max);
	}
	jsonx_take(definition, "permissions",
	        json_pack("[{s:s,s:s}]", "principal", "SELF", "action", "READ_ONLY"));
	jsonx_take(definition, "master", json_pack("{s:s}", "type", "PROFILE_MASTER"));
	return definition;
}

static json_t *subschema(const char *id)
{
	return json_pack(
	        "{s:s,s:s,s:{},s:[]}", "id", id, "type", "object", "properties", "required");
}

json_t *okta_schema_make(void)
{
	json_t *base = subschema("#base");
	json_t *properties = json_object_get(base, "properties");

	for (size_t i = 0; i < COUNT(BASE); i++) {
		jsonx_take(properties, BASE[i].name, base_definition(&BASE[i]));
	}
	jsonx_take(
	        base, "required", json_pack("[ssss]", "login", "firstName", "lastName", "email"));
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:{s:o,s:o},s:s,s:{s:{s:[{s:s},{s:s}]}}}", "id",
	        OKTA_SCHEMA_ID, "$schema", "http://json-schema.org/draft-04/schema#", "name",
	        "user", "title", "User", "lastUpdated", "2026-01-05T08:00:00.000Z", "created",
	        "2026-01-05T08:00:00.000Z", "definitions", "custom", subschema("#custom"), "base",
	        base, "type", "object", "properties", "profile", "allOf", "$ref",
	        "#/definitions/custom", "$ref", "#/definitions/base");
}

static json_t *properties_of(const json_t *schema, const char *part)
{
	const json_t *definitions = json_object_get(schema, "definitions");

	return json_object_get(json_object_get(definitions, part), "properties");
}

const json_t *okta_schema_find(const json_t *schema, const char *attribute)
{
	const json_t *found = json_object_get(properties_of(schema, "base"), attribute);

	return found != NULL ? found : json_object_get(properties_of(schema, "custom"), attribute);
}

const json_t *okta_schema_required(const json_t *schema)
{
	const json_t *definitions = json_object_get(schema, "definitions");

	return json_object_get(json_object_get(definitions, "base"), "required");
}

static bool is_among(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcasecmp(names[i], name) == 0) {
			return true;
		}
	}
	return false;
}

static bool is_base(const char *name)
{
	for (size_t i = 0; i < COUNT(BASE); i++) {
		if (strcasecmp(BASE[i].name, name) == 0) {
			return true;
		}
	}
	return false;
}

static bool oneof_agrees(const json_t *definition)
{
	const json_t *values = json_object_get(definition, "enum");
	const json_t *titled = json_object_get(definition, "oneOf");
	bool agrees = titled == NULL || json_array_size(values) == json_array_size(titled);

	for (size_t i = 0; agrees && i < json_array_size(titled); i++) {
		const json_t *value = json_object_get(json_array_get(titled, i), "const");

		agrees = json_equal(value, json_array_get(values, i)) != 0;
	}
	return agrees;
}

static char *problem_with(const json_t *properties, const char *name, const json_t *definition)
{
	if (is_base(name) || is_among(RESERVED, COUNT(RESERVED), name)) {
		return util_text("%s: The name is reserved or a base attribute's", name);
	}
	if (json_is_null(definition)) {
		return json_object_get(properties, name) != NULL
		        ? NULL
		        : util_text("%s: no such attribute", name);
	}
	const char *type = jsonx_text(definition, "type");

	if (jsonx_text(definition, "title") == NULL || type == NULL ||
	        !is_among(TYPES, COUNT(TYPES), type)) {
		return util_text("%s: title and a known type are needed", name);
	}
	return oneof_agrees(definition) ? NULL : util_text("%s: enum and oneOf differ", name);
}

static size_t count_unique(const json_t *properties)
{
	const char *name = NULL;
	json_t *definition = NULL;
	json_t *copy = json_copy(properties_of(properties, "custom"));
	size_t count = 0;

	json_object_foreach(copy, name, definition)
	{
		count += json_object_get(definition, "unique") != NULL &&
		        !json_is_false(json_object_get(definition, "unique"));
	}
	json_decref(copy);
	return count;
}

static json_t *completed(const json_t *given)
{
	json_t *definition = json_deep_copy(given);

	if (json_object_get(definition, "mutability") == NULL) {
		jsonx_set_text(definition, "mutability", "READ_WRITE");
	}
	if (json_object_get(definition, "scope") == NULL) {
		jsonx_set_text(definition, "scope", "NONE");
	}
	if (json_object_get(definition, "permissions") == NULL) {
		jsonx_take(definition, "permissions",
		        json_pack("[{s:s,s:s}]", "principal", "SELF", "action", "READ_ONLY"));
	}
	if (json_object_get(definition, "master") == NULL) {
		jsonx_take(definition, "master", json_pack("{s:s}", "type", "PROFILE_MASTER"));
	}
	return definition;
}

static void touch(json_t *schema)
{
	char now[UTIL_TIME_SIZE];

	util_time_okta(util_wall_ms(), now);
	jsonx_set_text(schema, "lastUpdated", now);
}

char *okta_schema_merge(json_t *schema, const json_t *properties)
{
	json_t *custom = properties_of(schema, "custom");
	json_t *copy = json_deep_copy(properties);
	const char *name = NULL;
	json_t *definition = NULL;
	char *problem =
	        json_is_object(properties) ? NULL : util_text("properties: must be an object");

	json_object_foreach(copy, name, definition)
	{
		problem = problem != NULL ? problem : problem_with(custom, name, definition);
		if (problem == NULL && jsonx_is(definition, "unique", false) &&
		        count_unique(schema) >= MAX_UNIQUE) {
			problem = util_text("%s: too many unique attributes", name);
		}
	}
	if (problem == NULL) {
		json_object_foreach(copy, name, definition)
		{
			if (json_is_null(definition)) {
				(void)json_object_del(custom, name);
			} else {
				jsonx_take(custom, name, completed(definition));
			}
		}
		touch(schema);
	}
	json_decref(copy);
	return problem;
}

static bool is_schema(const char *id)
{
	return strcmp(id, "default") == 0 || strcmp(id, OKTA_SCHEMA_ID) == 0;
}

/* A boolean `unique` reads back as the word that says it was checked. */
static void show_unique(json_t *schema)
{
	const char *name = NULL;
	json_t *definition = NULL;

	json_object_foreach(properties_of(schema, "custom"), name, definition)
	{
		if (jsonx_is(definition, "unique", false)) {
			jsonx_set_text(definition, "unique", "UNIQUE_VALIDATED");
		}
	}
}

static void answer(struct sandbox *sb, struct request *rq, struct reply *rp, const json_t *shown)
{
	json_t *schema = json_deep_copy(shown);
	char *origin = okta_view_origin(sb, rq);
	json_t *links = json_object();

	show_unique(schema);
	jsonx_take(links, "self",
	        okta_view_link(origin, "/api/v1/meta/schemas/user/" OKTA_SCHEMA_ID, NULL));
	jsonx_take(links, "type",
	        okta_view_link(origin, "/api/v1/meta/types/user/" OKTA_SCHEMA_TYPE_ID, NULL));
	jsonx_take(schema, "_links", links);
	free(origin);
	reply_json(rp, 200, schema);
}

/* Reads may show a change late (okta_schema_lag_ms). */
static const json_t *shown_schema(const struct sandbox *sb)
{
	const struct directory *dir = &sb->directory;
	int64_t lag_ms = settings_int(&sb->settings, "okta_schema_lag_ms");
	bool is_late =
	        dir->schema_before != NULL && util_tick_ms() - dir->schema_changed_at < lag_ms;

	return is_late ? dir->schema_before : dir->schema;
}

void okta_schema_get(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	if (!is_schema(rq->args[0])) {
		okta_error_not_found(rq, rp, rq->args[0], "UserSchema");
		return;
	}
	answer(sb, rq, rp, shown_schema(sb));
}

/*
 * As when another change overwrote this one (okta.md 5): answered as if all were well, then
 * forgotten. The first okta_schema_loses changes are.
 */
static bool is_lost(struct sandbox *sb)
{
	int64_t loses = settings_int(&sb->settings, "okta_schema_loses");

	return sb->directory.schema_losses < loses && ++sb->directory.schema_losses > 0;
}

static void keep(struct directory *dir, json_t *changed)
{
	json_decref(dir->schema_before);
	dir->schema_before = dir->schema;
	dir->schema = changed;
	dir->schema_changed_at = util_tick_ms();
}

void okta_schema_change(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	const json_t *properties = properties_of(rq->json, "custom");
	json_t *changed = NULL;

	if (!is_schema(rq->args[0])) {
		okta_error_not_found(rq, rp, rq->args[0], "UserSchema");
		return;
	}
	if (properties == NULL) {
		answer(sb, rq, rp, sb->directory.schema);
		return;
	}
	changed = json_deep_copy(sb->directory.schema);
	char *problem = okta_schema_merge(changed, properties);

	if (problem != NULL) {
		okta_error_invalid(rq, rp, "schema", problem);
		json_decref(changed);
		return;
	}
	rq->applied = true;
	answer(sb, rq, rp, changed);
	if (is_lost(sb)) {
		json_decref(changed);
	} else {
		keep(&sb->directory, changed);
	}
}

static json_t *default_type(const struct sandbox *sb, const struct request *rq)
{
	char *origin = okta_view_origin(sb, rq);
	const struct user *owner = okta_store_owner(&sb->directory);
	const char *by = owner != NULL ? owner->id : "";
	json_t *type = json_pack("{s:s,s:s,s:s,s:s,s:b,s:s,s:s,s:s,s:s}", "id", OKTA_SCHEMA_TYPE_ID,
	        "displayName", "User", "name", "user", "description",
	        "Okta user profile template with default permission settings", "default", 1,
	        "created", "2026-01-05T08:00:00.000Z", "createdBy", by, "lastUpdated",
	        "2026-01-05T08:00:00.000Z", "lastUpdatedBy", by);
	json_t *links = json_object();

	jsonx_take(links, "self",
	        okta_view_link(origin, "/api/v1/meta/types/user/" OKTA_SCHEMA_TYPE_ID, NULL));
	jsonx_take(links, "schema",
	        okta_view_link(origin, "/api/v1/meta/schemas/user/" OKTA_SCHEMA_ID, NULL));
	jsonx_take(type, "_links", links);
	free(origin);
	return type;
}

void okta_schema_types(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	json_t *types = json_array();

	jsonx_push(types, default_type(sb, rq));
	reply_json(rp, 200, types);
}

void okta_schema_type(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	if (strcmp(rq->args[0], "default") != 0 && strcmp(rq->args[0], OKTA_SCHEMA_TYPE_ID) != 0) {
		okta_error_not_found(rq, rp, rq->args[0], "UserType");
		return;
	}
	reply_json(rp, 200, default_type(sb, rq));
}
