/* SPDX-License-Identifier: MIT */
#include "server/base/list.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>

struct item {
	int number;
	struct list link;
};

static int take_number(struct list *head)
{
	struct list *link = list_take_first(head);
	return link != NULL ? LIST_ENTRY(link, struct item, link)->number : -1;
}

START_TEST(takes_in_the_order_of_adding)
{
	struct list head;
	struct item items[3] = {{.number = 1}, {.number = 2}, {.number = 3}};
	list_init(&head);
	ck_assert(list_is_empty(&head));
	list_add_last(&head, &items[1].link);
	list_add_last(&head, &items[2].link);
	list_add_first(&head, &items[0].link);
	ck_assert(!list_is_empty(&head));
	ck_assert_int_eq(take_number(&head), 1);
	ck_assert_int_eq(take_number(&head), 2);
	ck_assert_int_eq(take_number(&head), 3);
	ck_assert_int_eq(take_number(&head), -1);
	ck_assert(list_is_empty(&head));
}
END_TEST

START_TEST(removes_from_anywhere_and_twice)
{
	struct list head;
	struct item items[3] = {{.number = 1}, {.number = 2}, {.number = 3}};
	list_init(&head);
	for (int i = 0; i < 3; i++) {
		ck_assert(!list_is_linked(&items[i].link));
		list_add_last(&head, &items[i].link);
		ck_assert(list_is_linked(&items[i].link));
	}
	list_remove(&items[1].link);
	ck_assert(!list_is_linked(&items[1].link));
	list_remove(&items[1].link);
	ck_assert_int_eq(take_number(&head), 1);
	list_remove(&items[2].link);
	ck_assert(list_is_empty(&head));
	list_add_last(&head, &items[1].link);
	ck_assert_int_eq(take_number(&head), 2);
}
END_TEST

START_TEST(a_zeroed_head_reads_as_empty)
{
	struct list head = {0};
	ck_assert(list_is_empty(&head));
	ck_assert_ptr_null(list_take_first(&head));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("list");
	TCase *links = tcase_create("links");
	tcase_add_test(links, takes_in_the_order_of_adding);
	tcase_add_test(links, removes_from_anywhere_and_twice);
	tcase_add_test(links, a_zeroed_head_reads_as_empty);
	suite_add_tcase(suite, links);
	return suite_run(suite);
}
