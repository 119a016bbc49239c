/* SPDX-License-Identifier: MIT */
#ifndef OKTA_OKTA_H
#define OKTA_OKTA_H

/*
 * The Okta client: users, their lifecycle and sessions, groups, the user
 * schema, with an SSWS token (okta.md). Knows nothing of Bob. An okta_client belongs to one
 * thread and reuses one connection; what clients of one org share, the rate
 * budget, is an okta_org, which any thread may use. Calls block for at most
 * OKTA_CALL_TIMEOUT_MS and never retry by themselves: the outcome says what
 * may be done (errors.c holds the one table of codes and classes).
 */

#include "server/base/account.h"
#include "server/base/attr.h"
#include "server/base/call.h"
#include "server/base/err.h"
#include "server/base/sensitive.h"
#include "server/base/transport.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OKTA_CONNECT_TIMEOUT_MS 5000
#define OKTA_CALL_TIMEOUT_MS    30000
#define OKTA_ANSWER_MAX_BYTES   (1024 * 1024)
#define OKTA_USER_ID_BYTES      41
#define OKTA_ETAG_BYTES         96
#define OKTA_PAGE_USERS         200
#define OKTA_PAGE_MAX_BYTES     (8 * 1024 * 1024)
#define OKTA_PAGE_PATH_BYTES    2048
#define OKTA_PAGES_MAX          5000

/* ------------------------------------------------------------------ org */

struct okta_org_options {
	const char *base_url; /* "https://acme.okta.com"; borrowed */
	const struct secret *api_token; /* borrowed */
	/* Why there is no token; then every call ends as a refused token, and none is sent. NULL:
	   there must be one. */
	const char *token_lack;
	const char *user_agent; /* borrowed */
	enum transport_plain plain;
	const atomic_bool *stop; /* borrowed; may be NULL */
	int parallel_max; /* calls at once (U-07) */
	/* Another object for the same org, which lives until this one is made: both spend one
	   budget. One with another base_url is ignored; may be NULL. */
	const struct okta_org *share_with;
};

struct okta_org;
struct okta_org *okta_org_create(
        const struct okta_org_options *options, struct err *err) MUST_CHECK;
void okta_org_destroy(struct okta_org *org);

/*
 * Dead credentials (engine rule 7): once an answer refused the token, no call starts before
 * okta_org_open: CALL_STOP_CREDENTIALS, is_sent false. Who learns of it otherwise shuts. Any
 * thread.
 */
void okta_org_shut(struct okta_org *org);
void okta_org_open(struct okta_org *org);

/* Rate buckets of okta.md section 4, as far as we call them. */
enum okta_bucket {
	OKTA_BUCKET_USERS,
	OKTA_BUCKET_USER_WRITE,
	OKTA_BUCKET_USER_READ,
	OKTA_BUCKET_GROUPS, /* memberships, rules and lists of groups */
	OKTA_BUCKET_GROUP_READ, /* one group by its id */
	OKTA_BUCKET_OTHER,
	OKTA_BUCKET_COUNT
};
const char *okta_bucket_name(enum okta_bucket bucket);
/* Calls left as Okta said last, or -1 while unknown. */
int64_t okta_org_remaining(const struct okta_org *org, enum okta_bucket bucket);
/* What a bucket lets through; limit -1 while Okta has not told. */
struct okta_outlook {
	int64_t limit; /* calls a window */
	int64_t remaining;
	int64_t until_reset_ms;
	int64_t window_ms;
	int64_t calls; /* that were sent since the start */
};
void okta_org_outlook(
        const struct okta_org *org, enum okta_bucket bucket, struct okta_outlook *outlook);

/*
 * How many calls may be under way at once: all that the org was made for; fewer after Okta said
 * that it is busy, and in a slow start, which follows an outage (okta/gate.h). Any thread.
 */
int okta_org_places(const struct okta_org *org, enum call_urgency urgency);
void okta_org_start_slowly(struct okta_org *org);
/* How far a slow start is; one that begins now has 1 place and a whole step before it. */
struct okta_slow_start {
	int places; /* for calls that are not urgent; places_max while there is no slow start */
	int places_max;
	int64_t until_doubling_ms; /* at least */
	int64_t step_ms; /* between two doublings, at least */
};
void okta_org_slow_start(const struct okta_org *org, struct okta_slow_start *start);

/* --------------------------------------------------------------- client */

struct okta_client;
struct okta_client *okta_client_create(struct okta_org *org, struct err *err) MUST_CHECK;
void okta_client_destroy(struct okta_client *client);
/* Calls of this client end when that flag rises, instead of the org's; borrowed. */
void okta_client_stop_on(struct okta_client *client, const atomic_bool *stop);

/* Its calls start all the same: it asks whether the token works again. */
void okta_client_set_probing(struct okta_client *client, bool is_probing);

/*
 * Before each call the client asks the org's budget. Without room the call is not made and the
 * outcome is CALL_RETRY_AT, is_sent false: the caller gives its work back, it never sleeps (engine
 * rule 5).
 */
void okta_client_set_urgency(struct okta_client *client, enum call_urgency urgency);
/*
 * For a human who waits, outside of the engine: a call without room waits for it, up to so long,
 * and ends early with the org's stop. 0, as at first: it does not wait.
 */
void okta_client_set_patience(struct okta_client *client, int64_t patience_ms);

struct okta_user {
	char id[OKTA_USER_ID_BYTES];
	enum account_status status;
	bool is_transitioning; /* transitioningToStatus was set */
	bool is_sourced_elsewhere; /* a directory (AD, LDAP) is named as its provider */
	json_t *profile; /* owned */
	char etag[OKTA_ETAG_BYTES]; /* only after a single GET */
};
void okta_user_finish(struct okta_user *user);

struct okta_user_list {
	struct okta_user *items;
	size_t count;
};
void okta_user_list_finish(struct okta_user_list *list);

/* By Okta id or login. CALL_NOT_FOUND when there is none. A login with / can only be found by
 * search. */
void okta_user_get(struct okta_client *client, const char *id_or_login, struct okta_user *user,
        struct call_outcome *outcome);
/* One page of a search (may be stale; includes DEPROVISIONED). limit 1..200. */
void okta_user_search(struct okta_client *client, const char *search, int limit,
        struct okta_user_list *users, struct call_outcome *outcome);

/*
 * Everybody, DEPROVISIONED included, in pages of OKTA_PAGE_USERS in the order of creation: a
 * search, since a plain list leaves the deprovisioned out (okta.md 1.3), so it may be stale, and
 * people may come twice. Begins with a zeroed page and ends when is_over. On another outcome than
 * CALL_DONE the same page may be asked for again.
 */
struct okta_page {
	char next[OKTA_PAGE_PATH_BYTES]; /* "": the first one */
	size_t pages; /* that were read */
	bool is_over;
};
void okta_user_page(struct okta_client *client, struct okta_page *page,
        struct okta_user_list *users, struct call_outcome *outcome);

enum okta_activate { OKTA_STAGED, OKTA_ACTIVATE };
/* A login that is taken comes back as CALL_REREAD with attribute "login". */
void okta_user_create(struct okta_client *client, const json_t *profile,
        enum okta_activate activate, struct okta_user *user, struct call_outcome *outcome);
/* Partial update; etag NULL or "" sends no If-Match (engine rule 11). */
void okta_user_update(struct okta_client *client, const char *id, const json_t *profile,
        const char *etag, struct okta_user *user, struct call_outcome *outcome);

enum okta_email { OKTA_EMAIL_NOT_SENT, OKTA_EMAIL_SENT };
/* "Already active" is CALL_REREAD: the caller reads and decides. */
void okta_user_activate(struct okta_client *client, const char *id, enum okta_email email,
        struct call_outcome *outcome);
void okta_user_suspend(struct okta_client *client, const char *id, struct call_outcome *outcome);
void okta_user_unsuspend(struct okta_client *client, const char *id, struct call_outcome *outcome);
/* CALL_NOT_FOUND: no such user, or already deactivated (okta.md 1.6): the caller reads. */
void okta_user_deactivate(struct okta_client *client, const char *id, struct call_outcome *outcome);
/* A new token for somebody PROVISIONED or RECOVERY; from another status CALL_REREAD. */
void okta_user_reactivate(struct okta_client *client, const char *id, enum okta_email email,
        struct call_outcome *outcome);
/*
 * Both without mail: Okta tells the activation link instead, once, and forgets the one before.
 * *link (the caller finishes it) is set with CALL_DONE only. Whoever has the link has the account.
 */
enum okta_link { OKTA_LINK_ACTIVATES, OKTA_LINK_REACTIVATES };
void okta_user_activation_link(struct okta_client *client, const char *id, enum okta_link kind,
        struct secret *link, struct call_outcome *outcome);
/* One call has both: tokens do not end without the sessions. */
enum okta_tokens { OKTA_TOKENS_KEPT, OKTA_TOKENS_REVOKED };
void okta_user_end_sessions(struct okta_client *client, const char *id, enum okta_tokens tokens,
        struct call_outcome *outcome);

/* --------------------------------------------------------------- groups */

#define OKTA_GROUP_NAME_BYTES 256
#define OKTA_GROUP_RULES_MAX  2000 /* of an org (okta.md 1.9): more is no answer of Okta's */

enum okta_group_type {
	OKTA_GROUP_OWN, /* OKTA_GROUP: the only kind whose members may be changed */
	OKTA_GROUP_APP, /* APP_GROUP: another directory or application fills it */
	OKTA_GROUP_BUILT_IN, /* "Everyone" and the like */
	OKTA_GROUP_UNKNOWN, /* a kind of a newer Okta */
};

struct okta_group {
	char id[OKTA_USER_ID_BYTES];
	char name[OKTA_GROUP_NAME_BYTES];
	enum okta_group_type type;
};

/* True for what can only be an id ("00g" and 17 more), not a name. */
bool okta_group_id_is(const char *id_or_name);
/*
 * By id, or by the exact name. CALL_DONE with how many there are: 0 none, 1 this one; several
 * (an application's group may share a name) cannot be told apart, and group is the first of them.
 */
void okta_group_find(struct okta_client *client, const char *id_or_name, struct okta_group *group,
        size_t *matches, struct call_outcome *outcome);
/* False ends the list; the outcome is CALL_DONE all the same. */
typedef bool okta_group_taker(void *context, const struct okta_group *group);
/* Groups whose names begin so, letter case aside ("": any): one page of at most 50. */
void okta_groups_search(struct okta_client *client, const char *text, okta_group_taker *take,
        void *context, struct call_outcome *outcome);
/*
 * The groups that ACTIVE rules put people into: a JSON array of ids, each once; new reference, NULL
 * unless CALL_DONE.
 */
void okta_group_rule_targets(
        struct okta_client *client, json_t **ids, struct call_outcome *outcome);

/* False ends the list; the outcome is CALL_DONE all the same. */
typedef bool okta_member_taker(void *context, const struct okta_user *member);
/* Everybody in a group, page by page. Lags behind changes (okta.md 1.9). */
void okta_group_members(struct okta_client *client, const char *group_id, okta_member_taker *take,
        void *context, struct call_outcome *outcome);
/* The ids of the groups that a user is in, "Everyone" among them; as okta_group_rule_targets. */
void okta_user_groups(struct okta_client *client, const char *user_id, json_t **ids,
        struct call_outcome *outcome);
/* Both may be repeated: who is in already, or is not, is CALL_DONE. */
void okta_group_add(struct okta_client *client, const char *group_id, const char *user_id,
        struct call_outcome *outcome);
void okta_group_remove(struct okta_client *client, const char *group_id, const char *user_id,
        struct call_outcome *outcome);

/* --------------------------------------------------------------- schema */

#define OKTA_SCHEMA_ADD_MS 30000

/*
 * Adds custom attributes to the default user schema: name -> definition, as okta.md 5 has them;
 * none of them may be null, which would take one away. One change of an org at a time; then the
 * schema is read until it shows all of them, and what got lost is sent again. Blocks for at most
 * OKTA_SCHEMA_ADD_MS and the call in hand. CALL_DONE: *schema (new reference) is what Okta shows.
 * CALL_UNCLEAR: sent, and Okta does not show all of it yet. CALL_REREAD: an attribute of that name
 * is there with another type.
 */
void okta_schema_add(struct okta_client *client, const json_t *properties, json_t **schema,
        struct call_outcome *outcome);

/* ---------------------------------------------------- probes for `check` */

/* The owner of the token: its login is protected (policy 1). */
void okta_me(struct okta_client *client, struct okta_user *user, struct call_outcome *outcome);
/* The default user schema; new reference in *schema. */
void okta_schema_get(struct okta_client *client, json_t **schema, struct call_outcome *outcome);
/*
 * Asks whether the token may do something by a request that cannot succeed (engine rule 23), and
 * changes nothing.
 */
enum okta_permission {
	OKTA_MAY_VIEW_USERS,
	OKTA_MAY_CREATE_USERS,
	OKTA_MAY_CHANGE_STATUS,
	OKTA_MAY_EDIT_PROFILES,
	OKTA_MAY_MANAGE_SCHEMA,
	OKTA_MAY_VIEW_GROUPS, /* this and the next only where the settings name a group */
	OKTA_MAY_MANAGE_MEMBERS,
	OKTA_PERMISSION_COUNT
};
enum okta_proof { OKTA_PROOF_UNKNOWN, OKTA_PROOF_PROVED, OKTA_PROOF_REFUSED };
const char *okta_permission_name(
        enum okta_permission permission); /* as an administrator reads it in Okta */
enum okta_proof okta_permission_probe(
        struct okta_client *client, enum okta_permission permission, struct call_outcome *outcome);

/* ------------------------------------------------- pure, for tests, fuzzing */

/* What the call was, which decides what an unclear answer means. */
enum okta_call_kind {
	OKTA_CALL_READ, /* unclear is CALL_RETRY_LATER */
	OKTA_CALL_WRITE, /* unclear is CALL_UNCLEAR */
	OKTA_CALL_LIFECYCLE, /* a write whose E0000001 means "wrong status" (okta.md 1.6) */
};

/* Judges an answer by status, body and rate headers; the one place where classes are decided. */
struct okta_answer_facts {
	enum okta_call_kind kind;
	int http_status;
	const char *body;
	size_t body_len;
	bool is_json;
	const char *rate_limit[2]; /* the header's values, doubled ones included; NULL: absent */
	const char *rate_remaining[2];
	const char *rate_reset[2];
	const char *date;
	int64_t now_ms; /* local wall clock, used only where Date is missing */
};
/* Overwrites *outcome; the request id stays for the caller to fill in. No jitter. */
void okta_answer_judge(const struct okta_answer_facts *facts, struct call_outcome *outcome);
/* False with ERR_BAD_ANSWER unless it is a user with a sane id. */
bool okta_user_parse(const json_t *json, struct okta_user *user, struct err *err) MUST_CHECK;

#endif
