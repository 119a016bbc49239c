/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_SEEN_PEOPLE_H
#define SERVER_ENGINE_SEEN_PEOPLE_H

/*
 * People as Bob showed them to somebody who works on the mapping, for a
 * minute, so that a live result asks Bob once and not for every key. Nothing
 * else reads from here: what is written to Okta comes from a read of its own.
 * At most a few people, in memory alone. Any thread.
 */

#include "mapping/mapping.h"
#include "server/base/thread.h"

#define SEEN_PEOPLE_MAX 8
#define SEEN_PEOPLE_MS  60000

struct seen_person {
	char employee_id[33]; /* "": free */
	int64_t at_ms; /* monotonic, when it was read */
	char *fields; /* a JSON array of texts: what was asked for */
	char *source; /* Bob's object as text: each thread parses its own copy (J4) */
};

struct seen_people {
	struct monitor monitor;
	/* protected by monitor: */
	struct seen_person items[SEEN_PEOPLE_MAX];
};

bool seen_people_init(struct seen_people *seen) MUST_CHECK;
void seen_people_finish(struct seen_people *seen);

/*
 * What was read of this person within the last minute, if all these fields were asked for; new
 * reference. Else NULL, and fields, an array of texts, has grown by what was asked for last time,
 * so that the next read has both.
 */
json_t *seen_people_find(struct seen_people *seen, const char *employee_id, json_t *fields);
/* Takes the place of the oldest one. Without memory nothing is kept. */
void seen_people_keep(struct seen_people *seen, const char *employee_id, const json_t *fields,
        const json_t *source);

#endif
