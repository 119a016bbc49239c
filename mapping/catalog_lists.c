/* SPDX-License-Identifier: MIT */
/* Named lists (bob.md 5.7): labels for list values, by list and id. */
#include "mapping/catalog.h"

#include "server/base/json.h"
#include "server/base/str.h"

#include <stdlib.h>
#include <string.h>

/* Sites, departments, titles of a big company are some thousands; beyond this it is not Bob's. */
#define ITEMS_MAX    200000
#define ID_MAX_BYTES 256

static int compare_items(const void *a, const void *b)
{
	const struct catalog_item *x = a;
	const struct catalog_item *y = b;
	const int by_list = strcmp(x->list, y->list);
	return by_list != 0 ? by_list : strcmp(x->id, y->id);
}

void catalog_items_free(struct field_catalog *catalog)
{
	for (size_t i = 0; i < catalog->item_count; i++) {
		free(catalog->items[i].list);
		free(catalog->items[i].id);
		free(catalog->items[i].label);
	}
	free(catalog->items);
	catalog->items = NULL;
	catalog->item_count = 0;
}

static const char *item_label(const json_t *item)
{
	const char *name = json_get_text(item, "name");
	return name != NULL ? name : json_get_text(item, "value");
}

/* "items" and "values" hold the same; a bare array is taken too. */
static const json_t *items_of(const json_t *list)
{
	const json_t *items = json_object_get(list, "items");
	if (json_is_array(list)) {
		return list;
	}
	return json_is_array(items) ? items : json_object_get(list, "values");
}

/* Recursion ends with the depth that json_parse allows. */
static size_t count_items(const json_t *items)
{
	size_t count = json_array_size(items);
	size_t i;
	const json_t *item;
	json_array_foreach(items, i, item)
	{
		count += count_items(json_object_get(item, "children"));
	}
	return count;
}

static size_t count_all(const json_t *lists)
{
	size_t count = 0;
	const char *name;
	json_t *list;
	json_object_foreach((json_t *)(uintptr_t)lists, name, list)
	{
		count += count_items(items_of(list));
	}
	return count;
}

/* Items without an id or a label are passed over; false when out of memory. */
static bool add_item(struct field_catalog *catalog, const char *list, const json_t *item)
{
	char id[ID_MAX_BYTES];
	const char *label = item_label(item);
	if (label == NULL || !json_id_text(json_object_get(item, "id"), id, sizeof(id))) {
		return true;
	}
	struct catalog_item *added = &catalog->items[catalog->item_count++];
	*added = (struct catalog_item){str_dup(list), str_dup(id), str_dup(label)};
	return added->list != NULL && added->id != NULL && added->label != NULL;
}

static bool add_items(struct field_catalog *catalog, const char *list, const json_t *items)
{
	size_t i;
	const json_t *item;
	json_array_foreach(items, i, item)
	{
		if (!add_item(catalog, list, item) ||
		        !add_items(catalog, list, json_object_get(item, "children"))) {
			return false;
		}
	}
	return true;
}

static bool add_lists(struct field_catalog *catalog, const json_t *lists, size_t count)
{
	const char *name;
	json_t *list;
	catalog->items = calloc(count > 0 ? count : 1, sizeof(*catalog->items));
	if (catalog->items == NULL) {
		return false;
	}
	json_object_foreach((json_t *)(uintptr_t)lists, name, list)
	{
		if (!add_items(catalog, name, items_of(list))) {
			return false;
		}
	}
	qsort(catalog->items, catalog->item_count, sizeof(*catalog->items), compare_items);
	return true;
}

bool field_catalog_add_lists(struct field_catalog *catalog, const json_t *lists, struct err *err)
{
	const size_t count = json_is_object(lists) ? count_all(lists) : 0;
	if (!json_is_object(lists) || count > ITEMS_MAX) {
		err_set(err, ERR_BAD_ANSWER, "Bob's named lists are not an object of lists");
		return false;
	}
	catalog_items_free(catalog);
	if (!add_lists(catalog, lists, count)) {
		err_set(err, ERR_NO_MEMORY, "no memory for Bob's named lists");
		catalog_items_free(catalog);
		return false;
	}
	return true;
}

const char *field_catalog_label(
        const struct field_catalog *catalog, const char *list, const char *item_id)
{
	if (catalog == NULL || catalog->item_count == 0) {
		return NULL;
	}
	/* Only compared, never written through. */
	const struct catalog_item key = {
	        .list = (char *)(uintptr_t)list, .id = (char *)(uintptr_t)item_id};
	const struct catalog_item *item = bsearch(
	        &key, catalog->items, catalog->item_count, sizeof(*catalog->items), compare_items);
	return item == NULL ? NULL : item->label;
}
