/* SPDX-License-Identifier: MIT */
#include "server/engine/adopt_person.h"

#include "server/base/buf.h"
#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/engine/link.h"

#include <stdlib.h>

#define FACTS_MAX_BYTES (32 * 1024)
#define DIGEST_SHOWN    16

/* ------------------------------------------------------------------- person */

/* The policy's word on somebody without an account: who left, and who is wanted. */
static void decide(struct run *run)
{
	facts_from_employee(&run->facts, run->employee, PRESENCE_READ, NULL);
	const struct policy_input input = {
	        .person = &run->person,
	        .presence = PRESENCE_READ,
	        .account = &run->facts,
	        .settings = &run->connection->policy,
	        .now_ms = clock_wall_ms(),
	        .scope = run->profile.scope,
	        .scope_reason = run->profile.scope_reason,
	};
	policy_decide(&input, &run->decision);
}

bool adopt_person_open(struct adopt_person *person, const struct adopt_look *look,
        const struct employee_key *key, json_t *source, struct err *err)
{
	*person = (struct adopt_person){.look = look};
	if (!engine_load_employee(look->runner->store, key, &person->employee, err)) {
		return false;
	}
	person->run = (struct run){
	        .runner = look->runner,
	        .connection = look->connection,
	        .employee = &person->employee,
	        .mode = RUN_MODE_PLAN,
	        .presence = PRESENCE_READ,
	        .asked = HOLD_KIND_COUNT,
	};
	if (!person_parse(&person->run.person, source, err) ||
	        !run_make_profile(&person->run, err)) {
		return false;
	}
	decide(&person->run);
	return true;
}

void adopt_person_close(struct adopt_person *person)
{
	run_finish(&person->run);
	employee_finish(&person->employee);
}

/* --------------------------------------------------------------- candidates */

bool adopt_person_add(struct adopt_person *person, const struct adopt_seen *seen, struct err *err)
{
	struct connection *connection = person->look->connection;
	const char *login = json_get_text(seen->profile, "login");

	if (person->count == ADOPT_CANDIDATES_MAX) {
		return true;
	}
	char *linked = person->linked[person->count];
	if (!link_other(person->look->runner->store, &person->employee.key, seen->okta_id, linked,
	            err)) {
		return false;
	}
	person->candidates[person->count++] = (struct adopt_candidate){
	        .user = {.okta_id = seen->okta_id,
	                .status = seen->status,
	                .profile = seen->profile,
	                .linked_employee_id = linked[0] != '\0' ? linked : NULL},
	        .is_sourced_elsewhere = seen->is_sourced_elsewhere,
	        .is_protected = connection_is_owner(connection, seen->okta_id) ||
	                connection_is_protected(connection, seen->okta_id) ||
	                policy_is_protected(&connection->policy, login, seen->okta_id),
	};
	return true;
}

static struct adopt_query query_of(const struct adopt_person *person)
{
	return (struct adopt_query){
	        .settings = &person->look->connection->policy,
	        .person = &person->run.person,
	        .wanted = &person->run.profile,
	        .rules = person->look->rules,
	        .candidates = person->candidates,
	        .count = person->count,
	};
}

void adopt_person_classify(struct adopt_person *person)
{
	const struct adopt_query query = query_of(person);
	adopt_classify(&query, &person->result);
}

void adopt_person_keys(const struct adopt_person *person, struct adopt_keys *keys)
{
	const struct adopt_query query = query_of(person);
	adopt_keys_of_person(&query, keys);
}

/* -------------------------------------------------------------------- facts */

static void add_keys(struct buf *text, const struct adopt_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++) {
		buf_add_format(text, "%d=%s\n", (int)keys->items[i].key, keys->items[i].text);
	}
}

/* A locked account or an old password is no other fact: both come and go by themselves. */
static const char *status_kind(enum account_status status)
{
	return account_status_is_activated(status) ? "activated" : account_status_name(status);
}

static void add_candidate(struct buf *text, const struct adopt_person *person,
        const struct adopt_candidate *candidate)
{
	struct adopt_keys keys;

	adopt_keys_of_user(&person->look->connection->policy, candidate->user.profile, &keys);
	buf_add_format(text, "user %s %s %d\n", candidate->user.okta_id,
	        status_kind(candidate->user.status), candidate->is_sourced_elsewhere ? 1 : 0);
	add_keys(text, &keys);
}

bool adopt_person_facts(const struct adopt_person *person, const struct adopt_candidate *candidate,
        char facts[ADOPTION_FACTS_BYTES])
{
	uint8_t digest[CRYPTO_SHA256_BYTES];
	struct adopt_keys keys;
	struct buf text;

	buf_init(&text, FACTS_MAX_BYTES);
	adopt_person_keys(person, &keys);
	add_keys(&text, &keys);
	buf_add_format(&text, "left %d\n", person->run.decision.is_leaver ? 1 : 0);
	if (candidate != NULL) {
		add_candidate(&text, person, candidate);
	}
	bool done = !text.failed && crypto_sha256(text.data, text.len, digest);
	if (done) {
		str_hex(facts, digest, DIGEST_SHOWN);
	}
	buf_finish(&text);
	return done;
}

/* -------------------------------------------------------------------- found */

static char *others_json(const struct adopt_person *person)
{
	json_t *others = json_array();

	for (size_t i = 0; i < person->result.other_count; i++) {
		const struct match_candidate *user =
		        &person->candidates[person->result.others[i]].user;
		const char *login = json_get_text(user->profile, "login");
		json_array_append_new(others,
		        json_pack("{s:s, s:s, s:s}", "okta_id", user->okta_id, "login",
		                login != NULL ? login : "", "status",
		                account_status_name(user->status)));
	}
	char *text = json_array_size(others) > 0 ? json_format(others) : NULL;
	json_decref(others);
	return text;
}

static bool note_candidate(const struct adopt_person *person, struct adoption_person *found)
{
	const struct adopt_candidate *candidate = &person->candidates[person->result.index];
	const char *linked = candidate->user.linked_employee_id;

	str_format_cut(found->okta_id, sizeof(found->okta_id), "%s", candidate->user.okta_id);
	str_format_cut(found->other_employee_id, sizeof(found->other_employee_id), "%s",
	        linked != NULL ? linked : "");
	found->status = candidate->user.status;
	return personal_set(&found->login, json_get_text(candidate->user.profile, "login"));
}

bool adopt_person_found(
        const struct adopt_person *person, struct adoption_person *found, struct err *err)
{
	const struct adopt_result *result = &person->result;
	const struct field_text *name = &person->run.person.display_name;
	bool is_matched = result->class_ != ADOPT_UNMATCHED;

	*found = (struct adoption_person){
	        .key = person->employee.key,
	        .class_ = result->class_,
	        .rule = result->rule,
	        .why = result->why,
	        .is_left = person->run.decision.is_leaver,
	        .is_wanted = person->run.decision.may_create,
	        .is_sourced_elsewhere = result->is_sourced_elsewhere,
	};
	char *others = others_json(person);
	bool done = (!is_matched || note_candidate(person, found)) &&
	        personal_set(&found->others, others) &&
	        personal_set(&found->display_name,
	                name->state == FIELD_VALUE ? personal_reveal(&name->text) : NULL) &&
	        adopt_person_facts(person, is_matched ? &person->candidates[result->index] : NULL,
	                found->facts);
	free(others);
	if (!done) {
		err_set(err, ERR_NO_MEMORY, "out of memory while matching people");
	}
	return done;
}
