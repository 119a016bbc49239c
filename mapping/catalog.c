/* SPDX-License-Identifier: MIT */
#include "mapping/catalog.h"

#include "server/base/json.h"
#include "server/base/str.h"

#include <stdlib.h>
#include <string.h>

/* A live tenant has about 240 fields; a list beyond this is not Bob's. */
#define CATALOG_FIELDS_MAX 20000
#define PATH_MAX_BYTES     256

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

static void finish_field(struct catalog_field *field)
{
	free(field->id);
	free(field->name);
	free(field->category);
	free(field->type_word);
	free(field->list);
}

static char *copy_text(const json_t *entry, const char *key, const char *fallback)
{
	const char *text = json_get_text(entry, key);
	return str_dup(text != NULL ? text : fallback);
}

static bool read_field(struct catalog_field *field, const json_t *entry, const char *id)
{
	const char *section = json_get_text(entry, "category");
	*field = (struct catalog_field){
	        .id = str_dup(id),
	        .name = copy_text(entry, "name", ""),
	        .category = copy_text(entry, "categoryDisplayName", section != NULL ? section : ""),
	        .type_word = copy_text(entry, "type", ""),
	        .list = copy_text(json_object_get(entry, "typeData"), "listId", ""),
	};
	field->info = (struct field_info){
	        .id = field->id,
	        .name = field->name,
	        .category = field->category,
	        .type = type_parse(field->type_word),
	        .type_word = field->type_word,
	        .list = field->list,
	};
	return field->id != NULL && field->name != NULL && field->category != NULL &&
	        field->type_word != NULL && field->list != NULL;
}

/* Entries without an id are passed over; false when out of memory. */
static bool add_field(struct field_catalog *catalog, const json_t *entry)
{
	const char *id = json_get_text(entry, "id");
	if (id == NULL || id[0] == '\0') {
		return true;
	}
	if (!read_field(&catalog->fields[catalog->count], entry, id)) {
		finish_field(&catalog->fields[catalog->count]);
		return false;
	}
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
		finish_field(&catalog->fields[i]);
	}
	catalog_items_free(catalog);
	free(catalog->fields);
	free(catalog);
}

size_t field_catalog_count(const struct field_catalog *catalog)
{
	return catalog == NULL ? 0 : catalog->count;
}

const struct field_info *field_catalog_at(const struct field_catalog *catalog, size_t index)
{
	return &catalog->fields[index].info;
}

static int compare_id(const void *key, const void *element)
{
	const struct catalog_field *field = element;
	return strcmp(key, field->id);
}

const struct field_info *field_catalog_find(const struct field_catalog *catalog, const char *path)
{
	if (catalog == NULL || path == NULL) {
		return NULL;
	}
	const struct catalog_field *field = bsearch(
	        path, catalog->fields, catalog->count, sizeof(*catalog->fields), compare_id);
	return field == NULL ? NULL : &field->info;
}

enum field_type field_catalog_type(const struct field_catalog *catalog, const char *path)
{
	const struct field_info *info = field_catalog_find(catalog, path);
	return info == NULL ? FIELD_TYPE_UNKNOWN : info->type;
}

bool field_catalog_has(const struct field_catalog *catalog, const char *path)
{
	return field_catalog_find(catalog, path) != NULL;
}

/* Colleagues have parts, and so may a type that this program does not know (money). */
static bool has_parts(const struct field_info *info)
{
	return info != NULL &&
	        (info->type == FIELD_TYPE_EMPLOYEE || info->type == FIELD_TYPE_OTHER);
}

bool field_catalog_covers(const struct field_catalog *catalog, const char *path)
{
	char parent[PATH_MAX_BYTES];
	if (field_catalog_has(catalog, path)) {
		return true;
	}
	if (path == NULL || !str_copy(parent, sizeof(parent), path)) {
		return false;
	}
	for (char *dot = strrchr(parent, '.'); dot != NULL; dot = strrchr(parent, '.')) {
		*dot = '\0';
		if (has_parts(field_catalog_find(catalog, parent))) {
			return true;
		}
	}
	return false;
}

/* The first field whose id does not come before the text. */
static size_t lower_bound(const struct field_catalog *catalog, const char *text)
{
	size_t from = 0;
	size_t to = catalog->count;
	while (from < to) {
		const size_t middle = from + (to - from) / 2;
		if (strcmp(catalog->fields[middle].id, text) < 0) {
			from = middle + 1;
		} else {
			to = middle;
		}
	}
	return from;
}

/* Sections stand in ids ("payroll.employment" in "payroll.employment.type"), not in the list. */
bool field_catalog_is_section(const struct field_catalog *catalog, const char *path)
{
	char beginning[PATH_MAX_BYTES];
	if (catalog == NULL || field_catalog_has(catalog, path) ||
	        !str_format(beginning, sizeof(beginning), "%s.", path)) {
		return false;
	}
	const size_t at = lower_bound(catalog, beginning);
	return at < catalog->count && str_starts_with(catalog->fields[at].id, beginning);
}
