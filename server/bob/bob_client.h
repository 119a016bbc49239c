/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BOB_BOB_CLIENT_H
#define SERVER_BOB_BOB_CLIENT_H

/* One call to Bob, for server/bob/ alone: sends, judges, counts, learns. One thread. */

#include "server/bob/bob.h"

struct bob_request {
	const char *method;
	const char *route; /* for metrics; below the base address, so it is the path too */
	const char *path; /* with its query, where it is not the route; NULL: it is */
	const char *body; /* JSON; NULL: none */
	bool is_search; /* spends of the paced budget */
	bool is_of_one; /* the path names one employee: 404 is about them, not about the path */
	transport_sink *sink; /* takes the body of a good answer; NULL: it is parsed */
	void *sink_context;
};

/* Why no usable answer came, where halving a search could mend it. */
enum bob_damage {
	BOB_DAMAGE_NONE,
	BOB_DAMAGE_TOO_LARGE,
	BOB_DAMAGE_CUT_OFF, /* the head of a 200 came, and not all of its body, or no JSON */
};

struct bob_reply {
	json_t *json; /* owned; with CALL_DONE, unless the request had a sink */
	enum bob_damage damage;
};

/* True when the outcome is CALL_DONE; reply is set in every case and must be finished. */
bool bob_client_call(struct bob_client *client, const struct bob_request *request,
        struct bob_reply *reply, struct call_outcome *outcome);
void bob_reply_finish(struct bob_reply *reply);
/* Bob says done, but the body is not what its API describes: CALL_RETRY_LATER. */
void bob_client_distrust(struct call_outcome *outcome);

#endif
