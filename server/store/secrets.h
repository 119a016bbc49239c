/* SPDX-License-Identifier: MIT */
#ifndef SERVER_STORE_SECRETS_H
#define SERVER_STORE_SECRETS_H

/*
 * Secrets that an administrator entered: sealed at rest (server/base/envelope.h
 * under DATA_KEY_SECRETS), each bound to connection, name, version and the host
 * it was entered for. Which names there are is what settings/secret_names.h
 * says. Entering and removing is audited in the same transaction, without the
 * value. Any thread.
 */

#include "server/base/attr.h"
#include "server/base/err.h"
#include "server/base/sensitive.h"
#include "server/store/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECRET_NAME_BYTES        96
#define SECRET_HOST_BYTES        320
#define SECRET_VALUE_MAX_BYTES   4096
#define SECRET_FINGERPRINT_BYTES 17

struct store;

enum secret_slot { SECRET_NEWEST, SECRET_BEFORE };

struct stored_secret {
	/* "": of no connection, but of the process: a target of alarms */
	char connection[CONNECTION_NAME_BYTES];
	char name[SECRET_NAME_BYTES];
	int slot; /* enum secret_slot */
	int64_t version;
	char host[SECRET_HOST_BYTES];
	int64_t entered_at_ms;
	char entered_by[64];
	struct secret value; /* unset: the row does not open, somebody changed it */
	char fingerprint[SECRET_FINGERPRINT_BYTES]; /* keyed: the same for the same value */
};

struct stored_secret_list {
	struct stored_secret *items;
	size_t count;
};
void stored_secret_list_finish(struct stored_secret_list *list);

/* Of one connection, or of all with NULL; by connection, name, newest first. Holds the values. */
bool store_secret_list(struct store *store, const char *connection, struct stored_secret_list *list,
        struct err *err) MUST_CHECK;

struct secret_entry {
	const char *connection;
	const char *name;
	const char *host; /* "": bound to none */
	const struct secret *value;
	bool keeps_before; /* the newest so far stays as the one before */
	const char *by;
};
/* ERR_CONFLICT: that value is the newest already. Durable when it returns true. */
bool store_secret_set(
        struct store *store, const struct secret_entry *entry, struct err *err) MUST_CHECK;

struct secret_removal {
	const char *connection;
	const char *name;
	bool is_before_only; /* only the one before the newest */
	const char *by;
	const char *why; /* for the audit line: "removed" */
};
/* ERR_NOT_FOUND: there is none. */
bool store_secret_remove(
        struct store *store, const struct secret_removal *removal, struct err *err) MUST_CHECK;

#endif
