/* SPDX-License-Identifier: MIT */
#include "server/engine/sweep_fault.h"

#include "tests/support/suite.h"

#include <check.h>
#include <string.h>

static char why[256];

static const struct {
	int64_t listed;
	int64_t before;
	int64_t linked;
	int64_t absent;
	bool accepts_shorter;
	bool is_fault;
} lists[] = {
        {0, NOT_KNOWN, 0, 0, false, true},
        {0, NOT_KNOWN, 0, 0, true, true},
        {1, NOT_KNOWN, 0, 0, false, false},
        {95, 100, 90, 5, false, false},
        {95, 100, 90, 6, false, true},
        {94, 100, 0, 0, false, true},
        {94, 100, 90, 90, true, false},
        {200, 100, 90, 0, false, false},
        {9800, 10000, 9000, 180, false, false},
        {9799, 10000, 9000, 180, false, true},
        {9800, 10000, 9000, 181, false, true},
        {4, 9, 4, 0, false, false},
        {4, 10, 4, 0, false, true},
};

START_TEST(a_short_list_is_a_fault)
{
	struct sweep_reading reading = {.listed = lists[_i].listed,
	        .listed_before = lists[_i].before,
	        .linked = lists[_i].linked,
	        .absent = lists[_i].absent,
	        .accepts_shorter = lists[_i].accepts_shorter};

	ck_assert(sweep_list_is_fault(&reading, why, sizeof(why)) == lists[_i].is_fault);
}
END_TEST

static const struct {
	int64_t people;
	int64_t unreadable;
	int64_t before;
	int64_t lost;
	bool is_fault;
} fields[] = {
        {100, 0, NOT_KNOWN, 0, false},
        {100, 100, NOT_KNOWN, 0, false}, /* never seen: that is check's to say */
        {100, 100, 100, 0, false},
        {100, 3, 0, 0, false},
        {100, 4, 0, 0, true},
        {100, 14, 10, 0, true},
        {100, 4, NOT_KNOWN, 3, false},
        {100, 4, NOT_KNOWN, 4, true},
        {1000, 10, 0, 0, false},
        {1000, 11, 0, 0, true},
};

START_TEST(fields_that_vanish_for_more_than_a_few_are_a_fault)
{
	for (int field = 0; field < NEEDED_COUNT; field++) {
		struct sweep_reading reading = {
		        .listed = fields[_i].people, .people = fields[_i].people};
		for (int i = 0; i < NEEDED_COUNT; i++) {
			reading.unreadable_before[i] = 0;
		}
		reading.unreadable[field] = fields[_i].unreadable;
		reading.unreadable_before[field] = fields[_i].before;
		reading.lost[field] = fields[_i].lost;
		bool is_fault = sweep_fields_are_fault(&reading, why, sizeof(why));
		ck_assert(is_fault == fields[_i].is_fault);
		if (is_fault) {
			ck_assert_ptr_nonnull(
			        strstr(why, needed_field_id((enum needed_field)field)));
			reading.accepts_shorter = true;
			ck_assert(!sweep_fields_are_fault(&reading, why, sizeof(why)));
		}
	}
}
END_TEST

START_TEST(people_who_are_listed_and_not_shown_are_a_fault)
{
	struct sweep_reading reading = {.listed = 100, .people = 95, .not_brought = 5};

	ck_assert(!sweep_fields_are_fault(&reading, why, sizeof(why)));
	reading.not_brought = 6;
	ck_assert(sweep_fields_are_fault(&reading, why, sizeof(why)));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sweep_fault");
	TCase *tcase = tcase_create("fault");
	tcase_add_loop_test(tcase, a_short_list_is_a_fault, 0, ARRAY_SIZE(lists));
	tcase_add_loop_test(
	        tcase, fields_that_vanish_for_more_than_a_few_are_a_fault, 0, ARRAY_SIZE(fields));
	tcase_add_test(tcase, people_who_are_listed_and_not_shown_are_a_fault);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
