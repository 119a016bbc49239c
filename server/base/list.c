/* SPDX-License-Identifier: MIT */
#include "server/base/list.h"

void list_init(struct list *head)
{
	head->prev = head;
	head->next = head;
}

static void insert_between(struct list *link, struct list *before, struct list *after)
{
	link->prev = before;
	link->next = after;
	before->next = link;
	after->prev = link;
}

void list_add_last(struct list *head, struct list *link)
{
	insert_between(link, head->prev, head);
}

void list_add_first(struct list *head, struct list *link)
{
	insert_between(link, head, head->next);
}

void list_remove(struct list *link)
{
	if (!list_is_linked(link)) {
		return;
	}
	link->prev->next = link->next;
	link->next->prev = link->prev;
	*link = (struct list){0};
}

bool list_is_empty(const struct list *head)
{
	return head->next == NULL || head->next == head;
}

bool list_is_linked(const struct list *link)
{
	return link->next != NULL;
}

struct list *list_take_first(struct list *head)
{
	if (list_is_empty(head)) {
		return NULL;
	}
	struct list *first = head->next;
	list_remove(first);
	return first;
}
