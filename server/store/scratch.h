/* SPDX-License-Identifier: MIT */
#ifndef SERVER_STORE_SCRATCH_H
#define SERVER_STORE_SCRATCH_H

/*
 * What one comparison of Bob and Okta has read so far, out of memory: a private
 * file beside the store that has no name from its opening on (0600, gone with
 * the process, nothing in it is synced), so that a company of any size costs a
 * few megabytes of memory (engine rule 27). A scratch belongs to one thread.
 * Texts that are searched for are kept folded; finding folds what it is given.
 */

#include "server/store/store.h"

#define SCRATCH_FIND_MAX 20 /* users told for one text; more than one is a doubt anyway */

struct scratch;
struct scratch *scratch_open(struct store *store, struct err *err) MUST_CHECK;
void scratch_close(struct scratch *scratch); /* accepts NULL */

/* ------------------------------------------------------------- employees */

/* Once again changes nothing. */
bool scratch_add_employee(
        struct scratch *scratch, const char *employee_id, struct err *err) MUST_CHECK;
bool scratch_has_employee(struct scratch *scratch, const char *employee_id, bool *is_there,
        struct err *err) MUST_CHECK;
bool scratch_employee_count(struct scratch *scratch, int64_t *count, struct err *err) MUST_CHECK;

struct scratch_ids {
	char (*items)[EMPLOYEE_ID_BYTES];
	size_t count;
};
void scratch_ids_finish(struct scratch_ids *ids);
/* The next ones behind `after` ("": from the start), at most limit; none: that was all. */
bool scratch_next_employees(struct scratch *scratch, const char *after, size_t limit,
        struct scratch_ids *ids, struct err *err) MUST_CHECK;

/* ----------------------------------------------------------------- users */

struct scratch_user {
	char okta_id[OKTA_ID_BYTES];
	enum account_status status;
	bool is_sourced_elsewhere;
	struct personal login; /* these five folded */
	struct personal email;
	struct personal second_email;
	struct personal number; /* employee number, or what the match attribute holds */
	struct personal names; /* scratch_user_set_names */
	struct personal profile; /* JSON object of the attributes the caller keeps */
	char taken_by[EMPLOYEE_ID_BYTES]; /* the employee it is matched with; "": none */
};
void scratch_user_finish(struct scratch_user *user);
/* False when out of memory; a missing name makes none. */
bool scratch_user_set_names(
        struct scratch_user *user, const char *first_name, const char *last_name) MUST_CHECK;

struct scratch_users {
	struct scratch_user *items;
	size_t count;
};
void scratch_users_finish(struct scratch_users *users);

/* Replaces what was read of that user before (pages may overlap) but for taken_by. *is_new may be
 * NULL. The texts are folded here. */
bool scratch_put_user(struct scratch *scratch, const struct scratch_user *user, bool *is_new,
        struct err *err) MUST_CHECK;
bool scratch_user_count(struct scratch *scratch, int64_t *count, struct err *err) MUST_CHECK;

enum scratch_by {
	SCRATCH_BY_OKTA_ID,
	SCRATCH_BY_LOGIN,
	SCRATCH_BY_EMAIL,
	SCRATCH_BY_SECOND_EMAIL,
	SCRATCH_BY_ADDRESS, /* any of the three above */
	SCRATCH_BY_NUMBER,
	SCRATCH_BY_COUNT
};
/* At most SCRATCH_FIND_MAX; a text that is NULL or "" finds nobody. */
bool scratch_find(struct scratch *scratch, enum scratch_by by, const char *text,
        struct scratch_users *users, struct err *err) MUST_CHECK;
bool scratch_find_names(struct scratch *scratch, const char *first_name, const char *last_name,
        struct scratch_users *users, struct err *err) MUST_CHECK;
/* Matches the user with an employee; "" undoes it. */
bool scratch_take(struct scratch *scratch, const char *okta_id, const char *employee_id,
        struct err *err) MUST_CHECK;
/* The next users nobody took, behind that Okta id ("": from the start). */
bool scratch_next_free_users(struct scratch *scratch, const char *after, size_t limit,
        struct scratch_users *users, struct err *err) MUST_CHECK;

#endif
