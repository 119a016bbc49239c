/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_STORED_SECRETS_H
#define SERVER_ENGINE_STORED_SECRETS_H

/*
 * Settings and the secrets in the store come together here, when a document is
 * put to work: where it says {"stored": true} the value is filled in, if it was
 * entered for the address that the document names (U-02). Else the connection
 * runs without, which parks it with a sentence that says what to enter. Of the
 * same kind are the secrets of targets of alarms (stored_targets.h).
 */

#include "server/base/attr.h"
#include "server/base/err.h"
#include "server/settings/settings.h"

#include <stdbool.h>

struct store;

/* Settings that nobody else sees yet. False: the store failed, or memory. */
bool stored_secrets_fill(
        struct store *store, struct settings *settings, struct err *err) MUST_CHECK;
/*
 * Removes from the store what was entered for another address than these settings, which are in
 * force, name: audited, and logged as a warning. What fails is logged.
 */
void stored_secrets_clear_foreign(struct store *store, const struct settings *settings);

#endif
