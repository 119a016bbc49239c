/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_OKTA_MODEL_H
#define TESTS_SUPPORT_OKTA_MODEL_H

/*
 * What carrying out a plan does to an account, in memory: enough of Okta's
 * status machine and of the engine's bookkeeping to plan a second time. An
 * action that Okta would refuse aborts the test.
 */

#include "mapping/mapping.h"

struct okta_model {
	struct account_facts account;
	json_t *present; /* profile; NULL: unknown; owned */
	char *bob_login; /* owned */
	char *bob_email;
	bool is_sessions_due;
	int64_t now_ms; /* when things are done; set by the caller, never 0 */
	int calls;
};

/* Takes present. The account's texts stay borrowed from the caller's. */
void okta_model_init(
        struct okta_model *model, const struct account_facts *account, json_t *present);
void okta_model_finish(struct okta_model *model);
void okta_model_apply(struct okta_model *model, const struct decision *decision,
        const struct plan *plan, const struct map_profile *wanted);

#endif
