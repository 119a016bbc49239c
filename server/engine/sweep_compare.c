/* SPDX-License-Identifier: MIT */
/*
 * One person: what Bob says against the record, the record against Okta, and
 * who else looks like this person. Nothing is decided here that a run decides:
 * who differs is marked, and a run of their own reads and plans afresh.
 */
#include "server/base/buf.h"
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/engine/sweep_parts.h"

#include <stdlib.h>
#include <string.h>

/* What the record said before the plan of this read was made in a copy of it. */
struct before {
	char lifecycle[32];
	int64_t policy_due_at_ms;
	bool is_known; /* the store has a record */
	bool is_quiet; /* nobody works on it, and nothing is about to */
};

struct look {
	struct sweeping *sweeping;
	struct employee employee; /* a copy; the plan writes into it and it is thrown away */
	struct before before;
	struct run run;
	json_t *present; /* the record's profile; NULL: not known */
	struct personal number;
	enum doubt doubt;
	bool is_marked;
};

/* ------------------------------------------------------------------- plan */

/* Whoever is about to be looked at anyway differs from Bob for that reason. */
static bool is_quiet(const struct employee *employee)
{
	int64_t now_ms = clock_wall_ms();
	bool is_at_rest = employee->state == EMPLOYEE_IDLE || employee->state == EMPLOYEE_WAITING ||
	        employee->state == EMPLOYEE_FAILED;

	return is_at_rest &&
	        (employee->policy_due_at_ms == 0 || employee->policy_due_at_ms > now_ms) &&
	        (employee->reread_at_ms == 0 || employee->reread_at_ms > now_ms);
}

static bool load(struct look *look, const struct everybody_person *person, struct err *err)
{
	struct employee *employee = &look->employee;
	struct engine *engine = look->sweeping->all.engine;

	if (!engine_load_employee(engine->store, &person->key, employee, err)) {
		return false;
	}
	const char *text = personal_reveal(&employee->present_profile);
	look->present = text[0] != '\0' ? json_parse(text, strlen(text), NULL) : NULL;
	look->before = (struct before){
	        .policy_due_at_ms = employee->policy_due_at_ms,
	        .is_known = employee->generation > 0,
	        .is_quiet = is_quiet(employee),
	};
	memcpy(look->before.lifecycle, employee->lifecycle, sizeof(look->before.lifecycle));
	return true;
}

/* The text that is compared with a user's number: the match attribute's, else the number. */
static bool person_number(const struct run *run, struct personal *number)
{
	const char *field = run->connection->policy.match_bob;
	char text[256];
	json_t *value = NULL;

	if (field == NULL) {
		const struct field_text *known = &run->person.employee_number;
		return personal_set(
		        number, known->state == FIELD_VALUE ? personal_reveal(&known->text) : NULL);
	}
	bool is_there =
	        person_field(&run->person, run->catalogs.fields, field, &value) == FIELD_VALUE &&
	        json_id_text(value, text, sizeof(text));
	json_decref(value);
	return personal_set(number, is_there ? text : NULL);
}

static bool plan(struct look *look, const struct everybody_person *person, struct err *err)
{
	look->run = (struct run){
	        .runner = &look->sweeping->all.runner,
	        .connection = look->sweeping->all.connection,
	        .employee = &look->employee,
	        .mode = RUN_MODE_PLAN,
	        .is_offline = true,
	        .presence = PRESENCE_READ,
	        .read_begun_ms = person->read_begun_ms,
	        .report = json_array(),
	};
	if (look->run.report == NULL) {
		err_set(err, ERR_NO_MEMORY, "out of memory while comparing a person");
		return false;
	}
	reconcile(&look->run, person->source);
	if (look->run.person.employee_id[0] == '\0') {
		err_set(err, ERR_BAD_ANSWER, "Bob's answer holds what is no person");
		return false;
	}
	return person_number(&look->run, &look->number);
}

/* --------------------------------------------------------- Bob and the record */

/* A due time that the record does not have yet, or has later: a leaving that was entered. */
static bool is_due_earlier(const struct look *look)
{
	int64_t due_ms = look->run.decision.due_at_ms;
	int64_t known_ms = look->before.policy_due_at_ms;

	return due_ms != 0 && (known_ms == 0 || due_ms < known_ms);
}

static bool is_new_question(const struct run *run)
{
	return run->asked != HOLD_KIND_COUNT && !run_has_hold(run, run->asked);
}

/* Somebody we have no record of, and for whom there is nothing to do or to wait for. */
static bool is_nobody(const struct look *look)
{
	const struct run *run = &look->run;

	return !look->before.is_known && !run->decision.may_create &&
	        run->decision.due_at_ms == 0 && run->asked == HOLD_KIND_COUNT;
}

static bool differs(const struct look *look)
{
	const struct run *run = &look->run;
	bool is_other_life = look->before.is_known &&
	        !str_equal(look->before.lifecycle, look->employee.lifecycle);
	/* Unlinked, and a question is open: the same plan would be made again every night. */
	bool is_asked_already = look->employee.okta_id[0] == '\0' && look->employee.hold_kinds != 0;

	if (is_nobody(look)) {
		return false;
	}
	return !look->before.is_known || is_other_life || is_due_earlier(look) ||
	        run->wants_reread || is_new_question(run) ||
	        (json_array_size(run->report) > 0 && !is_asked_already);
}

/* Failed work and what a human keeps back differ for reasons that are listed elsewhere. */
static bool is_unannounced(const struct look *look)
{
	return look->employee.state != EMPLOYEE_FAILED && look->employee.hold_kinds == 0;
}

static void describe(const struct look *look, char *to, size_t size)
{
	const json_t *first = json_array_get(look->run.report, 0);

	if (!look->before.is_known) {
		str_format_cut(to, size, "not known until now: %s", look->run.decision.reason);
	} else if (first != NULL) {
		str_format_cut(to, size, "%s: %s", json_get_text(first, "kind"),
		        json_get_text(first, "reason"));
	} else {
		str_format_cut(to, size, "%s", look->run.decision.reason);
	}
}

static bool compare_with_record(struct look *look, struct err *err)
{
	if (!look->before.is_quiet || !differs(look)) {
		return true;
	}
	look->is_marked = true;
	if (!is_unannounced(look)) {
		return true;
	}
	struct finding finding = sweep_finding(
	        FINDING_CHANGE, look->employee.key.employee_id, look->employee.okta_id);
	describe(look, finding.detail, sizeof(finding.detail));
	return sweep_find(look->sweeping, &finding, err);
}

/* --------------------------------------------------------- Okta and the record */

static bool note_status(struct look *look, enum account_status now, struct err *err)
{
	struct sweeping *sweeping = look->sweeping;
	struct sweep_status *status = &sweeping->statuses[sweeping->status_count++];

	*status = (struct sweep_status){.key = look->employee.key,
	        .status = now,
	        .last_run_at_ms = look->employee.last_run_at_ms};
	return sweeping->status_count < SWEEP_STATUSES || sweep_flush_statuses(sweeping, err);
}

static bool find_status(struct look *look, const char *now, struct err *err)
{
	struct finding finding = sweep_finding(
	        FINDING_STATUS, look->employee.key.employee_id, look->employee.okta_id);

	str_format_cut(finding.detail, sizeof(finding.detail), "%s in the record, %s in Okta",
	        account_status_name(look->employee.present_status), now);
	look->is_marked = true;
	look->doubt = look->doubt < DOUBT_STATUS ? DOUBT_STATUS : look->doubt;
	return sweep_find(look->sweeping, &finding, err);
}

/* ACTIVE, LOCKED_OUT and the like come and go by themselves: no run is needed for that. */
static bool compare_status(struct look *look, const struct scratch_user *user, struct err *err)
{
	enum account_status known = look->employee.present_status;

	if (user->status == known || user->status == ACCOUNT_UNKNOWN) {
		return true;
	}
	if (account_status_is_activated(user->status) && account_status_is_activated(known)) {
		return note_status(look, user->status, err);
	}
	return find_status(look, account_status_name(user->status), err);
}

/* Names that a row gives a value for, that Okta has otherwise, and that we had written so. */
static json_t *drifted(const struct look *look, const json_t *actual)
{
	const struct map_profile *wanted = &look->run.profile;
	json_t *in_okta = map_profile_diff(wanted, DIFF_FOR_UPDATE, actual, NULL);
	json_t *in_record = map_profile_diff(wanted, DIFF_FOR_UPDATE, look->present, NULL);
	const char *name = NULL;
	json_t *value = NULL;
	json_t *names = json_array();

	json_object_foreach(in_okta, name, value)
	{
		if (json_object_get(in_record, name) == NULL) {
			json_array_append_new(names, json_string(name));
		}
	}
	json_decref(in_okta);
	json_decref(in_record);
	return names;
}

static void join(const json_t *names, char *to, size_t size)
{
	struct buf text;
	size_t i = 0;
	const json_t *name = NULL;

	buf_init(&text, size - 1);
	json_array_foreach(names, i, name)
	{
		if (!buf_add_format(&text, "%s%s", i > 0 ? ", " : "", json_string_value(name))) {
			break;
		}
	}
	str_format_cut(to, size, "%s", buf_text(&text));
	buf_finish(&text);
}

static bool has_comparable_profile(const struct look *look, const struct scratch_user *user)
{
	return look->run.has_profile && look->present != NULL &&
	        look->run.decision.may_write_profile && user->status != ACCOUNT_DEPROVISIONED &&
	        !look->employee.is_sourced_elsewhere && !user->is_sourced_elsewhere;
}

static bool compare_profile(struct look *look, const struct scratch_user *user, struct err *err)
{
	const char *text = personal_reveal(&user->profile);
	struct finding finding = sweep_finding(
	        FINDING_DRIFT, look->employee.key.employee_id, look->employee.okta_id);

	if (!has_comparable_profile(look, user)) {
		return true;
	}
	json_t *actual = json_parse(text, strlen(text), NULL);
	json_t *names = actual != NULL ? drifted(look, actual) : NULL;
	bool is_drift = json_array_size(names) > 0;
	if (is_drift) {
		join(names, finding.detail, sizeof(finding.detail));
	}
	json_decref(actual);
	json_decref(names);
	if (is_drift && look->sweeping->all.connection->settings->sweep.corrects_drift) {
		look->is_marked = true;
		look->doubt = DOUBT_USER;
	}
	return !is_drift || sweep_find(look->sweeping, &finding, err);
}

/* Whoever was run since Okta's list was begun is known better than the list knows. */
static bool compare_with_okta(struct look *look, struct err *err)
{
	struct sweeping *sweeping = look->sweeping;
	struct scratch_users users = {0};

	if (!scratch_take(sweeping->all.scratch, look->employee.okta_id,
	            look->employee.key.employee_id, err)) {
		return false;
	}
	if (!look->before.is_quiet || look->employee.last_run_at_ms >= sweeping->okta_begun_at_ms) {
		return true;
	}
	if (!scratch_find(sweeping->all.scratch, SCRATCH_BY_OKTA_ID, look->employee.okta_id, &users,
	            err)) {
		return false;
	}
	bool is_compared = users.count == 0 ? find_status(look, "not listed", err)
	                                    : compare_status(look, &users.items[0], err) &&
	                compare_profile(look, &users.items[0], err);
	scratch_users_finish(&users);
	return is_compared;
}

/* ------------------------------------------------------------------ doubles */

static const char *wanted_login(const struct look *look)
{
	const struct field_text *email = &look->run.person.email;
	const char *login =
	        look->run.has_profile ? map_profile_text(&look->run.profile, "login") : NULL;

	return login != NULL                  ? login
	        : email->state == FIELD_VALUE ? personal_reveal(&email->text)
	                                      : NULL;
}

/* Another employee's user is a double of people, which is found among people. */
static bool is_linked_elsewhere(const struct look *look, const char *okta_id)
{
	struct employee other = {0};
	bool is_linked = store_employee_by_okta_id(look->sweeping->all.engine->store,
	                         look->employee.key.connection, okta_id, &other, NULL) &&
	        !str_equal(other.key.employee_id, look->employee.key.employee_id);

	employee_finish(&other);
	return is_linked;
}

/* Users beside the linked one that have this person's login, e-mail or number. */
struct doubles {
	char first[OKTA_ID_BYTES];
	size_t count;
};

static bool take_doubles(struct look *look, enum scratch_by by, const char *text,
        struct doubles *doubles, struct err *err)
{
	struct scratch *scratch = look->sweeping->all.scratch;
	struct scratch_users users = {0};
	bool is_done = scratch_find(scratch, by, text, &users, err);

	for (size_t i = 0; i < users.count && is_done; i++) {
		const struct scratch_user *user = &users.items[i];
		if (str_equal(user->okta_id, look->employee.okta_id) || user->taken_by[0] != '\0' ||
		        is_linked_elsewhere(look, user->okta_id)) {
			continue;
		}
		is_done = scratch_take(scratch, user->okta_id, look->employee.key.employee_id, err);
		if (user->status == ACCOUNT_DEPROVISIONED && look->employee.okta_id[0] != '\0') {
			continue; /* an old account of theirs, closed: nothing is doubled */
		}
		if (doubles->count++ == 0) {
			memcpy(doubles->first, user->okta_id, sizeof(doubles->first));
		}
	}
	scratch_users_finish(&users);
	return is_done;
}

static bool look_for_doubles(struct look *look, struct doubles *doubles, struct err *err)
{
	const char *login = wanted_login(look);
	bool is_linked = look->employee.okta_id[0] != '\0';

	*doubles = (struct doubles){0};
	if (!take_doubles(look, SCRATCH_BY_LOGIN, login, doubles, err) ||
	        !take_doubles(look, SCRATCH_BY_EMAIL, login, doubles, err) ||
	        !take_doubles(
	                look, SCRATCH_BY_NUMBER, personal_reveal(&look->number), doubles, err)) {
		return false;
	}
	if (doubles->count + (is_linked ? 1 : 0) < 2) {
		return true;
	}
	struct finding finding =
	        sweep_finding(FINDING_DUPLICATE, look->employee.key.employee_id, doubles->first);
	str_format_cut(finding.detail, sizeof(finding.detail),
	        is_linked ? "another Okta user has this person's login, e-mail or number"
	                  : "%zu Okta users have this person's login, e-mail or number",
	        doubles->count);
	return sweep_find(look->sweeping, &finding, err);
}

/* ------------------------------------------------------------------- person */

static bool is_here(const struct look *look)
{
	enum lifecycle lifecycle = look->run.person.lifecycle;

	return !look->run.decision.is_leaver && lifecycle != LIFECYCLE_TERMINATED &&
	        lifecycle != LIFECYCLE_UNKNOWN;
}

static bool find_no_user(struct look *look, const struct doubles *doubles, struct err *err)
{
	const struct run *run = &look->run;
	struct finding finding = sweep_finding(FINDING_NO_USER, look->employee.key.employee_id,
	        doubles->count == 1 ? doubles->first : NULL);

	str_format_cut(finding.detail, sizeof(finding.detail), "%s",
	        run->asked != HOLD_KIND_COUNT ? run->asked_cause : run->decision.reason);
	return sweep_find(look->sweeping, &finding, err);
}

static bool compare_account(struct look *look, struct err *err)
{
	bool is_linked = look->employee.okta_id[0] != '\0';
	struct doubles doubles;

	if (is_linked && !compare_with_okta(look, err)) {
		return false;
	}
	if (!look_for_doubles(look, &doubles, err)) {
		return false;
	}
	if (!is_here(look)) {
		return true;
	}
	return (is_linked || find_no_user(look, &doubles, err)) &&
	        scratch_note_person(look->sweeping->all.scratch, look->employee.key.employee_id,
	                look->run.person.email.state == FIELD_VALUE
	                        ? personal_reveal(&look->run.person.email.text)
	                        : NULL,
	                personal_reveal(&look->number), err);
}

/* Fields that Bob did not show, and of those the ones the record knows to have been shown. */
static void count_fields(struct look *look)
{
	struct sweep_reading *reading = &look->sweeping->reading;
	const struct person *person = &look->run.person;
	const bool is_missing[NEEDED_COUNT] = {
	        [NEEDED_LIFECYCLE] = person->lifecycle_word[0] == '\0',
	        [NEEDED_ACCESS] = person->access == BOB_ACCESS_UNKNOWN,
	        [NEEDED_START_DATE] = person->start_date.state == FIELD_NOT_READABLE,
	        [NEEDED_TERMINATION_DATE] = person->termination_date.state == FIELD_NOT_READABLE,
	        [NEEDED_LAST_DAY] = person->last_day.state == FIELD_NOT_READABLE,
	        [NEEDED_SITE] = person->site.state == FIELD_NOT_READABLE,
	        [NEEDED_EMAIL] = person->email.state == FIELD_NOT_READABLE,
	};

	reading->people++;
	for (int i = 0; i < NEEDED_COUNT; i++) {
		reading->unreadable[i] += is_missing[i] ? 1 : 0;
	}
	reading->lost[NEEDED_LIFECYCLE] +=
	        is_missing[NEEDED_LIFECYCLE] && look->before.lifecycle[0] != '\0' ? 1 : 0;
	reading->lost[NEEDED_EMAIL] +=
	        is_missing[NEEDED_EMAIL] && look->employee.bob_email.text != NULL ? 1 : 0;
}

static bool compare_read(struct look *look, const struct everybody_person *person, struct err *err)
{
	if (!load(look, person, err) || !plan(look, person, err)) {
		return false;
	}
	count_fields(look);
	return compare_with_record(look, err) && compare_account(look, err) &&
	        (!look->is_marked ||
	                scratch_add_mark(look->sweeping->all.scratch, person->key.employee_id,
	                        look->doubt, err));
}

/* Listed a moment ago: whoever has an account gets two reads of their own. */
static bool note_not_brought(
        struct sweeping *sweeping, const struct everybody_person *person, struct err *err)
{
	struct employee employee = {0};
	bool is_linked =
	        store_employee_get(sweeping->all.engine->store, &person->key, &employee, NULL) &&
	        employee.okta_id[0] != '\0';

	employee_finish(&employee);
	sweeping->reading.not_brought++;
	return person->is_refused || !is_linked ||
	        scratch_add_mark(sweeping->all.scratch, person->key.employee_id, DOUBT_NONE, err);
}

bool sweep_compare(void *context, const struct everybody_person *person, struct err *err)
{
	struct sweeping *sweeping = context;
	struct look look = {.sweeping = sweeping};

	sweep_tell(sweeping, SWEEP_PHASE_PEOPLE, sweeping->all.read, sweeping->all.listed);
	if (sweep_is_stopped(sweeping, err)) {
		return false;
	}
	if (person->source == NULL) {
		return note_not_brought(sweeping, person, err);
	}
	bool is_compared = compare_read(&look, person, err);
	run_finish(&look.run);
	employee_finish(&look.employee);
	personal_finish(&look.number);
	json_decref(look.present);
	return is_compared;
}
