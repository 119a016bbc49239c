/* SPDX-License-Identifier: MIT */
#ifndef SERVER_EVALUATOR_RULES_POOL_H
#define SERVER_EVALUATOR_RULES_POOL_H

#include "mapping/mapping.h"
#include "server/evaluator/evaluator.h"

/* A pool for all programs of the rules, in their order; NULL with err. The rules may go. */
struct evaluator_pool *rules_pool_create(struct evaluator_spawner *spawner,
        const struct map_rules *rules, struct err *err) MUST_CHECK;

#endif
