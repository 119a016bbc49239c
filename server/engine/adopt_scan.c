/* SPDX-License-Identifier: MIT */
/*
 * The scan: all Okta users into the scratch file, then everybody Bob lists,
 * each compared with whom the scratch file finds. Only the list of the
 * adoption is written.
 */
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/log.h"
#include "server/base/str.h"
#include "server/engine/adopt_person.h"
#include "server/engine/everybody.h"
#include "server/engine/keep_user.h"

#include <stdlib.h>
#include <string.h>

#define PUT_BATCH 100 /* people a write, so that deliveries never wait long */

struct scan {
	struct adopt_job *job;
	struct everybody all;
	struct adopt_look look;
	int64_t number;
	struct adoption_person found[PUT_BATCH];
	size_t found_count;
};

/* --------------------------------------------------------------- Okta users */

/* What of a profile is compared. */
static json_t *kept_profile(const struct scan *scan, const json_t *profile)
{
	static const char *const KEPT[] = {
	        "login", "email", "secondEmail", "firstName", "lastName", "employeeNumber"};
	const char *match = scan->look.connection->policy.match_okta;
	json_t *kept = json_object();

	for (size_t i = 0; i < ARRAY_SIZE(KEPT); i++) {
		json_object_set(kept, KEPT[i], json_object_get(profile, KEPT[i]));
	}
	if (match != NULL) {
		json_object_set(kept, match, json_object_get(profile, match));
	}
	return kept;
}

static bool put_users(struct scan *scan, const struct okta_user_list *users, struct err *err)
{
	for (size_t i = 0; i < users->count; i++) {
		struct scratch_user user = {0};
		const struct okta_user *from = &users->items[i];
		bool done = keep_user_fill(&user, scan->look.connection, from,
		                    kept_profile(scan, from->profile)) &&
		        scratch_put_user(scan->all.scratch, &user, NULL, err);
		scratch_user_finish(&user);
		if (!done) {
			err_set(err, ERR_NO_MEMORY, "out of memory while reading Okta's users");
			return false;
		}
	}
	ADOPT_JOB_ADD(scan->job, users, (int64_t)users->count);
	return true;
}

struct page_read {
	struct okta_page page;
	struct okta_user_list users;
};

static void ask_page(struct okta_client *client, void *context, struct call_outcome *outcome)
{
	struct page_read *read = context;

	okta_user_list_finish(&read->users);
	okta_user_page(client, &read->page, &read->users, outcome);
}

static bool read_users(struct scan *scan, struct err *err)
{
	struct page_read read = {0};
	const struct adopt_question question = {.runner = scan->look.runner,
	        .connection = scan->look.connection,
	        .ask = ask_page,
	        .context = &read};
	struct call_outcome outcome;
	bool done = true;

	job_phase(&scan->job->job, "reading Okta's users");
	while (done && !read.page.is_over) {
		done = adopt_job_ask(scan->job, &question, &outcome, err) &&
		        put_users(scan, &read.users, err);
	}
	okta_user_list_finish(&read.users);
	if (done && scan->job->progress.users == 0) {
		/* The owner of the token is one of them at least. */
		err_set(err, ERR_BAD_ANSWER, "Okta shows no user at all: nothing was compared");
		done = false;
	}
	return done;
}

/* --------------------------------------------------------------- candidates */

/* All whom the scratch file finds for one person; profiles are parsed once. */
struct candidates {
	struct scratch_user users[ADOPT_CANDIDATES_MAX];
	json_t *profiles[ADOPT_CANDIDATES_MAX];
	size_t count;
};

static void candidates_finish(struct candidates *candidates)
{
	for (size_t i = 0; i < candidates->count; i++) {
		scratch_user_finish(&candidates->users[i]);
		json_decref(candidates->profiles[i]);
	}
}

static bool has_candidate(const struct candidates *candidates, const char *okta_id)
{
	for (size_t i = 0; i < candidates->count; i++) {
		if (str_equal(candidates->users[i].okta_id, okta_id)) {
			return true;
		}
	}
	return false;
}

/* Takes over those that are new. */
static void take_found(struct candidates *candidates, struct scratch_users *found)
{
	for (size_t i = 0; i < found->count; i++) {
		struct scratch_user *user = &found->items[i];
		if (candidates->count == ADOPT_CANDIDATES_MAX ||
		        has_candidate(candidates, user->okta_id)) {
			continue;
		}
		const char *text = personal_reveal(&user->profile);
		candidates->profiles[candidates->count] = json_parse(text, strlen(text), NULL);
		candidates->users[candidates->count++] = *user;
		*user = (struct scratch_user){0};
	}
}

static bool find_by_key(struct scan *scan, enum adopt_key key, const char *text,
        struct scratch_users *found, struct err *err)
{
	static const enum scratch_by BY[ADOPT_KEY_COUNT] = {
	        [ADOPT_KEY_MATCH] = SCRATCH_BY_NUMBER,
	        [ADOPT_KEY_NUMBER] = SCRATCH_BY_NUMBER,
	        [ADOPT_KEY_LOGIN] = SCRATCH_BY_LOGIN,
	        [ADOPT_KEY_EMAIL] = SCRATCH_BY_EMAIL,
	        [ADOPT_KEY_SECOND_EMAIL] = SCRATCH_BY_SECOND_EMAIL,
	};
	return scratch_find(scan->all.scratch, BY[key], text, found, err);
}

static bool find_names(struct scan *scan, const struct adopt_person *person,
        struct scratch_users *found, struct err *err)
{
	const struct map_profile *wanted = &person->run.profile;

	return scratch_find_names(scan->all.scratch, map_profile_text(wanted, "firstName"),
	        map_profile_text(wanted, "lastName"), found, err);
}

/* Strong keys come first, so that namesakes never crowd them out. */
static bool find_candidates(struct scan *scan, const struct adopt_person *person,
        struct candidates *candidates, struct err *err)
{
	struct adopt_keys keys;
	bool done = true;

	adopt_person_keys(person, &keys);
	for (size_t i = 0; done && i <= keys.count; i++) {
		struct scratch_users found = {0};
		if (i == keys.count) {
			done = find_names(scan, person, &found, err);
		} else if (keys.items[i].key != ADOPT_KEY_NAMES) {
			done = find_by_key(
			        scan, keys.items[i].key, keys.items[i].text, &found, err);
		}
		take_found(candidates, &found);
		scratch_users_finish(&found);
	}
	return done;
}

static bool compare(struct scan *scan, struct adopt_person *person, struct candidates *candidates,
        struct err *err)
{
	bool done = find_candidates(scan, person, candidates, err);

	for (size_t i = 0; done && i < candidates->count; i++) {
		const struct adopt_seen seen = {.okta_id = candidates->users[i].okta_id,
		        .status = candidates->users[i].status,
		        .is_sourced_elsewhere = candidates->users[i].is_sourced_elsewhere,
		        .profile = candidates->profiles[i]};
		done = adopt_person_add(person, &seen, err);
	}
	if (done) {
		adopt_person_classify(person);
	}
	return done;
}

/* ------------------------------------------------------------------- people */

static bool flush(struct scan *scan, struct err *err)
{
	bool done =
	        store_adoption_put(scan->all.engine->store, scan->found, scan->found_count, err);

	for (size_t i = 0; i < scan->found_count; i++) {
		adoption_person_finish(&scan->found[i]);
	}
	scan->found_count = 0;
	return done;
}

static bool note_found(struct scan *scan, const struct adopt_person *person, struct err *err)
{
	struct adoption_person *found = &scan->found[scan->found_count++];

	if (!adopt_person_found(person, found, err)) {
		return false;
	}
	found->scan = scan->number;
	return scan->found_count < PUT_BATCH || flush(scan, err);
}

static bool is_open(enum account_status status)
{
	return status == ACCOUNT_STAGED || account_status_is_activated(status);
}

/* Who left is listed where an account stands open; namesakes of theirs are many. */
static bool is_gone(const struct adopt_person *person)
{
	const struct adopt_result *result = &person->result;

	return person->run.decision.is_leaver &&
	        (result->class_ == ADOPT_UNMATCHED || result->rule == ADOPT_NAMES ||
	                !is_open(person->candidates[result->index].user.status));
}

static bool look_at(struct scan *scan, struct adopt_person *person, struct err *err)
{
	struct candidates candidates = {0};
	bool done = true;

	if (person->employee.okta_id[0] != '\0') {
		ADOPT_JOB_ADD(scan->job, linked, 1);
		return true;
	}
	if (person->run.profile.scope == SCOPE_NOT_MET && !person->run.decision.is_leaver) {
		ADOPT_JOB_ADD(scan->job, out_of_scope, 1);
		return true;
	}
	done = compare(scan, person, &candidates, err);
	if (done && is_gone(person)) {
		ADOPT_JOB_ADD(scan->job, gone, 1);
	} else if (done) {
		done = note_found(scan, person, err);
	}
	candidates_finish(&candidates);
	return done;
}

static bool visit(void *context, const struct everybody_person *listed, struct err *err)
{
	struct scan *scan = context;
	struct adopt_person person = {0};
	struct err why = ERR_INIT;

	ADOPT_JOB_ADD(scan->job, read, 1);
	if (!job_goes_on(&scan->job->job, err)) {
		return false;
	}
	if (listed->source == NULL) {
		ADOPT_JOB_ADD(scan->job, unreadable, 1);
		return true;
	}
	bool is_open_now =
	        adopt_person_open(&person, &scan->look, &listed->key, listed->source, &why);
	bool done = true;
	if (is_open_now) {
		done = look_at(scan, &person, err);
	} else if (why.code == ERR_BAD_ANSWER) {
		ADOPT_JOB_ADD(scan->job, unreadable, 1);
	} else {
		err_set(err, why.code, "%s", why.text);
		done = false;
	}
	adopt_person_close(&person);
	return done;
}

static bool read_people(struct scan *scan, struct err *err)
{
	job_phase(&scan->job->job, "listing the people in Bob");
	if (!everybody_list(&scan->all, err)) {
		return false;
	}
	if (scan->all.listed == 0) {
		err_set(err, ERR_BAD_ANSWER, "Bob lists nobody at all: nothing was compared");
		return false;
	}
	ADOPT_JOB_ADD(scan->job, listed, scan->all.listed);
	job_phase(&scan->job->job, "comparing people");
	return everybody_each(&scan->all, scan->all.connection->fields, visit, scan, err) &&
	        flush(scan, err);
}

static bool close_scan(struct scan *scan, struct err *err)
{
	size_t taken_back = 0;
	bool done = store_adoption_close_scan(scan->all.engine->store,
	        scan->all.connection->settings->name, scan->number, &taken_back, err);

	ADOPT_JOB_ADD(scan->job, taken_back, (int64_t)taken_back);
	return done;
}

bool adopt_scan(struct adopt_job *job, struct err *err)
{
	struct scan *scan = calloc(1, sizeof(*scan));

	if (scan == NULL) {
		err_set(err, ERR_NO_MEMORY, "out of memory for a scan");
		return false;
	}
	scan->job = job;
	scan->number = clock_wall_ms();
	bool done = everybody_open(&scan->all, job->engine, job->connection, err);
	scan->all.job = &job->job;
	scan->look = (struct adopt_look){.runner = &scan->all.runner,
	        .connection = scan->all.connection,
	        .rules = &job->rules};
	done = done && read_users(scan, err) && read_people(scan, err) && close_scan(scan, err);
	for (size_t i = 0; i < scan->found_count; i++) {
		adoption_person_finish(&scan->found[i]);
	}
	everybody_finish(&scan->all);
	free(scan);
	return done;
}
