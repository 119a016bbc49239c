/* SPDX-License-Identifier: MIT */
#include "tests/support/okta_model.h"

#include "server/base/str.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* Planned by the million: a ck_assert that holds still writes to a file each time. */
#define MUST(holds, what)                   \
	do {                                \
		if (!(holds)) {             \
			ck_abort_msg(what); \
		}                           \
	} while (0)

void okta_model_init(struct okta_model *model, const struct account_facts *account, json_t *present)
{
	*model = (struct okta_model){.account = *account, .present = present, .now_ms = 1};
}

void okta_model_finish(struct okta_model *model)
{
	json_decref(model->present);
	free(model->bob_login);
	free(model->bob_email);
	memset(model, 0, sizeof(*model));
}

static void keep_text(char **kept, const char *text)
{
	char *copy = str_dup(text);
	free(*kept);
	*kept = copy;
}

static void keep_baseline(struct okta_model *model, const struct map_profile *wanted)
{
	keep_text(&model->bob_login, map_profile_text(wanted, "login"));
	keep_text(&model->bob_email, map_profile_text(wanted, "email"));
}

/* What the record keeps of an activation, and of the mail that went with it. */
static void note_activated(struct okta_model *model, const struct planned_action *action)
{
	struct account_facts *account = &model->account;
	account->is_activated = true;
	account->activated_at_ms = model->now_ms;
	account->mails = action->sends_email ? 1 : 0;
	account->mailed_at_ms = action->sends_email ? model->now_ms : 0;
}

static void apply_create(struct okta_model *model, const struct planned_action *action,
        const struct map_profile *wanted)
{
	MUST(!model->account.is_linked, "created twice");
	model->account.is_linked = true;
	model->account.okta_id = "00u1created0example0";
	model->account.origin = ORIGIN_CREATED;
	model->account.status = action->is_activating ? ACCOUNT_PROVISIONED : ACCOUNT_STAGED;
	if (action->is_activating) {
		note_activated(model, action);
	}
	json_decref(model->present);
	model->present = json_deep_copy(action->profile);
	keep_baseline(model, wanted);
}

static void apply_update(struct okta_model *model, const struct planned_action *action,
        const struct map_profile *wanted)
{
	MUST(model->account.is_linked, "update of nobody");
	MUST(model->account.status != ACCOUNT_DEPROVISIONED, "update of a closed user");
	MUST(json_object_size(action->profile) > 0, "an empty update");
	if (model->present == NULL) {
		model->present = json_object();
	}
	json_object_update(model->present, action->profile);
	if (action->is_rename) {
		keep_baseline(model, wanted);
	}
}

static void apply_lowering(struct okta_model *model, const struct planned_action *action)
{
	struct account_facts *account = &model->account;
	MUST(account->is_linked, "lowering of nobody");
	MUST(action->lower_cause != LOWER_NONE, "lowering without a cause");
	if (action->kind == ACTION_SUSPEND) {
		const bool may_be_active = account->status == ACCOUNT_ACTIVE ||
		        account->status == ACCOUNT_UNKNOWN || account->status == ACCOUNT_NONE ||
		        account->is_status_stale;
		MUST(may_be_active, "suspend of a user who is not ACTIVE");
		account->status = ACCOUNT_SUSPENDED;
	} else {
		MUST(account->status != ACCOUNT_DEPROVISIONED || account->is_status_stale,
		        "closed twice");
		account->status = ACCOUNT_DEPROVISIONED;
	}
	account->is_status_stale = false;
	account->lowered = action->lower_cause;
	account->lowered_at_ms = model->now_ms;
}

static void apply_raising(struct okta_model *model, const struct planned_action *action)
{
	struct account_facts *account = &model->account;
	if (action->kind == ACTION_UNSUSPEND) {
		MUST(account->status == ACCOUNT_SUSPENDED, "unsuspend of who is not");
		account->status = ACCOUNT_ACTIVE;
	} else {
		MUST(account->status == ACCOUNT_STAGED || account->status == ACCOUNT_DEPROVISIONED,
		        "activate of who is");
		account->status = ACCOUNT_PROVISIONED;
		note_activated(model, action);
	}
	account->lowered = LOWER_NONE;
	account->is_activated = true;
}

static void apply_mail(struct okta_model *model, const struct planned_action *action)
{
	MUST(model->account.status == ACCOUNT_PROVISIONED, "activation mail to who needs none");
	MUST(action->sends_email, "a mail that is not sent");
	model->account.mails++;
	model->account.mailed_at_ms = model->now_ms;
	MUST(model->account.mails <= 2, "a third activation mail");
}

static void apply_action(struct okta_model *model, const struct planned_action *action,
        const struct map_profile *wanted)
{
	model->calls++;
	switch (action->kind) {
	case ACTION_CREATE: apply_create(model, action, wanted); break;
	case ACTION_UPDATE: apply_update(model, action, wanted); break;
	case ACTION_SUSPEND:
	case ACTION_DEACTIVATE: apply_lowering(model, action); break;
	case ACTION_ACTIVATE:
	case ACTION_UNSUSPEND: apply_raising(model, action); break;
	case ACTION_END_SESSIONS: model->is_sessions_due = false; break;
	case ACTION_REACTIVATE: apply_mail(model, action); break;
	case ACTION_JOIN_GROUP:
	case ACTION_LEAVE_GROUP:
	case ACTION_LINK:
	case ACTION_UNLINK:
	case ACTION_KIND_COUNT: ck_abort_msg("not an action of a plan"); break;
	}
}

/* What the engine keeps in the employee's record after a run. */
static void keep_record(struct okta_model *model, const struct decision *decision)
{
	struct account_facts *account = &model->account;
	if (decision->is_revocation) {
		account->is_revoke_pending = false;
		account->is_revoke_doubtful = false;
		account->is_revoked = true;
	}
	if (decision->is_leaver) {
		account->was_terminated = true;
	}
	if (decision->hold != HOLD_KIND_COUNT) {
		account->holds |= 1U << (unsigned)decision->hold;
	}
	if (decision->is_rehired) {
		account->was_terminated = false;
		account->is_revoked = false;
	}
}

void okta_model_apply(struct okta_model *model, const struct decision *decision,
        const struct plan *plan, const struct map_profile *wanted)
{
	for (size_t i = 0; i < plan->count; i++) {
		apply_action(model, &plan->actions[i], wanted);
	}
	keep_record(model, decision);
}
