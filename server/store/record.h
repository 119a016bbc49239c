/* SPDX-License-Identifier: MIT */
#ifndef SERVER_STORE_RECORD_H
#define SERVER_STORE_RECORD_H

/*
 * The records that cross store.h, as plain data. A field has one name from SQL
 * column to struct to JSON. Texts on the heap are owned by the struct and
 * freed by its finish function. Pure; no locks.
 */

#include "server/base/account.h"
#include "server/base/attr.h"
#include "server/base/sensitive.h"
#include "server/base/words.h"
#include "server/base/zone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EMPLOYEE_ID_BYTES 33 /* 1..32 digits (engine rule 15) */
#define OKTA_ID_BYTES     41
#define RULE_BYTES        8
#define SENTENCE_BYTES    256

struct employee_key {
	char connection[CONNECTION_NAME_BYTES];
	char employee_id[EMPLOYEE_ID_BYTES];
};

/*
 * idle -> dirty -> working -> idle, or waiting, failed, parked; held is derived from hold rows and
 * is never stored. One function (sqlite_employee_set_state) changes the column.
 *
 *   idle    nothing to do             dirty   must be read and converged
 *   working in a worker's hands       waiting due later (a date, a retry, a second look)
 *   failed  used up its attempts      parked  waits for the outside world
 */
enum employee_state {
	EMPLOYEE_IDLE,
	EMPLOYEE_DIRTY,
	EMPLOYEE_WORKING,
	EMPLOYEE_WAITING,
	EMPLOYEE_FAILED,
	EMPLOYEE_PARKED,
	EMPLOYEE_STATE_COUNT
};

/* Is a termination behind a revocation, in Bob's lifecycle table? (Basic reads hide it.) */
enum revoke_row {
	REVOKE_ROW_NONE, /* no revocation was carried out */
	REVOKE_ROW_WANTED, /* carried out; the table has not told yet */
	REVOKE_ROW_FOUND,
	REVOKE_ROW_MISSING, /* two reads far enough apart agree: an alarm */
	REVOKE_ROW_COUNT
};

/* What Okta may say otherwise than the record, as a sweep saw it: the next run asks Okta first. */
enum doubt {
	DOUBT_NONE,
	DOUBT_STATUS, /* the status alone: the profile in the record stays what we wrote */
	DOUBT_USER, /* status and profile: what was changed by hand is to be set back */
	DOUBT_COUNT
};

struct employee {
	struct employee_key key;
	enum employee_state state;
	enum lane lane;

	/* Generations (design 2) and the lease. */
	int64_t generation; /* + 1 with every event or mark */
	int64_t claimed_generation; /* as captured at the claim */
	int64_t settled_generation; /* settled by a read begun late enough (engine rule 3) */
	int64_t lease_token; /* of the present claim; 0: none */
	int64_t last_event_at_ms;
	int64_t dirty_since_ms; /* 0 while settled */

	/* Times (engine rule 1); 0: none. */
	int64_t policy_due_at_ms;
	int64_t reread_at_ms;
	int64_t retry_not_before_ms;
	int attempts; /* runs since the last good one */
	int64_t failing_since_ms; /* 0 while the last run was good */
	int crashes; /* of the process, with this employee alone in a worker's hands (rule 6) */
	bool is_suspect; /* in hand at a crash, and no outcome since: runs alone */

	/* Facts from events. */
	int64_t deleted_at_ms; /* a signed employee.deleted arrived */
	int64_t revoke_triggered_at_ms; /* newest revocation's own triggeredAt */
	int64_t revoke_handled_at_ms; /* triggeredAt of the last one carried out */
	bool revoke_is_doubtful; /* its time was missing, nonsense or too far ahead (V1) */
	int64_t left_event_at_ms; /* left or inactivated arrived (L2) */
	enum doubt doubt; /* from a sweep, which marks like an event */
	enum revoke_row revoke_row; /* the termination behind a revocation (policy 5) */
	int64_t revoke_row_asked_at_ms; /* when the table was first read without it; 0: not yet */

	/* Facts from reads. */
	int64_t read_at_ms; /* when the last good Bob read began; 0: never read */
	int64_t absent_since_ms; /* first of the reads that did not bring this person */
	char lifecycle[32]; /* as last read, folded */
	char time_zone[ZONE_NAME_BYTES]; /* of the site, as last read; "": not read since it is kept
	                                  */
	int64_t confirmed_end_ms; /* L6: the closing instant that the last read told; 0: none */
	int64_t confirmed_at_ms; /* when that read began */
	bool was_terminated; /* seen terminated, or lowered as a leaver, and not rehired since */
	int64_t empty_since_ms; /* K4: when empty_fields was first read so */
	char *empty_fields; /* K4: Okta attributes read as empty, comma-separated; NULL: none */
	char *set_back; /* C4: attribute -> how often somebody set it back, as JSON; NULL: none */

	/* What the mapping rows came to; without personal data. */
	char *row_problems; /* JSON array of {"okta", "state", "reason"}; NULL: none */
	int64_t again_since_ms; /* since when a row has had no verdict; 0: all have one */
	char *waits_for; /* ids of colleagues whose accounts rows refer to, comma-separated; NULL:
	                    nobody */
	char *refers_to; /* of colleagues whose login rows used: another login wakes, too */

	/* A move to another connection of the same company (L5). */
	int64_t move_since_ms; /* first seen; 0: none */
	char move_to[CONNECTION_NAME_BYTES]; /* "": none */

	/* The account. */
	char okta_id[OKTA_ID_BYTES]; /* "": not linked */
	enum account_origin origin;
	char activation[16]; /* the mode when the account was created (R5) */
	bool is_activated; /* latches at the first activation (R1) */
	enum account_status present_status; /* as last read or written */
	struct personal
	        present_profile; /* JSON object of mapped attributes as last read or written */
	int64_t present_at_ms; /* when Okta last showed status and profile; 0: not known */
	enum lower_cause lowered; /* our own recorded lowering */
	int64_t lowered_at_ms; /* 0: not known */
	int64_t activated_at_ms; /* of our last activation; 0: none */
	int64_t mailed_at_ms; /* of the last activation mail we caused; 0: none */
	int mails; /* activation mails since the last activation */
	int64_t linked_at_ms; /* 0: not linked, or before this was kept */
	bool is_compared; /* M3: a run since the link found no leaver */
	char wanted[16]; /* what the last decision wanted (wanted_account_name); "": none yet */
	bool is_sessions_due; /* engine rule 9 */
	bool is_sourced_elsewhere; /* C3 */
	struct personal bob_login; /* Bob's value when we linked or last wrote it (C2) */
	struct personal bob_email;
	struct personal display_name; /* for lists shown to an administrator */

	/* What the last run came to, for people. */
	char alarm[RULE_BYTES]; /* the rule by which it needs a human at once; "": none */
	char last_rule[RULE_BYTES];
	char last_sentence[SENTENCE_BYTES];
	char last_error[SENTENCE_BYTES];
	int64_t last_run_at_ms;
	bool is_last_run_good;

	unsigned hold_kinds; /* bit per enum hold_kind; filled in by claim, get and list */
	unsigned approvals; /* approval_bit of each hold released by a human and not used yet */

	/* The settings version whose mapping filled the account last; 0: none did yet. */
	int64_t mapped_version;
};

/*
 * What a release leaves behind until it is used. That of a limit is for this limit and no other:
 * whoever may lose a group may not be closed for it.
 */
unsigned approval_bit(enum hold_kind kind, enum limit_kind limit);
/* Those of all limits. */
unsigned approval_bits_of_limits(void);

void employee_finish(struct employee *employee);

struct employee_list {
	struct employee *items;
	size_t count;
};
void employee_list_finish(struct employee_list *list);

struct employee_filter {
	const char *connection; /* NULL: all */
	const char *text; /* id or Okta id, or parts of name and addresses, folded; NULL: all */
	bool is_text_an_id; /* text is compared with ids alone: it finds nobody by a name */
	enum employee_state state; /* EMPLOYEE_STATE_COUNT: all */
	bool only_held;
	const char *lifecycle; /* NULL: all */
	const char *present_status; /* Okta's word; NULL: all */
	bool is_by_name; /* in order of names, which needs a connection; else of ids */
	const char *after_employee_id; /* page by key; NULL: from the start */
	size_t limit;
};

/* What became of an event. */
enum event_state {
	EVENT_RECEIVED, /* durable, not parsed yet */
	EVENT_ACCEPTED, /* marked its employee dirty */
	EVENT_IGNORED, /* a type that does not concern us */
	EVENT_UNUSABLE, /* cannot be understood; the reason says why */
	EVENT_FOREIGN, /* another company's (W-11) */
	EVENT_STATE_COUNT
};

struct event {
	int64_t event_id;
	char connection[CONNECTION_NAME_BYTES];
	char employee_id[EMPLOYEE_ID_BYTES];
	enum event_state state;
	char type[64];
	char reason[SENTENCE_BYTES];
	char *body; /* NULL once expired, and in lists that do not ask for it */
	size_t body_len;
	int64_t received_at_ms;
	int64_t triggered_at_ms; /* 0: none or nonsense */
	int64_t last_seen_at_ms;
	int64_t deliveries; /* 1 + duplicates */
	int64_t crashes; /* of the process, while it was read (rule 6) */
};

struct event_list {
	struct event *items;
	size_t count;
	bool has_more; /* it is cut off: there may be more to read at once */
};
void event_list_finish(struct event_list *list);

/* What an event says about its employee beside "something changed". */
enum event_kind {
	EVENT_KIND_CHANGE,
	EVENT_KIND_REVOKE,
	EVENT_KIND_LEFT,
	EVENT_KIND_DELETED,
	EVENT_KIND_JOIN
};

/* What settling made of an event. */
enum event_fate {
	EVENT_FATE_GONE, /* it was settled before */
	EVENT_FATE_NEW,
	EVENT_FATE_DUPLICATE, /* only counted */
	EVENT_FATE_REOPENED /* a duplicate that is as good as new (rule 14) */
};

struct event_verdict {
	int64_t event_id;
	enum event_state state;
	enum event_kind kind;
	enum lane lane;
	char type[64];
	char employee_id[EMPLOYEE_ID_BYTES]; /* "" unless one was found */
	char reason[SENTENCE_BYTES];
	int64_t received_at_ms;
	int64_t triggered_at_ms;
	bool is_doubtful; /* a revocation whose time cannot be trusted (V1) */
	enum event_fate fate; /* set by store_event_settle */
};

struct hold {
	struct employee_key key;
	enum hold_kind kind;
	char cause[SENTENCE_BYTES];
	char by[64];
	int64_t since_ms;
	bool is_rejected;
	char okta_id[OKTA_ID_BYTES]; /* the account in question, if any */
	enum limit_kind limit; /* with HOLD_LIMIT: which; a hold of its own for each */
	char rule[RULE_BYTES]; /* that asked; "": none */
	char action[16]; /* action_kind_name of what is kept back; "": more than one thing */
	struct personal wanted; /* JSON: what the action would make of the account; NULL: none */
};
void hold_finish(struct hold *hold);

struct hold_list {
	struct hold *items;
	size_t count;
};
void hold_list_finish(struct hold_list *list);

struct hold_decision {
	struct employee_key key;
	enum hold_kind kind; /* HOLD_KIND_COUNT: every open hold of the employee */
	const char *by;
	const char *why; /* in whose words, for the audit trail; NULL or "": none */
	enum limit_kind limit; /* with HOLD_LIMIT: only of this one; LIMIT_NONE: of all */
	int64_t release_id; /* the release it belongs to (releases.h); 0: kept in no list */
};

enum intent_result {
	INTENT_OPEN, /* durable; act now */
	INTENT_LEASE_LOST, /* somebody else has the employee: drop it, call nothing */
	INTENT_MOVED, /* a newer event came: plan again */
	INTENT_LIMITED, /* over a limit: hold it */
	INTENT_TAKEN, /* another employee has this login or Okta user */
	INTENT_FAILED /* the store could not: err says */
};

/* Before a change: what is about to be done, for whom, why. */
struct intent {
	int64_t intent_id; /* set by store_intent_open */
	struct employee_key key;
	int64_t lease_token;
	int64_t claimed_generation;
	int64_t settings_version; /* that planned it */
	enum action_kind kind;
	enum limit_kind limit;
	bool is_rename;
	bool is_approved; /* a human released it: counts, but passes the limit */
	unsigned
	        approvals_used; /* bits of employee.approvals it uses up; 0 with is_approved: all */
	enum lower_cause lower_cause;
	enum lane lane;
	char rule[RULE_BYTES];
	char reason[SENTENCE_BYTES];
	char okta_id[OKTA_ID_BYTES];
	char group_id[OKTA_ID_BYTES]; /* with join_group and leave_group; else "" */
	struct personal login; /* folded; with create and rename */
	struct personal body; /* JSON as it will be sent; NULL for lifecycle calls */
	struct personal before; /* JSON: the account as it was (act_intent.c) */
	bool sends_email;
	bool sets_sessions_due; /* engine rule 9 */
	int64_t undoes; /* the action that this one takes back; 0: none */
	int64_t opened_at_ms;
};
void intent_finish(struct intent *intent);

enum outcome_state {
	OUTCOME_OPEN, /* the intent has none yet */
	OUTCOME_DONE,
	OUTCOME_REFUSED, /* Okta said no; nothing changed */
	OUTCOME_NOT_SENT, /* the call never left; nothing changed */
	OUTCOME_DRY_RUN, /* mode dry_run: would have been */
	OUTCOME_STATE_COUNT
};

struct outcome {
	int64_t intent_id;
	int64_t lease_token;
	enum outcome_state state;
	int http_status;
	char code[16];
	char request_id[80];
	char sentence[SENTENCE_BYTES];
	bool is_resolved; /* found out by reading after an unclear answer */
};

/* An intent with its outcome, as lists show it. */
struct action_record {
	struct intent intent;
	struct outcome outcome;
	int64_t closed_at_ms;
};
struct action_list {
	struct action_record *items;
	size_t count;
};
void action_list_finish(struct action_list *list);

/* Where a version of the settings came from. */
enum settings_source {
	SETTINGS_FROM_FILE,
	SETTINGS_FROM_API,
	SETTINGS_FROM_ROLLBACK,
	SETTINGS_SOURCE_COUNT
};

struct settings_version {
	int64_t version; /* 1, 2, ...; never used twice */
	int64_t at_ms;
	char author[64];
	char note[SENTENCE_BYTES];
	enum settings_source source;
	char hash[17];
	char *document; /* JSON without secrets; NULL in lists; owned */
};
void settings_version_finish(struct settings_version *version);

struct settings_version_list {
	struct settings_version *items;
	size_t count;
};
void settings_version_list_finish(struct settings_version_list *list);

/* What a mapping row could not do, and for how many people, at the last look at each. */
#define ROW_PROBLEM_REASON_BYTES 220
struct row_problem {
	char okta[128]; /* the attribute, or "group NAME" */
	char state[32]; /* of mapping/profile.h: "not_readable" */
	char reason[ROW_PROBLEM_REASON_BYTES];
	int64_t people;
};
struct row_problem_list {
	struct row_problem *items; /* the commonest first */
	size_t count;
};
#define ROW_PROBLEMS_MAX 1000
void row_problem_list_finish(struct row_problem_list *list);

struct store_counts {
	int64_t by_state[EMPLOYEE_STATE_COUNT];
	int64_t by_lane[LANE_COUNT]; /* dirty or working */
	int64_t waiting[LANE_COUNT]; /* those and the parked, without those set aside */
	int64_t holds[HOLD_KIND_COUNT];
	int64_t events[EVENT_STATE_COUNT];
	int64_t managed_active;
	int64_t row_problems; /* people with at least one */
	int64_t events_aside; /* nobody reads them: the process ended on them (rule 6) */
	int64_t oldest_dirty_ms; /* wall time; 0: none */
};

/* Stable words of the enums, as in SQL, JSON and the console. */
const char *employee_state_name(enum employee_state state);
const char *event_state_name(enum event_state state);
const char *outcome_state_name(enum outcome_state state);
const char *settings_source_name(enum settings_source source);
const char *revoke_row_name(enum revoke_row row);
const char *doubt_name(enum doubt doubt);
/* COUNT (or NONE) for an unknown word. */
enum employee_state employee_state_parse(const char *text);

#endif
