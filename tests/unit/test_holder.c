/* SPDX-License-Identifier: MIT */
#include "server/base/holder.h"

#include "server/base/thread.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdatomic.h>

#define READERS 4
#define SWAPS   2000

struct value {
	atomic_int ended; /* how often it was destroyed */
};

static struct holder holder;
static struct value values[SWAPS];
static atomic_bool is_over;

static void end(void *context, void *value)
{
	ck_assert_ptr_eq(context, &holder);
	atomic_fetch_add(&((struct value *)value)->ended, 1);
}

static void set_up(void)
{
	holder_init(&holder, end, &holder);
}

static void put(struct value *value)
{
	ck_assert(holder_reserve(&holder));
	holder_swap(&holder, value);
}

START_TEST(what_is_held_outlives_its_replacement)
{
	ck_assert_ptr_null(holder_acquire(&holder));
	put(&values[0]);
	struct value *held = holder_acquire(&holder);
	ck_assert_ptr_eq(held, &values[0]);
	holder_keep(&holder, held);
	put(&values[1]);
	ck_assert_int_eq(values[0].ended, 0);
	holder_release(&holder, held);
	ck_assert_int_eq(values[0].ended, 0);
	holder_release(&holder, held);
	ck_assert_int_eq(values[0].ended, 1);
	struct value *now = holder_acquire(&holder);
	ck_assert_ptr_eq(now, &values[1]);
	holder_release(&holder, now);
	ck_assert_int_eq(values[1].ended, 0);
	holder_finish(&holder);
	ck_assert_int_eq(values[1].ended, 1);
}
END_TEST

START_TEST(letting_go_of_nothing_is_fine)
{
	holder_release(&holder, NULL);
	holder_swap(&holder, NULL);
	holder_finish(&holder);
}
END_TEST

/* Counts what it got although it was destroyed already. */
static void *read_all_the_time(void *argument)
{
	size_t *wrong = argument;
	while (!atomic_load(&is_over)) {
		struct value *value = holder_acquire(&holder);
		*wrong += atomic_load(&value->ended) != 0 ? 1 : 0;
		holder_release(&holder, value);
	}
	return NULL;
}

START_TEST(readers_never_see_what_was_destroyed)
{
	pthread_t threads[READERS];
	size_t wrong[READERS] = {0};
	put(&values[0]);
	for (size_t i = 0; i < READERS; i++) {
		ck_assert(thread_start(&threads[i], "reader", read_all_the_time, &wrong[i], NULL));
	}
	for (size_t i = 1; i < SWAPS; i++) {
		put(&values[i]);
	}
	atomic_store(&is_over, true);
	for (size_t i = 0; i < READERS; i++) {
		thread_join(threads[i]);
		ck_assert_uint_eq(wrong[i], 0);
	}
	holder_finish(&holder);
	for (size_t i = 0; i < SWAPS; i++) {
		ck_assert_int_eq(values[i].ended, 1);
	}
}
END_TEST

static Suite *holder_suite(void)
{
	Suite *suite = suite_create("holder");
	TCase *holding = tcase_create("holding");
	tcase_add_checked_fixture(holding, set_up, NULL);
	tcase_add_test(holding, what_is_held_outlives_its_replacement);
	tcase_add_test(holding, letting_go_of_nothing_is_fine);
	tcase_add_test(holding, readers_never_see_what_was_destroyed);
	suite_add_tcase(suite, holding);
	return suite;
}

int main(void)
{
	return suite_run(holder_suite());
}
