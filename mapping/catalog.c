/* SPDX-License-Identifier: MIT */
#include "mapping/person.h"

#include "server/base/json.h"
#include "server/base/str.h"

#include <stdlib.h>
#include <string.h>

/* A live tenant has about 240 fields; a list beyond this is not Bob's. */
#define CATALOG_FIELDS_MAX 20000

struct catalog_field {
	char *id;
	enum field_type type;
};

struct field_catalog {
	struct catalog_field *fields; /* sorted by id */
	size_t count;
};

/* Bob's words of metadata (bob.md 5.7); a word that is not here is FIELD_TYPE_OTHER. */
static const struct {
	const char *word;
	enum field_type type;
} TYPES[] = {
        {"text", FIELD_TYPE_TEXT},
        {"text-area", FIELD_TYPE_TEXT},
        {"number", FIELD_TYPE_NUMBER},
        {"boolean", FIELD_TYPE_BOOL},
        {"date", FIELD_TYPE_DATE},
        {"list", FIELD_TYPE_LIST},
        {"list_id", FIELD_TYPE_LIST},
        {"hierarchy-list", FIELD_TYPE_LIST},
        {"multi-list", FIELD_TYPE_MULTI_LIST},
        {"employee", FIELD_TYPE_EMPLOYEE},
        {"employee-reference", FIELD_TYPE_EMPLOYEE},
};

static enum field_type type_parse(const char *word)
{
	for (size_t i = 0; word != NULL && i < ARRAY_SIZE(TYPES); i++) {
		if (str_equal_fold(word, TYPES[i].word)) {
			return TYPES[i].type;
		}
	}
	return FIELD_TYPE_OTHER;
}

static int compare_fields(const void *a, const void *b)
{
	const struct catalog_field *x = a;
	const struct catalog_field *y = b;
	return strcmp(x->id, y->id);
}

/* Entries without an id are passed over; false when out of memory. */
static bool add_field(struct field_catalog *catalog, const json_t *entry)
{
	const char *id = json_get_text(entry, "id");
	if (id == NULL || id[0] == '\0') {
		return true;
	}
	struct catalog_field *field = &catalog->fields[catalog->count];
	field->id = str_dup(id);
	if (field->id == NULL) {
		return false;
	}
	field->type = type_parse(json_get_text(entry, "type"));
	catalog->count++;
	return true;
}

static bool add_fields(struct field_catalog *catalog, const json_t *fields)
{
	size_t i;
	const json_t *entry;
	json_array_foreach(fields, i, entry)
	{
		if (!add_field(catalog, entry)) {
			return false;
		}
	}
	return true;
}

struct field_catalog *field_catalog_parse(const json_t *fields, struct err *err)
{
	const size_t size = json_array_size(fields);
	if (!json_is_array(fields) || size == 0 || size > CATALOG_FIELDS_MAX) {
		err_set(err, ERR_BAD_ANSWER, "Bob's field metadata is not a list of fields");
		return NULL;
	}
	struct field_catalog *catalog = calloc(1, sizeof(*catalog));
	if (catalog != NULL) {
		catalog->fields = calloc(size, sizeof(*catalog->fields));
	}
	if (catalog == NULL || catalog->fields == NULL || !add_fields(catalog, fields)) {
		err_set(err, ERR_NO_MEMORY, "no memory for Bob's field metadata");
		field_catalog_destroy(catalog);
		return NULL;
	}
	if (catalog->count == 0) {
		err_set(err, ERR_BAD_ANSWER, "Bob's field metadata has no field with an id");
		field_catalog_destroy(catalog);
		return NULL;
	}
	qsort(catalog->fields, catalog->count, sizeof(*catalog->fields), compare_fields);
	return catalog;
}

void field_catalog_destroy(struct field_catalog *catalog)
{
	if (catalog == NULL) {
		return;
	}
	for (size_t i = 0; i < catalog->count; i++) {
		free(catalog->fields[i].id);
	}
	free(catalog->fields);
	free(catalog);
}

static int compare_id(const void *key, const void *element)
{
	const struct catalog_field *field = element;
	return strcmp(key, field->id);
}

static const struct catalog_field *find_field(const struct field_catalog *catalog, const char *path)
{
	if (catalog == NULL || path == NULL) {
		return NULL;
	}
	return bsearch(path, catalog->fields, catalog->count, sizeof(*catalog->fields), compare_id);
}

enum field_type field_catalog_type(const struct field_catalog *catalog, const char *path)
{
	const struct catalog_field *field = find_field(catalog, path);
	return field == NULL ? FIELD_TYPE_UNKNOWN : field->type;
}

bool field_catalog_has(const struct field_catalog *catalog, const char *path)
{
	return find_field(catalog, path) != NULL;
}
