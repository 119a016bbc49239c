/* SPDX-License-Identifier: MIT */
#ifndef SERVER_STORE_PERSON_H
#define SERVER_STORE_PERSON_H

/*
 * What is held about one person: all of it read out (G-07), or erased (G-05,
 * G-06, decision 0024). Any thread; both block on the store.
 */

#include "server/base/attr.h"
#include "server/base/err.h"
#include "server/store/record.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* How long what comes late does not bring an erased person back. */
#define PERSON_ERASED_DAYS 30
#define PERSON_ERASED_MS   (PERSON_ERASED_DAYS * INT64_C(86400000))

struct store;

struct erase_request {
	struct employee_key key;
	const char *by;
	const char *
	        although; /* why, while the account is open or a limit counts the person; or NULL */
};

struct erase_report {
	char okta_id[OKTA_ID_BYTES]; /* of the account, which stays as it is; "": none was linked */
	int64_t actions; /* rows that are gone */
	int64_t events; /* deliveries that were emptied */
	int64_t records; /* of the audit trail that name nobody any more */
	int64_t named_by_others; /* people whose profile holds this login or name (a manager's) */
	int64_t named_in_settings; /* versions of the settings that hold the id or login */
};

/*
 * Erases, and empties the write-ahead log behind it. ERR_NOT_FOUND: nothing is held; ERR_CONFLICT:
 * not now (worked on, an action unresolved), or not without `although`, or erased already.
 */
bool store_person_erase(struct store *store, const struct erase_request *request,
        struct erase_report *report, struct err *err) MUST_CHECK;

/* Empties the write-ahead log, waiting for readers a little. */
bool store_log_empty(struct store *store, struct err *err) MUST_CHECK;

/*
 * Everything held about the person and nothing of others, as JSON; a new reference. ERR_NOT_FOUND:
 * nothing is.
 */
bool store_person_export(struct store *store, const struct employee_key *key, json_t **person,
        struct err *err) MUST_CHECK;

#endif
