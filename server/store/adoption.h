/* SPDX-License-Identifier: MIT */
#ifndef SERVER_STORE_ADOPTION_H
#define SERVER_STORE_ADOPTION_H

/*
 * What a scan of an existing org found, and what a human decided about each
 * person (docs/adoption.md). Same threads, ownership and errors as store.h.
 * Links themselves are intents like all others.
 */

#include "server/base/adopt_words.h"
#include "server/store/store.h"

#define ADOPTION_FACTS_BYTES 33

enum adoption_decision {
	ADOPTION_NONE,
	ADOPTION_LINK,
	ADOPTION_CREATE,
	ADOPTION_IGNORE,
	ADOPTION_DECISION_COUNT
};
enum adoption_state {
	ADOPTION_OPEN, /* not decided, or not applied yet */
	ADOPTION_DONE,
	ADOPTION_REFUSED, /* could not be applied: the sentence says why */
	ADOPTION_STATE_COUNT
};
/* Stable words; COUNT for an unknown one. */
const char *adoption_decision_name(enum adoption_decision decision);
const char *adoption_state_name(enum adoption_state state);
enum adoption_decision adoption_decision_parse(const char *text);

struct adoption_person {
	struct employee_key key;
	int64_t scan; /* its number: later scans have higher ones */
	struct personal display_name;
	enum adopt_class class_;
	enum adopt_rule rule;
	enum adopt_why why;
	bool is_left;
	bool is_wanted;
	bool is_sourced_elsewhere;
	char okta_id[OKTA_ID_BYTES];
	struct personal login;
	enum account_status status;
	struct personal others; /* JSON: [{okta_id, login, status}] */
	char other_employee_id[EMPLOYEE_ID_BYTES];
	char facts[ADOPTION_FACTS_BYTES];

	enum adoption_decision decision;
	struct personal chosen; /* an Okta id or a login */
	char decided_by[64];
	int64_t decided_at_ms;
	enum adoption_state state;
	char sentence[SENTENCE_BYTES];
};
void adoption_person_finish(struct adoption_person *person);

struct adoption_list {
	struct adoption_person *items;
	size_t count;
};
void adoption_list_finish(struct adoption_list *list);

/* Which people are meant. People who left are a view of their own. */
struct adoption_filter {
	const char *connection;
	enum adopt_class class_; /* COUNT: any */
	enum adopt_rule rule; /* COUNT: any */
	bool only_left; /* else, with a class: only those who have not left */
	bool only_elsewhere;
	bool only_wanted;
	enum adoption_decision decision; /* COUNT: any */
	enum adoption_state state; /* COUNT: any */
	const char *text; /* matches id, display name, login; NULL: all */
	const char *after_employee_id; /* NULL: from the start */
	size_t limit;
};
/* A filter that lets everybody of a connection through. */
struct adoption_filter adoption_filter_all(const char *connection);

/*
 * What a scan found out: replaces what earlier ones did, but for decisions. Fills in nothing of
 * the human's part. One transaction for all; keep count at a few hundred.
 */
bool store_adoption_put(struct store *store, const struct adoption_person *people, size_t count,
        struct err *err) MUST_CHECK;
/*
 * The end of a scan: forgets whom it did not see, makes doubtful who claims the same user as
 * somebody else, drops mere namesakes of those who are matched, and takes back decisions whose
 * facts have changed; *taken_back counts those.
 */
bool store_adoption_close_scan(struct store *store, const char *connection, int64_t scan,
        size_t *taken_back, struct err *err) MUST_CHECK;
bool store_adoption_list(struct store *store, const struct adoption_filter *filter,
        struct adoption_list *people, struct err *err) MUST_CHECK;
/* ERR_NOT_FOUND: not in the list. */
bool store_adoption_get(struct store *store, const struct employee_key *key,
        struct adoption_person *person, struct err *err) MUST_CHECK;

/* How many there are of each kind. */
struct adoption_count {
	enum adopt_class class_;
	enum adopt_rule rule;
	bool is_left;
	bool is_wanted;
	bool is_sourced_elsewhere;
	enum adoption_decision decision;
	enum adoption_state state;
	int64_t people;
};
struct adoption_counts {
	struct adoption_count *items; /* free() */
	size_t count;
};
bool store_adoption_counts(struct store *store, const char *connection,
        struct adoption_counts *counts, struct err *err) MUST_CHECK;

/* ---------------------------------------------------------------- deciding */

struct adoption_choice {
	char employee_id[EMPLOYEE_ID_BYTES];
	enum adoption_decision decision;
	const char *chosen; /* Okta id or login; NULL: the candidate; borrowed */
};
struct adoption_mistake {
	size_t index; /* of the choice */
	const char *text; /* static */
};
struct adoption_decide {
	const char *connection;
	const char *by;
	const struct adoption_choice *choices;
	size_t count;
	bool is_check; /* only say what would be done */
	struct adoption_mistake *mistakes; /* room for `count`; filled in when any is wrong */
	size_t mistake_count;
	size_t changed;
};
/* All or nothing: with a mistake nothing is decided, and it returns true all the same. */
bool store_adoption_decide(
        struct store *store, struct adoption_decide *decide, struct err *err) MUST_CHECK;
/*
 * Everybody the filter means. Links only those who are exact, creates only for those who are
 * unmatched; *changed counts. ERR_BAD_REQUEST for a filter that could mean others.
 */
struct adoption_bulk {
	struct adoption_filter filter; /* text, after and limit are not used */
	enum adoption_decision decision;
	const char *by;
	bool is_check;
	size_t changed;
};
bool store_adoption_decide_bulk(
        struct store *store, struct adoption_bulk *bulk, struct err *err) MUST_CHECK;

/* Has the person an account made, whatever HOLD_EXISTING says: releases it and marks. */
bool store_adoption_create(struct store *store, const struct employee_key *key, const char *by,
        struct err *err) MUST_CHECK;
/* Neither sweep nor sync makes an account: HOLD_EXISTING, rejected. */
bool store_adoption_ignore(struct store *store, const struct employee_key *key, const char *by,
        struct err *err) MUST_CHECK;
/* What became of a decision; a link that was refused for CHANGED is doubtful again. */
struct adoption_end {
	struct employee_key key;
	enum adoption_state state;
	const char *sentence; /* "" with DONE */
	bool is_changed; /* the facts are others by now: the decision is taken back */
};
bool store_adoption_end(
        struct store *store, const struct adoption_end *end, struct err *err) MUST_CHECK;
/* What was decided and applied for a person; NONE for everybody else. */
bool store_adoption_decision(struct store *store, const struct employee_key *key,
        enum adoption_decision *decision, struct err *err) MUST_CHECK;
/* An idle record for somebody the store may not know yet. */
bool store_employee_ensure(
        struct store *store, const struct employee_key *key, struct err *err) MUST_CHECK;

#endif
