/* SPDX-License-Identifier: MIT */
/* Pages and what is looked up in them; group_reader.c makes them. */
#include "server/engine/group_page.h"

#include "server/base/str.h"

#include <stdlib.h>
#include <string.h>

static const char *const STATES[] = {
        [GROUP_NOT_KNOWN] = "unknown",
        [GROUP_USABLE] = "ok",
        [GROUP_REFUSED] = "refused",
};

const char *group_state_name(enum group_state state)
{
	return STATES[state];
}

/* ------------------------------------------------------------------- ids */

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

bool id_set_copy(struct id_set *to, const struct id_set *from)
{
	*to = (struct id_set){.ids = calloc(from->count + 1, sizeof(*to->ids))};
	if (to->ids == NULL) {
		return false;
	}
	if (from->count > 0) {
		memcpy(to->ids, from->ids, from->count * sizeof(*to->ids));
	}
	to->count = from->count;
	return true;
}

bool id_set_has(const struct id_set *set, const char *id)
{
	return set->count > 0 &&
	        bsearch(id, set->ids, set->count, sizeof(*set->ids), compare) != NULL;
}

void id_set_sort(struct id_set *set)
{
	size_t kept = 0;

	if (set->count == 0) {
		return;
	}
	qsort(set->ids, set->count, sizeof(*set->ids), compare);
	for (size_t i = 1; i < set->count; i++) {
		if (strcmp(set->ids[i], set->ids[kept]) != 0) {
			memmove(set->ids[++kept], set->ids[i], sizeof(set->ids[0]));
		}
	}
	set->count = kept + 1;
}

/* ------------------------------------------------------------------- page */

struct group_page *group_page_create(const struct connection_settings *settings)
{
	struct group_page *page = calloc(1, sizeof(*page));
	size_t count = settings->rules.group_count;
	struct group_entry *entries = calloc(count + 1, sizeof(*entries));

	if (page == NULL || entries == NULL) {
		free(page);
		free(entries);
		return NULL;
	}
	page->entries = entries;
	page->count = count;
	for (size_t i = 0; i < count; i++) {
		entries[i].rule = &settings->rules.groups[i];
		str_format_cut(entries[i].reason, sizeof(entries[i].reason),
		        "the group has not been looked for in Okta yet");
	}
	str_format_cut(page->guard_reason, sizeof(page->guard_reason),
	        "its members have not been read yet");
	return page;
}

struct group_page *group_page_copy(const struct group_page *page)
{
	struct group_page *copy = calloc(1, sizeof(*copy));
	struct group_entry *entries = calloc(page->count + 1, sizeof(*entries));

	if (copy == NULL || entries == NULL) {
		free(copy);
		free(entries);
		return NULL;
	}
	*copy = *page;
	copy->entries = entries;
	memcpy(entries, page->entries, page->count * sizeof(*entries));
	bool is_copied = id_set_copy(&copy->targets, &page->targets);
	is_copied = id_set_copy(&copy->members, &page->members) && is_copied;
	if (!is_copied) {
		group_page_destroy(copy);
		return NULL;
	}
	return copy;
}

void group_page_destroy(struct group_page *page)
{
	if (page != NULL) {
		free(page->entries);
		free(page->targets.ids);
		free(page->members.ids);
		free(page);
	}
}

const struct group_entry *group_page_of_row(const struct group_page *page, const char *group)
{
	for (size_t i = 0; i < page->count; i++) {
		if (str_equal(page->entries[i].rule->group, group)) {
			return &page->entries[i];
		}
	}
	return NULL;
}

static const char *type_problem(enum okta_group_type type)
{
	switch (type) {
	case OKTA_GROUP_OWN: break;
	case OKTA_GROUP_APP:
		return "an application or another directory fills this group: only a group of"
		       " Okta's own can be used";
	case OKTA_GROUP_BUILT_IN:
		return "this group is built into Okta, which fills it by itself: use another one";
	case OKTA_GROUP_UNKNOWN: return "this group is of a kind whose members cannot be changed";
	}
	return NULL;
}

/* Whoever joined would be out of reach for good, as a leaver too. */
static bool is_guard(const struct okta_group *group, const char *guard)
{
	return guard != NULL && (str_equal(group->id, guard) || str_equal(group->name, guard));
}

const char *group_refusal(
        const struct okta_group *group, const struct id_set *targets, const char *guard)
{
	const char *problem = type_problem(group->type);

	if (problem != NULL) {
		return problem;
	}
	if (is_guard(group, guard)) {
		return "this is the protected group: whoever is in it is never changed, so a row must"
		       " not fill it";
	}
	return id_set_has(targets, group->id)
	        ? "a group rule of Okta fills this group: take it out of the rule, or remove the row"
	        : NULL;
}

const struct group_entry *group_page_find(const struct group_page *page, const char *group_id)
{
	for (size_t i = 0; i < page->count; i++) {
		const struct group_entry *entry = &page->entries[i];
		if (entry->state == GROUP_USABLE && str_equal(entry->id, group_id)) {
			return entry;
		}
	}
	return NULL;
}

bool group_page_is_protected(const struct group_page *page, const char *okta_id)
{
	return id_set_has(&page->members, okta_id);
}
