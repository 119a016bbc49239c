/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_PAIR_H
#define SERVER_ENGINE_PAIR_H

/*
 * Somebody who leaves the scope of one connection may come into that of
 * another one of the same company. The two are one move: the new account is
 * opened, then the old one is closed. The old side waits for the new one, for
 * at most MOVE_WAITS_MS from when it was first seen.
 */

#include "server/settings/settings.h"
#include "server/store/store.h"

#include <jansson.h>

#define MOVE_WAITS_MS (24 * 60 * 60 * 1000LL)

/*
 * The move this employee is in, seen from either side: {"from", "to", "state"}. New
 * reference; JSON null for none.
 */
json_t *pair_json(
        struct store *store, const struct settings *settings, const struct employee *employee);

#endif
