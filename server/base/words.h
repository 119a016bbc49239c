/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_WORDS_H
#define SERVER_BASE_WORDS_H

/*
 * The words of the domain that both the pure core (mapping/) and the shell
 * (store, engine) speak: lanes, kinds of action, hold and limit. One spelling
 * each, the same in C, SQL and JSON. Pure.
 */

#include <stdbool.h>
#include <stdint.h>

#define CONNECTION_NAME_BYTES 64

/* Priority of work, most urgent first. */
enum lane { LANE_REVOKE, LANE_LEAVE, LANE_JOIN, LANE_UPDATE, LANE_SWEEP, LANE_COUNT };

/* How the Okta user came under our care; decides about the first activation (R1). */
enum account_origin { ORIGIN_NONE, ORIGIN_CREATED, ORIGIN_ADOPTED_STAGED, ORIGIN_ADOPTED };

/* Why we lowered an account; only our own recorded lowering is undone (R3). */
enum lower_cause {
	LOWER_NONE,
	LOWER_LEAVER,
	LOWER_LEAVE,
	LOWER_REVOKED,
	LOWER_SCOPE,
	LOWER_CLOSE,
	LOWER_DUPLICATE
};

/* Why work waits for a human. Each kind binds the actions policy and engine rule 2 name. */
enum hold_kind {
	HOLD_HUMAN, /* asked for by name; blocks everything, lowering too */
	HOLD_LIMIT, /* a limit was reached (M2) */
	HOLD_MATCH, /* a doubtful match, or a taken login (G4) */
	HOLD_DUPLICATE, /* the account is under another Bob record (G6) */
	HOLD_CLOSED_BY_OTHER, /* somebody else lowered the account (R3) */
	HOLD_REVOKED, /* V2: until a human or a rehire reopens */
	HOLD_REVOKE_DOUBTFUL, /* V1: the event's time cannot be trusted */
	HOLD_DISAPPEARED, /* L2 */
	HOLD_REHIRE, /* R4: a rehire in mode never */
	HOLD_DOMAIN, /* C2: rename into another domain */
	HOLD_EXISTING, /* M3: hired before go-live, named by no event */
	HOLD_FIRST_LOWER, /* M3: the first comparison would lower */
	HOLD_FORBIDDEN, /* C5: the token may not manage this user */
	HOLD_ROW, /* C4: an attribute somebody sets back */
	HOLD_CRASH, /* engine rule 6: crashed the process three times alone */
	HOLD_UNDO, /* an action was undone: as human, until somebody lets go */
	HOLD_KIND_COUNT
};

enum action_kind {
	ACTION_CREATE,
	ACTION_UPDATE,
	ACTION_ACTIVATE,
	ACTION_REACTIVATE,
	ACTION_SUSPEND,
	ACTION_UNSUSPEND,
	ACTION_DEACTIVATE,
	ACTION_END_SESSIONS,
	ACTION_JOIN_GROUP,
	ACTION_LEAVE_GROUP,
	ACTION_LINK, /* no call: the link itself, for the audit trail */
	ACTION_UNLINK, /* no call either */
	ACTION_KIND_COUNT
};

/* Which limit an action counts against (M2). */
enum limit_kind {
	LIMIT_NONE,
	LIMIT_LOWER,
	LIMIT_RENAME,
	LIMIT_RAISE,
	LIMIT_CREATE,
	LIMIT_REVOKE,
	LIMIT_LEAVE_GROUP,
	LIMIT_UPDATE_BY_SETTINGS, /* plain attributes, because the mapping changed */
	LIMIT_KIND_COUNT
};

/* The windows of a limit; each slides in running time (engine rule 19). */
enum limit_period { LIMIT_HOUR, LIMIT_DAY, LIMIT_WEEK, LIMIT_PERIOD_COUNT };

#define LIMIT_NOBODY (-1) /* as a count: all of it waits for a human */

struct limit_window {
	int64_t count; /* 0, and no percent: no such limit */
	int64_t percent; /* of managed active users; the larger of the two holds */
};
struct limit_set {
	struct limit_window hour[LIMIT_KIND_COUNT];
	struct limit_window day[LIMIT_KIND_COUNT];
	struct limit_window week[LIMIT_KIND_COUNT];
};

const struct limit_window *limit_set_window(
        const struct limit_set *limits, enum limit_kind kind, enum limit_period period);
int64_t limit_period_ms(enum limit_period period);

/* Stable lower-case words ("lower", "end_sessions"); never NULL. */
const char *lane_name(enum lane lane);
const char *hold_kind_name(enum hold_kind kind);
const char *action_kind_name(enum action_kind kind);
const char *limit_kind_name(enum limit_kind kind);
const char *limit_period_name(enum limit_period period);
const char *lower_cause_name(enum lower_cause cause);
const char *account_origin_name(enum account_origin origin);
/* HOLD_KIND_COUNT for an unknown word. */
enum hold_kind hold_kind_parse(const char *text);
/*
 * True for what "all" does not mean: a human's own word (human, undo), an access that was revoked,
 * and whoever ended the process. Decided by name or by kind alone.
 */
bool hold_kind_is_apart(enum hold_kind kind);
/* LIMIT_KIND_COUNT for an unknown word, and for "none". */
enum limit_kind limit_kind_parse(const char *text);

#endif
