/* SPDX-License-Identifier: MIT */
/*
 * One row, of the mapping or of the groups, tried on one person, while somebody types it. Bob is
 * asked once a minute and person, and not at all for a field that he does not have; Okta is not
 * asked: what it has is what the store knows of it. Nothing is written.
 */
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/engine/run.h"
#include "server/evaluator/reason.h"

#include <stdlib.h>
#include <string.h>

struct row_preview {
	struct engine *engine;
	struct connection *connection;
	const struct mapping_draft *draft;
	struct runner runner;
	struct rule_set set;
	struct employee employee;
	struct run run;
};

/* ------------------------------------------------------------------ reading */

/* What the row reads, without what Bob has not got anyway. */
static json_t *fields_of(struct row_preview *preview)
{
	struct catalog_use catalogs = {0};
	json_t *all = map_rules_fields(preview->set.rules, NULL);
	json_t *fields = json_array();
	size_t i = 0;
	json_t *field = NULL;

	catalogs_use(&preview->connection->catalogs, &catalogs);
	json_array_foreach(all, i, field)
	{
		if (catalogs.fields == NULL ||
		        field_catalog_covers(catalogs.fields, json_string_value(field))) {
			json_array_append(fields, field);
		}
	}
	catalogs_release(&preview->connection->catalogs, &catalogs);
	json_decref(all);
	return fields;
}

static json_t *ask_bob(struct row_preview *preview, json_t *fields, struct err *err)
{
	const char *id = preview->employee.key.employee_id;
	struct bob_client *client = runner_bob(&preview->runner, preview->connection, err);
	struct bob_people people = {0};
	struct call_outcome outcome;
	json_t *source = NULL;

	if (client == NULL) {
		return NULL;
	}
	bob_search(client, &id, 1, fields, &people, &outcome);
	connection_bob_outcome(preview->connection, &outcome);
	if (outcome.call_class != CALL_DONE) {
		engine_err_from_call(err, "Bob", &outcome);
	} else if (bob_people_find(&people, id) == NULL) {
		err_set(err, ERR_NOT_FOUND, "Bob does not bring employee %s", id);
	} else {
		source = json_incref(bob_people_find(&people, id));
		seen_people_keep(&preview->connection->seen, id, fields, source);
	}
	bob_people_finish(&people);
	return source;
}

static json_t *read_person(struct row_preview *preview, struct err *err)
{
	json_t *fields = fields_of(preview);
	json_t *source = seen_people_find(
	        &preview->connection->seen, preview->employee.key.employee_id, fields);

	if (source == NULL) {
		source = ask_bob(preview, fields, err);
	}
	json_decref(fields);
	return source;
}

static bool make_profile(struct row_preview *preview, json_t *source, struct err *err)
{
	struct run *run = &preview->run;

	*run = (struct run){
	        .runner = &preview->runner,
	        .connection = preview->connection,
	        .employee = &preview->employee,
	        .mode = RUN_MODE_PLAN,
	        .presence = PRESENCE_READ,
	        .draft = &preview->set,
	        .asked = HOLD_KIND_COUNT,
	};
	return person_parse(&run->person, source, err) && run_make_profile(run, err);
}

/* ------------------------------------------------------------------- report */

/* What the only row of a list is for. */
static const char *name_of(const json_t *rows, const char *key)
{
	return str_or_empty(json_get_text(json_array_get(rows, 0), key));
}

static const char *value_type(const json_t *value)
{
	switch (value != NULL ? json_typeof(value) : JSON_NULL) {
	case JSON_STRING: return "text";
	case JSON_INTEGER:
	case JSON_REAL: return "number";
	case JSON_TRUE:
	case JSON_FALSE: return "truth value";
	case JSON_ARRAY: return "list";
	case JSON_OBJECT:
	case JSON_NULL: break;
	}
	return "";
}

static json_t *copy_or_null(const json_t *value)
{
	return value != NULL ? json_deep_copy(value) : json_null();
}

/* What Okta has as last known; JSON null: nothing, or not known. */
static json_t *known_in_okta(const struct row_preview *preview, const char *okta)
{
	const char *text = personal_reveal(&preview->employee.present_profile);
	json_t *present = text[0] != '\0' ? json_parse(text, strlen(text), NULL) : NULL;
	json_t *value = copy_or_null(json_object_get(present, okta));

	json_decref(present);
	return value;
}

static void add_fields(json_t *fields, const struct map_expression *expression)
{
	for (size_t i = 0; i < expression->field_count; i++) {
		json_array_append_new(fields, json_string(expression->fields[i]));
	}
}

static json_t *fields_read(const struct map_row *row)
{
	json_t *fields = json_array();

	if (row->bob != NULL) {
		json_array_append_new(fields, json_string(row->bob));
	}
	for (size_t i = 0; i < row->expression_count; i++) {
		add_fields(fields, &row->expressions[i]);
	}
	return fields;
}

static json_t *row_report(const struct row_preview *preview, const struct map_result *result)
{
	const char *okta = result->row->okta;

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:[]}",
	        "connection", preview->employee.key.connection, "employee_id",
	        preview->employee.key.employee_id, "display_name",
	        personal_reveal(&preview->run.person.display_name.text), "okta", okta, "state",
	        row_state_name(result->state), "reason", result->reason, "type",
	        value_type(result->value), "source_value", copy_or_null(result->source), "result",
	        copy_or_null(result->value), "okta_value", known_in_okta(preview, okta), "reads",
	        fields_read(result->row), "mistakes");
}

static json_t *group_report(
        const struct row_preview *preview, const struct map_group_result *result)
{
	json_t *reads = json_array();

	add_fields(reads, &result->rule->when);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:[]}", "connection",
	        preview->employee.key.connection, "employee_id", preview->employee.key.employee_id,
	        "display_name", personal_reveal(&preview->run.person.display_name.text), "group",
	        result->rule->group, "state", row_state_name(result->state), "answer",
	        group_answer_name(result->answer), "reason", result->reason, "reads", reads,
	        "mistakes");
}

static json_t *mistakes_json(const struct settings_report *mistakes)
{
	json_t *list = json_array();

	for (size_t i = 0; i < mistakes->count; i++) {
		struct reason_place place = reason_place_of(mistakes->mistakes[i].text);
		json_array_append_new(list,
		        json_pack("{s:s, s:s, s:I, s:I}", "path", mistakes->mistakes[i].path,
		                "text", mistakes->mistakes[i].text, "line", (json_int_t)place.line,
		                "column", (json_int_t)place.column));
	}
	return list;
}

/* An expression that is half typed is no error of the request. */
static json_t *mistakes_report(const struct employee_key *key, const struct mapping_draft *draft)
{
	const struct settings_report *mistakes = draft->mistakes;
	json_t *list = mistakes_json(mistakes);

	if (draft->groups != NULL) {
		return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:[], s:o}", "connection",
		        key->connection, "employee_id", key->employee_id, "display_name", "",
		        "group", name_of(draft->groups, "group"), "state", "invalid", "answer", "",
		        "reason", mistakes->mistakes[0].text, "reads", "mistakes", list);
	}
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:n, s:n, s:n, s:[], s:o}",
	        "connection", key->connection, "employee_id", key->employee_id, "display_name", "",
	        "okta", name_of(draft->rows, "okta"), "state", "invalid", "reason",
	        mistakes->mistakes[0].text, "type", "", "source_value", "result", "okta_value",
	        "reads", "mistakes", list);
}

/* --------------------------------------------------------------------- make */

static json_t *report_of(struct row_preview *preview, struct err *err)
{
	const struct map_profile *profile = &preview->run.profile;
	const struct map_result *result =
	        map_profile_find(profile, name_of(preview->draft->rows, "okta"));

	if (preview->draft->groups != NULL) {
		return group_report(preview, &profile->groups[0]);
	}
	if (result == NULL) {
		err_set(err, ERR_BAD_REQUEST, "a row that takes one away has no result");
		return NULL;
	}
	return row_report(preview, result);
}

static void finish(struct row_preview *preview)
{
	run_finish(&preview->run);
	employee_finish(&preview->employee);
	rule_set_close(&preview->set);
	if (preview->runner.okta != NULL) {
		runner_finish(&preview->runner);
	}
}

bool engine_preview_row(struct engine *engine, const struct employee_key *key,
        const struct mapping_draft *draft, json_t **report, struct err *err)
{
	struct row_preview preview = {.engine = engine,
	        .connection = engine_need_connection(engine, key->connection, err),
	        .draft = draft};
	json_t *source = NULL;

	*report = NULL;
	bool is_open = preview.connection != NULL &&
	        runner_init(&preview.runner, engine->store, engine->connections,
	                engine->connection_count, err) &&
	        rule_set_open_draft(&preview.set, engine, preview.connection, draft, err);
	if (!is_open && draft->mistakes->count > 0) {
		*report = mistakes_report(key, draft);
	} else if (is_open && engine_load_employee(engine->store, key, &preview.employee, err)) {
		source = read_person(&preview, err);
	}
	if (source != NULL && make_profile(&preview, source, err)) {
		*report = report_of(&preview, err);
	}
	json_decref(source);
	finish(&preview);
	return *report != NULL;
}
