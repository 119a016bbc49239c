/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_GROUP_DRAFT_H
#define SERVER_ENGINE_GROUP_DRAFT_H

/*
 * What Okta says of the groups that a draft names. Those of the settings are
 * known from the connection's page; only the others are asked for. On the
 * caller's thread.
 */

#include "server/engine/rule_set.h"
#include "server/engine/runner.h"

/*
 * Fills in set->groups. While Okta is parked, or does not answer, new groups stay unknown with the
 * reason. False with err when out of memory.
 */
bool group_draft_read(struct rule_set *set, struct runner *runner, struct connection *connection,
        struct err *err) MUST_CHECK;

/* The page that a run with this mapping goes by; borrowed until given back. set may be NULL. */
const struct group_page *group_draft_use(
        const struct rule_set *set, struct connection *connection) MUST_CHECK;
void group_draft_release(
        const struct rule_set *set, struct connection *connection, const struct group_page *page);

#endif
