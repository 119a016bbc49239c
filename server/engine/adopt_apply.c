/* SPDX-License-Identifier: MIT */
/*
 * Carries the decisions out. A link is looked at a second time: Bob is read
 * in batches, the user by a single GET, and whoever has changed since the human
 * looked is doubtful again. Everything done stays done: an apply that was stopped
 * goes on where it was when it is started again.
 */
#include "server/base/clock.h"
#include "server/base/str.h"
#include "server/engine/adopt_link.h"
#include "server/engine/parts.h"

#include <stdlib.h>

#define READ_TRIES_MAX 4 /* of one batch */

struct apply {
	struct adopt_job *job;
	struct runner runner;
	struct connection *connection;
	struct adopt_rules rules;
	struct adopt_look look;
};

static struct store *store_of(const struct apply *apply)
{
	return apply->job->engine->store;
}

/* ---------------------------------------------------------------- one link */

static bool end(struct apply *apply, const struct adoption_person *decided,
        enum adoption_state state, const char *sentence, struct err *err)
{
	const struct adoption_end end = {.key = decided->key, .state = state, .sentence = sentence};

	if (!store_adoption_end(store_of(apply), &end, err)) {
		return false;
	}
	if (state == ADOPTION_DONE) {
		ADOPT_JOB_ADD(apply->job, done, 1);
	} else {
		ADOPT_JOB_ADD(apply->job, refused, 1);
	}
	return true;
}

static bool refuse(struct apply *apply, const struct adoption_person *decided, const char *sentence,
        struct err *err)
{
	return end(apply, decided, ADOPTION_REFUSED, sentence, err);
}

static bool doubt(struct apply *apply, const struct adoption_person *decided, const char *sentence,
        struct err *err)
{
	const struct adoption_end end = {
	        .key = decided->key, .sentence = sentence, .is_changed = true};

	ADOPT_JOB_ADD(apply->job, changed, 1);
	return store_adoption_end(store_of(apply), &end, err);
}

struct user_read {
	const char *id_or_login;
	struct okta_user user;
};

static void ask_user(struct okta_client *client, void *context, struct call_outcome *outcome)
{
	struct user_read *read = context;

	okta_user_finish(&read->user);
	okta_user_get(client, read->id_or_login, &read->user, outcome);
}

/* What speaks against the link now; NULL: nothing. *is_changed: since the human looked. */
static const char *why_not(
        const struct adopt_person *person, const struct adoption_person *decided, bool *is_changed)
{
	const struct adopt_candidate *candidate = &person->candidates[0];
	bool is_as_shown = str_equal(candidate->user.okta_id, decided->okta_id);
	char facts[ADOPTION_FACTS_BYTES];

	*is_changed = false;
	if (candidate->is_protected) {
		return adopt_why_text(ADOPT_PROTECTED);
	}
	if (candidate->user.linked_employee_id != NULL) {
		return adopt_why_text(ADOPT_LINKED);
	}
	if (is_as_shown) {
		*is_changed = !adopt_person_facts(person, candidate, facts) ||
		        !str_equal(facts, decided->facts);
		return *is_changed ? adopt_why_text(ADOPT_CHANGED) : NULL;
	}
	/* One of several that were shown, or named by hand: nobody compared the facts but us. */
	bool agrees = person->result.why == ADOPT_AGREES || person->result.why == ADOPT_CLOSED;
	return agrees
	        ? NULL
	        : "the named Okta user does not agree with the person; look at both, and link by hand";
}

static bool link_compared(struct apply *apply, struct adopt_person *person,
        const struct adoption_person *decided, const struct okta_user *user, struct err *err)
{
	static const struct link_reason REASON = {
	        "M3", "adopted by an administrator's decision", false};
	struct err why = ERR_INIT;
	bool is_changed = false;
	const char *against = why_not(person, decided, &is_changed);

	if (against != NULL) {
		return is_changed ? doubt(apply, decided, against, err)
		                  : refuse(apply, decided, against, err);
	}
	if (adopt_link(person, user, &REASON, &why)) {
		return end(apply, decided, ADOPTION_DONE, "", err);
	}
	return refuse(apply, decided, why.text, err);
}

static bool compare_and_link(struct apply *apply, struct adopt_person *person,
        const struct adoption_person *decided, const struct okta_user *user, struct err *err)
{
	const struct adopt_seen seen = {.okta_id = user->id,
	        .status = user->status,
	        .is_sourced_elsewhere = user->is_sourced_elsewhere,
	        .profile = user->profile};

	if (str_equal(person->employee.okta_id, user->id)) {
		return end(apply, decided, ADOPTION_DONE, "", err);
	}
	if (!adopt_person_add(person, &seen, err)) {
		return false;
	}
	adopt_person_classify(person);
	return link_compared(apply, person, decided, user, err);
}

static bool link_one(struct apply *apply, struct adopt_person *person,
        const struct adoption_person *decided, struct err *err)
{
	const char *chosen = personal_reveal(&decided->chosen);
	struct user_read read = {.id_or_login = chosen[0] != '\0' ? chosen : decided->okta_id};
	const struct adopt_question question = {.runner = &apply->runner,
	        .connection = apply->connection,
	        .ask = ask_user,
	        .context = &read};
	struct call_outcome outcome;
	bool done = false;

	if (!adopt_job_ask(apply->job, &question, &outcome, err)) {
		/* Only what Okta refuses for this one name goes on with the next. */
		done = outcome.call_class == CALL_PERMANENT &&
		        refuse(apply, decided, outcome.sentence, err);
	} else if (outcome.call_class == CALL_NOT_FOUND) {
		done = doubt(apply, decided, "the Okta user is not there any more", err);
	} else {
		done = compare_and_link(apply, person, decided, &read.user, err);
	}
	okta_user_finish(&read.user);
	return done;
}

/* ---------------------------------------------------------------- in batches */

static bool link_read(struct apply *apply, const struct adoption_person *decided,
        const struct bob_people *people, struct err *err)
{
	struct adopt_person person = {0};
	struct err why = ERR_INIT;
	json_t *source = bob_people_find(people, decided->key.employee_id);
	bool done = false;

	if (source == NULL) {
		return refuse(apply, decided, "Bob does not show this person now", err);
	}
	if (adopt_person_open(&person, &apply->look, &decided->key, source, &why)) {
		person.run.read_begun_ms = people->begun_at_ms;
		done = link_one(apply, &person, decided, err);
	} else {
		done = refuse(apply, decided, why.text, err);
	}
	adopt_person_close(&person);
	return done;
}

/* Bob allows about fifty searches a minute. */
static bool wait_for_bob(struct apply *apply, struct err *err)
{
	for (;;) {
		int64_t ready_ms = connection_bob_ready_ms(apply->connection, CALL_NORMAL);
		if (!job_goes_on(&apply->job->job, err)) {
			return false;
		}
		if (ready_ms <= clock_mono_ms()) {
			return true;
		}
		adopt_job_wait(apply->job, ready_ms);
	}
}

static bool read_batch(struct apply *apply, const struct engine_ids *ids, struct bob_people *people,
        struct err *err)
{
	for (int tries = 1; wait_for_bob(apply, err); tries++) {
		struct err why = ERR_INIT;
		if (engine_read_people(&apply->runner, apply->connection, ids, people, &why)) {
			return true;
		}
		if (why.code != ERR_NETWORK || tries == READ_TRIES_MAX) {
			err_set(err, why.code, "%s", why.text);
			return false;
		}
	}
	return false;
}

static bool link_batch(struct apply *apply, const struct adoption_list *batch, struct err *err)
{
	struct bob_people people = {0};
	const char *ids[BOB_BATCH_MAX];

	for (size_t i = 0; i < batch->count; i++) {
		ids[i] = batch->items[i].key.employee_id;
	}
	const struct engine_ids asked = {ids, batch->count};
	bool done = read_batch(apply, &asked, &people, err);
	for (size_t i = 0; done && i < batch->count; i++) {
		done = job_goes_on(&apply->job->job, err) &&
		        link_read(apply, &batch->items[i], &people, err);
	}
	bob_people_finish(&people);
	return done;
}

static bool settle_batch(struct apply *apply, const struct adoption_list *batch, struct err *err)
{
	bool done = true;

	for (size_t i = 0; done && i < batch->count; i++) {
		const struct adoption_person *decided = &batch->items[i];
		done = job_goes_on(&apply->job->job, err) &&
		        (decided->decision == ADOPTION_CREATE
		                        ? store_adoption_create(store_of(apply), &decided->key,
		                                  decided->decided_by, err)
		                        : store_adoption_ignore(store_of(apply), &decided->key,
		                                  decided->decided_by, err));
		if (done) {
			ADOPT_JOB_ADD(apply->job, done, 1);
		}
	}
	return done;
}

/* All open decisions of one kind, in the order of their ids. */
static bool apply_all(struct apply *apply, enum adoption_decision decision, struct err *err)
{
	struct adoption_filter filter = adoption_filter_all(apply->job->connection);
	char after[EMPLOYEE_ID_BYTES] = "";
	bool is_over = false;
	bool done = true;

	filter.decision = decision;
	filter.state = ADOPTION_OPEN;
	filter.limit = BOB_BATCH_MAX;
	filter.after_employee_id = after;
	while (done && !is_over) {
		struct adoption_list batch = {0};
		done = store_adoption_list(store_of(apply), &filter, &batch, err);
		is_over = batch.count == 0;
		if (done && !is_over) {
			done = decision == ADOPTION_LINK ? link_batch(apply, &batch, err)
			                                 : settle_batch(apply, &batch, err);
			str_format_cut(after, sizeof(after), "%s",
			        batch.items[batch.count - 1].key.employee_id);
		}
		adoption_list_finish(&batch);
		engine_notify(apply->job->engine);
	}
	return done;
}

static bool count_open(struct apply *apply, struct err *err)
{
	struct adoption_counts counts = {0};

	if (!store_adoption_counts(store_of(apply), apply->job->connection, &counts, err)) {
		return false;
	}
	for (size_t i = 0; i < counts.count; i++) {
		const struct adoption_count *count = &counts.items[i];
		if (count->decision != ADOPTION_NONE && count->state == ADOPTION_OPEN) {
			ADOPT_JOB_ADD(apply->job, total, count->people);
		}
	}
	free(counts.items);
	return true;
}

bool adopt_apply(struct adopt_job *job, struct err *err)
{
	struct engine *engine = job->engine;
	struct apply apply = {
	        .job = job, .connection = engine_need_connection(engine, job->connection, err)};

	adopt_rules_default(&apply.rules);
	if (apply.connection == NULL ||
	        !runner_init(&apply.runner, engine->store, engine->connections,
	                engine->connection_count, err)) {
		return false;
	}
	apply.look = (struct adopt_look){
	        .runner = &apply.runner, .connection = apply.connection, .rules = &apply.rules};
	job_phase(&job->job, "carrying decisions out");
	bool done = count_open(&apply, err) && apply_all(&apply, ADOPTION_LINK, err) &&
	        apply_all(&apply, ADOPTION_IGNORE, err) && apply_all(&apply, ADOPTION_CREATE, err);
	runner_finish(&apply.runner);
	return done;
}
