/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_GROUP_BOOK_H
#define SERVER_ENGINE_GROUP_BOOK_H

/*
 * The page of groups (group_page.h) that is in force for a connection: the
 * dispatcher reads it at start, hourly, and so after every change of the
 * settings, since each version has connections of its own; any thread uses it.
 * Until it was read once, nothing is written to that connection: else
 * somebody protected could be changed, and hires would miss their groups.
 */

#include "server/engine/group_page.h"

struct connection;
struct group_book;

/* NULL with err when out of memory. The settings are borrowed. */
struct group_book *group_book_create(
        const struct connection_settings *settings, struct err *err) MUST_CHECK;
void group_book_destroy(struct group_book *book);

/* Borrowed until released; never NULL. */
const struct group_page *group_book_use(struct group_book *book) MUST_CHECK;
void group_book_release(struct group_book *book, const struct group_page *page);

/* True, with a sentence, while no write may leave. */
bool group_book_blocks(struct group_book *book, char *why, size_t size);
bool group_book_is_protected(struct group_book *book, const char *okta_id);
/* True while the protected group was not read, or could not be the last time. */
bool group_book_is_guard_unread(struct group_book *book);
/*
 * Okta refused a membership for the group's sake: its row does nothing until the next reading.
 * Said once.
 */
void group_book_refuse(struct group_book *book, const char *group_id, const char *sentence);

/*
 * The dispatcher's, each turn: reads on for a few lists when it is due. True when nothing is
 * blocked any more that was blocked before.
 */
bool group_book_turn(struct connection *connection, struct okta_client *client);
/* There is more to be read at once. Dispatcher. */
bool group_book_is_reading(const struct group_book *book);

#endif
