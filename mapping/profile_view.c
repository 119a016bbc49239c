/* SPDX-License-Identifier: MIT */
/* Reading a profile that was made, and the one choice that is made in it. */
#include "mapping/group.h"

#include "server/base/str.h"

#include <string.h>

static struct map_result *find_result(const struct map_profile *profile, const char *okta)
{
	for (size_t i = 0; profile != NULL && i < profile->count; i++) {
		if (strcmp(profile->results[i].row->okta, okta) == 0) {
			return &profile->results[i];
		}
	}
	return NULL;
}

const struct map_result *map_profile_find(const struct map_profile *profile, const char *okta)
{
	return find_result(profile, okta);
}

const char *map_profile_text(const struct map_profile *profile, const char *okta)
{
	const struct map_result *result = find_result(profile, okta);
	return result != NULL && result->state == ROW_VALUE ? json_string_value(result->value)
	                                                    : NULL;
}

bool map_profile_choose_login(struct map_profile *profile, const char *login)
{
	struct map_result *result = find_result(profile, "login");
	json_t *value = result == NULL ? NULL : json_string(login);
	if (value == NULL) {
		return false;
	}
	json_decref(result->value);
	result->value = value;
	result->state = ROW_VALUE;
	result->is_default = false;
	result->is_again = false;
	result->reason[0] = '\0';
	return true;
}

static bool is_problem(const struct map_result *result)
{
	return result->state != ROW_VALUE && result->state != ROW_EMPTY;
}

static bool add_problem(
        json_t *problems, const char *okta, enum row_state state, const char *reason)
{
	return json_array_append_new(problems,
	               json_pack("{s:s, s:s, s:s}", "okta", okta, "state", row_state_name(state),
	                       "reason", reason)) == 0;
}

static bool add_group_problems(json_t *problems, const struct map_profile *profile)
{
	char label[GROUP_LABEL_BYTES];
	bool is_added = true;
	for (size_t i = 0; i < profile->group_count && is_added; i++) {
		const struct map_group_result *result = &profile->groups[i];
		if (result->state != ROW_VALUE) {
			map_group_label(result->rule, label, sizeof(label));
			is_added = add_problem(problems, label, result->state, result->reason);
		}
	}
	return is_added;
}

json_t *map_profile_problems(const struct map_profile *profile)
{
	json_t *problems = json_array();
	bool is_made = problems != NULL;
	for (size_t i = 0; is_made && i < profile->count; i++) {
		const struct map_result *result = &profile->results[i];
		is_made = !is_problem(result) ||
		        add_problem(problems, result->row->okta, result->state, result->reason);
	}
	if (!is_made || !add_group_problems(problems, profile)) {
		json_decref(problems);
		return NULL;
	}
	return problems;
}
