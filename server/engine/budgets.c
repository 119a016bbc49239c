/* SPDX-License-Identifier: MIT */
#include "server/engine/budgets.h"

#include "server/base/str.h"
#include "server/engine/connection.h"
#include "server/engine/parts.h"

bool engine_budgets(struct engine *engine, const char *name, struct engine_budgets *budgets)
{
	struct connection *connection = engine_connection(engine, name);

	*budgets = (struct engine_budgets){0};
	if (connection == NULL) {
		return false;
	}
	for (int i = 0; i < OKTA_BUCKET_COUNT; i++) {
		okta_org_outlook(connection->org, (enum okta_bucket)i, &budgets->okta[i]);
	}
	bob_company_outlook(connection->company, &budgets->bob);
	return true;
}

void engine_shared(struct engine *engine, const struct connection_settings *settings,
        struct engine_shared *shared)
{
	const struct connection *connection = engine_connection(engine, settings->name);

	*shared = (struct engine_shared){0};
	if (connection == NULL) {
		return;
	}
	shared->org = connection->org;
	if (str_equal(connection->settings->bob.service_user_id, settings->bob.service_user_id)) {
		shared->company = connection->company;
	}
}
