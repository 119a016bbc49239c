/* SPDX-License-Identifier: MIT */
#ifndef MAPPING_CATALOG_H
#define MAPPING_CATALOG_H

/* The inside of a field catalog; internal to mapping/ (catalog.c, catalog_lists.c). */

#include "mapping/person.h"

struct catalog_field {
	struct field_info info; /* points into what is owned here */
	char *id;
	char *name;
	char *category;
	char *type_word;
	char *list;
};

/* One item of a named list. */
struct catalog_item {
	char *list;
	char *id;
	char *label;
};

struct field_catalog {
	struct catalog_field *fields; /* sorted by id */
	size_t count;
	struct catalog_item *items; /* sorted by list and id */
	size_t item_count;
};

void catalog_items_free(struct field_catalog *catalog);

#endif
