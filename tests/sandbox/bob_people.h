/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_BOB_PEOPLE_H
#define TESTS_SANDBOX_BOB_PEOPLE_H

/*
 * Bob's employees: machine values by dotted field id, their history tables, the named lists. Under
 * the sandbox's lock. An employee's fields object is replaced, never changed in place, because late
 * reads still see older ones.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/sandbox/timeline.h"
#include "tests/sandbox/util.h"

enum { EMPLOYEE_ID_SIZE = 40 };

struct employee {
	char id[EMPLOYEE_ID_SIZE];
	json_t *fields;
	json_t *tables; /* {"work":[row], "lifecycle":[row], "employment":[row]} */
	bool is_deleted;
	bool has_left; /* garden leave has sent employee.left already */
	int64_t version;
	int64_t updated_ms;
	int64_t next_row;
	struct timeline past; /* of fields */
};

struct people {
	struct employee **all; /* deleted ones too */
	size_t count;
	json_t *by_id;
	json_t *by_email; /* lower case */
	json_t *lists;
	json_t *extra_fields; /* ids that only tests know */
	int64_t company_id;
	uint64_t next_number;
};

void bob_people_init(struct people *people);
void bob_people_finish(struct people *people);

/* An empty record with this id (digits; NULL: the next). NULL when the id is taken or bad. */
struct employee *bob_people_add(struct people *people, const char *id);
/* By id or e-mail; NULL when there is none or it was deleted. */
struct employee *bob_people_find(const struct people *people, const char *id_or_email);
/* Also a deleted one, by id. */
struct employee *bob_people_find_any(const struct people *people, const char *id);
/* Sets fields by dotted id as the control interface gives them: labels for lists, an id or e-mail
 * for managers, null to clear. Returns the ids that really changed (a new array), or NULL with
 * *problem set (the caller frees) and nothing changed. */
json_t *bob_people_change(
        struct people *people, struct employee *employee, const json_t *changes, char **problem);
void bob_people_delete(struct people *people, struct employee *employee);
/* Adds a row to a table and returns it, borrowed. */
json_t *bob_people_add_row(struct people *people, struct employee *employee, const char *table,
        const char *effective_date);
/* Takes back the record that was added last; it was never there. */
void bob_people_undo_add(struct people *people);
/* Fills in what an invented employee needs and was not given (given may be NULL; what it names with
 * null stays empty); day is today. */
void bob_people_complete(
        struct people *people, struct employee *employee, const json_t *given, int64_t day);

const char *bob_people_text(const struct employee *employee, const char *field);
/* Sets one field to a text, or clears it with NULL. */
void bob_people_set_text(
        struct people *people, struct employee *employee, const char *field, const char *text);
/* For the control answers. */
json_t *bob_people_view(const struct people *people, const struct employee *employee);

#endif
