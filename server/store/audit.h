/* SPDX-License-Identifier: MIT */
#ifndef SERVER_STORE_AUDIT_H
#define SERVER_STORE_AUDIT_H

/*
 * The audit trail: one record an intent, outcome, decision of a human, settings
 * change and brake event, in a chain of MACs under a key that is not in the
 * database (docs/audit.md, decision 0023). A record is written in the
 * transaction of what it speaks of, so that neither exists without the other.
 * What names a person lies beside the record, sealed under that person's key,
 * and can be erased while the chain still verifies.
 *
 * Any thread; each call blocks on the store.
 */

#include "server/base/address.h"
#include "server/base/attr.h"
#include "server/base/err.h"
#include "server/store/record.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AUDIT_MAC_BYTES    32
#define AUDIT_HEX_BYTES    (2 * AUDIT_MAC_BYTES + 1)
#define AUDIT_HEAD_BYTES   (20 + 1 + AUDIT_HEX_BYTES)
#define AUDIT_KIND_BYTES   24
#define AUDIT_PERSON_BYTES 33
#define AUDIT_WHO_BYTES    64
#define AUDIT_META_BYTES   1024
/* How many records a start and the daily look verify. */
#define AUDIT_TAIL_RECORDS 10000
/* Heads go to the log after so many records, or so long after the last. */
#define AUDIT_HEAD_RECORDS 100
#define AUDIT_HEAD_MS      (5 * 60 * 1000)
/* The value of the connection "" that says what is wrong with the chain (store_value_get). */
#define AUDIT_BROKEN_VALUE "audit.broken"

struct store;
struct key_ring;

/* ------------------------------------------------------------------- writing */

/*
 * Where the requests of this thread come from: what it writes from now on says so. "" at its end.
 */
void audit_origin_set(const char *origin);
const char *audit_origin(void);

struct audit_entry {
	const char
	        *kind; /* a word of audit_kinds.def; NULL: the first word of what, if it is one */
	const char *connection; /* with employee_id "" or NULL: about nobody */
	const char *employee_id;
	const char *who;
	const char *what; /* said to people; may be personal, and goes with the person */
	const char *meta; /* JSON object without personal data; NULL: {} */
};
bool store_audit_write(
        struct store *store, const struct audit_entry *entry, struct err *err) MUST_CHECK;

/* Sets (or with NULL removes) a value of entry's connection because a human decided so. */
bool store_value_decide(struct store *store, const char *name, const char *value,
        const struct audit_entry *entry, struct err *err) MUST_CHECK;

/* ------------------------------------------------------------------- reading */

/* What of a record somebody reads who may see nobody; see audit_kinds.def. */
enum audit_sight { AUDIT_SIGHT_NOTHING, AUDIT_SIGHT_FACTS, AUDIT_SIGHT_SENTENCE };
/* NOTHING for a word that is no kind. */
enum audit_sight audit_kind_sight(const char *kind);

struct audit_record {
	int64_t seq;
	int64_t at_ms;
	int64_t settings_version;
	char connection[CONNECTION_NAME_BYTES];
	char kind[AUDIT_KIND_BYTES];
	char person[AUDIT_PERSON_BYTES];
	char who[AUDIT_WHO_BYTES];
	char origin[ADDRESS_TEXT_BYTES];
	char meta[AUDIT_META_BYTES];
	char mac[AUDIT_HEX_BYTES];
	struct personal payload; /* JSON object; NULL: erased */
};

struct audit_list {
	struct audit_record *items;
	size_t count;
};
void audit_list_finish(struct audit_list *list);

struct audit_filter {
	const char *connection; /* NULL: all, and what is about none */
	const char *employee_id; /* NULL: everybody; needs a connection */
	const char *kind; /* NULL: all */
	const char *who; /* NULL: everybody who did something */
	int64_t since_ms;
	int64_t until_ms; /* 0: no end */
	int64_t after_seq; /* page upwards from here; 0: from the start */
	int64_t before_seq; /* with is_newest_first: page downwards; 0: from the end */
	bool is_newest_first;
	size_t limit;
};
bool store_audit_list(struct store *store, const struct audit_filter *filter,
        struct audit_list *list, struct err *err) MUST_CHECK;

/* ---------------------------------------------------------------- verifying */

struct job;

struct audit_head {
	int64_t seq;
	uint8_t mac[AUDIT_MAC_BYTES];
};
/* "N:MAC"; false: it is none. */
bool audit_head_parse(const char *text, struct audit_head *head) MUST_CHECK;
void audit_head_format(const struct audit_head *head, char to[AUDIT_HEAD_BYTES]);
/* The newest record; seq 0: there is none. */
bool store_audit_head(struct store *store, struct audit_head *head, struct err *err) MUST_CHECK;
/* Logs the head if records came since the last time. */
void store_audit_log_head(struct store *store);

enum audit_finding {
	AUDIT_WHOLE,
	AUDIT_CHANGED,
	AUDIT_DELETED,
	AUDIT_INSERTED,
	AUDIT_SWAPPED,
	AUDIT_TRUNCATED, /* the end is missing */
	AUDIT_ROLLED_BACK, /* an older state, from which it may have gone on */
	AUDIT_FINDING_COUNT
};
const char *audit_finding_name(enum audit_finding finding);

struct audit_report {
	enum audit_finding finding;
	int64_t bad_seq; /* the first bad record; 0: none */
	char sentence[SENTENCE_BYTES];
	int64_t records; /* that were looked at and are right */
	int64_t first_seq;
	int64_t begun_at_ms; /* when the first of them was written */
	int64_t erased_payloads;
	struct audit_head head; /* the last right one */
	size_t heads_met; /* of those given, how many the chain has */
};

/* As the API and the command show it; heads: how many were given. */
json_t *audit_report_json(const struct audit_report *report, size_t heads);

struct audit_heads {
	const struct audit_head *items; /* from logs; none: truncation and roll-back do not show */
	size_t count;
};
/*
 * Walks the chain in bounded memory, while it is written to. False: it could not be told, err says
 * why; what was found wrong stands in the report.
 */
bool store_audit_verify(struct store *store, const struct audit_heads *heads,
        struct audit_report *report, struct err *err) MUST_CHECK;
/* The same for a job, which is told how far it is and may end it with ERR_STOPPED; NULL: none. */
bool store_audit_verify_for(struct store *store, const struct audit_heads *heads, struct job *job,
        struct audit_report *report, struct err *err) MUST_CHECK;
/* The same for the last records alone. */
bool store_audit_verify_tail(struct store *store, int64_t records, struct audit_report *report,
        struct err *err) MUST_CHECK;
/* The same for a copy of a store's file that no server uses, with the key file it was made with. */
bool store_audit_verify_file(const char *path, struct key_ring *keys,
        const struct audit_heads *heads, struct audit_report *report, struct err *err) MUST_CHECK;

/* ---------------------------------------------------------------- retention */

/*
 * Cuts records of before that time behind a signed checkpoint, a batch a write; the newest record
 * always stays. *cut: how many.
 */
bool store_audit_cut(
        struct store *store, int64_t before_ms, int64_t *cut, struct err *err) MUST_CHECK;

#endif
