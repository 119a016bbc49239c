/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ALARM_CONDITION_H
#define SERVER_ALARM_CONDITION_H

/*
 * What is wrong now: one function an alarm, in one table, each giving the
 * subjects it is true of (ids, systems; "" for the connection as a whole).
 * They ask the store, and the engine for what only runs know; no calls to Bob
 * or Okta. One thread.
 */

#include "server/alarm/silence.h"
#include "server/engine/engine.h"
#include "server/settings/settings.h"
#include "server/store/alarms.h"

#define CONDITION_SUBJECTS_MAX 500 /* of one alarm; those beyond wait until these are gone */

struct look {
	struct store *store;
	struct engine *engine; /* NULL: none runs */
	const struct settings *settings;
	const struct connection_settings *connection; /* NULL: the process */
	const char *folder; /* of the store */
	const struct silence *silence; /* of the connection */
	int64_t now_ms; /* wall clock */
	struct alarm_subject_list subjects; /* what was found; the caller finishes it */
};

/* False: it cannot be told now, so that nothing opens or ends. err only if something failed. */
bool condition_look(struct look *look, enum alarm_name name, struct err *err) MUST_CHECK;
/* Whether it is asked of each connection, or of the process (connection NULL). */
bool condition_applies(enum alarm_name name, const struct connection_settings *connection);
/* How long it must have been true before it is an alarm, in running time. */
int64_t condition_after_ms(const struct alarm_settings *settings, enum alarm_name name);

#endif
