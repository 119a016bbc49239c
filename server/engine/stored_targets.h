/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_STORED_TARGETS_H
#define SERVER_ENGINE_STORED_TARGETS_H

/*
 * Targets of alarms and their secrets in the store (settings/target_secrets.h):
 * stored_secrets.h calls these for all of a document. Their rows are those of
 * no connection. A password goes to the mail server it was entered for, a
 * bearer to the webhook's address that was in the store when it was entered.
 */

#include "server/base/attr.h"
#include "server/base/err.h"
#include "server/settings/settings.h"
#include "server/store/secrets.h"

#include <stdbool.h>

/* The connection of their rows. */
#define STORED_TARGETS_CONNECTION ""

/* What a secret of that target is bound to now; "": to nothing, or that is not known yet. */
void stored_targets_host(char host[SECRET_HOST_BYTES], const struct stored_secret_list *list,
        const struct alarm_target *target, enum target_secret which);
/* Settings that nobody else sees yet. False: the store failed, or memory. */
bool stored_targets_fill(
        struct store *store, struct alarm_settings *alarms, struct err *err) MUST_CHECK;
/* Removes what is of a target that these settings do not have, or bound to another address. */
void stored_targets_clear_foreign(struct store *store, const struct alarm_settings *alarms);

#endif
