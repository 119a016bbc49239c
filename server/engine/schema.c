/* SPDX-License-Identifier: MIT */
/*
 * The org's user schema, as an administrator asks for it: what the mapping
 * lacks there, and adding it. On the caller's thread; Okta and Bob are asked
 * afresh each time.
 */
#include "server/base/buf.h"
#include "server/base/json.h"
#include "server/base/log.h"
#include "server/base/str.h"
#include "server/engine/both.h"
#include "server/engine/schema_plan.h"

#include <string.h>

#define AUDIT_MAX_BYTES 1000

/* ------------------------------------------------------------------ schema */

static bool make_plan_for(struct schema_plan *plan, const struct both *both,
        const struct map_rules *rules, struct err *err)
{
	const struct connection_settings *settings = both->connection->settings;
	struct schema_wants wants = {
	        .connection = settings->name,
	        .rules = rules,
	        .match_okta = settings->policy.match_okta,
	        .match_bob = settings->policy.match_bob,
	        .fields = both->fields,
	        .attributes = both->attributes,
	};

	return schema_plan_make(plan, &wants, err);
}

static bool make_plan(struct schema_plan *plan, const struct both *both,
        const struct mapping_draft *draft, struct err *err)
{
	struct map_rules rules = {0};

	if (draft->rows == NULL) {
		return make_plan_for(plan, both, &both->connection->settings->rules, err);
	}
	bool is_made = settings_load_rows(draft->rows, NULL, &rules, draft->mistakes, err) &&
	        make_plan_for(plan, both, &rules, err);
	map_rules_finish(&rules);
	return is_made;
}

/* Before anybody is asked. */
static bool is_good_draft(const struct mapping_draft *draft, struct err *err)
{
	struct map_rules rules = {0};
	bool is_good = draft->rows == NULL ||
	        settings_load_rows(draft->rows, NULL, &rules, draft->mistakes, err);

	map_rules_finish(&rules);
	return is_good;
}

static const char *mode_of(const struct both *both)
{
	return both->connection->settings->mode == SETTINGS_LIVE ? "live" : "dry_run";
}

static void plan_sentence(const struct schema_plan *plan, char *to, size_t size)
{
	size_t adds = json_array_size(plan->add);
	size_t open = json_array_size(plan->conflicts) + json_array_size(plan->refused);
	char more[64] = "";

	if (open > 0) {
		str_format_cut(more, sizeof(more), " %zu need%s your decision.", open,
		        open == 1 ? "s" : "");
	}
	if (adds == 0) {
		str_format_cut(to, size, "%s%s",
		        open == 0 ? "Okta has every attribute the mapping needs."
		                  : "Nothing can be added.",
		        more);
	} else {
		str_format_cut(to, size, "%zu attribute%s would be added.%s", adds,
		        adds == 1 ? "" : "s", more);
	}
}

bool engine_schema_plan(struct engine *engine, const char *connection,
        const struct mapping_draft *draft, json_t **report, struct err *err)
{
	struct both both = {0};
	struct schema_plan plan = {0};
	char sentence[SENTENCE_BYTES];

	*report = NULL;
	if (is_good_draft(draft, err) && both_read(&both, engine, connection, err) &&
	        make_plan(&plan, &both, draft, err)) {
		plan_sentence(&plan, sentence, sizeof(sentence));
		*report = json_pack("{s:s, s:s, s:O, s:O, s:O, s:s}", "plan", plan.fingerprint,
		        "mode", mode_of(&both), "add", plan.add, "conflicts", plan.conflicts,
		        "refused", plan.refused, "sentence", sentence);
		if (*report == NULL) {
			err_set(err, ERR_NO_MEMORY, "out of memory while planning");
		}
	}
	schema_plan_finish(&plan);
	both_finish(&both);
	return *report != NULL;
}

/* "hireDate, skills": names only. */
static void list_names(const struct schema_plan *plan, struct buf *names)
{
	const char *name = NULL;
	json_t *definition = NULL;

	json_object_foreach(plan->properties, name, definition)
	{
		buf_add_format(names, "%s%s", names->len > 0 ? ", " : "", name);
	}
}

static bool note(struct engine *engine, const struct both *both, const char *by, const char *what,
        const struct schema_plan *plan, struct err *err)
{
	struct buf text;
	struct buf names;

	buf_init(&text, AUDIT_MAX_BYTES);
	buf_init(&names, AUDIT_MAX_BYTES / 2);
	list_names(plan, &names);
	buf_add_format(&text, "%s: %s%s", what, buf_text(&names), names.failed ? ", ..." : "");
	bool is_noted = store_audit(
	        engine->store, both->connection->settings->name, "", by, buf_text(&text), err);
	buf_finish(&names);
	buf_finish(&text);
	return is_noted;
}

/* True when the plan may be carried out; else err says why not. */
static bool may_apply(
        struct both *both, const struct schema_plan *plan, const char *fingerprint, struct err *err)
{
	char why[SENTENCE_BYTES];

	if (!str_equal(plan->fingerprint, fingerprint)) {
		err_set(err, ERR_CONFLICT,
		        "the plan is another one by now: look at it again and confirm it anew");
		return false;
	}
	if (connection_is_blocked(both->connection, WORK_ORDINARY, why, sizeof(why))) {
		err_set(err, ERR_CONFLICT, "nothing is written to Okta now: it %s", why);
		return false;
	}
	return true;
}

/* Whoever is looked at from now on is checked against it; the dispatcher reads it again, too. */
static void use_schema(struct engine *engine, struct connection *connection, const json_t *schema)
{
	struct err err = ERR_INIT;
	struct attribute_catalog *attributes = attribute_catalog_parse(schema, &err);

	if (attributes == NULL || !catalogs_set_attributes(&connection->catalogs, attributes)) {
		log_warn("user schema not used", F("connection", connection->settings->name),
		        F("cause", err.text));
	}
	learn_attributes_soon(connection);
	engine_wake(engine);
}

/* With an audit line before and one after, whatever the end. */
static bool add_all(struct engine *engine, struct both *both, const struct schema_plan *plan,
        const char *by, struct err *err)
{
	struct okta_client *client = runner_okta(&both->runner, both->connection, err);
	struct call_outcome outcome;
	json_t *schema = NULL;

	if (client == NULL || !note(engine, both, by, "schema apply begun", plan, err)) {
		return false;
	}
	okta_schema_add(client, plan->properties, &schema, &outcome);
	bool is_added = schema != NULL;
	if (is_added) {
		use_schema(engine, both->connection, schema);
	} else {
		learn_attributes_soon(both->connection);
		engine_err_from_call(err, "Okta", &outcome);
		err_prefix(err, "the attributes may be there in part");
	}
	log_info("schema changed", F("connection", both->connection->settings->name),
	        F("attributes", json_object_size(plan->properties)),
	        F("is_good", is_added ? "yes" : "no"));
	if (!note(engine, both, by, is_added ? "schema apply done" : "schema apply failed", plan,
	            err)) {
		is_added = false;
	}
	json_decref(schema);
	return is_added;
}

static json_t *applied_json(const struct both *both, const struct schema_plan *plan)
{
	bool is_live = both->connection->settings->mode == SETTINGS_LIVE;
	size_t count = json_object_size(plan->properties);
	char sentence[SENTENCE_BYTES];

	if (count == 0) {
		str_format_cut(sentence, sizeof(sentence), "There was nothing to add.");
	} else if (is_live) {
		str_format_cut(sentence, sizeof(sentence),
		        "Okta has %zu attribute%s more; a sync of everybody fills them.", count,
		        count == 1 ? "" : "s");
	} else {
		str_format_cut(sentence, sizeof(sentence),
		        "Nothing was added, because the mode is dry_run.");
	}
	return json_pack("{s:s, s:s, s:O, s:b, s:s}", "plan", plan->fingerprint, "mode",
	        mode_of(both), "add", plan->add, "is_added", is_live && count > 0, "sentence",
	        sentence);
}

bool engine_schema_apply(
        struct engine *engine, const struct schema_apply *apply, json_t **report, struct err *err)
{
	struct both both = {0};
	struct schema_plan plan = {0};

	*report = NULL;
	bool is_done = is_good_draft(&apply->draft, err) &&
	        both_read(&both, engine, apply->connection, err) &&
	        make_plan(&plan, &both, &apply->draft, err) &&
	        may_apply(&both, &plan, apply->plan, err);
	if (is_done && json_object_size(plan.properties) > 0 &&
	        both.connection->settings->mode == SETTINGS_LIVE) {
		is_done = add_all(engine, &both, &plan, apply->by, err);
	}
	if (is_done) {
		*report = applied_json(&both, &plan);
	}
	schema_plan_finish(&plan);
	both_finish(&both);
	return *report != NULL;
}
