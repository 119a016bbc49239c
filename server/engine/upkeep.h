/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_UPKEEP_H
#define SERVER_ENGINE_UPKEEP_H

/*
 * What is done by the clock and belongs to no connection: heads of the audit
 * trail for the log, a look at its tail at start and daily, and the retention
 * job every hour, by the settings then in force. One thread of its own, whatever
 * engine runs; it blocks on the store and on a condition.
 *
 * The store values of the connection "" it leaves behind: "audit.broken"
 * (audit.h), "audit.verified_at_ms", "retention.at_ms", "retention.last" (what the
 * last job that changed something did, as JSON).
 */

#include "server/base/attr.h"
#include "server/base/err.h"

struct holder;
struct store;
struct upkeep;

#define UPKEEP_VERIFIED_VALUE  "audit.verified_at_ms"
#define UPKEEP_RETENTION_AT    "retention.at_ms"
#define UPKEEP_RETENTION_LAST  "retention.last"
#define UPKEEP_RETENTION_ERROR "retention.error"

/* settings: of struct settings (running_settings); both are borrowed until upkeep_stop. */
struct upkeep *upkeep_start(
        struct store *store, struct holder *settings, struct err *err) MUST_CHECK;
/* Ends within the write it is in, if store_quiesce came before. NULL is fine. */
void upkeep_stop(struct upkeep *upkeep);

#endif
