/* SPDX-License-Identifier: MIT */
/* Reading a profile that was made, and the one choice that is made in it. */
#include "mapping/profile.h"

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

json_t *map_profile_problems(const struct map_profile *profile)
{
	json_t *problems = json_array();
	for (size_t i = 0; problems != NULL && i < profile->count; i++) {
		const struct map_result *result = &profile->results[i];
		if (!is_problem(result)) {
			continue;
		}
		json_t *problem = json_pack("{s:s, s:s, s:s}", "okta", result->row->okta, "state",
		        row_state_name(result->state), "reason", result->reason);
		if (json_array_append_new(problems, problem) != 0) {
			json_decref(problems);
			return NULL;
		}
	}
	return problems;
}
