/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_RUN_H
#define SERVER_ENGINE_RUN_H

/*
 * One employee, one run: what was read, what was decided, how it ended. The
 * steps live in files of their own and are called by reconcile.c in order:
 *
 *   resolve.c       open intents of an earlier run, by reading Okta
 *   wanted.c        what the rows want, and what they could not do
 *   lookup.c        is there an account already? adopt it, or ask a human
 *   unique_login.c  of several logins, the one nobody else has
 *   pair.c          a move to another connection of the same company
 *   undo_act.c      the way back from an action, for a human who asks for it
 *   act.c           one action: holds, limits, intent, call, outcome
 *   limit_hold.c    what a limit keeps back for a human
 *   groups.c        memberships in groups (groups.h)
 *   revoke_row.c    is a termination behind a revocation?
 *
 * A run belongs to the thread that makes it.
 */

#include "server/engine/facts.h"
#include "server/engine/rule_set.h"
#include "server/engine/runner.h"
#include "server/engine/set_back.h"
#include "server/engine/work.h"

enum run_mode {
	RUN_MODE_WORK,
	RUN_MODE_PLAN, /* reads only; nothing is stored or sent */
	RUN_MODE_CLOSE, /* a human closes the account now (M4) */
	RUN_MODE_LINK, /* a human asks for the activation link (activation_link.c) */
	RUN_MODE_UNDO, /* a human takes an action back (undo.h) */
};

enum run_end {
	RUN_ENDS_WELL,
	RUN_ENDS_WAITING, /* not applied; again at retry_at_ms, no attempt used */
	RUN_ENDS_RETRY, /* a transient failure: again with backoff */
	RUN_ENDS_PARKED, /* the connection waits for Okta, or is paused */
	RUN_ENDS_FAILED, /* Okta will never accept this */
	RUN_ENDS_MOVED, /* a newer event came: plan again from a new read */
	RUN_ENDS_LOST, /* the lease is somebody else's: drop everything */
};

/* What a step asks of its caller. */
enum step { STEP_NEXT, STEP_AGAIN, STEP_STOP };

struct run {
	struct runner *runner;
	struct connection *connection;
	struct employee *employee; /* under our lease; borrowed from the work */
	enum run_mode mode;
	enum presence presence;
	int64_t read_begun_ms;
	int64_t lease_ends_ms; /* monotonic; 0: the lease is not a matter of time */
	const struct rule_set *draft; /* RUN_MODE_PLAN: a mapping that is tried; else NULL */
	bool is_offline; /* RUN_MODE_PLAN: Okta is not asked, nobody is looked for there */
	const struct connection_settings *as_of; /* RUN_MODE_PLAN: settings that are tried; else
	                                            NULL */
	int64_t forecast_ms; /* RUN_MODE_PLAN: judged as at that time, without asking Okta; 0: now
	                      */

	struct person person; /* with PRESENCE_READ */
	struct catalog_use catalogs; /* what the profile was made with */
	struct map_profile profile;
	bool has_profile; /* false also for somebody who loses access in any case (L3) */
	unsigned taken; /* bit i: candidate i for the login is somebody else's */
	bool is_looked_up; /* nobody was found, and a login is chosen */
	bool is_match_answered; /* "another person" was said, and another login chosen */
	bool plans_again; /* the action in hand met a taken login, and there is another */
	json_t *present; /* Okta's mapped attributes as last read or written; NULL: unknown */
	struct hold_list holds;
	struct account_facts facts;
	char login[256]; /* present login, folded; what facts.login points to */
	struct decision decision;
	struct plan plan;
	bool has_plan;
	const json_t *written; /* what the update in hand wrote; borrowed; NULL outside of it */
	char *stopped; /* C4: attributes that are not written any more, comma-separated; NULL: none
	                */
	const char *may_clear; /* K4 */
	bool is_status_fresh; /* Okta told the status in this run (engine rule 10) */
	bool wants_reread; /* K4: a second read must agree */
	bool is_held; /* an action was kept back for a human */
	bool has_acted;
	bool has_group_intents; /* an earlier run left a join or leave open */
	struct undo *undo; /* RUN_MODE_UNDO; borrowed; else NULL */
	struct secret *link; /* RUN_MODE_LINK: where the link goes; borrowed; else NULL */
	bool is_move_pending; /* L5: the other connection is to open its account first (pair.c) */
	int64_t look_again_ms; /* a step asks for another look then; 0: none */
	json_t *report; /* RUN_MODE_PLAN: array of what would be done, as docs/http.md has it; else
	                   NULL */
	enum hold_kind asked; /* the hold this run met or set; HOLD_KIND_COUNT: none */
	char asked_cause[SENTENCE_BYTES];

	enum run_end end;
	enum employee_state finish; /* what run_settle made of it */
	int64_t retry_at_ms;
	char sentence[SENTENCE_BYTES]; /* why it ended so, for people; "" when it ended well */
};

/* Work on a claimed employee (in RUN_MODE_PLAN any); source is borrowed and may be NULL. */
void reconcile(struct run *run, json_t *source);
void run_finish(struct run *run);

/* From when on a read shows what became of the last event, and of our own last lowering. */
int64_t run_settles_at_ms(const struct run *run);
/* Writes the end of the run into the record and gives the employee back. */
bool run_settle(struct run *run, struct err *err) MUST_CHECK;
/* The writing alone once more, after run_settle could not. */
bool run_store_end(struct run *run, struct err *err) MUST_CHECK;

/* ------------------------------------------------- for the steps' files */

enum step run_stop(struct run *run, enum run_end end, const char *sentence);
/*
 * Asked just before a call that changes Okta: a thread that slept past its lease must not send
 * what its employee's new holder has long decided otherwise.
 */
bool run_has_lease(const struct run *run);
/* Maps an outcome that did not succeed to the run's end, and tells the connection. */
enum step run_stop_outcome(struct run *run, const struct call_outcome *outcome);
bool run_has_hold(const struct run *run, enum hold_kind kind);
bool run_is_approved(const struct run *run, enum hold_kind kind);
/* STEP_STOP where Okta's budget has no room: nothing is begun that could not be sent. */
enum step run_need_room(struct run *run);
/* Asks a human; the hold is durable when this returns. */
enum step run_hold(struct run *run, enum hold_kind kind, const char *cause, const char *okta_id);
/* The same with all that the hold says, but for whose it is, since when and by whom: these are
   filled in. A limit's is limit_hold.h's to make. */
enum step run_hold_add(struct run *run, struct hold *hold);
/* The hold as it was when the run began; NULL: none. */
const struct hold *run_find_hold(const struct run *run, enum hold_kind kind);
/* Takes a hold back whose cause is gone. */
void run_unhold(struct run *run, enum hold_kind kind);
/* Adds an action to the report, if one is asked for. */
void run_report(struct run *run, const struct planned_action *action);
struct okta_client *run_okta(struct run *run);
/* How an Okta user came under our care; the texts are borrowed. */
struct run_account {
	enum account_origin origin;
	bool is_activated;
	bool is_compared; /* M3: created by us, or named by an event */
	const char *bob_login; /* the baseline of later renames (C2); NULL: none */
	const char *bob_email;
};
/* Links the employee to this user, and notes what Okta says of it. */
bool run_note_account(
        struct run *run, const struct okta_user *user, const struct run_account *account);
/* The folded login that the store keeps unique; NULL (no login) is none. */
bool run_set_login(struct intent *intent, const char *login);
/* Notes what Okta says the user is now. */
bool run_note_user(struct run *run, const struct okta_user *user);
/* Reads the linked user afresh; STEP_NEXT when present is known now. */
enum step run_reread(struct run *run);
/* Asks Okta about what a sweep doubted (doubt.c); without Okta the doubt stays. */
enum step run_ask_doubt(struct run *run);

/* The settings in force, or those that are tried. */
const struct connection_settings *run_settings_used(const struct run *run);
const struct policy_settings *run_policy(const struct run *run);
/* The time a run judges by. */
int64_t run_now_ms(const struct run *run);
/* The mapping in force, or the one that is tried. */
const struct map_rules *run_rules(const struct run *run);
/* Makes run->profile; false with err. */
bool run_make_profile(struct run *run, struct err *err) MUST_CHECK;
/* Rows, or the scope, have had no verdict this time. */
bool run_has_open_rows(const struct run *run);
/* Notes in the record what rows could not do, and counts what is new of it. */
void run_note_problems(struct run *run);

/* True for somebody without an account whose login has alternatives. */
bool run_chooses_login(const struct run *run);
/* Takes the first candidate that is not taken; without one asks a human. taken: more bits. */
enum step run_choose_login(struct run *run, unsigned taken);
/* The same after that login turned out to be taken; sets plans_again. */
enum step run_next_login(struct run *run, const char *taken);
/* A create met a taken login: whose is it? (G4; okta.md 1.4) */
enum step run_on_login_taken(struct run *run, const char *login);
/* An account that is there has this login: if it is a candidate, it is the one. */
bool run_use_login(struct run *run, const char *login) MUST_CHECK;

enum step resolve_intents(struct run *run);
enum step lookup_account(struct run *run);
/*
 * The other employee who is linked to an Okta user, or is about to get that login; "" when there is
 * none. False when the store failed; the run is stopped then.
 */
bool lookup_linked(struct run *run, const char *id_or_login, char employee_id[EMPLOYEE_ID_BYTES]);
/* No account is looked for any more: what a look-up asked about is no question now. */
void lookup_forget(struct run *run);
/* Every action of the plan. */
enum step act_all(struct run *run);
/* L5: is the account to be opened elsewhere first? Sets is_move_pending and notes the move. */
enum step pair_look(struct run *run);
/* Once that is stored (a plan stores nothing): the other connections of the company are asked to
 * look. */
void pair_ask(struct run *run);
/* The person comes from another connection of the company: that is no surprise (M3). */
bool pair_brings(const struct run *run);
/* RUN_MODE_LINK: the one action that gives the link, or why there is none. */
enum step activation_link_act(struct run *run);
/* RUN_MODE_UNDO: the steps back, planned, and done unless only the plan is wanted (undo_act.c). */
enum step undo_act(struct run *run);
/* Asks Bob's lifecycle table for the termination behind a revocation, when it is time to. */
enum step revoke_row_look(struct run *run);
/* One action, be it the plan's or not. */
enum step act_action(struct run *run, const struct planned_action *action);
/* Judges and, if it is the same person, links what was found; for lookup and for a taken login. */
enum step lookup_judge(struct run *run, const struct okta_user_list *users);

#endif
