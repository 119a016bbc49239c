/* SPDX-License-Identifier: MIT */
/* Okta's user schema as a catalog of attributes. */
#include "mapping/attribute.h"

#include "server/base/json.h"
#include "server/base/str.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Okta allows some hundred custom attributes; a list beyond this is not Okta's. */
#define ATTRIBUTES_MAX 5000

struct attribute_catalog {
	struct attribute *attributes; /* sorted by name */
	size_t count;
};

static const struct {
	const char *word;
	enum attribute_type type;
	enum attribute_type list; /* an array of these */
} TYPES[] = {
        {"string", ATTRIBUTE_STRING, ATTRIBUTE_STRINGS},
        {"boolean", ATTRIBUTE_BOOLEAN, ATTRIBUTE_OTHER},
        {"number", ATTRIBUTE_NUMBER, ATTRIBUTE_NUMBERS},
        {"integer", ATTRIBUTE_INTEGER, ATTRIBUTE_INTEGERS},
};

static enum attribute_type read_type(const json_t *property)
{
	const char *word = json_get_text(property, "type");
	const bool is_list = str_equal(word, "array");
	if (is_list) {
		word = json_get_text(json_object_get(property, "items"), "type");
	}
	for (size_t i = 0; i < ARRAY_SIZE(TYPES); i++) {
		if (str_equal(word, TYPES[i].word)) {
			return is_list ? TYPES[i].list : TYPES[i].type;
		}
	}
	return ATTRIBUTE_OTHER;
}

const char *attribute_type_name(enum attribute_type type)
{
	switch (type) {
	case ATTRIBUTE_STRING: return "string";
	case ATTRIBUTE_BOOLEAN: return "boolean";
	case ATTRIBUTE_NUMBER: return "number";
	case ATTRIBUTE_INTEGER: return "integer";
	case ATTRIBUTE_STRINGS: return "array of string";
	case ATTRIBUTE_NUMBERS: return "array of number";
	case ATTRIBUTE_INTEGERS: return "array of integer";
	case ATTRIBUTE_OTHER: return "other";
	}
	return "other";
}

/* ------------------------------------------------------------------- reading */

static size_t read_length(const json_t *property, const char *key)
{
	const int64_t length = json_get_int(property, key, 0);
	return length > 0 ? (size_t)length : 0;
}

static json_t *values_of_one_of(const json_t *choices)
{
	json_t *values = json_array();
	size_t i;
	const json_t *choice;
	json_array_foreach(choices, i, choice)
	{
		json_t *value = json_object_get(choice, "const");
		if (value != NULL && json_array_append(values, value) != 0) {
			json_decref(values);
			return NULL;
		}
	}
	return values;
}

/* "enum", else the values of "oneOf"; false when out of memory. */
static bool read_allowed(struct attribute *attribute, const json_t *property)
{
	const json_t *holder = str_equal(json_get_text(property, "type"), "array")
	        ? json_object_get(property, "items")
	        : property;
	const json_t *values = json_object_get(holder, "enum");
	const json_t *choices = json_object_get(holder, "oneOf");
	if (json_array_size(values) > 0) {
		attribute->allowed = json_deep_copy(values);
	} else if (json_array_size(choices) > 0) {
		attribute->allowed = values_of_one_of(choices);
	} else {
		return true;
	}
	return attribute->allowed != NULL;
}

static bool copy_optional(char **to, const json_t *property, const char *key)
{
	const char *text = json_get_text(property, key);
	*to = str_dup(text);
	return text == NULL || *to != NULL;
}

static bool is_listed(const json_t *names, const char *name)
{
	size_t i;
	const json_t *item;
	json_array_foreach(names, i, item)
	{
		if (str_equal(json_string_value(item), name)) {
			return true;
		}
	}
	return false;
}

static void finish_attribute(struct attribute *attribute)
{
	free(attribute->name);
	free(attribute->title);
	free(attribute->format);
	free(attribute->pattern);
	json_decref(attribute->allowed);
}

static bool read_attribute(struct attribute *attribute, const char *name, const json_t *property)
{
	const char *mutability = json_get_text(property, "mutability");
	const char *title = json_get_text(property, "title");
	const json_t *source = json_object_get(property, "master");
	*attribute = (struct attribute){
	        .name = str_dup(name),
	        .title = str_dup(title != NULL ? title : name),
	        .type = read_type(property),
	        .is_required = json_get_bool(property, "required", false),
	        .is_read_only =
	                str_equal(mutability, "READ_ONLY") || str_equal(mutability, "IMMUTABLE"),
	        .is_sourced_elsewhere = str_equal(json_get_text(source, "type"), "OVERRIDE"),
	        .min_length = read_length(property, "minLength"),
	        .max_length = read_length(property, "maxLength"),
	};
	return attribute->name != NULL && attribute->title != NULL &&
	        copy_optional(&attribute->format, property, "format") &&
	        copy_optional(&attribute->pattern, property, "pattern") &&
	        read_allowed(attribute, property);
}

/* One half of the schema: base or custom. False when out of memory. */
static bool add_half(struct attribute_catalog *catalog, const json_t *half, bool is_base)
{
	const json_t *required = json_object_get(half, "required");
	const char *name;
	json_t *property;
	json_object_foreach(json_object_get(half, "properties"), name, property)
	{
		struct attribute *attribute = &catalog->attributes[catalog->count];
		if (!json_is_object(property)) {
			continue;
		}
		catalog->count++;
		if (!read_attribute(attribute, name, property)) {
			return false;
		}
		attribute->is_base = is_base;
		attribute->is_required = attribute->is_required || is_listed(required, name);
	}
	return true;
}

static int compare_attributes(const void *a, const void *b)
{
	const struct attribute *x = a;
	const struct attribute *y = b;
	return strcmp(x->name, y->name);
}

static struct attribute_catalog *build(
        const json_t *base, const json_t *custom, size_t count, struct err *err)
{
	struct attribute_catalog *catalog = calloc(1, sizeof(*catalog));
	if (catalog != NULL) {
		catalog->attributes = calloc(count, sizeof(*catalog->attributes));
	}
	if (catalog == NULL || catalog->attributes == NULL || !add_half(catalog, base, true) ||
	        !add_half(catalog, custom, false)) {
		err_set(err, ERR_NO_MEMORY, "no memory for Okta's user schema");
		attribute_catalog_destroy(catalog);
		return NULL;
	}
	qsort(catalog->attributes, catalog->count, sizeof(*catalog->attributes),
	        compare_attributes);
	return catalog;
}

struct attribute_catalog *attribute_catalog_parse(const json_t *schema, struct err *err)
{
	const json_t *definitions = json_object_get(schema, "definitions");
	const json_t *base = json_object_get(definitions, "base");
	const json_t *custom = json_object_get(definitions, "custom");
	const size_t base_count = json_object_size(json_object_get(base, "properties"));
	const size_t custom_count = json_object_size(json_object_get(custom, "properties"));
	if (base_count == 0 || base_count + custom_count > ATTRIBUTES_MAX) {
		err_set(err, ERR_BAD_ANSWER, "Okta's user schema has no list of base attributes");
		return NULL;
	}
	return build(base, custom, base_count + custom_count, err);
}

void attribute_catalog_destroy(struct attribute_catalog *catalog)
{
	if (catalog == NULL) {
		return;
	}
	for (size_t i = 0; i < catalog->count; i++) {
		finish_attribute(&catalog->attributes[i]);
	}
	free(catalog->attributes);
	free(catalog);
}

/* ------------------------------------------------------------------- looking */

size_t attribute_catalog_count(const struct attribute_catalog *catalog)
{
	return catalog == NULL ? 0 : catalog->count;
}

const struct attribute *attribute_catalog_at(const struct attribute_catalog *catalog, size_t index)
{
	return &catalog->attributes[index];
}

static int compare_name(const void *key, const void *element)
{
	const struct attribute *attribute = element;
	return strcmp(key, attribute->name);
}

const struct attribute *attribute_catalog_find(
        const struct attribute_catalog *catalog, const char *name)
{
	if (catalog == NULL || name == NULL) {
		return NULL;
	}
	return bsearch(name, catalog->attributes, catalog->count, sizeof(*catalog->attributes),
	        compare_name);
}
