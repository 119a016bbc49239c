/* SPDX-License-Identifier: MIT */
/*
 * Reads a page from Okta: first what group rules fill, then the rows one by
 * one, then the protected group. Where a read fails that may go well another
 * time, what was known before stays.
 */
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/engine/group_page.h"

#include <stdlib.h>
#include <string.h>

bool group_reader_init(struct group_reader *reader, const struct connection_settings *settings,
        const struct group_page *before)
{
	*reader = (struct group_reader){
	        .settings = settings, .before = before, .page = group_page_create(settings)};
	return reader->page != NULL;
}

struct group_page *group_reader_take(struct group_reader *reader)
{
	struct group_page *page = reader->page;

	reader->page = NULL;
	return page;
}

void group_reader_finish(struct group_reader *reader)
{
	group_page_destroy(reader->page);
	*reader = (struct group_reader){0};
}

/* Not being allowed to is an answer; all else may pass. */
static bool is_passing(const struct call_outcome *outcome)
{
	return outcome->call_class != CALL_STOP_CONFIG && outcome->call_class != CALL_PERMANENT;
}

/* ------------------------------------------------------------------- rules */

static bool take_targets(struct id_set *targets, const json_t *ids)
{
	size_t count = json_array_size(ids);

	targets->ids = calloc(count + 1, sizeof(*targets->ids));
	for (size_t i = 0; targets->ids != NULL && i < count; i++) {
		const char *id = json_string_value(json_array_get(ids, i));
		if (str_copy(targets->ids[targets->count], sizeof(targets->ids[0]), id)) {
			targets->count++;
		}
	}
	id_set_sort(targets);
	return targets->ids != NULL;
}

void group_reader_rules(struct group_reader *reader, struct okta_client *client)
{
	struct group_page *page = reader->page;
	json_t *ids = NULL;

	if (reader->known != NULL && reader->known->are_rules_known) {
		page->are_rules_known = id_set_copy(&page->targets, &reader->known->targets);
		return;
	}
	okta_group_rule_targets(client, &ids, &reader->outcome);
	if (reader->outcome.call_class == CALL_DONE) {
		page->are_rules_known = take_targets(&page->targets, ids);
	} else {
		reader->has_failed = reader->has_failed || is_passing(&reader->outcome);
		str_format_cut(page->rules_reason, sizeof(page->rules_reason),
		        "whether a group rule fills a group is not known: %s",
		        reader->outcome.sentence);
		if (reader->before != NULL && reader->before->are_rules_known) {
			page->are_rules_known =
			        id_set_copy(&page->targets, &reader->before->targets);
		}
	}
	json_decref(ids);
}

/* -------------------------------------------------------------------- rows */

static void refuse(struct group_entry *entry, const char *reason)
{
	entry->state = GROUP_REFUSED;
	str_format_cut(entry->reason, sizeof(entry->reason), "%s", reason);
}

static void judge_found(
        struct group_reader *reader, struct group_entry *entry, const struct okta_group *group)
{
	const char *problem =
	        group_refusal(group, &reader->page->targets, reader->settings->protected_group);

	if (problem != NULL) {
		refuse(entry, problem);
	} else if (group_page_find(reader->page, group->id) != NULL) {
		refuse(entry, "another row means this group already; put both conditions into one");
	} else if (!reader->page->are_rules_known && reader->has_failed) {
		str_format_cut(
		        entry->reason, sizeof(entry->reason), "%s", reader->page->rules_reason);
	} else {
		entry->state = GROUP_USABLE;
		entry->reason[0] = '\0';
	}
	str_format_cut(entry->id, sizeof(entry->id), "%s", group->id);
	str_format_cut(entry->name, sizeof(entry->name), "%s", group->name);
}

/* Nothing that passes makes a row unusable that was usable. */
static void judge_unread(struct group_reader *reader, struct group_entry *entry, size_t index)
{
	if (!is_passing(&reader->outcome)) {
		refuse(entry, reader->outcome.sentence);
		return;
	}
	reader->has_failed = true;
	str_format_cut(entry->reason, sizeof(entry->reason), "%s", reader->outcome.sentence);
	if (reader->before != NULL && reader->before->entries[index].state != GROUP_NOT_KNOWN) {
		*entry = reader->before->entries[index];
	}
}

static bool take_known(const struct group_reader *reader, struct group_entry *entry)
{
	const struct map_group *rule = entry->rule;
	const struct group_entry *known =
	        reader->known != NULL ? group_page_of_row(reader->known, rule->group) : NULL;

	if (known == NULL || known->state == GROUP_NOT_KNOWN) {
		return false;
	}
	*entry = *known;
	entry->rule = rule;
	return true;
}

static void read_row(struct group_reader *reader, struct okta_client *client, size_t index)
{
	struct group_entry *entry = &reader->page->entries[index];
	struct okta_group group;
	size_t matches = 0;

	if (take_known(reader, entry)) {
		return;
	}
	okta_group_find(client, entry->rule->group, &group, &matches, &reader->outcome);
	if (reader->outcome.call_class != CALL_DONE) {
		judge_unread(reader, entry, index);
	} else if (matches == 0) {
		refuse(entry,
		        okta_group_id_is(entry->rule->group)
		                ? "Okta has no group with this id"
		                : "Okta has no group of exactly this name");
	} else if (matches > 1) {
		refuse(entry, "Okta has several groups of this name: write the id of the one");
	} else {
		judge_found(reader, entry, &group);
	}
}

/* --------------------------------------------------------- protected group */

struct gathering {
	struct id_set *members;
	bool is_over; /* more than PROTECTED_MEMBERS_MAX */
};

static bool gather(void *context, const struct okta_user *member)
{
	struct gathering *gathering = context;
	struct id_set *members = gathering->members;

	if (members->count == PROTECTED_MEMBERS_MAX) {
		gathering->is_over = true;
		return false;
	}
	memcpy(members->ids[members->count++], member->id, sizeof(members->ids[0]));
	return true;
}

static void guard_problem(struct group_page *page, const char *problem)
{
	str_format_cut(page->guard_reason, sizeof(page->guard_reason), "%s", problem);
}

static void read_members(
        struct group_reader *reader, struct okta_client *client, const char *group_id)
{
	struct group_page *page = reader->page;
	struct gathering gathering = {.members = &page->members};

	page->members.ids = calloc(PROTECTED_MEMBERS_MAX, sizeof(*page->members.ids));
	if (page->members.ids == NULL) {
		reader->has_failed = true;
		guard_problem(page, "out of memory for its members");
		return;
	}
	okta_group_members(client, group_id, gather, &gathering, &reader->outcome);
	if (reader->outcome.call_class != CALL_DONE) {
		reader->has_failed = reader->has_failed || is_passing(&reader->outcome);
		guard_problem(page, reader->outcome.sentence);
	} else if (gathering.is_over) {
		guard_problem(page, "it has more than 10,000 members: name a smaller group");
	} else {
		id_set_sort(&page->members);
		page->is_guard_known = true;
		page->guard_reason[0] = '\0';
	}
}

static void find_guard(struct group_reader *reader, struct okta_client *client)
{
	struct okta_group group;
	size_t matches = 0;

	okta_group_find(
	        client, reader->settings->protected_group, &group, &matches, &reader->outcome);
	if (reader->outcome.call_class != CALL_DONE) {
		reader->has_failed = reader->has_failed || is_passing(&reader->outcome);
		guard_problem(reader->page, reader->outcome.sentence);
	} else if (matches == 0) {
		guard_problem(reader->page, "Okta has no such group");
	} else if (matches > 1) {
		guard_problem(reader->page,
		        "Okta has several groups of this name: write the id of the one");
	} else if (group.type == OKTA_GROUP_BUILT_IN) {
		guard_problem(reader->page,
		        "it is built into Okta, and everybody is in it: name another group");
	} else {
		read_members(reader, client, group.id);
	}
}

/* Who was protected once stays so while the group cannot be read. */
static void read_guard(struct group_reader *reader, struct okta_client *client)
{
	struct group_page *page = reader->page;

	find_guard(reader, client);
	if (page->is_guard_known) {
		return;
	}
	free(page->members.ids);
	page->members = (struct id_set){0};
	if (reader->before != NULL && reader->before->is_guard_known) {
		page->is_guard_known = id_set_copy(&page->members, &reader->before->members);
	}
}

/* ------------------------------------------------------------------- steps */

bool group_reader_step(struct group_reader *reader, struct okta_client *client)
{
	size_t step = reader->next++;
	size_t rows = reader->page->count;

	if (step == 0 && rows > 0) {
		group_reader_rules(reader, client);
	} else if (step >= 1 && step <= rows) {
		read_row(reader, client, step - 1);
	} else if (step == rows + 1 && reader->settings->protected_group != NULL) {
		read_guard(reader, client);
	}
	reader->page->read_at_ms = clock_wall_ms();
	return step <= rows;
}

void group_reader_rows(struct group_reader *reader, struct okta_client *client)
{
	while (reader->next <= reader->page->count && group_reader_step(reader, client)) {
	}
}
