/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_GROUP_REPORT_H
#define SERVER_ENGINE_GROUP_REPORT_H

/* What a connection does with groups, for status. Any thread. */

#include "server/engine/engine.h"

/*
 * The rows with what Okta says of their groups and how many memberships are on
 * record, those of rows that are gone, and the protected group; as docs/http.md
 * has it. False with err when the store failed.
 */
bool engine_groups(
        struct engine *engine, const char *connection, json_t **report, struct err *err) MUST_CHECK;

#endif
