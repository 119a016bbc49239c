/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_BOB_LISTS_H
#define TESTS_SANDBOX_BOB_LISTS_H

/* Bob's named lists: {name: [{id, value, name, archived, children}]}. Under the sandbox's lock. */

#include <jansson.h>

/* The lists of a new tenant. */
json_t *bob_lists_make(void);
/* The machine id of an item given by id or label; makes the item (and the list) when there is none.
 * New reference: a string, or a number in the lists of type list_id. */
json_t *bob_lists_id(json_t *lists, const char *list, const char *id_or_label);
/* The label of an item, borrowed; NULL when there is none. */
const char *bob_lists_label(const json_t *lists, const char *list, const json_t *id);

#endif
