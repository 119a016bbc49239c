/* SPDX-License-Identifier: MIT */
/*
 * Any employee through the default mapping. What is wanted of the result holds
 * for every input: applied once, nothing is left to do; nothing is ever cleared.
 */
#include "tests/fuzz/target.h"

#include "mapping/mapping.h"
#include "server/base/json.h"

#include <assert.h>

static struct map_rules rules;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (!map_rules_init_default(&rules)) {
		return 1;
	}
	return 0;
}

static void check_profile(const struct map_profile *profile)
{
	const char *name = NULL;
	json_t *value = NULL;
	json_t *wanted = map_profile_diff(profile, DIFF_FOR_CREATE, NULL, NULL);
	json_object_foreach(wanted, name, value)
	{
		assert(!json_is_null(value));
		assert(map_rules_find(&rules, name) != NULL);
	}
	json_t *left = map_profile_diff(profile, DIFF_FOR_UPDATE, wanted, NULL);
	assert(json_object_size(left) == 0);
	json_t *problems = map_profile_problems(profile);
	assert(json_array_size(problems) <= profile->count);
	json_decref(problems);
	json_decref(left);
	json_decref(wanted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct person person = {0};
	struct map_profile profile;
	json_t *source = json_parse((const char *)data, size, NULL);
	if (source != NULL && person_parse(&person, source, NULL)) {
		json_t *references = map_references_needed(&rules, NULL, &person);
		if (map_profile_make(&profile, &rules, &map_context_none, &person, NULL)) {
			check_profile(&profile);
			map_profile_finish(&profile);
		}
		json_decref(references);
		person_finish(&person);
	}
	json_decref(source);
	return 0;
}
