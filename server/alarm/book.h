/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ALARM_BOOK_H
#define SERVER_ALARM_BOOK_H

/*
 * The alarms of one look: those the store has, compared with what is wrong now,
 * and what of them is to be said. Opens what has been true for long enough,
 * ends what was gone in two looks, repeats what nobody has acknowledged. Ages
 * are running time. Pure but for book_load and book_save; one thread.
 */

#include "server/alarm/message.h"
#include "server/settings/settings.h"

/* Of one alarm of a connection no two messages come closer together, but for its very end. */
#define BOOK_GAP_MS 60000
/* A look that does not find it any more may have come between two states. */
#define BOOK_MISSES 2

struct book_row {
	struct alarm alarm;
	bool is_known; /* this look can tell */
	bool is_seen;
	bool is_changed;
	int misses; /* looks in a row that did not find it */
};

struct book {
	struct book_row *rows; /* sorted by connection, name, subject */
	size_t count;
	size_t sorted; /* rows behind are new */
	int64_t now_ms; /* wall clock */
	int64_t running_ms;
};

void book_finish(struct book *book);
/* The store's rows in the place of those of the last look, of which misses are kept. */
bool book_load(struct book *book, struct store *store, int64_t now_ms, struct err *err) MUST_CHECK;
/* What a condition found; NULL: it is no alarm now, whatever it would find. */
bool book_see(struct book *book, const char *connection, enum alarm_name name,
        const struct alarm_subject_list *subjects, int64_t after_ms) MUST_CHECK;
/* Of connections that are in no settings any more nothing is wrong. */
void book_forget_connections(struct book *book, const struct settings *settings);
/* Ends what was not seen, and sorts; then what changed is to be saved. */
void book_close(struct book *book);
bool book_save(struct book *book, struct store *store, struct err *err) MUST_CHECK;
/* What is to be said now; an empty message: nothing. False when out of memory. */
bool book_due(struct book *book, const struct alarm_settings *settings,
        struct message *message) MUST_CHECK;
/* That message was taken by somebody; after book_load, and saved with the rest. */
void book_note_told(struct book *book, const struct message *message);

#endif
