/* SPDX-License-Identifier: MIT */
#include "server/engine/schema_plan.h"

#include "server/base/crypto.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/settings/nearest.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define REASON_BYTES 300
#define TITLE_BYTES  120
#define HEX_DIGITS   16

/* Of the user resource itself; Okta takes no attribute of that name (okta.md 5). */
static const char *const RESERVED[] = {"id", "profile", "status", "transitioningToStatus",
        "created", "activated", "statusChanged", "lastLogin", "lastUpdated", "passwordChanged",
        "type", "realm", "realmId", "password", "credentials", "_links", "_embedded", "class",
        "classloader"};

/* One attribute that the mapping needs. */
struct need {
	const char *okta;
	enum attribute_type type;
	bool is_told; /* the type follows from the source; else it is assumed */
	char source[REASON_BYTES / 2]; /* "work.startDate (date)" */
	char title[TITLE_BYTES];
};

/* -------------------------------------------------------------------- names */

static bool is_reserved(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(RESERVED); i++) {
		if (str_equal_fold(RESERVED[i], name)) {
			return true;
		}
	}
	return false;
}

/* An attribute that differs in case only: Okta takes no such pair. */
static const char *find_folded(
        const struct schema_plan *plan, const struct schema_wants *wants, const char *name)
{
	for (size_t i = 0; i < attribute_catalog_count(wants->attributes); i++) {
		const char *present = attribute_catalog_at(wants->attributes, i)->name;
		if (str_equal_fold(present, name)) {
			return present;
		}
	}
	const char *added = NULL;
	json_t *definition = NULL;
	json_object_foreach(plan->properties, added, definition)
	{
		if (str_equal_fold(added, name)) {
			return added;
		}
	}
	return NULL;
}

static size_t length_without_number(const char *name)
{
	size_t len = strlen(name);
	while (len > 0 && isdigit((unsigned char)name[len - 1])) {
		len--;
	}
	return len;
}

/* "title2" is a name of its own and no slip. */
static bool is_numbered(const char *name, const char *base)
{
	const size_t len = length_without_number(name);
	return len < strlen(name) && len == length_without_number(base) &&
	        strncmp(name, base, len) == 0;
}

/*
 * The base attribute that a name is a slip of: one letter in five, no more, or short names
 * ("site", "state") would all be slips of each other.
 */
static const char *find_misspelt(const struct schema_wants *wants, const char *name)
{
	struct nearest nearest;
	nearest_init(&nearest, name);
	for (size_t i = 0; i < attribute_catalog_count(wants->attributes); i++) {
		const struct attribute *attribute = attribute_catalog_at(wants->attributes, i);
		if (attribute->is_base) {
			nearest_offer(&nearest, attribute->name);
		}
	}
	const char *meant = nearest_get(&nearest);
	if (meant == NULL || nearest.distance * 5 > strlen(name) || is_numbered(name, meant)) {
		return NULL;
	}
	return meant;
}

/* True, with the mend, when an attribute of that name cannot or should not be added. */
static bool is_name_refused(const struct schema_plan *plan, const struct schema_wants *wants,
        const char *name, char *reason)
{
	const char *other = find_folded(plan, wants, name);
	const char *meant = find_misspelt(wants, name);
	if (is_reserved(name)) {
		str_format_cut(
		        reason, REASON_BYTES, "Okta keeps this name for itself; choose another");
	} else if (!isalpha((unsigned char)name[0])) {
		str_format_cut(reason, REASON_BYTES, "a name begins with a letter");
	} else if (other != NULL) {
		str_format_cut(reason, REASON_BYTES,
		        "differs from %s in case only, and Okta takes no such pair; write %s",
		        other, other);
	} else if (meant != NULL) {
		str_format_cut(reason, REASON_BYTES,
		        "did you mean %s? If not, add the attribute by hand in Okta's Profile "
		        "Editor",
		        meant);
	} else {
		return false;
	}
	return true;
}

/* -------------------------------------------------------------------- types */

static enum attribute_type type_of_constant(const json_t *value)
{
	if (json_is_boolean(value)) {
		return ATTRIBUTE_BOOLEAN;
	}
	if (json_is_array(value)) {
		return json_is_number(json_array_get(value, 0)) ? ATTRIBUTE_NUMBERS
		                                                : ATTRIBUTE_STRINGS;
	}
	return json_is_number(value) ? ATTRIBUTE_NUMBER : ATTRIBUTE_STRING;
}

/* "hireDate" -> "Hire date" */
static void title_of_name(const char *name, char title[TITLE_BYTES])
{
	size_t len = 0;
	for (const char *at = name; *at != '\0' && len + 2 < TITLE_BYTES; at++) {
		const bool is_first = at == name;
		const bool is_word =
		        isupper((unsigned char)*at) && !is_first && islower((unsigned char)at[-1]);
		if (is_word || *at == '_') {
			title[len++] = ' ';
		}
		if (*at != '_') {
			title[len++] = (char)(is_first ? toupper((unsigned char)*at)
			                : is_word      ? tolower((unsigned char)*at)
			                               : *at);
		}
	}
	title[len] = '\0';
}

static const char *nearest_field(const struct field_catalog *fields, const char *path)
{
	struct nearest nearest;
	nearest_init(&nearest, path);
	for (size_t i = 0; i < field_catalog_count(fields); i++) {
		nearest_offer(&nearest, field_catalog_at(fields, i)->id);
	}
	return nearest_get(&nearest);
}

/* False, with the mend, when Bob has no such field: then no type follows. */
static bool need_from_field(
        struct need *need, const struct schema_wants *wants, const char *path, char *reason)
{
	const struct field_info *field = field_catalog_find(wants->fields, path);
	if (field == NULL && !field_catalog_covers(wants->fields, path)) {
		const char *meant = nearest_field(wants->fields, path);
		str_format_cut(reason, REASON_BYTES, "Bob has no field %s%s%s%s", path,
		        meant != NULL ? "; did you mean " : "", meant != NULL ? meant : "",
		        meant != NULL ? "?" : "");
		return false;
	}
	need->type = field != NULL ? map_type_for(field->type) : ATTRIBUTE_STRING;
	need->is_told = true;
	str_format_cut(need->source, sizeof(need->source), "%s (%s)", path,
	        field != NULL ? field->type_word : "a part of a list or colleague");
	if (field != NULL && !str_is_empty(field->name)) {
		str_format_cut(need->title, sizeof(need->title), "%s", field->name);
	}
	return true;
}

static void need_from_expression(struct need *need, const struct map_row *row)
{
	need->is_told = row->fallback != NULL;
	need->type = need->is_told ? type_of_constant(row->fallback) : ATTRIBUTE_STRING;
	str_format_cut(need->source, sizeof(need->source), "an expression%s",
	        need->is_told ? ", by the type of its default" : "; a text is assumed");
}

static bool need_of_row(struct need *need, const struct schema_wants *wants,
        const struct map_row *row, char *reason)
{
	*need = (struct need){.okta = row->okta};
	title_of_name(row->okta, need->title);
	switch (row->source) {
	case ROW_FROM_BOB: return need_from_field(need, wants, row->bob, reason);
	case ROW_FROM_EXPRESSION: need_from_expression(need, row); return true;
	case ROW_FROM_VALUE: break;
	}
	need->is_told = true;
	need->type = type_of_constant(row->value);
	str_format_cut(need->source, sizeof(need->source), "a constant");
	return true;
}

/* What the core can turn the values into (attribute_fit): a text takes anything, a list one value.
 */
static bool takes(enum attribute_type present, enum attribute_type needed)
{
	switch (present) {
	case ATTRIBUTE_BOOLEAN: return needed == ATTRIBUTE_BOOLEAN;
	case ATTRIBUTE_NUMBER:
	case ATTRIBUTE_INTEGER: return needed == ATTRIBUTE_NUMBER;
	case ATTRIBUTE_NUMBERS:
	case ATTRIBUTE_INTEGERS: return needed == ATTRIBUTE_NUMBER || needed == ATTRIBUTE_NUMBERS;
	case ATTRIBUTE_STRING:
	case ATTRIBUTE_STRINGS:
	case ATTRIBUTE_OTHER: return true;
	}
	return true;
}

/* ----------------------------------------------------------------- the plan */

static bool add_entry(json_t *list, json_t *entry)
{
	return json_array_append_new(list, entry) == 0;
}

static bool refuse(struct schema_plan *plan, const char *okta, const char *reason)
{
	return add_entry(plan->refused, json_pack("{s:s, s:s}", "okta", okta, "reason", reason));
}

static bool add_conflict(
        struct schema_plan *plan, const struct need *need, const struct attribute *present)
{
	char reason[REASON_BYTES];
	str_format_cut(reason, sizeof(reason),
	        "is %s in Okta, and %s gives %s; fill another attribute, or change the row",
	        attribute_type_name(present->type), need->source, attribute_type_name(need->type));
	return add_entry(plan->conflicts,
	        json_pack("{s:s, s:s, s:s, s:s}", "okta", need->okta, "has",
	                attribute_type_name(present->type), "needs",
	                attribute_type_name(need->type), "reason", reason));
}

/* Users may see it and not change it: Bob is where it is kept. Never required, never unique. */
static json_t *definition_of(const struct need *need)
{
	const bool is_list = need->type == ATTRIBUTE_STRINGS || need->type == ATTRIBUTE_NUMBERS;
	const char *item = need->type == ATTRIBUTE_NUMBERS ? "number" : "string";
	json_t *definition = json_pack("{s:s, s:s, s:s, s:b, s:s, s:s, s:[{s:s, s:s}]}", "title",
	        need->title, "description", "Filled from HiBob by bob2okta", "type",
	        is_list ? "array" : attribute_type_name(need->type), "required", 0, "scope", "NONE",
	        "mutability", "READ_WRITE", "permissions", "principal", "SELF", "action",
	        "READ_ONLY");
	if (is_list &&
	        json_object_set_new(definition, "items", json_pack("{s:s}", "type", item)) != 0) {
		json_decref(definition);
		return NULL;
	}
	return definition;
}

static bool add_attribute(struct schema_plan *plan, const struct need *need)
{
	char why[REASON_BYTES];
	str_format_cut(why, sizeof(why), "filled from %s", need->source);
	return json_object_set_new(plan->properties, need->okta, definition_of(need)) == 0 &&
	        add_entry(plan->add,
	                json_pack("{s:s, s:s, s:s, s:s}", "okta", need->okta, "type",
	                        attribute_type_name(need->type), "title", need->title, "why", why));
}

static bool plan_need(
        struct schema_plan *plan, const struct schema_wants *wants, const struct need *need)
{
	char reason[REASON_BYTES];
	const struct attribute *present = attribute_catalog_find(wants->attributes, need->okta);
	if (present != NULL) {
		return !need->is_told || takes(present->type, need->type) ||
		        add_conflict(plan, need, present);
	}
	return is_name_refused(plan, wants, need->okta, reason) ? refuse(plan, need->okta, reason)
	                                                        : add_attribute(plan, need);
}

/* A row whose attribute is there already needs no type but for the comparison. */
static bool plan_row(
        struct schema_plan *plan, const struct schema_wants *wants, const struct map_row *row)
{
	char reason[REASON_BYTES];
	struct need need;
	if (need_of_row(&need, wants, row, reason)) {
		return plan_need(plan, wants, &need);
	}
	const bool is_there = attribute_catalog_find(wants->attributes, row->okta) != NULL;
	return is_there || refuse(plan, row->okta, reason);
}

static bool plan_match(struct schema_plan *plan, const struct schema_wants *wants)
{
	char reason[REASON_BYTES];
	struct need need = {.okta = wants->match_okta};
	if (wants->match_okta == NULL || map_rules_find(wants->rules, wants->match_okta) != NULL ||
	        attribute_catalog_find(wants->attributes, wants->match_okta) != NULL) {
		return true;
	}
	title_of_name(wants->match_okta, need.title);
	return need_from_field(&need, wants, wants->match_bob, reason)
	        ? plan_need(plan, wants, &need)
	        : refuse(plan, wants->match_okta, reason);
}

static bool take_fingerprint(struct schema_plan *plan, const char *connection)
{
	uint8_t digest[CRYPTO_SHA256_BYTES];
	json_t *what = json_pack("[s, O]", connection, plan->properties);
	char *text = what != NULL ? json_format(what) : NULL;
	const bool is_made = text != NULL && crypto_sha256(text, strlen(text), digest);
	if (is_made) {
		str_hex(plan->fingerprint, digest, HEX_DIGITS / 2);
	}
	free(text);
	json_decref(what);
	return is_made;
}

bool schema_plan_make(struct schema_plan *plan, const struct schema_wants *wants, struct err *err)
{
	*plan = (struct schema_plan){.properties = json_object(),
	        .add = json_array(),
	        .conflicts = json_array(),
	        .refused = json_array()};
	bool is_made = plan->properties != NULL && plan->add != NULL && plan->conflicts != NULL &&
	        plan->refused != NULL;
	for (size_t i = 0; is_made && i < wants->rules->count; i++) {
		is_made = plan_row(plan, wants, &wants->rules->rows[i]);
	}
	is_made = is_made && plan_match(plan, wants) && take_fingerprint(plan, wants->connection);
	if (!is_made) {
		err_set(err, ERR_NO_MEMORY, "no memory for a plan of the schema");
	}
	return is_made;
}

void schema_plan_finish(struct schema_plan *plan)
{
	json_decref(plan->properties);
	json_decref(plan->add);
	json_decref(plan->conflicts);
	json_decref(plan->refused);
	*plan = (struct schema_plan){0};
}
