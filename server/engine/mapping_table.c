/* SPDX-License-Identifier: MIT */
/*
 * The rows of a mapping as a table: the default rows with the document's laid
 * over them, and what is known of each without asking anybody: Bob's metadata
 * and Okta's schema as last read, and what the row could not do at the last
 * look at each person. On the caller's thread.
 */
#include "mapping/mapping.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/engine/parts.h"

#include <string.h>

struct table {
	struct connection *connection;
	const json_t *written; /* the document's rows; NULL: none */
	json_t *document; /* what written is borrowed from; NULL: from the caller */
	struct map_rules rules; /* of the draft */
	const struct map_rules *effective;
	struct map_rules defaults;
	struct catalog_use catalogs;
	const struct map_rules *grouped; /* whose groups */
	const struct row_tally *tally; /* held */
	bool is_draft;
};

/* ------------------------------------------------------------------ opening */

/* The connection's part of the document in force. */
static bool load_written(struct table *table, struct engine *engine, struct err *err)
{
	struct settings_version version = {0};
	size_t i = 0;
	const json_t *one = NULL;

	if (!store_settings_get(
	            engine->store, table->connection->settings_version, &version, err)) {
		return false;
	}
	table->document = json_parse(version.document, strlen(version.document), err);
	settings_version_finish(&version);
	json_array_foreach(json_object_get(table->document, "connections"), i, one)
	{
		if (str_equal(json_get_text(one, "name"), table->connection->settings->name)) {
			table->written = json_object_get(one, "mapping");
		}
	}
	return table->document != NULL;
}

static bool load_rules(struct table *table, struct engine *engine,
        const struct mapping_draft *draft, struct err *err)
{
	table->is_draft = draft->rows != NULL;
	table->grouped =
	        draft->groups != NULL ? &table->rules : &table->connection->settings->rules;
	if (table->is_draft) {
		table->written = draft->rows;
		table->effective = &table->rules;
		return settings_load_rows(
		        draft->rows, draft->groups, &table->rules, draft->mistakes, err);
	}
	table->effective = &table->connection->settings->rules;
	return table->connection->settings_version == 0 || load_written(table, engine, err);
}

/* --------------------------------------------------------------------- rows */

static const json_t *written_row(const struct table *table, const char *okta)
{
	size_t i = 0;
	const json_t *row = NULL;

	json_array_foreach(table->written, i, row)
	{
		if (str_equal(json_get_text(row, "okta"), okta)) {
			return row;
		}
	}
	return NULL;
}

/* The row as it stands in the settings, or as it would. */
static json_t *row_as_written(const struct table *table, const struct map_row *row)
{
	const json_t *written = written_row(table, row->okta);

	return written != NULL
	        ? json_deep_copy(written)
	        : json_pack("{s:s, s:s}", "okta", row->okta, "bob", str_or_empty(row->bob));
}

static const char *origin_of(const struct table *table, const char *okta)
{
	bool is_written = written_row(table, okta) != NULL;
	bool is_default = map_rules_find(&table->defaults, okta) != NULL;

	if (map_rules_find(table->effective, okta) == NULL) {
		return "off";
	}
	return !is_written ? "default" : is_default ? "replaced" : "own";
}

static const char *from_of(const struct map_row *row)
{
	return row->source == ROW_FROM_BOB      ? "bob"
	        : row->source == ROW_FROM_VALUE ? "value"
	                                        : "expr";
}

static json_t *reads_of(const struct table *table, const struct map_row *row)
{
	json_t *fields = json_array();

	for (size_t i = 0; row->bob != NULL && i < 1; i++) {
		const struct field_info *info =
		        field_catalog_find(table->catalogs.fields, row->bob);
		json_array_append_new(fields,
		        json_pack("{s:s, s:s, s:s}", "id", row->bob, "name",
		                info != NULL ? info->name : "", "type",
		                info != NULL ? info->type_word : ""));
	}
	for (size_t i = 0; i < row->expression_count; i++) {
		for (size_t k = 0; k < row->expressions[i].field_count; k++) {
			const char *id = row->expressions[i].fields[k];
			const struct field_info *info =
			        field_catalog_find(table->catalogs.fields, id);
			json_array_append_new(fields,
			        json_pack("{s:s, s:s, s:s}", "id", id, "name",
			                info != NULL ? info->name : "", "type",
			                info != NULL ? info->type_word : ""));
		}
	}
	return fields;
}

static json_t *problems_of(const struct table *table, const char *okta)
{
	json_t *list = json_array();

	for (size_t i = 0; i < table->tally->problems.count; i++) {
		const struct row_problem *problem = &table->tally->problems.items[i];
		if (str_equal(problem->okta, okta)) {
			json_array_append_new(list,
			        json_pack("{s:s, s:s, s:I}", "state", problem->state, "reason",
			                problem->reason, "people", (json_int_t)problem->people));
		}
	}
	return list;
}

static void add_row(const struct table *table, const struct map_row *row, json_t *rows)
{
	const struct attribute *attribute =
	        attribute_catalog_find(table->catalogs.attributes, row->okta);
	bool is_off = map_rules_find(table->effective, row->okta) == NULL;
	char why[ROW_REASON_BYTES] = "";
	enum row_fault fault = is_off ? ROW_FAULT_NONE
	                              : map_row_fault(row, table->catalogs.fields,
	                                        table->catalogs.attributes, why, sizeof(why));

	json_array_append_new(rows,
	        json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:s, s:o}", "okta", row->okta,
	                "title", attribute != NULL ? str_or_empty(attribute->title) : "", "type",
	                attribute != NULL ? attribute_type_name(attribute->type) : "", "origin",
	                origin_of(table, row->okta), "from", from_of(row), "reads",
	                reads_of(table, row), "row", row_as_written(table, row), "fault",
	                row_fault_name(fault), "reason", why, "problems",
	                problems_of(table, row->okta)));
}

static json_t *rows_json(const struct table *table)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < table->effective->count; i++) {
		add_row(table, &table->effective->rows[i], rows);
	}
	for (size_t i = 0; i < table->defaults.count; i++) {
		const struct map_row *row = &table->defaults.rows[i];
		if (map_rules_find(table->effective, row->okta) == NULL) {
			add_row(table, row, rows);
		}
	}
	return rows;
}

/* ------------------------------------------------------------------- groups */

/* A group that only the draft names has not been looked for in Okta. */
static json_t *group_json(
        const struct table *table, const struct group_page *page, const struct map_group *group)
{
	const struct group_entry *entry = group_page_of_row(page, group->group);
	const char *id = entry != NULL ? entry->id : "";
	const struct group_count *count = group_count_find(&table->tally->memberships, id);
	char label[GROUP_LABEL_BYTES];

	map_group_label(group, label, sizeof(label));
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:o}", "group", group->group, "when",
	        str_or_empty(group->when.text), "group_id", id, "name",
	        entry != NULL ? entry->name : "", "state",
	        group_state_name(entry != NULL ? entry->state : GROUP_NOT_KNOWN), "reason",
	        entry != NULL ? entry->reason : "", "given",
	        (json_int_t)(count != NULL ? count->given : 0), "problems",
	        problems_of(table, label));
}

static json_t *groups_json(const struct table *table)
{
	const struct group_page *page = group_book_use(table->connection->groups);
	json_t *groups = json_array();

	for (size_t i = 0; i < table->grouped->group_count; i++) {
		json_array_append_new(groups, group_json(table, page, &table->grouped->groups[i]));
	}
	group_book_release(table->connection->groups, page);
	return groups;
}

/* -------------------------------------------------------------------- table */

static json_t *table_json(const struct table *table)
{
	const char *scope = table->connection->settings->rules.scope.text;

	return json_pack("{s:s, s:I, s:b, s:b, s:b, s:s?, s:o, s:o, s:o}", "connection",
	        table->connection->settings->name, "settings_version",
	        (json_int_t)table->connection->settings_version, "is_draft", table->is_draft,
	        "is_bob_known", table->catalogs.fields != NULL, "is_okta_known",
	        table->catalogs.attributes != NULL, "scope", scope, "mapping",
	        table->written != NULL ? json_deep_copy(table->written) : json_array(), "rows",
	        rows_json(table), "groups", groups_json(table));
}

/* --------------------------------------------------------------------- make */

static void finish(struct table *table)
{
	catalogs_release(&table->connection->catalogs, &table->catalogs);
	if (table->tally != NULL) {
		row_tally_release(&table->connection->tally);
	}
	map_rules_finish(&table->defaults);
	map_rules_finish(&table->rules);
	json_decref(table->document);
}

bool engine_mapping_rows(struct engine *engine, const char *name, const struct mapping_draft *draft,
        json_t **report, struct err *err)
{
	struct table table = {.connection = engine_need_connection(engine, name, err)};

	*report = NULL;
	if (table.connection == NULL) {
		return false;
	}
	catalogs_use(&table.connection->catalogs, &table.catalogs);
	if (load_rules(&table, engine, draft, err) && map_rules_init_default(&table.defaults) &&
	        row_tally_use(&table.connection->tally, engine->store, name, err)) {
		table.tally = &table.connection->tally;
		*report = table_json(&table);
	}
	finish(&table);
	if (*report == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for the rows");
	}
	return *report != NULL;
}
