/* SPDX-License-Identifier: MIT */
/*
 * A login that is taken, and one that is chosen: a rule with several expressions gives candidates,
 * and the first that nobody else has is taken. Who else has one is known from the look-up, from our
 * own store, and at last from Okta's refusal of the create. Once linked the login is remembered
 * (bob_login) and never chosen anew.
 */
#include "server/base/str.h"
#include "server/engine/run.h"

static const json_t *candidates_of(const struct run *run)
{
	const struct map_result *result =
	        run->has_profile ? map_profile_find(&run->profile, "login") : NULL;
	bool is_open = run->employee->okta_id[0] == '\0';

	return is_open && result != NULL && result->state == ROW_VALUE ? result->candidates : NULL;
}

bool run_chooses_login(const struct run *run)
{
	return json_array_size(candidates_of(run)) > 1;
}

bool run_use_login(struct run *run, const char *login)
{
	const json_t *candidates = candidates_of(run);

	for (size_t i = 0; i < json_array_size(candidates); i++) {
		const char *candidate = json_string_value(json_array_get(candidates, i));
		if (str_equal_fold(candidate, login)) {
			return map_profile_choose_login(&run->profile, candidate);
		}
	}
	return true;
}

/* Among our own links and creates in flight. False when the store failed. */
static bool is_ours(struct run *run, const char *login, bool *is_taken)
{
	char employee_id[EMPLOYEE_ID_BYTES];
	bool is_known = lookup_linked(run, login, employee_id);

	*is_taken = is_known && employee_id[0] != '\0';
	return is_known;
}

enum step run_choose_login(struct run *run, unsigned taken)
{
	const json_t *candidates = candidates_of(run);
	size_t count = json_array_size(candidates);

	run->taken |= taken;
	for (size_t i = 0; i < count; i++) {
		const char *login = json_string_value(json_array_get(candidates, i));
		bool is_taken = (run->taken & (1U << i)) != 0;
		if (!is_taken && !is_ours(run, login, &is_taken)) {
			return STEP_STOP;
		}
		if (!is_taken) {
			return map_profile_choose_login(&run->profile, login)
			        ? STEP_NEXT
			        : run_stop(run, RUN_ENDS_RETRY, "out of memory while choosing");
		}
		run->taken |= 1U << i;
	}
	return run_hold(run, HOLD_MATCH, "every login of the rule is taken", NULL);
}

enum step run_next_login(struct run *run, const char *taken)
{
	const json_t *candidates = candidates_of(run);
	unsigned bits = 0;

	for (size_t i = 0; i < json_array_size(candidates); i++) {
		if (str_equal_fold(json_string_value(json_array_get(candidates, i)), taken)) {
			bits |= 1U << i;
		}
	}
	enum step step = run_choose_login(run, bits);
	run->plans_again = step == STEP_NEXT && bits != 0 && !run->is_held;
	return step;
}

/* STEP_AGAIN: there is another login, and another plan. */
static enum step plan_next(struct run *run, const char *login)
{
	enum step step = run_next_login(run, login);
	bool plans_again = run->plans_again;

	run->plans_again = false;
	return step == STEP_NEXT && plans_again ? STEP_AGAIN : step;
}

enum step run_on_login_taken(struct run *run, const char *login)
{
	struct okta_client *client = run_okta(run);
	struct okta_user user = {0};
	struct call_outcome outcome;
	enum step step = STEP_STOP;

	if (client == NULL) {
		return STEP_STOP;
	}
	okta_user_get(client, login, &user, &outcome);
	if (outcome.call_class == CALL_DONE) {
		struct okta_user_list users = {.items = &user, .count = 1};
		step = lookup_judge(run, &users);
		if (step == STEP_NEXT && !run->is_held && run_chooses_login(run)) {
			step = plan_next(run, login);
		}
	} else if (outcome.call_class == CALL_NOT_FOUND && run_chooses_login(run)) {
		step = plan_next(run, login);
	} else if (outcome.call_class == CALL_NOT_FOUND) {
		step = run_hold(run, HOLD_MATCH,
		        "Okta says the login is taken, and shows nobody who has it", NULL);
	} else {
		step = run_stop_outcome(run, &outcome);
	}
	okta_user_finish(&user);
	return step;
}
