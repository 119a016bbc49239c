/* SPDX-License-Identifier: MIT */
#include "server/serve_check.h"

#include "server/evaluator/evaluator.h"

/* A pool for this one question: the engine makes its own, once the document is accepted. */
static bool compile(void *spawner, const char *const *programs, size_t count,
        struct evaluation *results, struct err *err)
{
	struct evaluator_pool *pool = evaluator_pool_create(spawner, programs, count, err);
	bool is_compiled = pool != NULL && evaluator_pool_compile(pool, results, err);

	evaluator_pool_destroy(pool);
	return is_compiled;
}

bool serve_check(void *context, const struct settings *settings, const json_t *document,
        struct settings_report *report, struct err *err)
{
	return context == NULL ||
	        settings_check_expressions(settings, document, report, compile, context, err);
}
