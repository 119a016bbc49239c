/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_LIST_H
#define SERVER_BASE_LIST_H

/*
 * A doubly linked list whose links live in the elements. The list never owns
 * its elements. A link that is in no list is zeroed. Not locked.
 */

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *prev;
	struct list *next;
};

void list_init(struct list *head);
void list_add_last(struct list *head, struct list *link);
void list_add_first(struct list *head, struct list *link);
/* No-op for a link that is in no list. */
void list_remove(struct list *link);
bool list_is_empty(const struct list *head);
bool list_is_linked(const struct list *link);
/* The first link taken out, or NULL. */
struct list *list_take_first(struct list *head);

#define LIST_ENTRY(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

#endif
