/* SPDX-License-Identifier: MIT */
#include "server/alarm/book.h"

#include "server/base/str.h"
#include "tests/support/store_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdarg.h>
#include <stdlib.h>

#define MINUTE_MS (60LL * 1000)

static struct store *store;
static struct book book;
static struct alarm_settings settings;
static int64_t now_ms; /* the wall clock */

static void setup(void)
{
	store = store_fixture_open();
	settings = (struct alarm_settings){
	        .repeat_minutes = {1440, 240, 15}, .repeat_longest_minutes = 100};
	for (int name = 0; name < ALARM_COUNT; name++) {
		settings.levels[name] = (int)alarm_severity((enum alarm_name)name);
	}
	now_ms = 1795467600000;
}

static void teardown(void)
{
	book_finish(&book);
	store_close(store);
	store_fixture_clean();
}

static void run_for(int64_t ms)
{
	now_ms += ms;
	store_fixture_pass(store, ms);
}

/* One look that finds these (ends with NULL) for the brake of "default", and what it says. */
static struct message look_after(int64_t after_ms, const char *first, ...)
{
	struct err err = ERR_INIT;
	struct message message;
	struct alarm_subject_list subjects = {0};
	va_list more;

	va_start(more, first);
	for (const char *at = first; at != NULL; at = va_arg(more, const char *)) {
		ck_assert(alarm_subject_add(&subjects, at));
	}
	va_end(more);
	ck_assert_msg(book_load(&book, store, now_ms, &err), "%s", err.text);
	ck_assert(book_see(&book, "default", ALARM_BRAKE, &subjects, after_ms));
	book_close(&book);
	ck_assert_msg(book_save(&book, store, &err), "%s", err.text);
	ck_assert(book_due(&book, &settings, &message));
	alarm_subject_list_finish(&subjects);
	return message;
}
#define LOOK(...) look_after(0, __VA_ARGS__, NULL)

/* Somebody takes it. */
static void take(struct message *message)
{
	ck_assert(book_load(&book, store, now_ms, NULL));
	book_note_told(&book, message);
	ck_assert(book_save(&book, store, NULL));
	message_finish(message);
}

static void expect(const struct message *message, enum entry_state state, size_t count)
{
	ck_assert_uint_eq(message->count, 1);
	ck_assert_int_eq(message->entries[0].state, state);
	ck_assert_uint_eq(message->entries[0].count, count);
}

static void expect_nothing(struct message message)
{
	ck_assert_uint_eq(message.count, 0);
	ck_assert_uint_eq(message.told_count, 0);
	message_finish(&message);
}

/* --------------------------------------------------------------- beginning */

START_TEST(what_is_new_is_told_once)
{
	struct message message = LOOK("1", "2");
	expect(&message, ENTRY_OPENED, 2);
	ck_assert_str_eq(message.entries[0].connection, "default");
	ck_assert_str_eq(message.entries[0].subjects[1], "2");
	ck_assert_int_eq(message.entries[0].severity, ALARM_CRITICAL);
	take(&message);
	expect_nothing(LOOK("1", "2"));
}
END_TEST

START_TEST(what_nobody_took_is_told_again)
{
	struct message message = LOOK("1");
	message_finish(&message);
	message = LOOK("1");
	expect(&message, ENTRY_OPENED, 1);
	message_finish(&message);
}
END_TEST

/* A restart is a book that knows nothing but the store. */
START_TEST(a_restart_says_nothing_twice)
{
	struct message message = LOOK("1");
	take(&message);
	book_finish(&book);
	store_close(store);
	store = store_fixture_open();
	expect_nothing(LOOK("1"));
}
END_TEST

START_TEST(it_must_last_in_running_time)
{
	expect_nothing(look_after(60 * MINUTE_MS, "1", NULL));
	now_ms += 365LL * 24 * 60 * MINUTE_MS; /* the wall clock jumps a year */
	expect_nothing(look_after(60 * MINUTE_MS, "1", NULL));
	now_ms -= 800LL * 24 * 60 * MINUTE_MS; /* and back */
	run_for(59 * MINUTE_MS);
	expect_nothing(look_after(60 * MINUTE_MS, "1", NULL));
	run_for(MINUTE_MS);
	struct message message = look_after(60 * MINUTE_MS, "1", NULL);
	expect(&message, ENTRY_OPENED, 1);
	message_finish(&message);
}
END_TEST

START_TEST(what_did_not_last_begins_anew)
{
	expect_nothing(look_after(10 * MINUTE_MS, "1", NULL));
	run_for(9 * MINUTE_MS);
	expect_nothing(LOOK(NULL));
	run_for(9 * MINUTE_MS);
	expect_nothing(look_after(10 * MINUTE_MS, "1", NULL));
	struct alarm_list alarms;
	ck_assert(store_alarm_list(
	        store, &(struct alarm_query){.limit = 9, .with_ended = true}, &alarms, NULL));
	ck_assert_uint_eq(alarms.count, 0);
	alarm_list_finish(&alarms);
}
END_TEST

/* ------------------------------------------------------------------ ending */

START_TEST(the_end_takes_two_looks_and_is_told_once)
{
	struct message message = LOOK("1");
	take(&message);
	expect_nothing(LOOK(NULL));
	message = LOOK(NULL);
	expect(&message, ENTRY_RESOLVED, 1);
	ck_assert_uint_eq(message.entries[0].open, 0);
	take(&message);
	expect_nothing(LOOK(NULL));
	/* It is history. */
	struct alarm_list alarms;
	ck_assert(store_alarm_list(
	        store, &(struct alarm_query){.limit = 9, .with_ended = true}, &alarms, NULL));
	ck_assert_uint_eq(alarms.count, 1);
	ck_assert_int_ne(alarms.items[0].ended_at_ms, 0);
	alarm_list_finish(&alarms);
}
END_TEST

START_TEST(one_look_that_misses_it_ends_nothing)
{
	struct message message = LOOK("1");
	take(&message);
	expect_nothing(LOOK(NULL));
	expect_nothing(LOOK("1"));
	expect_nothing(LOOK(NULL));
	expect_nothing(LOOK("1"));
}
END_TEST

START_TEST(what_nobody_was_told_of_ends_without_a_word)
{
	struct message message = LOOK("1");
	message_finish(&message);
	expect_nothing(LOOK(NULL));
	expect_nothing(LOOK(NULL));
}
END_TEST

START_TEST(what_comes_back_before_its_end_was_told_was_never_gone)
{
	struct message message = LOOK("1");
	take(&message);
	expect_nothing(LOOK(NULL));
	message = LOOK(NULL);
	expect(&message, ENTRY_RESOLVED, 1);
	message_finish(&message); /* nobody took it */
	expect_nothing(LOOK("1"));
	struct alarm_list alarms;
	ck_assert(store_alarm_list(
	        store, &(struct alarm_query){.limit = 9, .with_ended = true}, &alarms, NULL));
	ck_assert_uint_eq(alarms.count, 1);
	alarm_list_finish(&alarms);
}
END_TEST

START_TEST(what_comes_back_while_its_end_is_told_is_told_anew)
{
	struct message message = LOOK("1");
	take(&message);
	run_for(BOOK_GAP_MS);
	expect_nothing(LOOK(NULL));
	struct message end = LOOK(NULL);
	message = LOOK("1");
	expect_nothing(message);
	take(&end);
	message = LOOK("1");
	expect(&message, ENTRY_OPENED, 1);
	message_finish(&message);
}
END_TEST

/* Nothing opens and nothing ends while it cannot be told. */
START_TEST(what_cannot_be_told_stays)
{
	struct message message = LOOK("1");
	take(&message);
	for (int i = 0; i < 5; i++) {
		ck_assert(book_load(&book, store, now_ms, NULL));
		book_close(&book);
		ck_assert(book_save(&book, store, NULL));
		ck_assert(book_due(&book, &settings, &message));
		expect_nothing(message);
	}
}
END_TEST

START_TEST(a_connection_that_is_gone_has_no_alarms)
{
	struct connection_settings other = {.name = "other"};
	struct settings all = {.connections = &other, .connection_count = 1};
	struct message message = LOOK("1");
	take(&message);
	for (int i = 0; i < BOOK_MISSES; i++) {
		ck_assert(book_load(&book, store, now_ms, NULL));
		book_forget_connections(&book, &all);
		book_close(&book);
		ck_assert(book_save(&book, store, NULL));
	}
	ck_assert(book_due(&book, &settings, &message));
	expect(&message, ENTRY_RESOLVED, 1);
	message_finish(&message);
}
END_TEST

/* --------------------------------------------------------------- repeating */

START_TEST(repeats_come_ever_more_rarely_up_to_the_longest)
{
	static const int64_t MINUTES[] = {15, 30, 60, 100, 100};
	struct message message = LOOK("1");
	take(&message);
	for (size_t i = 0; i < ARRAY_SIZE(MINUTES); i++) {
		run_for(MINUTES[i] * MINUTE_MS - 1000);
		expect_nothing(LOOK("1"));
		run_for(1000);
		message = LOOK("1");
		expect(&message, ENTRY_REPEATED, 1);
		take(&message);
	}
}
END_TEST

START_TEST(the_wall_clock_repeats_nothing)
{
	struct message message = LOOK("1");
	take(&message);
	now_ms += 10LL * 365 * 24 * 60 * MINUTE_MS;
	expect_nothing(LOOK("1"));
	now_ms = 1000;
	expect_nothing(LOOK("1"));
	run_for(15 * MINUTE_MS);
	message = LOOK("1");
	expect(&message, ENTRY_REPEATED, 1);
	message_finish(&message);
}
END_TEST

static size_t acknowledge(const char *subject)
{
	size_t count = 0;
	struct alarm_choice choice = {
	        .name = ALARM_BRAKE, .subject = subject, .by = "ops", .connection = NULL};
	struct err err = ERR_INIT;
	bool done = store_alarm_acknowledge(store, &choice, &count, &err);
	ck_assert(done || err.code == ERR_NOT_FOUND);
	return count;
}

START_TEST(an_acknowledgement_stops_the_repeats_of_whom_it_names)
{
	struct message message = LOOK("1", "2");
	take(&message);
	ck_assert_uint_eq(acknowledge("1"), 1);
	run_for(15 * MINUTE_MS);
	message = LOOK("1", "2");
	expect(&message, ENTRY_REPEATED, 1);
	ck_assert_str_eq(message.entries[0].subjects[0], "2");
	take(&message);
	ck_assert_uint_eq(acknowledge(NULL), 2);
	run_for(1000 * MINUTE_MS);
	expect_nothing(LOOK("1", "2"));
	/* Somebody new is told all the same, and so is the end. */
	message = LOOK("1", "2", "3");
	expect(&message, ENTRY_OPENED, 1);
	take(&message);
	run_for(BOOK_GAP_MS);
	expect_nothing(LOOK(NULL));
	message = LOOK(NULL);
	expect(&message, ENTRY_RESOLVED, 3);
	take(&message);
	ck_assert_uint_eq(acknowledge(NULL), 0);
}
END_TEST

/* --------------------------------------------------------------- gathering */

START_TEST(a_trickle_is_one_message_a_minute)
{
	struct message message = LOOK("1");
	take(&message);
	expect_nothing(LOOK("1", "2"));
	run_for(BOOK_GAP_MS - 1);
	expect_nothing(LOOK("1", "2", "3"));
	run_for(1);
	message = LOOK("1", "2", "3");
	expect(&message, ENTRY_OPENED, 2);
	take(&message);
	/* Some of it ends: that waits, too. */
	expect_nothing(LOOK("1"));
	expect_nothing(LOOK("1"));
	run_for(BOOK_GAP_MS);
	message = LOOK("1");
	expect(&message, ENTRY_RESOLVED, 2);
	message_finish(&message);
}
END_TEST

START_TEST(a_hundred_are_one_entry)
{
	struct alarm_subject_list subjects = {0};
	struct message message;
	char id[8];
	for (int i = 0; i < 100; i++) {
		str_format_cut(id, sizeof(id), "%d", i);
		ck_assert(alarm_subject_add(&subjects, id));
	}
	ck_assert(book_load(&book, store, now_ms, NULL));
	ck_assert(book_see(&book, "default", ALARM_HELD, &subjects, 0));
	ck_assert(book_see(&book, "default", ALARM_BRAKE, &subjects, 0));
	book_close(&book);
	ck_assert(book_save(&book, store, NULL));
	ck_assert(book_due(&book, &settings, &message));
	ck_assert_uint_eq(message.count, 2);
	ck_assert_uint_eq(message.entries[0].count, 100);
	ck_assert_uint_eq(message.entries[0].subject_count, MESSAGE_SUBJECTS_MAX);
	ck_assert_uint_eq(message.told_count, 200);
	alarm_subject_list_finish(&subjects);
	message_finish(&message);
}
END_TEST

/* More alarms than a message has room for are said with the next one. */
START_TEST(what_finds_no_room_is_said_next)
{
	struct alarm_subject_list one = {0};
	struct message message;
	size_t told = 0;
	char name[16];
	ck_assert(alarm_subject_add(&one, ""));
	ck_assert(book_load(&book, store, now_ms, NULL));
	for (int i = 0; i < MESSAGE_ENTRIES_MAX + 10; i++) {
		str_format_cut(name, sizeof(name), "c%d", i);
		ck_assert(book_see(&book, name, ALARM_PARKED, &one, 0));
	}
	book_close(&book);
	ck_assert(book_save(&book, store, NULL));
	for (int i = 0; i < 2; i++) {
		ck_assert(book_due(&book, &settings, &message));
		told += message.count;
		take(&message);
	}
	ck_assert_uint_eq(told, MESSAGE_ENTRIES_MAX + 10);
	alarm_subject_list_finish(&one);
}
END_TEST

static Suite *book_suite(void)
{
	Suite *suite = suite_create("alarm_book");
	TCase *tests = tcase_create("book");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, what_is_new_is_told_once);
	tcase_add_test(tests, what_nobody_took_is_told_again);
	tcase_add_test(tests, a_restart_says_nothing_twice);
	tcase_add_test(tests, it_must_last_in_running_time);
	tcase_add_test(tests, what_did_not_last_begins_anew);
	tcase_add_test(tests, the_end_takes_two_looks_and_is_told_once);
	tcase_add_test(tests, one_look_that_misses_it_ends_nothing);
	tcase_add_test(tests, what_nobody_was_told_of_ends_without_a_word);
	tcase_add_test(tests, what_comes_back_before_its_end_was_told_was_never_gone);
	tcase_add_test(tests, what_comes_back_while_its_end_is_told_is_told_anew);
	tcase_add_test(tests, what_cannot_be_told_stays);
	tcase_add_test(tests, a_connection_that_is_gone_has_no_alarms);
	tcase_add_test(tests, repeats_come_ever_more_rarely_up_to_the_longest);
	tcase_add_test(tests, the_wall_clock_repeats_nothing);
	tcase_add_test(tests, an_acknowledgement_stops_the_repeats_of_whom_it_names);
	tcase_add_test(tests, a_trickle_is_one_message_a_minute);
	tcase_add_test(tests, a_hundred_are_one_entry);
	tcase_add_test(tests, what_finds_no_room_is_said_next);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return suite_run(book_suite());
}
