/* SPDX-License-Identifier: MIT */
/* What is known only when all was read: who is missing, who is double, whom nobody is known for. */
#include "server/base/str.h"
#include "server/engine/sweep_parts.h"

#include <string.h>

#define AT_ONCE 200

bool sweep_flush_statuses(struct sweeping *sweeping, struct err *err)
{
	bool is_done = store_sweep_take_status(
	        sweeping->all.engine->store, sweeping->statuses, sweeping->status_count, err);

	sweeping->status_count = 0;
	return is_done;
}

/* ------------------------------------------------------------------- absent */

/* Closed by us already: that Bob forgets a leaver is the way of things. */
static bool is_open_link(const struct employee *employee)
{
	return employee->okta_id[0] != '\0' && employee->present_status != ACCOUNT_DEPROVISIONED;
}

static bool note_absent(struct sweeping *sweeping, const struct employee *employee, struct err *err)
{
	struct finding finding =
	        sweep_finding(FINDING_ABSENT, employee->key.employee_id, employee->okta_id);
	bool is_asked = (employee->hold_kinds & (1U << HOLD_DISAPPEARED)) != 0;

	sweeping->reading.absent++;
	str_format_cut(finding.detail, sizeof(finding.detail), "%s",
	        is_asked ? "held as disappeared"
	                 : "not in Bob's list: two reads of their own decide");
	return sweep_find(sweeping, &finding, err) &&
	        (is_asked ||
	                scratch_add_mark(
	                        sweeping->all.scratch, employee->key.employee_id, DOUBT_NONE, err));
}

static bool look_at_known(
        struct sweeping *sweeping, const struct employee *employee, struct err *err)
{
	bool is_there = false;

	if (!is_open_link(employee)) {
		return true;
	}
	sweeping->reading.linked++;
	if (!scratch_has_employee(
	            sweeping->all.scratch, employee->key.employee_id, &is_there, err)) {
		return false;
	}
	return is_there || note_absent(sweeping, employee, err);
}

bool sweep_look_for_absent(struct sweeping *sweeping, struct err *err)
{
	char after[EMPLOYEE_ID_BYTES] = "";
	size_t count = AT_ONCE;
	bool is_done = true;

	while (is_done && count == AT_ONCE) {
		struct employee_list known = {0};
		struct employee_filter filter = {.connection = sweeping->sweep.connection,
		        .state = EMPLOYEE_STATE_COUNT,
		        .after_employee_id = after,
		        .limit = AT_ONCE};
		is_done = !sweep_is_stopped(sweeping, err) &&
		        store_employee_list(sweeping->all.engine->store, &filter, &known, err);
		count = known.count;
		for (size_t i = 0; i < count && is_done; i++) {
			is_done = look_at_known(sweeping, &known.items[i], err);
			memcpy(after, known.items[i].key.employee_id, sizeof(after));
		}
		employee_list_finish(&known);
	}
	return is_done;
}

/* -------------------------------------------------------- double, unaccounted */

static bool find_shared(
        struct sweeping *sweeping, enum scratch_shared what, const char *detail, struct err *err)
{
	char after[EMPLOYEE_ID_BYTES] = "";
	struct scratch_ids ids = {0};
	size_t count = 1;
	bool is_done = true;

	while (is_done && count > 0) {
		is_done = !sweep_is_stopped(sweeping, err) &&
		        scratch_next_shared(sweeping->all.scratch, what, after, &ids, err);
		count = ids.count;
		for (size_t i = 0; i < count && is_done; i++) {
			struct finding finding =
			        sweep_finding(FINDING_DUPLICATE, ids.items[i], NULL);
			str_format_cut(finding.detail, sizeof(finding.detail), "%s", detail);
			is_done = sweep_find(sweeping, &finding, err);
			memcpy(after, ids.items[i], sizeof(after));
		}
		scratch_ids_finish(&ids);
	}
	return is_done;
}

static bool find_free_user(
        struct sweeping *sweeping, const struct scratch_user *user, struct err *err)
{
	struct finding finding = sweep_finding(FINDING_NO_EMPLOYEE, NULL, user->okta_id);
	struct employee linked = {0};
	bool is_linked = store_employee_by_okta_id(sweeping->all.engine->store,
	        sweeping->sweep.connection, user->okta_id, &linked, NULL);

	employee_finish(&linked);
	if (is_linked || user->status == ACCOUNT_DEPROVISIONED) {
		return true;
	}
	str_format_cut(finding.detail, sizeof(finding.detail), "%s%s",
	        account_status_name(user->status),
	        connection_is_owner(sweeping->all.connection, user->okta_id)
	                ? ", owner of the API token"
	                : "");
	bool is_found = personal_set(&finding.login, personal_reveal(&user->login)) &&
	        sweep_find(sweeping, &finding, err);
	finding_finish(&finding);
	return is_found;
}

static bool find_free_users(struct sweeping *sweeping, struct err *err)
{
	char after[OKTA_ID_BYTES] = "";
	size_t count = AT_ONCE;
	bool is_done = true;

	while (is_done && count == AT_ONCE) {
		struct scratch_users users = {0};
		is_done = !sweep_is_stopped(sweeping, err) &&
		        scratch_next_free_users(sweeping->all.scratch, after, AT_ONCE, &users, err);
		count = users.count;
		for (size_t i = 0; i < count && is_done; i++) {
			is_done = find_free_user(sweeping, &users.items[i], err);
			memcpy(after, users.items[i].okta_id, sizeof(after));
		}
		scratch_users_finish(&users);
	}
	return is_done;
}

/* ------------------------------------------------------------------- storing */

static bool store_findings(struct sweeping *sweeping, struct err *err)
{
	int64_t after_id = 0;
	size_t count = AT_ONCE;
	bool is_done = true;

	while (is_done && count == AT_ONCE) {
		struct finding_list findings = {0};
		is_done = !sweep_is_stopped(sweeping, err) &&
		        scratch_next_findings(
		                sweeping->all.scratch, after_id, AT_ONCE, &findings, err);
		count = findings.count;
		if (is_done && count > 0) {
			after_id = findings.items[count - 1].finding_id;
			is_done = store_sweep_findings_add(sweeping->all.engine->store,
			        sweeping->sweep.sweep_id, &findings, err);
		}
		finding_list_finish(&findings);
	}
	return is_done;
}

static bool store_marks(struct sweeping *sweeping, struct err *err)
{
	char after[EMPLOYEE_ID_BYTES] = "";
	size_t count = AT_ONCE;
	bool is_done = true;

	while (is_done && count == AT_ONCE) {
		struct scratch_mark from[AT_ONCE];
		struct sweep_mark marks[AT_ONCE];
		is_done = !sweep_is_stopped(sweeping, err) &&
		        scratch_next_marks(
		                sweeping->all.scratch, after, from, AT_ONCE, &count, err);
		for (size_t i = 0; i < count && is_done; i++) {
			marks[i] = (struct sweep_mark){.doubt = from[i].doubt};
			str_format_cut(marks[i].key.connection, sizeof(marks[i].key.connection),
			        "%s", sweeping->sweep.connection);
			memcpy(marks[i].key.employee_id, from[i].employee_id,
			        sizeof(marks[i].key.employee_id));
			memcpy(after, from[i].employee_id, sizeof(after));
		}
		is_done =
		        is_done && store_sweep_mark(sweeping->all.engine->store, marks, count, err);
		sweeping->marked += is_done ? (int64_t)count : 0;
		engine_wake(sweeping->all.engine);
	}
	return is_done;
}

bool sweep_conclude(struct sweeping *sweeping, struct err *err)
{
	sweep_tell(sweeping, SWEEP_PHASE_MARKS, 0, 0);
	return sweep_flush_statuses(sweeping, err) &&
	        find_shared(sweeping, SCRATCH_SHARED_EMAIL,
	                "another person in Bob has the same work e-mail", err) &&
	        find_shared(sweeping, SCRATCH_SHARED_NUMBER,
	                "another person in Bob has the same employee number", err) &&
	        find_free_users(sweeping, err) && store_findings(sweeping, err) &&
	        store_marks(sweeping, err);
}
