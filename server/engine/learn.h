/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_LEARN_H
#define SERVER_ENGINE_LEARN_H

/*
 * Reads Bob's field metadata and Okta's user schema into the connection's
 * catalogs: at start, again while they are not known, daily after that. Work
 * goes on without them: a page that fails holds nothing back.
 */

#include "okta/okta.h"
#include "server/bob/bob.h"

struct connection;

/* When to read again; under the connection's monitor. */
struct learning {
	int64_t not_before_ms; /* monotonic */
	int64_t read_at_ms; /* monotonic, of the last answer; 0: none */
	int failures; /* since the last answer */
	bool is_refusal_said; /* a page that may not be read is logged once */
};

/* The reader's and the dispatcher's, each turn: asks when it is due. True: asked. */
bool learn_fields(struct connection *connection, struct bob_client *client);
/* *is_changed: another schema than before, so that what failed may work now. */
bool learn_attributes(struct connection *connection, struct okta_client *client, bool *is_changed);
/* At once, for a probe. */
void learn_fields_now(struct connection *connection, struct bob_client *client);
bool learn_attributes_now(struct connection *connection, struct okta_client *client);
/* We changed the schema ourselves: read again at the dispatcher's next turn. */
void learn_attributes_soon(struct connection *connection);
/* Okta refused an attribute: the schema may have changed since it was read. */
void learn_doubt_attributes(struct connection *connection);

#endif
