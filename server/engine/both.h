/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_BOTH_H
#define SERVER_ENGINE_BOTH_H

/* What Bob's metadata and Okta's schema say at this moment, for control functions. One thread. */

#include "server/engine/parts.h"

struct both {
	struct connection *connection;
	struct runner runner;
	struct field_catalog *fields;
	struct attribute_catalog *attributes;
};

/* Two calls. Finish in every case. */
bool both_read(struct both *both, struct engine *engine, const char *connection,
        struct err *err) MUST_CHECK;
void both_finish(struct both *both);

#endif
