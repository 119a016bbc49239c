/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_EVERYBODY_H
#define SERVER_ENGINE_EVERYBODY_H

/* Everybody Bob lists, in one read, for control functions. One thread. */

#include "server/engine/parts.h"

struct everybody {
	struct engine *engine;
	struct connection *connection;
	struct runner runner;
	struct bob_people people; /* after everybody_read */
};

/* Finish in every case. */
bool everybody_open(struct everybody *all, struct engine *engine, const char *connection,
        struct err *err) MUST_CHECK;
/* fields as bob_search_all takes them; NULL: ids only. */
bool everybody_read(struct everybody *all, const json_t *fields, struct err *err) MUST_CHECK;
void everybody_finish(struct everybody *all);
/* Bob's "id" of one employee object as our key; false for something else. */
bool everybody_key(
        const struct everybody *all, const json_t *source, struct employee_key *key) MUST_CHECK;

#endif
