/* SPDX-License-Identifier: MIT */
#ifndef MAPPING_FIELD_READ_H
#define MAPPING_FIELD_READ_H

/*
 * One field of a person on its way from Bob's answer to a value: found first,
 * then given in a form. Internal to mapping/; everything in a reading is
 * borrowed from the person and the catalog.
 */

#include "mapping/person.h"

struct field_reading {
	const struct field_catalog *catalog; /* for labels of named lists; may be NULL */
	const char *list; /* the field's named list; "": none */
	enum field_type type; /* told from the value's shape where the metadata do not say */
	json_t *found; /* the machine value */
	json_t *label; /* the readable form; NULL: none */
};

/* Nested form first, then the flat key. *found only with FIELD_VALUE. */
enum field_state field_find(const json_t *object, const char *path, json_t **found);

/*
 * The type to read a value by: text and other take scalars as they are, even
 * where they are all digits; what they cannot be, and a type that is not known,
 * is told from the shape.
 */
enum field_type field_resolve_type(enum field_type type, const json_t *found, const json_t *label);
/* Fills in the reading; its found only with FIELD_VALUE. */
enum field_state field_read(const struct person *person, const struct field_catalog *catalog,
        const char *path, struct field_reading *reading);
enum field_state field_give(
        const struct field_reading *reading, enum field_form form, json_t **value);
/*
 * The same as expressions see it: {"label","id"} for lists and colleagues,
 * arrays of them for multi-lists, else the value; JSON null with FIELD_EMPTY.
 * *value is a new reference with FIELD_VALUE and FIELD_EMPTY.
 */
enum field_state field_give_input(const struct person *person, const struct field_catalog *catalog,
        const char *path, json_t **value);

#endif
