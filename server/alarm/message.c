/* SPDX-License-Identifier: MIT */
#include "server/alarm/message.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/base/version.h"

#include <stdlib.h>
#include <string.h>

#define LINE_BYTES     512
#define SUBJECTS_BYTES 1100
#define TEST_TEXT      "bob2okta: a test of this alarm target; nothing is wrong"

void message_finish(struct message *message)
{
	free(message->told);
	*message = (struct message){0};
}

const char *entry_state_name(enum entry_state state)
{
	static const char *const NAMES[ENTRY_STATE_COUNT] = {
	        [ENTRY_OPENED] = "opened",
	        [ENTRY_REPEATED] = "repeated",
	        [ENTRY_RESOLVED] = "resolved",
	};
	return NAMES[state];
}

void entry_subjects(const struct entry *entry, char *to, size_t size)
{
	size_t len = 0;

	to[0] = '\0';
	for (size_t i = 0; i < entry->subject_count; i++) {
		if (entry->subjects[i][0] != '\0') {
			str_format_cut(to + len, size - len, "%s%s", len > 0 ? ", " : "",
			        entry->subjects[i]);
			len = strlen(to);
		}
	}
	if (entry->count > entry->subject_count) {
		str_format_cut(
		        to + len, size - len, " and %zu more", entry->count - entry->subject_count);
	}
}

/* The worst that is said, and how many entries there are in all. */
static const struct entry *worst(
        const struct message *message, enum alarm_severity least, size_t *count)
{
	const struct entry *found = NULL;

	*count = 0;
	for (size_t i = 0; i < message->count; i++) {
		const struct entry *entry = &message->entries[i];
		if (entry->severity < least) {
			continue;
		}
		(*count)++;
		bool is_worse = found == NULL ||
		        (found->state == ENTRY_RESOLVED && entry->state != ENTRY_RESOLVED) ||
		        (entry->severity > found->severity && entry->state != ENTRY_RESOLVED);
		found = is_worse ? entry : found;
	}
	return found;
}

/* "bob2okta: critical: brake (default), 3 people, and 2 more alarms" */
static void headline(
        const struct message *message, enum alarm_severity least, char *to, size_t size)
{
	size_t count = 0;
	const struct entry *entry = worst(message, least, &count);
	char more[32] = "";

	if (message->is_test || entry == NULL) {
		str_format_cut(to, size, "%s", TEST_TEXT);
		return;
	}
	if (count > 1) {
		str_format_cut(more, sizeof(more), ", and %zu more", count - 1);
	}
	str_format_cut(to, size, "bob2okta: %s: %s%s%s%s, %zu%s",
	        entry->state == ENTRY_RESOLVED ? "resolved" : alarm_severity_name(entry->severity),
	        alarm_name(entry->name), entry->connection[0] != '\0' ? " (" : "",
	        entry->connection, entry->connection[0] != '\0' ? ")" : "", entry->count, more);
}

/* -------------------------------------------------------------------- JSON */

static json_t *entry_json(const struct entry *entry)
{
	char since[CLOCK_TEXT_BYTES];
	json_t *subjects = json_array();

	clock_format(since, entry->since_ms);
	for (size_t i = 0; i < entry->subject_count; i++) {
		if (entry->subjects[i][0] != '\0') {
			json_array_append_new(subjects, json_string(entry->subjects[i]));
		}
	}
	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:o, s:s, s:s, s:s}", "alarm",
	        alarm_name(entry->name), "state", entry_state_name(entry->state), "severity",
	        alarm_severity_name(entry->severity), "connection", entry->connection, "count",
	        (json_int_t)entry->count, "open", (json_int_t)entry->open, "subjects", subjects,
	        "since", since, "meaning", alarm_meaning(entry->name), "todo",
	        alarm_todo(entry->name));
}

static json_t *entries_json(const struct message *message, enum alarm_severity least, size_t *count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < message->count; i++) {
		if (message->entries[i].severity >= least) {
			json_array_append_new(list, entry_json(&message->entries[i]));
		}
	}
	*count = json_array_size(list);
	return list;
}

bool message_json(const struct message *message, enum alarm_severity least, const char *link,
        struct buf *to, size_t *count)
{
	char text[LINE_BYTES];
	char at[CLOCK_TEXT_BYTES];

	headline(message, least, text, sizeof(text));
	clock_format(at, message->at_ms);
	json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:o}", "text", text, "event",
	        message->is_test ? "test" : "alarms", "at", at, "version", version_number(),
	        "alarms", entries_json(message, least, count));
	if (json != NULL && link != NULL) {
		json_object_set_new(json, "link", json_string(link));
	}
	char *bytes = json != NULL ? json_format(json) : NULL;
	bool is_made = bytes != NULL && buf_add_text(to, bytes);
	free(bytes);
	json_decref(json);
	return is_made;
}

/* -------------------------------------------------------------------- mail */

/* RFC 5322 of "2026-11-23T19:00:00.000Z". */
static void mail_date(char *to, size_t size, int64_t at_ms)
{
	static const char *const DAYS[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
	static const char MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char text[CLOCK_TEXT_BYTES];
	int32_t day = date_of_ms(at_ms) % 7;

	clock_format(text, at_ms);
	int month = (text[5] - '0') * 10 + text[6] - '0';
	str_format_cut(to, size, "%s, %.2s %.3s %.4s %.8s +0000", DAYS[day < 0 ? day + 7 : day],
	        text + 8, MONTHS + 3 * (month - 1), text, text + 11);
}

static void add_entry(struct buf *to, const struct entry *entry)
{
	char since[CLOCK_TEXT_BYTES];
	char subjects[SUBJECTS_BYTES];

	clock_format(since, entry->since_ms);
	entry_subjects(entry, subjects, sizeof(subjects));
	buf_add_format(to, "%s %s, %s\r\n", alarm_severity_name(entry->severity),
	        alarm_name(entry->name), entry_state_name(entry->state));
	if (entry->connection[0] != '\0') {
		buf_add_format(to, "  connection  %s\r\n", entry->connection);
	}
	if (subjects[0] != '\0') {
		buf_add_format(to, "  whom        %s\r\n", subjects);
	}
	buf_add_format(
	        to, "  since       %s\r\n  what        %s\r\n", since, alarm_meaning(entry->name));
	if (entry->state != ENTRY_RESOLVED) {
		buf_add_format(to, "  to do       %s\r\n", alarm_todo(entry->name));
	}
	buf_add_text(to, "\r\n");
}

bool message_mail(const struct message *message, enum alarm_severity least, const char *link,
        struct buf *to, size_t *count)
{
	char text[LINE_BYTES];
	char date[48];

	headline(message, least, text, sizeof(text));
	mail_date(date, sizeof(date), message->at_ms);
	(void)worst(message, least, count);
	buf_add_format(to,
	        "Subject: %s\r\nDate: %s\r\nMIME-Version: 1.0\r\n"
	        "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
	        "Auto-Submitted: auto-generated\r\n\r\n",
	        text, date);
	if (message->is_test) {
		buf_add_text(to, TEST_TEXT ".\r\n");
	}
	for (size_t i = 0; i < message->count; i++) {
		if (message->entries[i].severity >= least) {
			add_entry(to, &message->entries[i]);
		}
	}
	if (link != NULL) {
		buf_add_format(to, "%s\r\n", link);
	}
	return !to->failed;
}
