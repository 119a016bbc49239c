/* SPDX-License-Identifier: MIT */
#ifndef MAPPING_PLAN_H
#define MAPPING_PLAN_H

/*
 * From what is wanted and what is there to the ordered list of actions. Status
 * lowering always comes first (L3). Planning twice, the first plan applied,
 * gives an empty plan.
 */

#include "mapping/policy.h"
#include "mapping/profile.h"

#define PLAN_ACTIONS_MAX 6

struct planned_action {
	enum action_kind kind;
	enum policy_rule rule;
	char reason[200];
	enum limit_kind limit;
	enum lower_cause lower_cause;
	bool is_rename; /* an update that carries login or e-mail */
	bool sends_email; /* create, activate, reactivate: Okta mails the person */
	bool is_activating; /* create with activate=true */
	json_t *profile; /* create: all attributes; update: those that differ; owned */
	const char *group_id; /* join, leave: borrowed; NULL else. The engine's: no plan has one */
	const char *group; /* as the settings name it */
};

struct plan {
	struct planned_action actions[PLAN_ACTIONS_MAX];
	size_t count;
	enum lane lane;
	/* What would be done if a human let it: asked by the engine as holds. */
	enum hold_kind hold; /* HOLD_KIND_COUNT: none */
	char hold_cause[200];
	char missing[128]; /* create impossible: required attributes without value, comma-separated
	                    */
	char missing_reason[ROW_REASON_BYTES]; /* why the first of them failed; "": just empty */
};

struct plan_input {
	const struct decision *decision;
	const struct account_facts *account;
	const struct policy_settings *settings;
	const struct map_profile *wanted; /* NULL when the person was not read */
	const struct attribute_catalog *attributes; /* what Okta requires; NULL: its four own */
	const json_t *present; /* Okta's profile as last read or written; NULL: unknown, then
	                          everything but login and e-mail is written */
	const char *bob_login; /* Bob's value when we linked or last wrote it (C2); NULL: unknown */
	const char *bob_email;
	const char *may_clear; /* K4: attributes agreed empty twice, comma-separated; NULL: none */
	const char *stopped; /* C4: attributes somebody sets back, comma-separated; NULL: none */
	bool is_sessions_due; /* engine rule 9 */
	bool is_sourced_elsewhere; /* C3: no profile writes */
};

/* False only when out of memory. */
bool plan_make(struct plan *plan, const struct plan_input *input, struct err *err) MUST_CHECK;
void plan_finish(struct plan *plan);

#endif
