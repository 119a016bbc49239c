/* SPDX-License-Identifier: MIT */
#include "server/evaluator/rules_pool.h"

#include <stdlib.h>

struct evaluator_pool *rules_pool_create(
        struct evaluator_spawner *spawner, const struct map_rules *rules, struct err *err)
{
	size_t count = map_rules_program_count(rules);
	const char **programs = calloc(count + 1, sizeof(*programs));
	if (programs == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for expressions");
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		programs[i] = map_rules_program(rules, i)->text;
	}
	struct evaluator_pool *pool = evaluator_pool_create(spawner, programs, count, err);
	free(programs);
	return pool;
}
