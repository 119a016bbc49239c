/* SPDX-License-Identifier: MIT */
#include "server/engine/rule_set.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/evaluator/rules_pool.h"
#include "server/settings/settings_document.h"

#include <string.h>

void rule_set_in_force(struct rule_set *set, const struct connection *connection)
{
	*set = (struct rule_set){
	        .rules = &connection->settings->rules,
	        .evaluator = connection->evaluator.evaluate != NULL ? &connection->evaluator : NULL,
	};
}

void rule_set_close(struct rule_set *set)
{
	evaluator_pool_destroy(set->pool);
	group_page_destroy(set->groups);
	map_rules_finish(&set->own);
	*set = (struct rule_set){0};
}

/* --------------------------------------------------------------- expressions */

static bool open_pool(struct rule_set *set, struct engine *engine, struct err *err)
{
	if (map_rules_program_count(&set->own) == 0) {
		return true;
	}
	if (engine->options.spawner == NULL) {
		err_set(err, ERR_INTERNAL, "this server was started without evaluators");
		return false;
	}
	set->pool = rules_pool_create(engine->options.spawner, &set->own, err);
	if (set->pool == NULL) {
		return false;
	}
	set->own_evaluator = evaluator_pool_interface(set->pool);
	set->evaluator = &set->own_evaluator;
	return true;
}

/* The pool has the programs of the rules already. */
static bool compile_pool(void *pool, const char *const *programs, size_t count,
        struct evaluation *results, struct err *err)
{
	(void)programs;
	(void)count;
	return evaluator_pool_compile(pool, results, err);
}

/* Every program is tried, and each that jq refuses is a mistake of its own. */
static bool compile(struct rule_set *set, const struct rule_set_source *source, struct err *err)
{
	const struct settings_compile how = {
	        .compile = compile_pool, .context = set->pool, .place = source->place};
	bool is_compiled =
	        settings_check_rules(&set->own, source->json, source->mistakes, &how, err);
	if (source->mistakes->count > 0) {
		settings_report_summarise(source->mistakes, err);
	}
	return is_compiled && source->mistakes->count == 0;
}

static bool open_compiled(struct rule_set *set, struct engine *engine,
        const struct rule_set_source *source, struct err *err)
{
	return open_pool(set, engine, err) && (set->pool == NULL || compile(set, source, err));
}

bool rule_set_open_settings(struct rule_set *set, struct engine *engine,
        struct connection_settings *settings, const struct rule_set_source *source, struct err *err)
{
	*set = (struct rule_set){.rules = &set->own, .own = settings->rules};
	settings->rules = (struct map_rules){0};
	return open_compiled(set, engine, source, err);
}

/* --------------------------------------------------------------------- draft */

/* A draft that says nothing of groups has those in force. */
static bool take_groups(struct rule_set *set, const struct connection *connection,
        const struct mapping_draft *draft, struct err *err)
{
	if (draft->groups != NULL || map_groups_copy(&set->own, &connection->settings->rules)) {
		return true;
	}
	err_set(err, ERR_NO_MEMORY, "no memory for groups");
	return false;
}

/* A draft that says nothing of the scope has the one in force. */
static bool take_scope(struct rule_set *set, const struct connection *connection,
        const struct mapping_draft *draft, struct err *err)
{
	const char *text = draft->scope != NULL ? json_string_value(draft->scope)
	                                        : connection->settings->rules.scope.text;
	struct err cause = ERR_INIT;
	if (text == NULL || map_expression_init(&set->own.scope, text, &cause)) {
		return true;
	}
	if (cause.code == ERR_SETTINGS_INVALID) {
		struct settings_mistake *mistake = &draft->mistakes->mistakes[0];
		draft->mistakes->count = 1;
		str_format_cut(mistake->path, sizeof(mistake->path), "scope");
		str_format_cut(mistake->text, sizeof(mistake->text), "%s", cause.text);
	}
	err_set(err, cause.code, "scope: %s", cause.text);
	return false;
}

bool rule_set_open_draft(struct rule_set *set, struct engine *engine,
        const struct connection *connection, const struct mapping_draft *draft, struct err *err)
{
	*set = (struct rule_set){.rules = &set->own};
	if (!settings_load_rows(draft->rows, draft->groups, &set->own, draft->mistakes, err)) {
		return false;
	}
	if (!take_scope(set, connection, draft, err) || !take_groups(set, connection, draft, err)) {
		return false;
	}
	json_t *json = json_pack("{s:O, s:O*}", "mapping", draft->rows, "groups", draft->groups);
	const struct rule_set_source source = {.json = json, .mistakes = draft->mistakes};
	bool is_open = open_compiled(set, engine, &source, err);
	json_decref(json);
	return is_open;
}

/* ------------------------------------------------------------------- version */

static bool load_version(struct rule_set *set, const struct connection *connection,
        const struct settings_version *version, struct err *err)
{
	struct settings_report mistakes;
	json_t *document = json_parse(version->document, strlen(version->document), err);
	bool is_loaded = document != NULL &&
	        settings_load_mapping(
	                document, connection->settings->name, &set->own, &mistakes, err);
	json_decref(document);
	return is_loaded;
}

bool rule_set_open_version(struct rule_set *set, struct engine *engine,
        const struct connection *connection, int64_t number, struct err *err)
{
	struct settings_version version = {0};
	*set = (struct rule_set){.rules = &set->own};
	bool is_open = store_settings_get(engine->store, number, &version, err) &&
	        load_version(set, connection, &version, err) && open_pool(set, engine, err);
	settings_version_finish(&version);
	return is_open;
}
