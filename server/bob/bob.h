/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BOB_BOB_H
#define SERVER_BOB_BOB_H

/*
 * The client of Bob's People API (bob.md section 5), with a service user. A
 * bob_client belongs to one thread; what clients of one company share, the
 * pacing of searches, is a bob_company, which any thread may use. Calls block
 * for at most BOB_CALL_TIMEOUT_MS and never retry by themselves. 401 and 403
 * are final (Bob's firewall blocks after repeated ones).
 */

#include "mapping/mapping.h"
#include "server/base/attr.h"
#include "server/base/call.h"
#include "server/base/err.h"
#include "server/base/sensitive.h"
#include "server/base/transport.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#define BOB_CONNECT_TIMEOUT_MS       5000
#define BOB_CALL_TIMEOUT_MS          60000
#define BOB_SEARCH_ANSWER_MAX_BYTES  (10 * 1024 * 1024)
#define BOB_BATCH_MAX                100 /* employees asked for in one search */
#define BOB_STREAM_ANSWER_MAX_BYTES  (256 * 1024 * 1024) /* passes through, is never held */
#define BOB_STREAM_ELEMENT_MAX_BYTES 4096
#define BOB_STREAM_IDS_MAX           500000
#define BOB_TABLE_MAX                200 /* employees asked for in one read of a table */

struct bob_company_options {
	const char *base_url; /* no slash at the end; borrowed */
	const char *service_user_id;
	const struct secret *service_user_token;
	/* Why there is no token; then every call ends as a refused one, and none is sent. NULL:
	   there must be one. */
	const char *token_lack;
	const char *user_agent;
	enum transport_plain plain;
	const atomic_bool *stop;
	/* Another object for the same company, which lives until this one is made: both keep one
	   pace. One with another base_url is ignored; may be NULL. */
	const struct bob_company *share_with;
};

struct bob_company;
struct bob_company *bob_company_create(
        const struct bob_company_options *options, struct err *err) MUST_CHECK;
void bob_company_destroy(struct bob_company *company);
/* Dead credentials (engine rule 7), as okta_org_shut. Any thread. */
void bob_company_shut(struct bob_company *company);
void bob_company_open(struct bob_company *company);
/*
 * Pacing (engine rule 16): when the next search may start, wall clock; now or earlier means at
 * once. Free while over half of the minute's budget is left, then spread; 10 kept for CALL_URGENT.
 */
int64_t bob_company_next_search_ms(
        const struct bob_company *company, enum call_urgency urgency, int64_t now_ms);
/* What Bob lets through of searches, as our own count and Bob's answers say. */
struct bob_outlook {
	int64_t limit; /* searches a window */
	int64_t remaining;
	int64_t until_reset_ms;
	int64_t blocked_ms; /* Bob asked us to stay away so much longer; 0: it did not */
};
void bob_company_outlook(const struct bob_company *company, struct bob_outlook *outlook);

struct bob_client;
struct bob_client *bob_client_create(struct bob_company *company, struct err *err) MUST_CHECK;
void bob_client_destroy(struct bob_client *client);
/* Calls of this client end when that flag rises, instead of the company's; borrowed. */
void bob_client_stop_on(struct bob_client *client, const atomic_bool *stop);

/* Its calls start although the credentials were refused: it asks whether they work again. */
void bob_client_set_probing(struct bob_client *client, bool is_probing);

/* What one read brought: the objects of those who were there. */
struct bob_people {
	json_t *employees; /* array; owned; NULL unless outcome is CALL_DONE */
	int64_t begun_at_ms; /* wall clock when the read began (engine rule 3) */
	size_t searches; /* calls it took */
	size_t refused; /* ids that Bob refuses even alone; left out */
};
void bob_people_finish(struct bob_people *people);
/* Borrowed; NULL when that employee did not come back. */
json_t *bob_people_find(const struct bob_people *people, const char *employee_id);

/*
 * Reads up to BOB_BATCH_MAX people in one search: root.id filter, these fields (a JSON array),
 * showInactive, humanReadable APPEND. An answer of 400, too large or cut off is halved, down to one
 * (engine rule 15); ids that alone are refused are left out, unless nobody at all came through:
 * then Bob refuses the request itself, CALL_PERMANENT. Not CALL_DONE: nothing is known about
 * anybody.
 */
void bob_search(struct bob_client *client, const char *const *employee_ids, size_t count,
        const json_t *fields, struct bob_people *people, struct call_outcome *outcome);
/*
 * All employees with these fields; NULL: ids only, without labels. One search, which Bob answers
 * without pages; where that is too large, the ids and then batches. For check and plan --all.
 */
void bob_search_all(struct bob_client *client, const json_t *fields, struct bob_people *people,
        struct call_outcome *outcome);
/*
 * The rows of Bob's lifecycle table (bob.md 5.8), past and future ones: of up to BOB_TABLE_MAX
 * people. *rows: object, id -> array of rows as Bob has them; owned, NULL unless CALL_DONE. Whom
 * Bob does not name, or names among its errors, is missing from it, and nothing is known about
 * them.
 */
void bob_lifecycle(struct bob_client *client, const char *const *employee_ids, size_t count,
        json_t **rows, struct call_outcome *outcome);
/*
 * The ids of everybody, leavers included, in one search whose answer is cut into elements as it
 * comes (engine rule 27). on_id may stop the read: CALL_ABORTED. *count: how many were told. Unless
 * CALL_DONE the ids that were told are no list.
 */
typedef bool bob_on_id(void *context, const char *employee_id);
void bob_stream_ids(struct bob_client *client, bob_on_id *on_id, void *context, size_t *count,
        struct call_outcome *outcome);
/* The field metadata; *catalog is the caller's. */
void bob_fields(
        struct bob_client *client, struct field_catalog **catalog, struct call_outcome *outcome);
/* All named lists, as field_catalog_add_lists takes them; new reference, NULL unless CALL_DONE. */
void bob_lists(struct bob_client *client, json_t **lists, struct call_outcome *outcome);

/* Pure: judges an answer. */
struct bob_answer_facts {
	int http_status;
	bool is_json;
	const char *rate_remaining; /* X-RateLimit-Remaining; NULL: absent */
	const char *rate_reset; /* X-RateLimit-Reset, epoch seconds */
	const char *retry_after;
	const char *date;
	int64_t now_ms;
};
void bob_answer_judge(const struct bob_answer_facts *facts, struct call_outcome *outcome);

#endif
