/* SPDX-License-Identifier: MIT */
#include "server/engine/group_book.h"

#include "server/base/clock.h"
#include "server/base/holder.h"
#include "server/base/log.h"
#include "server/base/str.h"
#include "server/engine/connection.h"

#include <stdlib.h>

#define AGAIN_MS     (60 * 60 * 1000)
#define FAILED_MS    10000 /* doubled with every failure, up to AGAIN_MS */
#define STEPS_A_TURN 4 /* events are not to wait for a hundred groups */

struct group_book {
	const struct connection_settings *settings;
	struct holder present; /* of struct group_page */
	struct monitor writing; /* one change of the present page at a time */

	/* the dispatcher's: */
	struct group_reader reader;
	const struct group_page *before; /* held while reading */
	bool is_reading;
	int failures;
	int64_t not_before_ms; /* monotonic */
};

static void destroy_page(void *context UNUSED, void *page)
{
	group_page_destroy(page);
}

/* Takes the page; false (and the present one stays) when out of memory. */
static bool put(struct group_book *book, struct group_page *page)
{
	if (page == NULL || !holder_reserve(&book->present)) {
		group_page_destroy(page);
		return false;
	}
	holder_swap(&book->present, page);
	return true;
}

struct group_book *group_book_create(const struct connection_settings *settings, struct err *err)
{
	struct group_book *book = calloc(1, sizeof(*book));

	if (book == NULL || !monitor_init(&book->writing)) {
		err_set(err, ERR_NO_MEMORY, "out of memory for groups");
		free(book);
		return NULL;
	}
	book->settings = settings;
	holder_init(&book->present, destroy_page, NULL);
	if (!put(book, group_page_create(settings))) {
		err_set(err, ERR_NO_MEMORY, "out of memory for groups");
		group_book_destroy(book);
		return NULL;
	}
	return book;
}

static void end_reading(struct group_book *book)
{
	holder_release(&book->present, book->before);
	book->before = NULL;
	group_reader_finish(&book->reader);
	book->is_reading = false;
}

void group_book_destroy(struct group_book *book)
{
	if (book != NULL) {
		end_reading(book);
		holder_finish(&book->present);
		monitor_finish(&book->writing);
		free(book);
	}
}

const struct group_page *group_book_use(struct group_book *book)
{
	return holder_acquire(&book->present);
}

void group_book_release(struct group_book *book, const struct group_page *page)
{
	holder_release(&book->present, page);
}

static bool is_needed(const struct connection_settings *settings)
{
	return settings->rules.group_count > 0 || settings->protected_group != NULL;
}

/* The first reading is waited for; rows that it could not judge do without a verdict after it. */
static bool page_blocks(const struct connection_settings *settings, const struct group_page *page,
        char *why, size_t size)
{
	if (!is_needed(settings)) {
		return false;
	}
	if (settings->protected_group != NULL && !page->is_guard_known) {
		str_format_cut(why, size,
		        "who is in the protected group \"%s\" is not known, so nothing is written:"
		        " %s",
		        settings->protected_group, page->guard_reason);
		return true;
	}
	str_format_cut(why, size, "waits until Okta's groups were read");
	return page->read_at_ms == 0;
}

bool group_book_blocks(struct group_book *book, char *why, size_t size)
{
	const struct group_page *page = group_book_use(book);
	bool blocks = page_blocks(book->settings, page, why, size);

	group_book_release(book, page);
	return blocks;
}

bool group_book_is_protected(struct group_book *book, const char *okta_id)
{
	const struct group_page *page = group_book_use(book);
	bool is_protected = group_page_is_protected(page, okta_id);

	group_book_release(book, page);
	return is_protected;
}

bool group_book_is_guard_unread(struct group_book *book)
{
	const struct group_page *page = group_book_use(book);
	bool is_unread = book->settings->protected_group != NULL && page->guard_reason[0] != '\0';

	group_book_release(book, page);
	return is_unread;
}

/* ------------------------------------------------------------------ saying */

static void say_entry(const struct group_book *book, const struct group_entry *entry)
{
	if (entry->state == GROUP_USABLE) {
		log_info("group row is used", F("connection", book->settings->name),
		        F("group", entry->rule->group), F("group_id", entry->id));
	} else {
		log_warn("group row is not used", F("connection", book->settings->name),
		        F("group", entry->rule->group), F("cause", entry->reason));
	}
}

static void say_guard(const struct group_book *book, const struct group_page *page)
{
	const char *group = book->settings->protected_group;

	if (page->guard_reason[0] == '\0') {
		log_info("protected group read", F("connection", book->settings->name),
		        F("group", group), F("members", page->members.count));
	} else {
		log_warn("protected group not read", F("connection", book->settings->name),
		        F("group", group), F("reason", page->guard_reason),
		        F("writes",
		                page->is_guard_known
		                        ? "go on, the members known before stay protected"
		                        : "blocked"));
	}
}

/* Only what is not as it was: nobody reads the same line every hour. */
static void say_changes(const struct group_book *book, const struct group_page *before,
        const struct group_page *page)
{
	for (size_t i = 0; i < page->count; i++) {
		if (page->entries[i].state != before->entries[i].state ||
		        !str_equal(page->entries[i].reason, before->entries[i].reason)) {
			say_entry(book, &page->entries[i]);
		}
	}
	if (page->rules_reason[0] != '\0' && !str_equal(page->rules_reason, before->rules_reason)) {
		log_warn("group rules not read", F("connection", book->settings->name),
		        F("cause", page->rules_reason));
	}
	if (book->settings->protected_group != NULL &&
	        !str_equal(page->guard_reason, before->guard_reason)) {
		say_guard(book, page);
	}
}

/* ---------------------------------------------------------------- changing */

/* False when there is nothing to refuse any more. */
static bool refuse_in(struct group_page *page, const char *group_id, const char *sentence)
{
	for (size_t i = 0; page != NULL && i < page->count; i++) {
		struct group_entry *entry = &page->entries[i];
		if (entry->state == GROUP_USABLE && str_equal(entry->id, group_id)) {
			entry->state = GROUP_REFUSED;
			str_format_cut(entry->reason, sizeof(entry->reason),
			        "Okta refuses to change its members: %s", sentence);
			return true;
		}
	}
	return false;
}

void group_book_refuse(struct group_book *book, const char *group_id, const char *sentence)
{
	monitor_lock(&book->writing);
	const struct group_page *before = group_book_use(book);
	struct group_page *page = group_page_copy(before);

	if (refuse_in(page, group_id, sentence)) {
		say_changes(book, before, page);
		(void)put(book, page);
	} else {
		group_page_destroy(page);
	}
	group_book_release(book, before);
	monitor_unlock(&book->writing);
}

static int64_t failed_wait_ms(int failures)
{
	int64_t wait_ms = FAILED_MS;

	for (int i = 1; i < failures && wait_ms < AGAIN_MS; i++) {
		wait_ms *= 2;
	}
	return wait_ms < AGAIN_MS ? wait_ms : AGAIN_MS;
}

static bool begin_reading(struct group_book *book)
{
	book->before = group_book_use(book);
	book->is_reading = group_reader_init(&book->reader, book->settings, book->before);
	if (!book->is_reading) {
		end_reading(book);
	}
	return book->is_reading;
}

/* True when writes were blocked before, and are not now. */
static bool finish_reading(struct group_book *book)
{
	char why[SENTENCE_BYTES];
	bool was_blocked = page_blocks(book->settings, book->before, why, sizeof(why));

	book->failures = book->reader.has_failed ? book->failures + 1 : 0;
	book->not_before_ms =
	        clock_mono_ms() + (book->failures > 0 ? failed_wait_ms(book->failures) : AGAIN_MS);
	monitor_lock(&book->writing);
	say_changes(book, book->before, book->reader.page);
	(void)put(book, group_reader_take(&book->reader));
	monitor_unlock(&book->writing);
	end_reading(book);
	return was_blocked && !group_book_blocks(book, why, sizeof(why));
}

static bool is_due(const struct connection *connection)
{
	const struct group_book *book = connection->groups;

	return is_needed(book->settings) &&
	        (book->is_reading || clock_mono_ms() >= book->not_before_ms);
}

bool group_book_turn(struct connection *connection, struct okta_client *client)
{
	struct group_book *book = connection->groups;

	if (!is_due(connection) || connection_is_okta_parked(connection) ||
	        (!book->is_reading && !begin_reading(book))) {
		return false;
	}
	okta_client_set_urgency(client, CALL_NORMAL);
	for (int i = 0; i < STEPS_A_TURN; i++) {
		bool goes_on = group_reader_step(&book->reader, client);
		if (book->reader.outcome.call_class == CALL_STOP_CREDENTIALS) {
			/* Engine rule 7: no further call; the probe tells when to read again. */
			connection_okta_outcome(connection, "", &book->reader.outcome);
			end_reading(book);
			return false;
		}
		if (!goes_on) {
			return finish_reading(book);
		}
	}
	return false;
}

bool group_book_is_reading(const struct group_book *book)
{
	return book->is_reading;
}
