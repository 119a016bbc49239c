/* SPDX-License-Identifier: MIT */
#ifndef OKTA_CLIENT_H
#define OKTA_CLIENT_H

/*
 * One call to Okta, for okta/ alone: asks the budget, sends, judges, counts.
 * Everything above it builds paths and reads bodies. One thread.
 */

#include "okta/okta.h"

#define CLIENT_PATH_MAX_BYTES 8192

struct okta_request {
	const char *method;
	const char *route; /* for metrics: "POST /api/v1/users/{id}" */
	const char *path; /* below the base address, encoded */
	enum okta_bucket bucket;
	enum okta_call_kind kind;
	const char *body; /* JSON; NULL: none */
	const char *if_match; /* NULL or "": none */
	size_t answer_max_bytes; /* 0: OKTA_ANSWER_MAX_BYTES */
	bool is_list; /* the reply says where it goes on */
};

struct okta_reply {
	json_t *json; /* owned; NULL without a body */
	char etag[OKTA_ETAG_BYTES];
	/* Of a list: where its next page is, below the base address; "": this was the last. */
	char next[OKTA_PAGE_PATH_BYTES];
	bool is_next_foreign; /* it would be another host's, and is not followed */
};

/* True when the outcome is CALL_DONE; reply is set in every case and must be finished. */
bool okta_client_call(struct okta_client *client, const struct okta_request *request,
        struct okta_reply *reply, struct call_outcome *outcome);
void okta_reply_finish(struct okta_reply *reply);
/* Borrowed. */
const struct okta_org *okta_client_org(const struct okta_client *client);

/* The call is not made because of what it asks for: CALL_PERMANENT, not sent. */
void okta_client_refuse(struct call_outcome *outcome, const char *sentence);
/* Okta says done, but the body is not what its API describes. */
void okta_client_distrust(enum okta_call_kind kind, struct call_outcome *outcome);
/* U-05: what may stand in a path as it is. */
bool okta_id_is_sane(const char *id);

#endif
