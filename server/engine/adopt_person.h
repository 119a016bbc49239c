/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_ADOPT_PERSON_H
#define SERVER_ENGINE_ADOPT_PERSON_H

/*
 * One person as a scan, a decision and `link` look at them: read from Bob,
 * profile made, compared with Okta users, and nothing done. One thread.
 */

#include "server/engine/run.h"
#include "server/store/adoption.h"

#define ADOPT_CANDIDATES_MAX 16

/* Whom all people of one look are compared under. */
struct adopt_look {
	struct runner *runner;
	struct connection *connection;
	const struct adopt_rules *rules;
};

/* What is known of one Okta user; profile and texts are borrowed. */
struct adopt_seen {
	const char *okta_id;
	enum account_status status;
	bool is_sourced_elsewhere;
	const json_t *profile;
};

struct adopt_person {
	const struct adopt_look *look;
	struct employee employee; /* blank for somebody new */
	struct run run; /* RUN_MODE_PLAN, with its profile and decision */
	struct adopt_candidate candidates[ADOPT_CANDIDATES_MAX];
	char linked[ADOPT_CANDIDATES_MAX][EMPLOYEE_ID_BYTES];
	size_t count;
	struct adopt_result result; /* after adopt_person_classify */
};

/*
 * Reads what Bob told about the key's person. Does not move in memory afterwards. Close it in
 * every case.
 */
bool adopt_person_open(struct adopt_person *person, const struct adopt_look *look,
        const struct employee_key *key, json_t *source, struct err *err) MUST_CHECK;
void adopt_person_close(struct adopt_person *person);
/* A user to compare with; the ones beyond ADOPT_CANDIDATES_MAX are left out. */
bool adopt_person_add(
        struct adopt_person *person, const struct adopt_seen *seen, struct err *err) MUST_CHECK;
void adopt_person_classify(struct adopt_person *person);
/* What the person may be looked for by. */
void adopt_person_keys(const struct adopt_person *person, struct adopt_keys *keys);
/* Digest of the person's facts and those of a candidate (NULL: nobody). False: no digest. */
bool adopt_person_facts(const struct adopt_person *person, const struct adopt_candidate *candidate,
        char facts[ADOPTION_FACTS_BYTES]) MUST_CHECK;
/* Loads all of it for the store; finish it in every case. */
bool adopt_person_found(const struct adopt_person *person, struct adoption_person *found,
        struct err *err) MUST_CHECK;

#endif
