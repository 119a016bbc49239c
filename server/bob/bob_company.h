/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BOB_BOB_COMPANY_H
#define SERVER_BOB_BOB_COMPANY_H

/*
 * What the clients of one company share, for server/bob/ alone. Read-only
 * after creation but for is_shut and the pacing, which has a lock of its own,
 * held for arithmetic only, and may be shared by two objects for the same
 * company. Any thread.
 */

#include "server/bob/bob.h"
#include "server/bob/pacing.h"

struct bob_company_shared;

struct bob_company {
	char *base_url; /* no slash at its end */
	struct secret authorization; /* "Basic ..." */
	char *user_agent;
	char *token_lack; /* why there is no token, NULL: there is one */
	enum transport_plain plain;
	const atomic_bool *stop;
	atomic_bool is_shut; /* the credentials were refused */
	struct bob_company_shared *shared;
};

void bob_company_begin_search(const struct bob_company *company);
void bob_company_learn(const struct bob_company *company, const struct pacing_news *news);

#endif
