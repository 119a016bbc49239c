/* SPDX-License-Identifier: MIT */
/* Objects whose keys are names out of Bob: sites, types of employment, leaves. */
#include "server/settings/settings_value.h"

#include "server/base/str.h"

#include <stdlib.h>
#include <string.h>

static const struct lead_days NO_LEAD = {LEAD_NOT_GIVEN, LEAD_NOT_GIVEN};

static char *name_of(struct settings_walk *walk, const char *name)
{
	char *copy = str_dup(name);
	walk->is_out_of_memory = walk->is_out_of_memory || copy == NULL;
	return copy;
}

static char *folded_name_of(struct settings_walk *walk, const char *name)
{
	char *copy = name_of(walk, name);
	if (copy != NULL) {
		str_fold(copy);
	}
	return copy;
}

static void read_site(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, struct site_settings *site)
{
	site->lead = NO_LEAD;
	settings_walk_section(walk, key, json, site);
	if (json_object_size(json) == 0 && json_is_object(json)) {
		settings_walk_mistake(walk, "says nothing about the site; give it a time_zone");
	}
}

static void read_employment(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, struct employment_settings *employment)
{
	employment->lead = NO_LEAD;
	settings_walk_section(walk, key, json, employment);
}

/* The words of Bob that are no leave have rules of their own (policy G1, L1). */
static void read_leave(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, struct leave_type *leave)
{
	int access = 0;
	enum lifecycle lifecycle =
	        leave->word != NULL ? person_lifecycle(leave->word) : LIFECYCLE_UNKNOWN;
	if (lifecycle != LIFECYCLE_UNKNOWN && lifecycle != LIFECYCLE_LEAVE) {
		settings_walk_mistake(walk,
		        "is no leave: hired, employed, garden leave and terminated are dealt with"
		        " by the dates; remove it");
		return;
	}
	settings_value_choice(walk, key, json, &access);
	leave->access = (enum leave_access)access;
}

static bool reserve(const struct settings_key *key, size_t count, struct policy_settings *policy)
{
	switch ((int)key->type) {
	case SETTINGS_TYPE_SITES:
		policy->sites = calloc(count, sizeof(*policy->sites));
		return policy->sites != NULL;
	case SETTINGS_TYPE_EMPLOYMENTS:
		policy->employments = calloc(count, sizeof(*policy->employments));
		return policy->employments != NULL;
	default:
		policy->leave_types = calloc(count, sizeof(*policy->leave_types));
		return policy->leave_types != NULL;
	}
}

static void read_named(struct settings_walk *walk, const struct settings_key *key, const char *name,
        const json_t *json, struct policy_settings *policy)
{
	if (key->type == SETTINGS_TYPE_SITES) {
		struct site_settings *site = &policy->sites[policy->site_count++];
		site->site = name_of(walk, name);
		read_site(walk, key, json, site);
	} else if (key->type == SETTINGS_TYPE_EMPLOYMENTS) {
		struct employment_settings *employment =
		        &policy->employments[policy->employment_count++];
		employment->type = folded_name_of(walk, name);
		read_employment(walk, key, json, employment);
	} else {
		struct leave_type *leave = &policy->leave_types[policy->leave_type_count++];
		leave->word = folded_name_of(walk, name);
		read_leave(walk, key, json, leave);
	}
}

/* Bob's words are compared as they are, but for the case of letters. */
static void check_name(struct settings_walk *walk, const json_t *all, const char *name)
{
	size_t len = 0;
	const char *trimmed = str_trim(name, &len);
	if (len == 0 || trimmed != name || len != strlen(name)) {
		settings_walk_mistake(
		        walk, "is no name in Bob: it is empty, or has blanks around it");
		return;
	}
	const char *other = NULL;
	json_t *value = NULL;
	json_object_foreach((json_t *)(uintptr_t)all, other, value)
	{
		if (str_equal(other, name)) {
			return;
		}
		if (str_equal_fold(other, name)) {
			settings_walk_mistake(walk,
			        "stands here twice, and upper and lower case make no difference;"
			        " keep one of them");
			return;
		}
	}
}

void settings_walk_names(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, struct policy_settings *policy)
{
	if (!settings_walk_is_named(walk, key, json) || json_object_size(json) == 0) {
		return;
	}
	if (!reserve(key, json_object_size(json), policy)) {
		walk->is_out_of_memory = true;
		return;
	}
	const char *name = NULL;
	json_t *value = NULL;
	json_object_foreach((json_t *)(uintptr_t)json, name, value)
	{
		size_t before = settings_walk_enter(walk, name);
		check_name(walk, json, name);
		if (json_is_null(value)) {
			settings_walk_mistake(
			        walk, "must not be null; leave it out or give it a value");
		} else {
			read_named(walk, key, name, value, policy);
		}
		settings_walk_leave(walk, before);
	}
}
