/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_CATALOGS_H
#define SERVER_ENGINE_CATALOGS_H

/*
 * Bob's and Okta's fields as last read, for any thread. A newer answer takes
 * the place of the older one, which lives on while somebody uses it. No call
 * is made here; learn.c reads.
 */

#include "mapping/mapping.h"
#include "server/base/thread.h"

struct kept_catalog;

struct catalogs {
	struct monitor monitor;
	/* protected by monitor: */
	struct kept_catalog *fields; /* NULL: not known yet */
	struct kept_catalog *attributes;
};

bool catalogs_init(struct catalogs *catalogs) MUST_CHECK;
/* Nobody uses any of them by now. */
void catalogs_finish(struct catalogs *catalogs);

/* Take the catalog in every case. False when out of memory: then the older one stays. */
bool catalogs_set_fields(struct catalogs *catalogs, struct field_catalog *fields) MUST_CHECK;
bool catalogs_set_attributes(
        struct catalogs *catalogs, struct attribute_catalog *attributes) MUST_CHECK;
bool catalogs_has_fields(struct catalogs *catalogs);
bool catalogs_has_attributes(struct catalogs *catalogs);

/* Both as they are now, until released; NULL where not known. One thread. */
struct catalog_use {
	const struct field_catalog *fields;
	const struct attribute_catalog *attributes;
	struct kept_catalog *kept[2];
};
void catalogs_use(struct catalogs *catalogs, struct catalog_use *use);
/* A use that never began may be released, too. */
void catalogs_release(struct catalogs *catalogs, struct catalog_use *use);

#endif
