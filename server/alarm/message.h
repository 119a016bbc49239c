/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ALARM_MESSAGE_H
#define SERVER_ALARM_MESSAGE_H

/*
 * What is said at one time, as JSON for webhooks and as a mail: all that is new, still there or
 * gone, an entry for each alarm of a connection. Pure.
 */

#include "server/base/buf.h"
#include "server/store/alarms.h"

#define MESSAGE_ENTRIES_MAX  50
#define MESSAGE_SUBJECTS_MAX 20
#define MESSAGE_MAX_BYTES    (256 * 1024)

enum entry_state { ENTRY_OPENED, ENTRY_REPEATED, ENTRY_RESOLVED, ENTRY_STATE_COUNT };

struct entry {
	char connection[CONNECTION_NAME_BYTES]; /* "": the process */
	enum alarm_name name;
	enum alarm_severity severity;
	enum entry_state state;
	size_t count; /* whom this entry is about */
	size_t open; /* of this alarm now */
	int64_t since_ms; /* of the oldest */
	char subjects[MESSAGE_SUBJECTS_MAX][ALARM_SUBJECT_BYTES];
	size_t subject_count;
};

/* What the store is told once somebody took the message. */
struct told {
	int64_t alarm_id;
	bool is_end;
};

struct message {
	struct entry entries[MESSAGE_ENTRIES_MAX];
	size_t count;
	struct told *told; /* owned */
	size_t told_count;
	int64_t at_ms;
	bool is_test;
};

void message_finish(struct message *message);
/* "opened", "repeated", "resolved". */
const char *entry_state_name(enum entry_state state);
/* Only what is at least so severe; *count: how many entries. */
bool message_json(const struct message *message, enum alarm_severity least, const char *link,
        struct buf *to, size_t *count) MUST_CHECK;
/* Header lines from Subject on, an empty line and the text; lines end with CRLF. */
bool message_mail(const struct message *message, enum alarm_severity least, const char *link,
        struct buf *to, size_t *count) MUST_CHECK;
/* "1, 2, 3 and 4 more"; "" for the connection as a whole. */
void entry_subjects(const struct entry *entry, char *to, size_t size);

#endif
