/* SPDX-License-Identifier: MIT */
#include "server/engine/catalogs.h"

#include <stdlib.h>

struct kept_catalog {
	size_t users; /* the newest counts one for being it */
	struct field_catalog *fields; /* one of the two */
	struct attribute_catalog *attributes;
};

static struct kept_catalog *keep(struct field_catalog *fields, struct attribute_catalog *attributes)
{
	struct kept_catalog *kept = calloc(1, sizeof(*kept));

	if (kept == NULL) {
		field_catalog_destroy(fields);
		attribute_catalog_destroy(attributes);
		return NULL;
	}
	*kept = (struct kept_catalog){.users = 1, .fields = fields, .attributes = attributes};
	return kept;
}

/* With the monitor held. */
static void drop(struct kept_catalog *kept)
{
	if (kept == NULL || --kept->users > 0) {
		return;
	}
	field_catalog_destroy(kept->fields);
	attribute_catalog_destroy(kept->attributes);
	free(kept);
}

static bool put(struct catalogs *catalogs, struct kept_catalog **place, struct kept_catalog *kept)
{
	if (kept == NULL) {
		return false;
	}
	monitor_lock(&catalogs->monitor);
	drop(*place);
	*place = kept;
	monitor_unlock(&catalogs->monitor);
	return true;
}

bool catalogs_init(struct catalogs *catalogs)
{
	*catalogs = (struct catalogs){0};
	return monitor_init(&catalogs->monitor);
}

void catalogs_finish(struct catalogs *catalogs)
{
	drop(catalogs->fields);
	drop(catalogs->attributes);
	monitor_finish(&catalogs->monitor);
}

bool catalogs_set_fields(struct catalogs *catalogs, struct field_catalog *fields)
{
	return put(catalogs, &catalogs->fields, keep(fields, NULL));
}

bool catalogs_set_attributes(struct catalogs *catalogs, struct attribute_catalog *attributes)
{
	return put(catalogs, &catalogs->attributes, keep(NULL, attributes));
}

bool catalogs_has_fields(struct catalogs *catalogs)
{
	monitor_lock(&catalogs->monitor);
	bool is_known = catalogs->fields != NULL;
	monitor_unlock(&catalogs->monitor);
	return is_known;
}

bool catalogs_has_attributes(struct catalogs *catalogs)
{
	monitor_lock(&catalogs->monitor);
	bool is_known = catalogs->attributes != NULL;
	monitor_unlock(&catalogs->monitor);
	return is_known;
}

/* With the monitor held. */
static struct kept_catalog *borrow(struct kept_catalog *kept)
{
	if (kept != NULL) {
		kept->users++;
	}
	return kept;
}

void catalogs_use(struct catalogs *catalogs, struct catalog_use *use)
{
	monitor_lock(&catalogs->monitor);
	use->kept[0] = borrow(catalogs->fields);
	use->kept[1] = borrow(catalogs->attributes);
	monitor_unlock(&catalogs->monitor);
	use->fields = use->kept[0] != NULL ? use->kept[0]->fields : NULL;
	use->attributes = use->kept[1] != NULL ? use->kept[1]->attributes : NULL;
}

void catalogs_release(struct catalogs *catalogs, struct catalog_use *use)
{
	monitor_lock(&catalogs->monitor);
	drop(use->kept[0]);
	drop(use->kept[1]);
	monitor_unlock(&catalogs->monitor);
	*use = (struct catalog_use){0};
}
