/* SPDX-License-Identifier: MIT */
/* Values of one connection that are good by themselves and make no sense together. */
#include "server/settings/settings_walk.h"

#include "server/base/str.h"

static void mistake_at(struct settings_walk *walk, const char *steps, const char *text)
{
	size_t before = settings_walk_enter_plain(walk, steps);
	settings_walk_mistake(walk, "%s", text);
	settings_walk_leave(walk, before);
}

static void named_mistake(
        struct settings_walk *walk, const char *steps, const char *name, const char *text)
{
	size_t before = settings_walk_enter_plain(walk, steps);
	settings_walk_enter(walk, name);
	mistake_at(walk, "create_days_before", text);
	settings_walk_leave(walk, before);
}

/* Days and times that nothing would ever look at. */
static void check_creation(struct settings_walk *walk, const struct policy_settings *policy)
{
	static const char *const MEND =
	        "is only used with create on_start_date; add that, or remove it";
	if (policy->create == CREATE_ON_START_DATE) {
		return;
	}
	if (policy->lead.create > 0) {
		mistake_at(walk, "provisioning.create_days_before", MEND);
	}
	if (policy->create_at_minute > 0) {
		mistake_at(walk, "provisioning.create_at", MEND);
	}
	for (size_t i = 0; i < policy->site_count; i++) {
		if (policy->sites[i].lead.create > 0 && policy->sites[i].site != NULL) {
			named_mistake(walk, "provisioning.sites", policy->sites[i].site, MEND);
		}
	}
	for (size_t i = 0; i < policy->employment_count; i++) {
		const struct employment_settings *employment = &policy->employments[i];
		if (employment->lead.create > 0 && employment->type != NULL) {
			named_mistake(
			        walk, "provisioning.employment_types", employment->type, MEND);
		}
	}
}

static void check_leaver(struct settings_walk *walk, const struct leaver_settings *leaver)
{
	if (leaver->action == LEAVER_DEACTIVATE && leaver->then_deactivate_after_days > 0) {
		mistake_at(walk, "provisioning.leaver.then_deactivate_after_days",
		        "is only used with action suspend; add that, or remove it");
	}
}

static void check_old_login(
        struct settings_walk *walk, const char *attribute, const struct map_rules *rules)
{
	static const char *const AT = "provisioning.old_login_attribute";
	if (attribute == NULL) {
		return;
	}
	if (map_is_address(attribute)) {
		mistake_at(walk, AT, "is what is kept, not where; name another attribute");
	} else if (map_rules_find(rules, attribute) != NULL) {
		mistake_at(walk, AT,
		        "has a mapping row, which would write over it; name another attribute, or"
		        " remove the row");
	}
}

void settings_walk_check_together(
        struct settings_walk *walk, const struct connection_settings *connection)
{
	check_creation(walk, &connection->policy);
	check_leaver(walk, &connection->policy.leaver);
	check_old_login(walk, connection->policy.old_login_attribute, &connection->rules);
}
