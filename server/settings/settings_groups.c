/* SPDX-License-Identifier: MIT */
/* Rows of groups: which Okta group, and for whom. One row a group. */
#include "mapping/mapping.h"
#include "server/base/str.h"
#include "server/settings/settings_walk.h"

static void check_once(struct settings_walk *walk, const struct map_rules *rules, const char *group)
{
	for (size_t i = 0; i < rules->group_count; i++) {
		if (str_equal(rules->groups[i].group, group)) {
			settings_walk_mistake(walk,
			        "\"%s\" has a row already; put both conditions into one, with or",
			        group);
			return;
		}
	}
}

static void walk_group(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, struct map_rules *rules)
{
	struct map_group group = {0};
	size_t mistakes = settings_walk_mistakes(walk);
	settings_walk_section(walk, key, json, &group);
	if (group.group != NULL) {
		check_once(walk, rules, group.group);
	}
	if (settings_walk_mistakes(walk) > mistakes || walk->is_out_of_memory) {
		map_group_finish(&group);
	} else if (!map_groups_add(rules, &group)) {
		walk->is_out_of_memory = true;
	}
}

void settings_walk_groups(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, struct map_rules *rules)
{
	if (!settings_walk_is_list(walk, key, json)) {
		return;
	}
	for (size_t i = 0; i < json_array_size(json); i++) {
		size_t before = settings_walk_enter_element(walk, i);
		walk_group(walk, key, json_array_get(json, i), rules);
		settings_walk_leave(walk, before);
	}
}
