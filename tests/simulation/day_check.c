/* SPDX-License-Identifier: MIT */
/* Once a day, when faults are over and all work is done: is everything as it should be? */
#include "server/base/str.h"
#include "tests/simulation/fake_okta.h"
#include "tests/simulation/happening.h"
#include "tests/simulation/standing.h"
#include "tests/simulation/world.h"

#include <string.h>

#define BIT(kind) (1U << (unsigned)(kind))

struct view {
	struct sim *sim;
	int person;
	struct someone *someone;
	const struct okta_account *account; /* NULL: none */
	struct employee employee; /* a blank one for somebody we never heard of */
	bool is_linked;
	enum standing_now standing;
};

static bool is_held(const struct view *view, unsigned kinds)
{
	return (view->employee.hold_kinds & kinds) != 0;
}

_Noreturn static void differs(const struct view *view, const char *invariant, const char *what)
{
	const struct employee *employee = &view->employee;

	sim_fail(view->sim, invariant, view->person,
	        "%s; okta %s, wanted by us %s (%s: %s), state %s, holds %x, error \"%s\"", what,
	        view->account != NULL ? account_status_name(view->account->status) : "none",
	        account_status_name(employee->present_status), employee->last_rule,
	        employee->last_sentence, employee_state_name(employee->state), employee->hold_kinds,
	        employee->last_error);
}

/* ---------------------------------------------------------------- links */

static void check_link(const struct view *view)
{
	const char *okta_id = view->employee.okta_id;
	int count = okta_count_of(view->sim, view->person);

	if (count > 1) {
		differs(view, "one Okta user for each employee", "has two");
	}
	if (okta_id[0] != '\0' &&
	        (view->account == NULL || !str_equal(okta_id, view->account->id))) {
		differs(view, "one Okta user belongs to one employee",
		        "is linked to somebody else's account");
	}
	if (view->account != NULL && view->account->is_by_us && okta_id[0] == '\0') {
		differs(view, "one Okta user for each employee", "we created it, and know it not");
	}
}

/* --------------------------------------------------------------- status */

/* Lowering waits for nothing but these (engine rule 2). */
#define HOLDS_LOWERING                                                                     \
	(BIT(HOLD_HUMAN) | BIT(HOLD_LIMIT) | BIT(HOLD_DUPLICATE) | BIT(HOLD_FIRST_LOWER) | \
	        BIT(HOLD_CRASH))

static bool is_revoked(const struct view *view)
{
	const struct someone *someone = view->someone;
	return someone->revoked_ms != 0 && someone->revoked_ms > someone->rehired_ms &&
	        !someone->is_reopened;
}

static void check_leaver(const struct view *view)
{
	bool is_deactivated = view->account->status == ACCOUNT_DEPROVISIONED;
	bool is_suspended = view->account->status == ACCOUNT_SUSPENDED;
	bool is_right = is_deactivated ||
	        (is_suspended &&
	                (view->sim->scenario.suspends_leavers ||
	                        view->account->lowered_by == BY_HUMAN));

	if (is_right || is_held(view, HOLDS_LOWERING)) {
		return;
	}
	if (view->someone->now.is_deleted && !view->someone->is_deletion_told) {
		/* Absence is not a fact (L2): a human is asked. */
		if (!is_held(view, BIT(HOLD_DISAPPEARED))) {
			differs(view, "who disappeared is asked about (L2)", "not asked");
		}
		return;
	}
	differs(view, "leavers are closed (L1)", "is not closed");
}

/* What may keep an account closed though its owner is here. */
static bool is_rightly_closed(const struct view *view)
{
	const struct truth *now = &view->someone->now;
	bool waits_for_start = !has_started(view->sim, now, view->sim->now_ms);

	return is_revoked(view) || is_suspending_leave(view->sim, now, view->sim->now_ms) ||
	        view->account->lowered_by != BY_US || waits_for_start || !is_in_scope(now) ||
	        is_held(view,
	                BIT(HOLD_REHIRE) | BIT(HOLD_REVOKED) | BIT(HOLD_MATCH) | BIT(HOLD_LIMIT) |
	                        BIT(HOLD_CRASH) | BIT(HOLD_DUPLICATE) | BIT(HOLD_FORBIDDEN));
}

static void check_here(const struct view *view)
{
	const struct sim *sim = view->sim;
	const struct truth *now = &view->someone->now;

	if (is_revoked(view) && !okta_is_closed(view->account) && !is_held(view, BIT(HOLD_LIMIT))) {
		differs(view, "who was revoked stays closed (V2)", "is open");
	}
	if (okta_is_closed(view->account)) {
		if (!is_rightly_closed(view)) {
			differs(view, "who is here has an account (R3)", "is closed");
		}
		return;
	}
	if (is_suspending_leave(sim, now, sim->now_ms)) {
		if (view->employee.present_status == ACCOUNT_ACTIVE &&
		        !is_held(view, HOLDS_LOWERING)) {
			differs(view, "who is on such a leave is suspended (E1)", "is open");
		}
		return;
	}
	if (!is_in_scope(now)) {
		if (sim->scenario.out_of_scope != 0 && now->email[0] != '\0' &&
		        !is_held(view, HOLDS_LOWERING)) {
			differs(view, "who left the scope is closed (L5)", "is open");
		}
		return;
	}
	bool is_due = is_open_time(sim, now, sim->now_ms) && !is_revoked(view);
	if (view->account->status == ACCOUNT_STAGED && is_due && view->employee.hold_kinds == 0) {
		differs(view, "who has started is activated (R1)", "is staged");
	}
}

static void check_without_account(const struct view *view)
{
	const struct sim *sim = view->sim;
	const struct truth *now = &view->someone->now;
	bool is_wanted = view->standing == STANDS_HERE && is_in_scope(now) &&
	        is_create_time(sim, now, sim->now_ms);

	if (is_wanted && !is_revoked(view) && view->employee.hold_kinds == 0) {
		differs(view, "who is here has an account (G1)", "has none");
	}
}

/* ---------------------------------------------------------------- profile */

static void check_text(const struct view *view, const char *attribute, const char *wanted)
{
	const char *have = json_string_value(json_object_get(view->account->profile, attribute));
	char what[160];

	if (wanted[0] == '\0' || str_equal_fold(have, wanted)) {
		return;
	}
	str_format_cut(what, sizeof(what), "%s is \"%s\", not \"%s\"", attribute,
	        have != NULL ? have : "", wanted);
	differs(view, "the profile is what Bob says (C1)", what);
}

static void check_profile(const struct view *view)
{
	const struct truth *now = &view->someone->now;
	char display[64];

	str_format_cut(display, sizeof(display), "%s %s", now->first, now->surname);
	check_text(view, "firstName", now->first);
	check_text(view, "lastName", now->surname);
	check_text(view, "displayName", display);
	check_text(view, "title", now->title);
	check_text(view, "department", now->department);
	if (!is_held(view, BIT(HOLD_LIMIT) | BIT(HOLD_DOMAIN) | BIT(HOLD_MATCH))) {
		check_text(view, "login", now->email);
		check_text(view, "email", now->email);
	}
	if (now->manager >= 0 && !view->sim->people[now->manager].now.is_deleted) {
		const struct truth *boss = &view->sim->people[now->manager].now;
		str_format_cut(display, sizeof(display), "%s %s", boss->first, boss->surname);
		check_text(view, "manager", display);
	}
}

static bool has_profile(const struct view *view)
{
	return view->standing == STANDS_HERE && is_in_scope(&view->someone->now) &&
	        !okta_is_closed(view->account) && !is_revoked(view) &&
	        !is_suspending_leave(view->sim, &view->someone->now, view->sim->now_ms) &&
	        !is_held(view,
	                BIT(HOLD_ROW) | BIT(HOLD_FORBIDDEN) | BIT(HOLD_HUMAN) | BIT(HOLD_CRASH) |
	                        BIT(HOLD_REVOKED) | BIT(HOLD_REVOKE_DOUBTFUL));
}

/* ---------------------------------------------------------------- person */

static void check_state(const struct view *view)
{
	enum employee_state state = view->employee.state;

	if (state == EMPLOYEE_DIRTY || state == EMPLOYEE_WORKING || state == EMPLOYEE_PARKED) {
		differs(view, "all work is done in the end", "is not");
	}
	if (state == EMPLOYEE_FAILED && !is_held(view, ~0U)) {
		differs(view, "nothing fails for good", "failed");
	}
}

static void check_person(struct sim *sim, int person)
{
	struct view view = {.sim = sim, .person = person, .someone = &sim->people[person]};
	struct employee_key key = {.connection = "default"};

	str_format_cut(key.employee_id, sizeof(key.employee_id), "%s", view.someone->id);
	if (!store_employee_get(sim->store, &key, &view.employee, NULL)) {
		view.employee = (struct employee){.state = EMPLOYEE_IDLE};
	}
	view.account = okta_of(sim, person);
	view.is_linked = view.employee.okta_id[0] != '\0';
	view.standing = standing_of(sim, &view.someone->now, sim->now_ms);
	check_state(&view);
	check_link(&view);
	bool was_missing = view.employee.absent_since_ms != 0 && !view.someone->now.is_deleted;
	if (view.someone->is_unheard || view.someone->on_their_way > 0 || was_missing) {
		employee_finish(&view.employee);
		return; /* nobody could know yet */
	}
	if (!view.is_linked) {
		check_without_account(&view);
	} else if (view.standing == STANDS_LEAVER) {
		check_leaver(&view);
	} else if (view.standing == STANDS_HERE) {
		check_here(&view);
	}
	if (view.is_linked && has_profile(&view)) {
		check_profile(&view);
	}
	employee_finish(&view.employee);
}

/* ----------------------------------------------------------------- intents */

static void count_intent(struct sim *sim, const struct action_record *action)
{
	int person = someone_find(sim, action->intent.key.employee_id);

	if (action->outcome.state == OUTCOME_OPEN) {
		sim_fail(sim, "every intent has an outcome", person, "%s is open",
		        action_kind_name(action->intent.kind));
	}
	if (person >= 0 && action->outcome.state == OUTCOME_DONE) {
		sim->people[person].done[action->intent.kind]++;
	}
}

static void count_intents(struct sim *sim)
{
	struct action_list list = {0};
	struct err err = ERR_INIT;
	int64_t newest = sim->last_intent;

	must(store_action_list(sim->store, NULL, (size_t)sim->size.people * 40 + 1000, &list, &err),
	        "intents", &err);
	for (size_t i = 0; i < list.count; i++) {
		const struct action_record *action = &list.items[i];
		if (action->intent.intent_id > sim->last_intent) {
			count_intent(sim, action);
		}
		newest = action->intent.intent_id > newest ? action->intent.intent_id : newest;
	}
	sim->last_intent = newest;
	action_list_finish(&list);
}

/* Sessions cannot be read back, and are ended again where the answer was unclear. */
static bool is_counted(enum action_kind kind)
{
	return kind == ACTION_CREATE || kind == ACTION_UPDATE || kind == ACTION_ACTIVATE ||
	        kind == ACTION_SUSPEND || kind == ACTION_UNSUSPEND || kind == ACTION_DEACTIVATE;
}

static void check_intents(struct sim *sim)
{
	count_intents(sim);
	for (int i = 0; i < sim->person_count; i++) {
		const struct someone *someone = &sim->people[i];
		for (int kind = 0; kind < ACTION_KIND_COUNT; kind++) {
			int more = someone->done[kind] - someone->effects[kind];
			if (is_counted((enum action_kind)kind) &&
			        (more < 0 || more > someone->maybe[kind])) {
				sim_fail(sim, "every change in Okta has one intent that is done", i,
				        "%s: %d done, %d in Okta",
				        action_kind_name((enum action_kind)kind),
				        someone->done[kind], someone->effects[kind]);
			}
		}
	}
}

void oracle_check_day(struct sim *sim)
{
	for (int i = 0; i < sim->person_count; i++) {
		check_person(sim, i);
	}
	check_intents(sim);
	trace(sim, "day %d is as it should be", sim->day);
}
