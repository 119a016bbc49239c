/* SPDX-License-Identifier: MIT */
#include "server/store/alarms.h"

#include "server/base/str.h"

#include <stdlib.h>

void alarm_list_finish(struct alarm_list *list)
{
	free(list->items);
	*list = (struct alarm_list){0};
}

void alarm_subject_list_finish(struct alarm_subject_list *list)
{
	free(list->items);
	*list = (struct alarm_subject_list){0};
}

bool alarm_subject_add(struct alarm_subject_list *list, const char *subject)
{
	struct alarm_subject *items =
	        realloc(list->items, (list->count + 1) * sizeof(*list->items));

	if (items == NULL) {
		return false;
	}
	list->items = items;
	str_format_cut(items[list->count].text, sizeof(items->text), "%s", subject);
	list->count++;
	return true;
}
