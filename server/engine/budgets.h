/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_BUDGETS_H
#define SERVER_ENGINE_BUDGETS_H

/* What Okta and Bob let through for one connection right now. Any thread; no call is made. */

#include "okta/okta.h"
#include "server/bob/bob.h"
#include "server/engine/engine.h"

struct engine_budgets {
	struct okta_outlook okta[OKTA_BUCKET_COUNT]; /* limit -1: Okta has not told yet */
	struct bob_outlook bob;
};
/* False: there is no connection of that name. */
bool engine_budgets(struct engine *engine, const char *connection, struct engine_budgets *budgets);

/*
 * What another client of the connection's Okta and Bob shares with the engine, so that both spend
 * one budget (okta_org_options and bob_company_options, share_with): valid as long as the engine
 * is. The company is NULL for another service user, whose budget is another one.
 */
struct engine_shared {
	const struct okta_org *org;
	const struct bob_company *company;
};
/* All NULL: there is no connection of that name. */
void engine_shared(struct engine *engine, const struct connection_settings *connection,
        struct engine_shared *shared);

#endif
