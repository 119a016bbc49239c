/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CONSOLE_ALARM_GROUPS_H
#define SERVER_CONSOLE_ALARM_GROUPS_H

/* Open alarms of a connection and of the process, one row an alarm and not a person. */

#include "server/console/args.h"
#include "server/store/alarms.h"

#define ALARM_GROUP_SUBJECTS 5

struct alarm_group {
	enum alarm_severity severity;
	int64_t open;
	int64_t unacknowledged;
	int64_t since_ms; /* the first of them */
	char connection[CONNECTION_NAME_BYTES]; /* "": the process */
	char acknowledged_by[64]; /* of the last that was; "": of none */
	char subjects[ALARM_GROUP_SUBJECTS][ALARM_SUBJECT_BYTES]; /* the first; "": none */
};

struct alarm_groups {
	struct alarm_group by_name[ALARM_COUNT];
	int64_t critical; /* open and not acknowledged */
	int64_t warnings;
	const char *most_pressing; /* its meaning, of those; "": there is none */
};

bool alarm_groups_read(
        struct alarm_groups *groups, const struct args *args, struct err *err) MUST_CHECK;
/* The most pressing first; new reference. */
json_t *alarm_groups_json(const struct alarm_groups *groups);

#endif
