/* SPDX-License-Identifier: MIT */
#include "server/alarm/book.h"

#include "server/base/str.h"

#include <stdlib.h>
#include <string.h>

#define MINUTE_MS 60000

/* ----------------------------------------------------------------- the rows */

static int compare_keys(const struct alarm *a, const struct alarm *b)
{
	int order = strcmp(a->connection, b->connection);

	if (order == 0 && a->name != b->name) {
		order = a->name < b->name ? -1 : 1;
	}
	return order != 0 ? order : strcmp(a->subject, b->subject);
}

static int compare_rows(const void *a, const void *b)
{
	const struct book_row *row_a = a;
	const struct book_row *row_b = b;

	return compare_keys(&row_a->alarm, &row_b->alarm);
}

static void sort(struct book *book)
{
	if (book->count > 0) {
		qsort(book->rows, book->count, sizeof(*book->rows), compare_rows);
	}
	book->sorted = book->count;
}

/* Among the sorted ones. */
static struct book_row *find(const struct book *book, const struct alarm *key)
{
	struct book_row wanted = {.alarm = *key};

	return book->sorted > 0
	        ? bsearch(&wanted, book->rows, book->sorted, sizeof(wanted), compare_rows)
	        : NULL;
}

void book_finish(struct book *book)
{
	free(book->rows);
	*book = (struct book){0};
}

bool book_load(struct book *book, struct store *store, int64_t now_ms, struct err *err)
{
	struct alarm_list alarms;
	struct book fresh = {.now_ms = now_ms};

	if (!store_alarm_live(store, &alarms, &fresh.running_ms, err)) {
		return false;
	}
	fresh.rows = calloc(alarms.count + 1, sizeof(*fresh.rows));
	if (fresh.rows == NULL) {
		alarm_list_finish(&alarms);
		err_set(err, ERR_NO_MEMORY, "no memory for alarms");
		return false;
	}
	for (size_t i = 0; i < alarms.count; i++) {
		if (alarms.items[i].name == ALARM_COUNT) {
			continue; /* a newer program's */
		}
		const struct book_row *before = find(book, &alarms.items[i]);
		fresh.rows[fresh.count++] = (struct book_row){
		        .alarm = alarms.items[i], .misses = before != NULL ? before->misses : 0};
	}
	alarm_list_finish(&alarms);
	sort(&fresh);
	book_finish(book);
	*book = fresh;
	return true;
}

/* --------------------------------------------------------------- comparing */

static bool add_row(struct book *book, const struct alarm *key, int64_t after_ms)
{
	struct book_row *rows = realloc(book->rows, (book->count + 1) * sizeof(*rows));

	if (rows == NULL) {
		return false;
	}
	book->rows = rows;
	struct book_row *row = &rows[book->count++];
	*row = (struct book_row){
	        .alarm = *key, .is_known = true, .is_seen = true, .is_changed = true};
	row->alarm.since_ms = book->now_ms;
	row->alarm.seen_running_ms = book->running_ms;
	row->alarm.opened_at_ms = after_ms <= 0 ? book->now_ms : 0;
	return true;
}

static void see_row(struct book *book, struct book_row *row, int64_t after_ms)
{
	struct alarm *alarm = &row->alarm;

	row->is_seen = true;
	row->misses = 0;
	if (alarm->ended_at_ms != 0) {
		/* Its end was not told: it has been there all the time. */
		alarm->ended_at_ms = 0;
		row->is_changed = true;
	}
	if (alarm->opened_at_ms == 0 && book->running_ms - alarm->seen_running_ms >= after_ms) {
		alarm->opened_at_ms = book->now_ms;
		row->is_changed = true;
	}
}

static void know(struct book *book, const struct alarm *key)
{
	for (size_t i = 0; i < book->sorted; i++) {
		struct alarm *alarm = &book->rows[i].alarm;
		if (alarm->name == key->name && str_equal(alarm->connection, key->connection)) {
			book->rows[i].is_known = true;
		}
	}
}

bool book_see(struct book *book, const char *connection, enum alarm_name name,
        const struct alarm_subject_list *subjects, int64_t after_ms)
{
	struct alarm key = {.name = name};

	str_format_cut(key.connection, sizeof(key.connection), "%s", connection);
	know(book, &key);
	for (size_t i = 0; subjects != NULL && i < subjects->count; i++) {
		str_format_cut(key.subject, sizeof(key.subject), "%s", subjects->items[i].text);
		struct book_row *row = find(book, &key);
		if (row != NULL) {
			see_row(book, row, after_ms);
		} else if (!add_row(book, &key, after_ms)) {
			return false;
		}
	}
	return true;
}

void book_forget_connections(struct book *book, const struct settings *settings)
{
	for (size_t i = 0; i < book->count; i++) {
		struct book_row *row = &book->rows[i];
		if (row->alarm.connection[0] != '\0' &&
		        settings_find(settings, row->alarm.connection) == NULL) {
			row->is_known = true;
		}
	}
}

static void miss(struct book *book, struct book_row *row)
{
	struct alarm *alarm = &row->alarm;

	row->misses++;
	if (alarm->opened_at_ms != 0 && row->misses < BOOK_MISSES) {
		return;
	}
	alarm->ended_at_ms = book->now_ms > 0 ? book->now_ms : 1;
	/* Of what nobody was told of nobody is told that it is over. */
	alarm->is_end_sent = alarm->sends == 0;
	row->is_changed = true;
}

void book_close(struct book *book)
{
	for (size_t i = 0; i < book->count; i++) {
		struct book_row *row = &book->rows[i];
		if (row->is_known && !row->is_seen && row->alarm.ended_at_ms == 0) {
			miss(book, row);
		}
	}
	sort(book);
}

bool book_save(struct book *book, struct store *store, struct err *err)
{
	struct alarm **changed = calloc(book->count + 1, sizeof(struct alarm *));
	size_t count = 0;

	if (changed == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for alarms");
		return false;
	}
	for (size_t i = 0; i < book->count; i++) {
		if (book->rows[i].is_changed) {
			changed[count++] = &book->rows[i].alarm;
		}
	}
	bool is_saved = count == 0 || store_alarm_write(store, changed, count, err);
	free(changed);
	return is_saved;
}

/* ----------------------------------------------------------------- telling */

/* The rows of one alarm of one connection. */
struct group {
	struct book *book;
	size_t first;
	size_t end;
	size_t open;
	bool is_resting; /* something was said a moment ago, and some of it still holds */
	bool repeats;
	enum alarm_severity severity;
};

static bool is_open(const struct alarm *alarm)
{
	return alarm->opened_at_ms != 0 && alarm->ended_at_ms == 0;
}

static int64_t interval_ms(
        const struct alarm_settings *settings, enum alarm_severity severity, int64_t sends)
{
	int64_t longest = settings->repeat_longest_minutes;
	int64_t minutes = settings->repeat_minutes[severity];

	for (int64_t i = 1; i < sends && minutes < longest; i++) {
		minutes *= 2;
	}
	return (minutes < longest ? minutes : longest) * MINUTE_MS;
}

static bool may_repeat(const struct alarm *alarm)
{
	return is_open(alarm) && alarm->sends > 0 && alarm->acknowledged_at_ms == 0;
}

static void measure(struct group *group, const struct alarm_settings *settings)
{
	bool is_fresh = false;

	for (size_t i = group->first; i < group->end; i++) {
		const struct alarm *alarm = &group->book->rows[i].alarm;
		int64_t age_ms = group->book->running_ms - alarm->sent_running_ms;
		group->open += is_open(alarm) ? 1 : 0;
		is_fresh |= alarm->sends > 0 && age_ms < BOOK_GAP_MS;
		group->repeats |= may_repeat(alarm) &&
		        age_ms >= interval_ms(settings, group->severity, alarm->sends);
	}
	group->is_resting = is_fresh && group->open > 0;
}

/* What the last look missed may be over: nothing is said of it before the next one. */
static bool belongs(const struct group *group, const struct book_row *row, enum entry_state state)
{
	const struct alarm *alarm = &row->alarm;

	switch (state) {
	case ENTRY_OPENED:
		return !group->is_resting && is_open(alarm) && row->misses == 0 &&
		        alarm->sends == 0;
	case ENTRY_REPEATED: return group->repeats && may_repeat(alarm) && row->misses == 0;
	case ENTRY_RESOLVED:
		return !group->is_resting && alarm->ended_at_ms != 0 && !alarm->is_end_sent;
	case ENTRY_STATE_COUNT: break;
	}
	return false;
}

static bool add_told(struct message *message, const struct alarm *alarm, enum entry_state state)
{
	struct told *told = realloc(message->told, (message->told_count + 1) * sizeof(*told));

	if (told == NULL) {
		return false;
	}
	message->told = told;
	told[message->told_count++] =
	        (struct told){.alarm_id = alarm->alarm_id, .is_end = state == ENTRY_RESOLVED};
	return true;
}

static void note_subject(struct entry *entry, const struct alarm *alarm)
{
	if (entry->subject_count < MESSAGE_SUBJECTS_MAX) {
		str_format_cut(entry->subjects[entry->subject_count++], ALARM_SUBJECT_BYTES, "%s",
		        alarm->subject);
	}
	if (entry->count == 0 || alarm->since_ms < entry->since_ms) {
		entry->since_ms = alarm->since_ms;
	}
	entry->count++;
}

static bool add_entry(const struct group *group, enum entry_state state, struct message *message)
{
	struct entry *entry = &message->entries[message->count];
	const struct alarm *first = &group->book->rows[group->first].alarm;

	*entry = (struct entry){.name = first->name,
	        .severity = group->severity,
	        .state = state,
	        .open = group->open};
	str_format_cut(entry->connection, sizeof(entry->connection), "%s", first->connection);
	for (size_t i = group->first; i < group->end; i++) {
		const struct alarm *alarm = &group->book->rows[i].alarm;
		if (!belongs(group, &group->book->rows[i], state)) {
			continue;
		}
		note_subject(entry, alarm);
		if (!add_told(message, alarm, state)) {
			return false;
		}
	}
	message->count += entry->count > 0 ? 1 : 0;
	return true;
}

static size_t end_of_group(const struct book *book, size_t first)
{
	const struct alarm *alarm = &book->rows[first].alarm;
	size_t end = first + 1;

	while (end < book->count && book->rows[end].alarm.name == alarm->name &&
	        str_equal(book->rows[end].alarm.connection, alarm->connection)) {
		end++;
	}
	return end;
}

bool book_due(struct book *book, const struct alarm_settings *settings, struct message *message)
{
	size_t end = 0;

	*message = (struct message){.at_ms = book->now_ms};
	for (size_t first = 0; first < book->count; first = end) {
		end = end_of_group(book, first);
		struct group group = {.book = book,
		        .first = first,
		        .end = end,
		        .severity =
		                settings_alarm_severity(settings, book->rows[first].alarm.name)};
		measure(&group, settings);
		/* What finds no room is said with the next message. */
		for (int state = 0; state < ENTRY_STATE_COUNT; state++) {
			if (message->count < MESSAGE_ENTRIES_MAX &&
			        !add_entry(&group, (enum entry_state)state, message)) {
				message_finish(message);
				return false;
			}
		}
	}
	return true;
}

static void note_one(struct book *book, struct book_row *row, bool is_end)
{
	struct alarm *alarm = &row->alarm;

	row->is_changed = true;
	if (is_end && alarm->ended_at_ms == 0) {
		/* It came back while its end was told: to be told anew. */
		alarm->sends = 0;
	} else if (is_end) {
		alarm->is_end_sent = true;
	} else {
		alarm->sends++;
		alarm->sent_at_ms = book->now_ms;
		alarm->sent_running_ms = book->running_ms;
	}
}

void book_note_told(struct book *book, const struct message *message)
{
	for (size_t i = 0; i < message->told_count; i++) {
		for (size_t k = 0; k < book->count; k++) {
			if (book->rows[k].alarm.alarm_id == message->told[i].alarm_id) {
				note_one(book, &book->rows[k], message->told[i].is_end);
			}
		}
	}
}
