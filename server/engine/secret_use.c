/* SPDX-License-Identifier: MIT */
#include "server/engine/secret_use.h"

#include "server/base/crypto.h"
#include "server/base/key_use.h"
#include "server/base/log.h"
#include "server/base/str.h"

#include <stdlib.h>

#define NAME_BYTES 32

static void name_of(char *name, uint64_t mark)
{
	str_format_cut(name, NAME_BYTES, "webhook_secret.used.%04x", (unsigned)(mark & 0xffffU));
}

void secret_use_recall(struct store *store, const struct connection_settings *connection)
{
	for (size_t i = 0; i < connection->bob.webhook_key_count; i++) {
		char name[NAME_BYTES];
		uint64_t mark = hmac_key_mark(connection->bob.webhook_keys[i]);
		name_of(name, mark);
		int64_t at_ms = store_value_get_number(store, connection->name, name);
		if (at_ms > 0) {
			key_use_recall(mark, at_ms);
		}
	}
}

static void keep(struct store *store, const char *connection, uint64_t mark, int64_t step_ms)
{
	char name[NAME_BYTES];
	struct err err = ERR_INIT;
	int64_t used_ms = key_use_at_ms(mark);
	name_of(name, mark);
	int64_t before_ms = store_value_get_number(store, connection, name);
	/* Also when it is earlier: then the clock was set back. */
	if (used_ms == 0 || llabs(used_ms - before_ms) <= step_ms) {
		return;
	}
	if (!store_value_set_number(store, connection, name, used_ms, &err)) {
		log_warn("use of a webhook secret not stored", F("connection", connection),
		        F("cause", err.text));
	}
}

void secret_use_keep(
        struct store *store, const struct connection_settings *connection, int64_t step_ms)
{
	for (size_t i = 0; i < connection->bob.webhook_key_count; i++) {
		keep(store, connection->name, hmac_key_mark(connection->bob.webhook_keys[i]),
		        step_ms);
	}
}
