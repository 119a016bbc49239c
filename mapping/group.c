/* SPDX-License-Identifier: MIT */
#include "mapping/group.h"

#include "server/base/str.h"

#include <stdlib.h>

const char *group_answer_name(enum group_answer answer)
{
	static const char *const NAMES[] = {
	        [GROUP_NO_VERDICT] = "unknown", [GROUP_OUT] = "out", [GROUP_IN] = "in"};

	return NAMES[answer];
}

enum group_change group_decide(enum group_answer answer, enum group_membership membership)
{
	switch (membership) {
	case GROUP_NONE: return answer == GROUP_IN ? GROUP_JOIN : GROUP_STAYS;
	case GROUP_GIVEN: return answer == GROUP_OUT ? GROUP_LEAVE : GROUP_STAYS;
	case GROUP_FOUND: break;
	case GROUP_LAPSED:
		return answer == GROUP_IN     ? GROUP_JOIN
		        : answer == GROUP_OUT ? GROUP_LEAVE
		                              : GROUP_STAYS;
	}
	return GROUP_STAYS;
}

enum group_change group_decide_leaver(enum group_membership membership)
{
	return membership == GROUP_GIVEN || membership == GROUP_LAPSED ? GROUP_LEAVE : GROUP_STAYS;
}

void map_group_finish(struct map_group *group)
{
	free(group->group);
	map_expression_finish(&group->when);
	*group = (struct map_group){0};
}

bool map_groups_add(struct map_rules *rules, struct map_group *group)
{
	struct map_group *groups =
	        realloc(rules->groups, (rules->group_count + 1) * sizeof(*groups));
	if (groups == NULL) {
		map_group_finish(group);
		return false;
	}
	rules->groups = groups;
	groups[rules->group_count++] = *group;
	*group = (struct map_group){0};
	return true;
}

bool map_groups_copy(struct map_rules *rules, const struct map_rules *from)
{
	for (size_t i = 0; i < from->group_count; i++) {
		struct map_group copy = {.group = str_dup(from->groups[i].group)};
		if (copy.group == NULL ||
		        !map_expression_init(&copy.when, from->groups[i].when.text, NULL)) {
			map_group_finish(&copy);
			return false;
		}
		if (!map_groups_add(rules, &copy)) {
			return false;
		}
	}
	return true;
}

void map_group_label(const struct map_group *group, char *to, size_t size)
{
	str_format_cut(to, size, "group %s", group->group);
}
