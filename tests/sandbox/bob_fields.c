/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/bob_fields.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/bob_field_rows.h"
#include "tests/sandbox/jsonx.h"

/* Tenants differ in their custom fields; these fill up the count. */
static const char *const GENERATED[] = {"work.custom.field_16600000",
        "personal.custom.field_16610000", "home.custom.field_16620000",
        "about.custom.field_16630000", "category_1665000000001.field_16640000"};

static const struct {
	const char *id;
	const char *name;
} CATEGORY_NAMES[] = {{"root", "Basic info"}, {"work", "Work"},
        {"workContact", "Work contact details"}, {"lifecycle", "Lifecycle"},
        {"personalContact", "Personal contact details"}, {"employment", "Employment"},
        {"userData", "User data"}, {"about", "About"}, {"address", "Address"},
        {"personal", "Personal"}, {"home", "Home"}};

static const struct bob_field *find_row(const char *id)
{
	for (size_t i = 0; i < COUNT(BOB_FIELD_ROWS); i++) {
		if (strcmp(BOB_FIELD_ROWS[i].id, id) == 0) {
			return &BOB_FIELD_ROWS[i];
		}
	}
	return NULL;
}

bool bob_fields_is_custom(const char *id)
{
	return strstr(id, ".custom.") != NULL || strstr(id, ".customColumns.") != NULL ||
	        strncmp(id, "category_", strlen("category_")) == 0;
}

static const char *category_of(const char *id)
{
	static const char *const PREFIXES[] = {"category_1665000000001", "personal", "home",
	        "about", "payroll", "address", "work"};

	for (size_t i = 0; i < COUNT(PREFIXES); i++) {
		size_t length = strlen(PREFIXES[i]);

		if (strncmp(id, PREFIXES[i], length) == 0 && id[length] == '.') {
			return PREFIXES[i];
		}
	}
	return strncmp(id, "category_", strlen("category_")) == 0 ? "category_custom" : "work";
}

static bool is_generated(const char *id)
{
	for (size_t i = 0; i < COUNT(GENERATED); i++) {
		size_t length = strlen(GENERATED[i]);

		if (strncmp(id, GENERATED[i], length) == 0 && strlen(id) == length + 5) {
			return true;
		}
	}
	return false;
}

struct bob_field bob_fields_find(const char *id, bool *is_known)
{
	const struct bob_field *row = find_row(id);

	*is_known = row != NULL || is_generated(id);
	if (row != NULL) {
		return *row;
	}
	return (struct bob_field){.id = id,
	        .type = "text",
	        .category = category_of(id),
	        .is_historical = strstr(id, ".customColumns.") != NULL};
}

const struct bob_field *bob_fields_rows(size_t *count)
{
	*count = COUNT(BOB_FIELD_ROWS);
	return BOB_FIELD_ROWS;
}

bool bob_fields_is_default(const struct bob_field *field)
{
	static const char *const BASIC[] = {"root.id", "root.companyId", "root.email",
	        "root.firstName", "root.surname", "root.displayName", "root.secondName",
	        "root.creationDateTime", "root.avatarUrl"};

	if (bob_fields_is_custom(field->id)) {
		return false;
	}
	for (size_t i = 0; i < COUNT(BASIC); i++) {
		if (strcmp(BASIC[i], field->id) == 0) {
			return true;
		}
	}
	return strcmp(field->category, "about") == 0 ||
	        strcmp(field->category, "employment") == 0 || strcmp(field->category, "work") == 0;
}

static const char *category_name(const char *category)
{
	for (size_t i = 0; i < COUNT(CATEGORY_NAMES); i++) {
		if (strcmp(CATEGORY_NAMES[i].id, category) == 0) {
			return CATEGORY_NAMES[i].name;
		}
	}
	return category;
}

static json_t *describe(const struct bob_field *field)
{
	const char *dot = strrchr(field->id, '.');
	char *name = util_dup(dot != NULL ? dot + 1 : field->id);
	const char *path = strncmp(field->id, "root.", 5) == 0 ? field->id + 5 : field->id;
	json_t *type_data = json_object();

	name[0] = (char)toupper((unsigned char)name[0]);
	if (field->list != NULL) {
		jsonx_set_text(type_data, "listId", field->list);
	}
	json_t *row = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:o,s:b}", "id", field->id,
	        "categoryId", field->category, "categoryDisplayName",
	        category_name(field->category), "category", field->category, "name", name,
	        "description", "", "jsonPath", path, "type", field->type, "typeData", type_data,
	        "historical", field->is_historical ? 1 : 0);

	free(name);
	return row;
}

json_t *bob_fields_metadata(const json_t *extra)
{
	json_t *all = json_array();
	bool is_known = false;
	char id[80];

	for (size_t i = 0; i < COUNT(BOB_FIELD_ROWS); i++) {
		jsonx_push(all, describe(&BOB_FIELD_ROWS[i]));
	}
	for (int i = 0; json_array_size(all) < BOB_FIELDS_TOTAL; i++) {
		const char *pattern = GENERATED[(size_t)i % COUNT(GENERATED)];

		util_format(id, sizeof(id), "%s%05d", pattern, i);
		struct bob_field field = bob_fields_find(id, &is_known);

		jsonx_push(all, describe(&field));
	}
	for (size_t i = 0; i < json_array_size(extra); i++) {
		struct bob_field field =
		        bob_fields_find(json_string_value(json_array_get(extra, i)), &is_known);

		jsonx_push(all, describe(&field));
	}
	return all;
}
