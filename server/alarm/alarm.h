/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ALARM_ALARM_H
#define SERVER_ALARM_ALARM_H

/*
 * Alarms (server/base/alarms.def): a thread asks every two seconds what is
 * wrong now, compares that with the alarms in the store, and opens, repeats and
 * ends them; another one sends what is to be said to the targets of the
 * settings, one message at a time, so that what piles up meanwhile is one
 * message too. Nobody waits for either. Times of repeats are running time
 * (engine rule 19). Messages carry ids and counts, no names.
 */

#include "server/base/err.h"
#include "server/base/holder.h"
#include "server/base/transport.h"
#include "server/settings/settings.h"
#include "server/store/store.h"

struct alarms;

struct alarms_options {
	struct store *store; /* borrowed */
	const char *store_url; /* whose disk is watched */
	struct holder *engines; /* of struct engine; borrowed */
	struct holder *settings; /* of struct settings, whose targets are used; borrowed */
	enum transport_plain plain;
};

struct alarms *alarms_create(const struct alarms_options *options, struct err *err) MUST_CHECK;
bool alarms_start(struct alarms *alarms, struct err *err) MUST_CHECK;
/* Calls in flight end at once; what was not sent is sent after the next start. Joins. */
void alarms_stop(struct alarms *alarms);
void alarms_destroy(struct alarms *alarms);

/* How sending to a target goes. */
struct alarm_target_state {
	char name[CONNECTION_NAME_BYTES];
	int64_t sent_at_ms; /* the last message that was taken; 0: none since the start */
	int64_t failing_since_ms; /* 0: the last one was taken */
	int64_t failures; /* messages that were given up since then */
	char sentence[ERR_TEXT_MAX_BYTES]; /* why */
};
/* Fills in those of the settings' targets, in their order; returns how many. */
size_t alarms_targets(struct alarms *alarms, const struct settings *settings,
        struct alarm_target_state states[SETTINGS_ALARM_TARGETS_MAX]);

/* Sends a message that says it is a test, on the caller's thread. False: err says why. */
bool alarms_test(struct alarms *alarms, const struct alarm_target *target,
        const struct alarm_settings *settings, struct err *err) MUST_CHECK;

#endif
