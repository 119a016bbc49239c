/* SPDX-License-Identifier: MIT */
/* Looking up what Bob and Okta have, and what might belong together. On the caller's thread. */
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/engine/both.h"

#include <string.h>

static bool is_among(const char *text, const char *const *in, size_t count)
{
	bool is_found = text == NULL;
	for (size_t i = 0; i < count && !is_found; i++) {
		is_found = strcasestr(in[i], text) != NULL;
	}
	return is_found;
}

/* ---------------------------------------------------------------------- Bob */

static bool reads(const struct map_row *row, const char *field)
{
	if (str_equal(row->bob, field)) {
		return true;
	}
	for (size_t i = 0; i < row->expression_count; i++) {
		for (size_t k = 0; k < row->expressions[i].field_count; k++) {
			if (str_equal(row->expressions[i].fields[k], field)) {
				return true;
			}
		}
	}
	return false;
}

static json_t *mapped_to(const struct map_rules *rules, const char *field)
{
	json_t *attributes = json_array();
	for (size_t i = 0; i < rules->count; i++) {
		if (reads(&rules->rows[i], field)) {
			json_array_append_new(attributes, json_string(rules->rows[i].okta));
		}
	}
	return attributes;
}

static json_t *bob_json(const struct both *both, const char *text)
{
	json_t *fields = json_array();
	for (size_t i = 0; i < field_catalog_count(both->fields); i++) {
		const struct field_info *field = field_catalog_at(both->fields, i);
		const char *const in[] = {field->id, field->name, field->category};
		if (!is_among(text, in, ARRAY_SIZE(in))) {
			continue;
		}
		json_array_append_new(fields,
		        json_pack("{s:s, s:s, s:s, s:s, s:o}", "id", field->id, "name", field->name,
		                "category", field->category, "type", field->type_word, "mapped_to",
		                mapped_to(&both->connection->settings->rules, field->id)));
	}
	return fields;
}

/* --------------------------------------------------------------------- Okta */

/* What fills an attribute: the Bob field's id, or which other kind of source. */
static const char *source_of(const struct map_rules *rules, const char *okta)
{
	const struct map_row *row = map_rules_find(rules, okta);
	if (row == NULL) {
		return "";
	}
	switch (row->source) {
	case ROW_FROM_BOB: return row->bob;
	case ROW_FROM_EXPRESSION: return "expr";
	case ROW_FROM_VALUE: return "value";
	}
	return "";
}

static json_t *attribute_json(const struct map_rules *rules, const struct attribute *attribute)
{
	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:s, s:o, s:b, s:b, s:b, s:b, s:s}", "name",
	        attribute->name, "title", str_or_empty(attribute->title), "type",
	        attribute_type_name(attribute->type), "min_length",
	        (json_int_t)attribute->min_length, "max_length", (json_int_t)attribute->max_length,
	        "format", str_or_empty(attribute->format), "allowed",
	        attribute->allowed != NULL ? json_deep_copy(attribute->allowed) : json_array(),
	        "is_base", attribute->is_base, "is_required", attribute->is_required,
	        "is_read_only", attribute->is_read_only, "is_sourced_elsewhere",
	        attribute->is_sourced_elsewhere, "mapped_from", source_of(rules, attribute->name));
}

static json_t *okta_json(const struct both *both, const char *text)
{
	json_t *attributes = json_array();
	for (size_t i = 0; i < attribute_catalog_count(both->attributes); i++) {
		const struct attribute *attribute = attribute_catalog_at(both->attributes, i);
		const char *const in[] = {attribute->name, str_or_empty(attribute->title)};
		if (is_among(text, in, ARRAY_SIZE(in))) {
			json_array_append_new(attributes,
			        attribute_json(&both->connection->settings->rules, attribute));
		}
	}
	return attributes;
}

bool engine_fields(
        struct engine *engine, const struct fields_query *query, json_t **report, struct err *err)
{
	struct both both;

	*report = NULL;
	if (both_read(&both, engine, query->connection, err)) {
		*report = json_pack("{s:o, s:o}", "bob",
		        query->system != ENGINE_OKTA ? bob_json(&both, query->text) : json_array(),
		        "okta",
		        query->system != ENGINE_BOB ? okta_json(&both, query->text) : json_array());
	}
	both_finish(&both);
	return *report != NULL;
}

bool engine_suggest(struct engine *engine, const char *connection, json_t **report, struct err *err)
{
	struct both both;

	*report = NULL;
	if (both_read(&both, engine, connection, err)) {
		json_t *suggestions = map_suggest(
		        &both.connection->settings->rules, both.fields, both.attributes);
		*report = json_pack("{s:o}", "suggestions", suggestions);
		if (*report == NULL) {
			err_set(err, ERR_NO_MEMORY, "out of memory for suggestions");
		}
	}
	both_finish(&both);
	return *report != NULL;
}
