/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SIMULATION_SIM_H
#define TESTS_SIMULATION_SIM_H

/*
 * A seeded simulation of a company: the product's engine, store, policy and
 * parsers as they are, between a Bob and an Okta of our own in the same
 * process, in virtual time. One thread does what the engine's threads do, in
 * an order that the seed decides; nothing reads a real clock or real
 * randomness, so that a seed replays exactly.
 *
 *   world.c      the people as they truly are, and what Bob tells of them
 *   life.c       what happens to them
 *   fake_bob.c   Bob's API, fake_okta.c Okta's: written from their documents
 *   weather.c    what goes wrong with both, with the webhooks and the clock
 *   driver.c     the engine's threads, crashes, restarts
 *   human.c      the administrator at the console, and people with their accounts
 *   oracle.c     what should be, restated from the policy; the invariants
 *
 * One struct sim a run; one thread but for the store's writer.
 */

#include "server/base/account.h"
#include "server/base/attr.h"
#include "server/base/words.h"
#include "server/base/zone.h"
#include "server/engine/parts.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

/* ----------------------------------------------------------- randomness */

struct random {
	uint64_t state;
};
uint64_t random_next(struct random *random);
int random_below(struct random *random, int count); /* 0..count-1 */
bool random_chance(struct random *random, int permille);
int64_t random_between(struct random *random, int64_t least, int64_t most);

/* --------------------------------------------------------------- people */

enum word {
	WORD_HIRED,
	WORD_EMPLOYED,
	WORD_LEAVE,
	WORD_PARENTAL,
	WORD_GARDEN,
	WORD_TERMINATED,
	WORD_STRANGE
};

/* What Bob holds of a person. A date is days since 1970; 0: none. */
struct truth {
	char first[16];
	char surname[24];
	char email[48]; /* "": none yet */
	char title[24];
	char department[24];
	int site;
	int manager; /* index; -1: none */
	int32_t start;
	int32_t end; /* termination date */
	int32_t last_day;
	enum word word;
	bool is_active; /* internal.status */
	bool is_deleted;
};

#define PAST_MAX 10

struct past {
	struct truth truth;
	int64_t until_ms;
};

struct someone {
	char id[24];
	struct truth now;
	struct past past[PAST_MAX]; /* newest first */
	/* Rows of the lifecycle table that are still to come; 0: none. */
	int32_t leave_from;
	int32_t leave_to; /* first day back */
	bool leave_is_active;
	enum word leave_word;
	bool has_started; /* the first time */
	bool has_garden;
	enum word word_before; /* a strange word */
	/* What happened, for the oracle. */
	int accounts[2]; /* indexes + 1 of the Okta users that are truly theirs; 0: none */
	bool is_existing; /* was there before go-live */
	int64_t revoked_ms; /* triggeredAt of the newest revocation that was delivered in time */
	int64_t rehired_ms;
	int64_t terminated_ms;
	bool is_deletion_told;
	int64_t told_ms; /* some event of this person was delivered */
	bool is_reopened; /* a human released what kept the account closed */
	bool is_disappearance_confirmed;
	bool is_limit_passed; /* a human released a limit */
	bool is_existing_passed; /* a human let us create who was here before */
	bool is_to_compare; /* changed since the last sweep */
	int64_t left_out_ms; /* when Bob last left them out of an answer */
	bool is_unheard; /* and no webhook tells of it */
	int on_their_way; /* webhooks that have not arrived yet */
	int done[ACTION_KIND_COUNT]; /* intents whose outcome is done */
	int maybe[ACTION_KIND_COUNT]; /* unclear calls that would have changed nothing */
	int effects[ACTION_KIND_COUNT]; /* what Okta carried out for us */
};

/* ------------------------------------------------------------ Okta users */

enum actor { BY_US, BY_HUMAN, BY_OKTA, BY_EITHER };

struct okta_account {
	char id[OKTA_USER_ID_BYTES];
	int owner; /* whose it truly is; -1: nobody in Bob */
	enum account_status status;
	json_t *profile;
	uint32_t login_hash; /* of what is compared most often */
	uint32_t email_hash;
	int64_t created_ms;
	int64_t transition_until_ms;
	enum actor lowered_by; /* the last lowering; valid while closed */
	bool is_by_us; /* we created it */
	bool is_known; /* its owner's worker has read it */
	bool is_in_doubt; /* a call of ours ended unclear, and we have not looked since */
	bool is_sessions_ended; /* since the last change of the status */
	int64_t known_ms;
	char last_body[1024]; /* of our last update, until anything changes */
};

struct effect {
	enum limit_kind limit;
	int person;
	int64_t running_ms;
};

/* ------------------------------------------------------------- settings */

enum { SITE_COUNT = 5 };

struct scenario {
	bool is_on_start_date;
	int activation; /* 0 bob_status, 1 always, 2 never */
	bool sends_email;
	bool suspends_leavers;
	bool ends_sessions;
	int out_of_scope; /* 0 keep, 1 suspend, 2 deactivate */
	bool holds_existing;
	bool shows_future_ends; /* basic reads show a termination that is not effective yet */
	bool uses_garden;
	bool suspends_leaves;
	int create_days_before; /* the start date */
	int activation_days_before;
	int limit_hour;
	int limit_day;
	int limit_week;
};

/* ---------------------------------------------------------------- world */

enum world_kind {
	AT_LIFE, /* something happens to a person */
	AT_FLIP, /* a person's lifecycle row takes effect */
	AT_MIDNIGHT, /* of a site */
	AT_DELIVERY, /* a webhook arrives */
	AT_WEATHER,
	AT_SWEEP,
	AT_HUMAN,
	AT_ACCOUNTS, /* people use their Okta accounts */
	AT_RESTART,
	AT_HEAL,
	AT_CHECK,
};

struct world_item {
	int64_t at_ms;
	uint64_t order; /* of those at one time */
	enum world_kind kind;
	int person; /* or a site */
	int number;
	char *body; /* of a delivery; owned */
};

struct weather {
	bool is_fine; /* nothing goes wrong at all */
	int okta_permille;
	int bob_permille;
	int crash_permille;
	int missing_permille; /* of the people, who are not in Bob's answers */
	bool is_okta_down;
	bool is_token_refused;
	bool is_bob_down;
	bool is_bob_refusing;
};

struct size {
	int people;
	int days;
};

struct sim {
	uint64_t seed;
	struct size size;
	struct scenario scenario;
	struct random order; /* whose turn it is */
	struct random fate; /* what goes wrong */
	struct random lives; /* what happens to people */

	int64_t begin_ms;
	int64_t now_ms; /* true time */
	int64_t skew_ms; /* how far our wall clock is off */
	int64_t down_ms; /* time in which we did not run */
	int day;

	struct someone *people;
	int person_count;
	int person_max;
	struct world_item *items; /* a heap */
	size_t item_count;
	size_t item_max;
	uint64_t item_order;
	struct zone *zones[SITE_COUNT];
	uint64_t event_count;

	struct okta_account *accounts;
	int account_count;
	int account_max;
	struct effect *effects;
	size_t effect_count;
	size_t effect_max;
	struct weather weather;

	struct settings *settings;
	struct store *store;
	struct engine *engine;
	struct dispatcher *dispatcher;
	struct reader *reader;
	struct runner runners[2]; /* of two workers: the second works while the first waits */
	int depth; /* how many of them are in a call */
	bool is_sweeping; /* the sweep's thread, which is the only one, runs */
	int acting; /* whose employee the worker has in hand; -1: none */
	int64_t acting_generation; /* as it was claimed */
	bool is_resolving; /* the worker in hand has read an account by its login */
	int64_t reader_wait_ms; /* monotonic: how long the reader wants to wait */
	int64_t dispatcher_wait_ms;
	int64_t waited_ms; /* what the last turn asked for; 0: nothing */
	bool is_reader_busy;
	bool is_dispatcher_busy;
	bool is_interleaved; /* somebody works while another one waits for a call */
	bool was_parked;
	bool is_over;
	bool was_skewed; /* our clock was off some time today */
	int postponed; /* how often today's check waited for work to end */
	int64_t dispatched_ms; /* the dispatcher's last turn */
	int still; /* steps without time passing */
	bool is_store_dropped; /* the process "died": the store may not say it was closed */
	jmp_buf crash;
	jmp_buf end;
	int64_t last_intent;

	/* counted, for the report */
	long calls;
	long crashes;
	long runs;
	long events;
	long changes;
	bool is_failed;
	bool is_verbose;
	bool is_of_orders; /* the lives of orders.c, in fine weather */
};

/* ---------------------------------------------------------------- trace */

#define TRACE_KEPT 30

/* Notes one step; the digest covers all of them. */
void trace(struct sim *sim, const char *format, ...) PRINTF(2, 3);
void trace_begin(void);
uint64_t trace_digest(void);
void trace_print(void); /* the last steps */

/* An invariant does not hold: says so, and ends the run. person: -1 for none. */
_Noreturn void sim_fail(struct sim *sim, const char *invariant, int person, const char *format, ...)
        PRINTF(4, 5);
/* The harness itself is broken. */
void must(bool holds, const char *what, const struct err *err);

/* --------------------------------------------------------- virtual clock */

/* The run whose clock the product reads. */
void clock_use(struct sim *sim);
int64_t sim_mono_ms(const struct sim *sim);
int64_t sim_running_ms(const struct sim *sim); /* without the time we were down */
void sim_advance(struct sim *sim, int64_t ms);

/* --------------------------------------------------------------- the run */

/* Runs one seed to its end; false when an invariant did not hold. */
bool sim_run(struct sim *sim);
void scenario_choose(struct sim *sim);
#define ORDERS_SETTINGS 4
void scenario_for_orders(struct sim *sim);
struct settings *scenario_settings(const struct sim *sim);
const char *scenario_text(const struct sim *sim);

#endif
