/* SPDX-License-Identifier: MIT */
/* `link` and `unlink`: one person, by name, with both sides shown first. */
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/log.h"
#include "server/base/str.h"
#include "server/engine/adopt_link.h"
#include "server/engine/parts.h"

#define LEASE_MS (2 * 60 * 1000)
#define HOLD_CAUSE \
	ADOPT_UNLINKED ": link the right account, or release to have one looked for or made"

/* --------------------------------------------------------------- both sides */

struct linking {
	struct engine *engine;
	const struct link_request *request;
	struct runner runner;
	struct connection *connection;
	struct adopt_rules rules;
	struct adopt_look look;
	struct bob_people people;
	struct adopt_person person;
	struct okta_user user;
};

static bool read_bob(struct linking *linking, struct err *err)
{
	const struct employee_key *key = &linking->request->key;
	const char *id = key->employee_id;
	const struct engine_ids ids = {&id, 1};

	if (!engine_read_people(
	            &linking->runner, linking->connection, &ids, &linking->people, err)) {
		return false;
	}
	json_t *source = bob_people_find(&linking->people, id);
	if (source == NULL) {
		err_set(err, ERR_NOT_FOUND, "Bob does not show employee %s", id);
		return false;
	}
	if (!adopt_person_open(&linking->person, &linking->look, key, source, err)) {
		return false;
	}
	linking->person.run.read_begun_ms = linking->people.begun_at_ms;
	return true;
}

static bool read_okta(struct linking *linking, struct err *err)
{
	struct okta_client *client = runner_okta(&linking->runner, linking->connection, err);
	struct call_outcome outcome;

	if (client == NULL) {
		return false;
	}
	okta_user_get(client, linking->request->okta_user, &linking->user, &outcome);
	connection_okta_outcome(linking->connection, linking->request->key.employee_id, &outcome);
	if (outcome.call_class == CALL_NOT_FOUND) {
		err_set(err, ERR_NOT_FOUND, "Okta has no user of that id or login");
		return false;
	}
	if (outcome.call_class != CALL_DONE) {
		engine_err_from_call(err, "Okta", &outcome);
		return false;
	}
	return true;
}

static bool compare(struct linking *linking, struct err *err)
{
	const struct adopt_seen seen = {.okta_id = linking->user.id,
	        .status = linking->user.status,
	        .is_sourced_elsewhere = linking->user.is_sourced_elsewhere,
	        .profile = linking->user.profile};

	if (!adopt_person_add(&linking->person, &seen, err)) {
		return false;
	}
	adopt_person_classify(&linking->person);
	return true;
}

/* What no reason overrules. */
static bool is_possible(const struct linking *linking, struct err *err)
{
	const struct adopt_candidate *candidate = &linking->person.candidates[0];
	const char *linked = candidate->user.linked_employee_id;
	const char *present = linking->person.employee.okta_id;

	if (candidate->is_protected) {
		err_set(err, ERR_CONFLICT, "%s", adopt_why_text(ADOPT_PROTECTED));
	} else if (linked != NULL) {
		err_set(err, ERR_CONFLICT,
		        "the Okta user is linked to employee %s; unlink that one first", linked);
	} else if (present[0] != '\0') {
		err_set(err, ERR_CONFLICT,
		        "the employee is linked to Okta user %s already; unlink it first", present);
	} else {
		return true;
	}
	return false;
}

/* ------------------------------------------------------------------- report */

static bool is_name(const char *okta)
{
	return str_equal(okta, "login") || str_equal(okta, "email");
}

/* What the mapping would have otherwise; login and e-mail stay as they are (G5). */
static json_t *differences_json(const struct linking *linking)
{
	const struct run *run = &linking->person.run;
	json_t *present = map_rules_project(run_rules(run), linking->user.profile);
	json_t *diff = map_profile_diff(&run->profile, DIFF_FOR_UPDATE, present, NULL);
	json_t *list = json_array();
	const char *okta = NULL;
	json_t *wants = NULL;

	json_object_foreach(diff, okta, wants)
	{
		json_t *has = json_object_get(present, okta);
		bool is_kept = is_name(okta) || linking->user.is_sourced_elsewhere;
		json_array_append_new(list,
		        json_pack("{s:s, s:o, s:O, s:b}", "okta", okta, "has",
		                has != NULL ? json_incref(has) : json_null(), "wants", wants,
		                "is_kept", is_kept));
	}
	json_decref(diff);
	json_decref(present);
	return list;
}

static json_t *text_json(const char *text)
{
	return text != NULL ? json_string(text) : json_null();
}

static json_t *bob_json(const struct linking *linking)
{
	const struct run *run = &linking->person.run;
	const struct person *person = &run->person;
	const struct field_text *number = &person->employee_number;

	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:b}", "display_name",
	        personal_reveal(&person->display_name.text), "lifecycle", person->lifecycle_word,
	        "login", text_json(map_profile_text(&run->profile, "login")), "email",
	        text_json(map_profile_text(&run->profile, "email")), "employee_number",
	        text_json(number->state == FIELD_VALUE ? personal_reveal(&number->text) : NULL),
	        "is_left", run->decision.is_leaver);
}

static json_t *okta_json(const struct okta_user *user)
{
	const json_t *profile = user->profile;
	char number[256];
	bool has_number =
	        json_id_text(json_object_get(profile, "employeeNumber"), number, sizeof(number));

	return json_pack("{s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:o}", "okta_id", user->id, "status",
	        account_status_name(user->status), "is_sourced_elsewhere",
	        user->is_sourced_elsewhere, "login", text_json(json_get_text(profile, "login")),
	        "email", text_json(json_get_text(profile, "email")), "first_name",
	        text_json(json_get_text(profile, "firstName")), "last_name",
	        text_json(json_get_text(profile, "lastName")), "employee_number",
	        text_json(has_number ? number : NULL));
}

static bool report_json(const struct linking *linking, bool is_linked, json_t **report)
{
	const struct adopt_result *result = &linking->person.result;
	char facts[ADOPTION_FACTS_BYTES];

	if (!adopt_person_facts(&linking->person, &linking->person.candidates[0], facts)) {
		return false;
	}
	*report = json_pack("{s:s, s:o, s:o, s:s, s:s, s:s, s:b, s:o, s:s, s:b}", "employee_id",
	        linking->request->key.employee_id, "bob", bob_json(linking), "okta",
	        okta_json(&linking->user), "rule", adopt_rule_name(result->rule), "why",
	        adopt_why_name(result->why), "why_text", adopt_why_text(result->why), "agrees",
	        result->why == ADOPT_AGREES, "differences", differences_json(linking), "facts",
	        facts, "is_linked", is_linked);
	return *report != NULL;
}

/* --------------------------------------------------------------------- link */

/* The facts a human saw, and the reason where they disagree. */
static bool is_meant(const struct linking *linking, struct err *err)
{
	const struct link_request *request = linking->request;
	const struct adopt_person *person = &linking->person;
	char facts[ADOPTION_FACTS_BYTES];

	if (request->expect != NULL &&
	        (!adopt_person_facts(person, &person->candidates[0], facts) ||
	                !str_equal(facts, request->expect))) {
		err_set(err, ERR_CONFLICT,
		        "Bob or Okta has changed since this was shown: look again");
		return false;
	}
	if (person->result.why != ADOPT_AGREES && request->although == NULL) {
		err_set(err, ERR_CONFLICT,
		        "%s: say why it is the same person with although (--although REASON)",
		        adopt_why_text(person->result.why));
		return false;
	}
	return true;
}

static bool audit_link(const struct linking *linking, struct err *err)
{
	const struct link_request *request = linking->request;
	char what[SENTENCE_BYTES];

	str_format_cut(what, sizeof(what), "link %s%s%s", linking->user.id,
	        request->although != NULL ? ", although: " : "",
	        request->although != NULL ? request->although : "");
	return store_audit(linking->engine->store, request->key.connection,
	        request->key.employee_id, request->by, what, err);
}

static bool link_it(struct linking *linking, json_t **report, struct err *err)
{
	const struct link_request *request = linking->request;
	static const struct link_reason REASON = {"G4", "linked by an administrator", false};

	if (request->is_check) {
		return report_json(linking, false, report);
	}
	if (!is_meant(linking, err) || !report_json(linking, true, report)) {
		return false;
	}
	return audit_link(linking, err) &&
	        adopt_link(&linking->person, &linking->user, &REASON, err);
}

bool engine_link(
        struct engine *engine, const struct link_request *request, json_t **report, struct err *err)
{
	struct linking linking = {.engine = engine,
	        .request = request,
	        .connection = engine_need_connection(engine, request->key.connection, err)};

	*report = NULL;
	adopt_rules_default(&linking.rules);
	if (linking.connection == NULL ||
	        !runner_init(&linking.runner, engine->store, engine->connections,
	                engine->connection_count, err)) {
		return false;
	}
	linking.look = (struct adopt_look){&linking.runner, linking.connection, &linking.rules};
	bool done = read_bob(&linking, err) && read_okta(&linking, err) && compare(&linking, err) &&
	        is_possible(&linking, err) && link_it(&linking, report, err);
	if (!done) {
		json_decref(*report);
		*report = NULL;
		err_set(err, ERR_NO_MEMORY, "out of memory while linking");
	}
	adopt_person_close(&linking.person);
	okta_user_finish(&linking.user);
	bob_people_finish(&linking.people);
	runner_finish(&linking.runner);
	engine_notify(engine);
	return done;
}

/* ------------------------------------------------------------------- unlink */

static bool cut_claimed(
        struct engine *engine, struct runner *runner, struct employee *employee, struct err *err)
{
	static const struct link_reason REASON = {"G5", "unlinked by an administrator", false};
	struct run run = {.runner = runner,
	        .connection = engine_connection(engine, employee->key.connection),
	        .employee = employee,
	        .mode = RUN_MODE_WORK,
	        .presence = PRESENCE_NOT_READ};
	bool is_cut = false;

	if (employee->okta_id[0] == '\0') {
		err_set(err, ERR_CONFLICT, "employee %s is not linked to an Okta user",
		        employee->key.employee_id);
	} else if (adopt_check_intents(engine->store, &employee->key, err)) {
		is_cut = link_cut(&run, &REASON) == LINK_DONE;
		if (!is_cut) {
			err_set(err, ERR_CONFLICT, "not unlinked: %s", run.sentence);
		}
	}
	run_finish(&run);
	return is_cut;
}

/* Durable before the link goes: else a run in between would make a second account. */
static bool hold_unlinked(
        struct store *store, const struct unlink_request *request, struct err *err)
{
	struct hold hold = {.key = request->key, .kind = HOLD_HUMAN, .since_ms = clock_wall_ms()};

	str_format_cut(hold.by, sizeof(hold.by), "%s", request->by);
	str_format_cut(hold.cause, sizeof(hold.cause), HOLD_CAUSE);
	return store_hold_add(store, &hold, err);
}

static bool unlink_claimed(struct engine *engine, const struct unlink_request *request,
        struct employee *employee, struct err *err)
{
	struct runner runner = {0};
	bool was_held = (employee->hold_kinds & (1U << HOLD_HUMAN)) != 0;

	if (!runner_init(
	            &runner, engine->store, engine->connections, engine->connection_count, err)) {
		return false;
	}
	bool is_held = was_held || hold_unlinked(engine->store, request, err);
	bool is_cut = is_held && cut_claimed(engine, &runner, employee, err);
	if (!is_cut && is_held && !was_held &&
	        !store_hold_remove(engine->store, &request->key, HOLD_HUMAN, NULL)) {
		log_error("hold of a failed unlink stays",
		        F("employee_id", request->key.employee_id));
	}
	runner_finish(&runner);
	return is_cut;
}

bool engine_unlink(struct engine *engine, const struct unlink_request *request, json_t **report,
        struct err *err)
{
	struct employee employee = {0};
	char okta_id[OKTA_ID_BYTES];

	*report = NULL;
	if (engine_need_connection(engine, request->key.connection, err) == NULL ||
	        !store_employee_claim_one(engine->store, &request->key, LEASE_MS, &employee, err)) {
		return false;
	}
	str_format_cut(okta_id, sizeof(okta_id), "%s", employee.okta_id);
	bool is_cut = store_audit(engine->store, request->key.connection, request->key.employee_id,
	                      request->by, "unlink", err) &&
	        unlink_claimed(engine, request, &employee, err);
	if (employee.attempts > 0) {
		employee.attempts--;
	}
	engine_hand_back(engine, &employee, is_cut ? EMPLOYEE_IDLE : EMPLOYEE_DIRTY, "");
	employee_finish(&employee);
	if (is_cut) {
		*report = json_pack("{s:s, s:s, s:b}", "employee_id", request->key.employee_id,
		        "okta_id", okta_id, "is_linked", 0);
	}
	engine_notify(engine);
	return *report != NULL;
}
