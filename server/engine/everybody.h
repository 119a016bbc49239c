/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_EVERYBODY_H
#define SERVER_ENGINE_EVERYBODY_H

/*
 * Everybody Bob lists, without the company in memory (engine rule 27): the ids
 * come as a stream into a scratch file, then people are read in batches with
 * the fields asked for. Paced by Bob's budget: who waits for it is woken when
 * the engine stops. One thread.
 */

#include "server/base/job.h"
#include "server/engine/parts.h"
#include "server/store/scratch.h"

struct everybody {
	struct engine *engine;
	struct connection *connection;
	struct runner runner;
	struct scratch *scratch; /* the ids are its employees */
	struct job *job; /* told of each person, and asked to go on; NULL: of no job */
	enum call_urgency urgency; /* CALL_NORMAL; a sweep sets CALL_BACKGROUND */
	int64_t listed; /* after everybody_list */
	int64_t read; /* people visited so far */
	int64_t searches; /* calls to Bob */
	uint64_t seen; /* of engine_wait */
};

/* Finish in every case. */
bool everybody_open(struct everybody *all, struct engine *engine, const char *connection,
        struct err *err) MUST_CHECK;
/*
 * Reads the ids. Asked again a few times where that may help; an error means that nothing is known
 * of anybody: ERR_STOPPED when the engine stops.
 */
bool everybody_list(struct everybody *all, struct err *err) MUST_CHECK;

struct everybody_person {
	struct employee_key key;
	json_t *source; /* borrowed; NULL: listed, and not brought when asked for */
	bool is_refused; /* with NULL: Bob refused somebody of this batch, which is no absence */
	int64_t read_begun_ms;
};
/* False with err ends the walk. */
typedef bool everybody_visit(void *context, const struct everybody_person *person, struct err *err);
/* Reads those listed, BOB_BATCH_MAX in a search, with these fields, and visits each once. */
bool everybody_each(struct everybody *all, const json_t *fields, everybody_visit *visit,
        void *context, struct err *err) MUST_CHECK;
/* Asked before each person by itself: false, with ERR_STOPPED, once the job shall end. */
bool everybody_goes_on(const struct everybody *all, struct err *err) MUST_CHECK;
void everybody_finish(struct everybody *all);

#endif
