/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_CONNECTION_H
#define SERVER_ENGINE_CONNECTION_H

/*
 * One connection at run time: its settings, the shared halves of the two
 * clients, whether it is parked or paused, and what was learnt from Bob and
 * Okta at start. Any thread; everything that changes is under the monitor, and
 * no call is made with it held.
 */

#include "okta/okta.h"
#include "server/base/crypto.h"
#include "server/base/thread.h"
#include "server/bob/bob.h"
#include "server/engine/catalogs.h"
#include "server/engine/drain.h"
#include "server/engine/engine.h"
#include "server/engine/group_book.h"
#include "server/engine/learn.h"
#include "server/engine/park.h"
#include "server/engine/everybody_job.h"
#include "server/engine/row_tally.h"
#include "server/engine/seen_people.h"
#include "server/engine/sweep.h"

#include <stdatomic.h>

/* A look-up that found nobody, remembered for as long as one employee's events may come in a row.
 */
#define LOOKUP_MEMOS       64
#define LOOKUP_REMEMBER_MS 60000

struct lookup_memo {
	char employee_id[EMPLOYEE_ID_BYTES];
	uint8_t search_digest[CRYPTO_SHA256_BYTES]; /* not the text: it holds personal data */
	int64_t at_ms; /* monotonic */
};

struct connection {
	const struct connection_settings *settings;
	int64_t settings_version; /* whose these are; every intent names it */
	int workers; /* for ordinary people; 0: not known */
	int64_t mapping_version; /* the first version that mapped as this one does */
	struct policy_settings policy; /* the settings' policy and the token's owner as protected */
	struct okta_org *org;
	struct bob_company *company;
	json_t *fields; /* what every Bob read asks for; read-only */
	char *fields_text; /* the same as text: a thread parses its own copy (J4) */
	struct catalogs catalogs;
	struct group_book *groups; /* has its own lock */
	struct seen_people seen; /* has its own lock */
	struct everybody_jobs jobs; /* have locks of their own */
	struct row_tally tally; /* has its own lock */
	struct evaluator_pool *pool; /* NULL: no row has an expression */
	struct evaluator evaluator; /* of the pool; any thread. evaluate NULL: none */
	uint8_t schema_digest[CRYPTO_SHA256_BYTES]; /* the dispatcher's */
	atomic_llong runs; /* that ended and left nobody waiting */
	atomic_bool is_sweep_asked; /* since the sweeper last looked */
	int in_hand[2]; /* the work queue's, under its lock: others, and what lowers access */
	size_t queued; /* the same: how many wait there */

	struct monitor monitor;
	/* protected by monitor: */
	struct park okta;
	struct park bob;
	enum pause_mode pause;
	bool is_owner_known;
	char owner_id[OKTA_USER_ID_BYTES];
	char owner_login[256];
	int64_t bob_unread_since_ms; /* wall clock; since when no read went well; 0: one did */
	int64_t history_not_before_ms; /* monotonic; 0: the lifecycle history was not refused */
	int64_t bob_backoff_until_ms; /* monotonic */
	int bob_failures;
	struct learning learning_fields;
	struct learning learning_attributes;
	struct lookup_memo lookups[LOOKUP_MEMOS]; /* a ring */
	size_t lookup_next;
	struct sweep_outlook sweep_outlook;
	struct drain drain;
	/* Monotonic: until then Okta's budget has no room for such calls, as one has found out. */
	int64_t full_until_ms[CALL_URGENT]; /* by the urgencies below that */
};

struct connection_options {
	const struct connection_settings *settings;
	int64_t settings_version;
	int workers; /* for ordinary people; 0: not known */
	enum transport_plain plain;
	const atomic_bool *abort;
	/* The same connection of the engine before, alive until this one is made: the two share
	   what they learn of the budgets; may be NULL. */
	struct connection *predecessor;
	struct evaluator_spawner *spawner; /* NULL: rows with expressions fail */
};

struct connection *connection_create(
        const struct connection_options *options, struct err *err) MUST_CHECK;
void connection_destroy(struct connection *connection);
/* What a Bob read asks for with these rules and settings; new reference, NULL: out of memory. */
json_t *connection_fields_of(
        const struct map_rules *rules, const struct policy_settings *policy) MUST_CHECK;

/* True, with a sentence, when no write may leave now. revocation: a pause may let those pass. */
enum work_kind { WORK_ORDINARY, WORK_REVOCATION };
bool connection_is_blocked(
        struct connection *connection, enum work_kind kind, char *why, size_t size);
bool connection_is_okta_parked(struct connection *connection);
bool connection_is_bob_parked(struct connection *connection);
/* The same, with what it is parked for. */
bool connection_bob_parked_for(struct connection *connection, char *cause, size_t size);
/* L6: since when Bob cannot be read, wall clock; 0: it can, as far as is known. */
int64_t connection_bob_unread_since_ms(struct connection *connection);
/* What an earlier process knew of that; a read since then goes before it. */
void connection_note_bob_unread(struct connection *connection, int64_t since_ms);
/*
 * Reading Bob's lifecycle history takes a permission of its own, and Bob's firewall does not like
 * to refuse often: after a refusal, said once, it is asked again a day later.
 */
bool connection_may_ask_history(struct connection *connection);
void connection_note_history_refused(struct connection *connection, const char *sentence);
bool connection_is_owner(struct connection *connection, const char *okta_id);
/* In the protected group, as far as that was read. */
bool connection_is_protected(struct connection *connection, const char *okta_id);

/*
 * Tells the connection how a call to Okta for this employee ended. Returns true when
 * the connection is parked now.
 */
bool connection_okta_outcome(
        struct connection *connection, const char *employee_id, const struct call_outcome *outcome);
void connection_bob_outcome(struct connection *connection, const struct call_outcome *outcome);
/*
 * After a 403 (C5): does the token not work at all, then parks, or is it about what was asked for?
 * Costs a call.
 */
bool connection_is_token_refused(struct connection *connection, struct okta_client *client,
        const struct call_outcome *outcome) MUST_CHECK;

/* How many people may be in hand at once: as many as Okta is asked at once. */
int connection_places(const struct connection *connection, enum call_urgency urgency);

/*
 * A call of that urgency was put off (CALL_RETRY_AT). For want of room: others need not try before
 * its time, but for revocations and leavers, who always try. For want of a place: the next one may
 * find it.
 */
void connection_note_full(struct connection *connection, enum call_urgency urgency,
        const struct call_outcome *outcome);
/* 0: there may be room; else the wall clock from when on. */
int64_t connection_full_until_ms(struct connection *connection, enum call_urgency urgency);

/* Looks at how fast it goes (drain.h), and how long it takes. */
void connection_look_at_drain(struct connection *connection, int64_t waiting);
int64_t connection_drain_ms(struct connection *connection, int64_t waiting);
/* In a slow start, while people wait: what nobody waits for leaves them the few places. */
bool connection_is_for_people_first(struct connection *connection);

/* Monotonic time from which Bob may be asked: his budget, and the backoff after a failure. */
int64_t connection_bob_ready_ms(struct connection *connection, enum call_urgency urgency);

/*
 * Policy G3 asks for one look before the first create. A run that is planned again because a newer
 * event came need not look twice: the login's uniqueness covers the rest.
 */
void connection_note_lookup(
        struct connection *connection, const char *employee_id, const char *search);
bool connection_was_looked_up(
        struct connection *connection, const char *employee_id, const char *search);

/*
 * Asks Okta or Bob again while parked, when that is due. True when it works (again): the caller
 * then wakes what was parked. The first time Okta works its schema is read as well, so that the
 * first write is checked.
 */
bool connection_probe_okta(struct connection *connection, struct okta_client *client);
bool connection_probe_bob(struct connection *connection, struct bob_client *client);
/* Monotonic time of the next probe; 0: not parked. */
int64_t connection_okta_probe_ms(struct connection *connection);
int64_t connection_bob_probe_ms(struct connection *connection);

#endif
