/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_RULE_SET_H
#define SERVER_ENGINE_RULE_SET_H

/*
 * A mapping with what evaluates its expressions: the one in force, a draft, or
 * that of an older settings version. The last two have evaluators of their
 * own, for as long as somebody looks at them.
 */

#include "server/engine/parts.h"

struct rule_set {
	const struct map_rules *rules;
	const struct evaluator *evaluator; /* NULL: rows with expressions fail */
	/* Only of a draft and of a version: */
	struct map_rules own;
	struct evaluator_pool *pool;
	struct evaluator own_evaluator;
	/* What Okta says of a draft's own groups (group_draft.h); NULL: the connection's page has
	   it all. */
	struct group_page *groups;
};

/* Borrows from the connection. */
void rule_set_in_force(struct rule_set *set, const struct connection *connection);
/*
 * Opens a draft as it came from outside. False with the mistakes and err filled in, expressions
 * that do not compile included. Close it in every case.
 */
bool rule_set_open_draft(struct rule_set *set, struct engine *engine,
        const struct connection *connection, const struct mapping_draft *draft,
        struct err *err) MUST_CHECK;
/*
 * The rules of settings that are tried, which are taken out of them. json: the connection they came
 * from, and where it stands; mistakes as above.
 */
struct rule_set_source {
	const json_t *json;
	const char *place; /* "connections[0]" */
	struct settings_report *mistakes;
};
bool rule_set_open_settings(struct rule_set *set, struct engine *engine,
        struct connection_settings *settings, const struct rule_set_source *source,
        struct err *err) MUST_CHECK;
/* ERR_NOT_FOUND: there is no such settings version. Close it in every case. */
bool rule_set_open_version(struct rule_set *set, struct engine *engine,
        const struct connection *connection, int64_t version, struct err *err) MUST_CHECK;
void rule_set_close(struct rule_set *set);

#endif
