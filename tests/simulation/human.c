/* SPDX-License-Identifier: MIT */
/* The administrator at the console, who answers what is asked; and people with their accounts. */
#include "server/base/str.h"
#include "tests/simulation/fake_okta.h"
#include "tests/simulation/happening.h"
#include "tests/simulation/world.h"

static bool is_gone(const struct someone *someone)
{
	return someone->now.is_deleted;
}

/* Does the account in question belong to this person? The administrator looks it up. */
static bool is_own(struct sim *sim, const struct hold *hold, int person)
{
	for (int i = 0; i < sim->account_count; i++) {
		if (str_equal(sim->accounts[i].id, hold->okta_id)) {
			return sim->accounts[i].owner == person;
		}
	}
	return false;
}

enum answer { ANSWER_LATER, ANSWER_RELEASE, ANSWER_REJECT };

static enum answer answer(struct sim *sim, const struct hold *hold, int person)
{
	struct someone *someone = &sim->people[person];
	enum answer maybe = random_chance(&sim->lives, 600) ? ANSWER_RELEASE : ANSWER_LATER;

	switch (hold->kind) {
	case HOLD_LIMIT: someone->is_limit_passed |= maybe == ANSWER_RELEASE; return maybe;
	case HOLD_MATCH:
		/* "The same person: reopen", where it is closed (G4). */
		someone->is_reopened |= is_own(sim, hold, person);
		return is_own(sim, hold, person) ? ANSWER_RELEASE : ANSWER_REJECT;
	case HOLD_CLOSED_BY_OTHER:
	case HOLD_REVOKED:
		if (!random_chance(&sim->lives, 60)) {
			return ANSWER_LATER;
		}
		someone->is_reopened = true;
		return ANSWER_RELEASE;
	case HOLD_REHIRE: someone->is_reopened |= maybe == ANSWER_RELEASE; return maybe;
	case HOLD_DISAPPEARED:
		someone->is_disappearance_confirmed |= is_gone(someone);
		return is_gone(someone) ? ANSWER_RELEASE : ANSWER_LATER;
	case HOLD_EXISTING: someone->is_existing_passed |= maybe == ANSWER_RELEASE; return maybe;
	case HOLD_FIRST_LOWER:
	case HOLD_FORBIDDEN:
	case HOLD_ROW:
	case HOLD_DOMAIN:
	case HOLD_CRASH: return maybe;
	case HOLD_REVOKE_DOUBTFUL: return ANSWER_REJECT;
	case HOLD_UNDO:
	case HOLD_HUMAN:
	case HOLD_DUPLICATE:
	case HOLD_KIND_COUNT: break;
	}
	return ANSWER_LATER;
}

void human_answers(struct sim *sim)
{
	struct hold_list holds = {0};
	struct err err = ERR_INIT;

	must(store_hold_list(sim->store, "default", NULL, &holds, &err), "holds", &err);
	for (size_t i = 0; i < holds.count; i++) {
		const struct hold *hold = &holds.items[i];
		int person = someone_find(sim, hold->key.employee_id);
		struct hold_decision decision = {.key = hold->key, .kind = hold->kind, .by = "eve"};
		if (person < 0 || hold->is_rejected) {
			continue;
		}
		enum answer said = answer(sim, hold, person);
		trace(sim, "console: hold %s of person %d: %s", hold_kind_name(hold->kind), person,
		        said == ANSWER_LATER            ? "later"
		                : said == ANSWER_REJECT ? "no"
		                                        : "yes");
		if (said == ANSWER_RELEASE) {
			must(store_hold_release(sim->store, &decision, &err), "release", &err);
		} else if (said == ANSWER_REJECT) {
			must(store_hold_reject(sim->store, &decision, &err), "reject", &err);
		}
	}
	hold_list_finish(&holds);
	engine_notify(sim->engine);
}

/* ------------------------------------------------------------- accounts */

static void use(struct sim *sim, struct okta_account *account)
{
	static const enum account_status TROUBLE[] = {
	        ACCOUNT_LOCKED_OUT, ACCOUNT_PASSWORD_EXPIRED, ACCOUNT_RECOVERY};

	switch (account->status) {
	case ACCOUNT_PROVISIONED:
		if (random_chance(&sim->lives, 500)) {
			okta_changed_by(sim, account, ACCOUNT_ACTIVE, BY_OKTA);
		}
		break;
	case ACCOUNT_LOCKED_OUT:
	case ACCOUNT_PASSWORD_EXPIRED:
	case ACCOUNT_RECOVERY:
		if (random_chance(&sim->lives, 500)) {
			okta_changed_by(sim, account, ACCOUNT_ACTIVE, BY_OKTA);
		}
		break;
	case ACCOUNT_ACTIVE:
		if (random_chance(&sim->lives, 20)) {
			okta_changed_by(sim, account,
			        TROUBLE[random_below(&sim->lives, (int)ARRAY_SIZE(TROUBLE))],
			        BY_OKTA);
		} else if (random_chance(&sim->lives, 4)) {
			/* An administrator closes it in Okta itself, for reasons of his own. */
			okta_changed_by(sim, account,
			        random_chance(&sim->lives, 500) ? ACCOUNT_SUSPENDED
			                                        : ACCOUNT_DEPROVISIONED,
			        BY_HUMAN);
		}
		break;
	case ACCOUNT_NONE:
	case ACCOUNT_UNKNOWN:
	case ACCOUNT_STAGED:
	case ACCOUNT_SUSPENDED:
	case ACCOUNT_DEPROVISIONED: break;
	}
}

/* Nobody touches an account of which we do not know how our last call ended. */
void human_uses_accounts(struct sim *sim)
{
	for (int i = 0; i < sim->account_count; i++) {
		struct okta_account *account = &sim->accounts[i];
		if (!account->is_in_doubt && account->transition_until_ms <= sim->now_ms) {
			use(sim, account);
		}
	}
}
