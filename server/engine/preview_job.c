/* SPDX-License-Identifier: MIT */
/* The preview of a mapping for everybody, as a job. */
#include "server/base/json.h"
#include "server/engine/parts.h"
#include "server/engine/rule_set.h"

bool preview_job_run(struct job *job, json_t **result, struct err *err)
{
	const struct everybody_job *mine = job_owner(job);
	struct settings_report mistakes = {0};
	json_t *query = everybody_job_query(job, err);
	const struct preview_all all = {
	        .connection = mine->connection,
	        .draft = {.rows = json_object_get(query, "mapping"),
	                .scope = json_object_get(query, "scope"),
	                .groups = json_object_get(query, "groups"),
	                .mistakes = &mistakes},
	        .changed_from = json_get_int(query, "changed_from", 0),
	        .job = job,
	};
	bool is_done = query != NULL && engine_preview_all(mine->engine, &all, result, err);

	json_decref(query);
	return is_done;
}

/* Mistakes are told to whoever asks, and not only at the end. */
static bool check_draft(struct engine *engine, const struct connection *connection,
        const struct preview_all *query, struct err *err)
{
	struct rule_set set = {0};
	bool is_good = query->draft.rows == NULL ||
	        rule_set_open_draft(&set, engine, connection, &query->draft, err);

	rule_set_close(&set);
	return is_good;
}

static json_t *query_json(const struct preview_all *query)
{
	json_t *json = json_pack("{s:I}", "changed_from", (json_int_t)query->changed_from);

	if (query->draft.rows != NULL) {
		json_object_set_new(json, "mapping", json_deep_copy(query->draft.rows));
	}
	if (query->draft.scope != NULL) {
		json_object_set_new(json, "scope", json_deep_copy(query->draft.scope));
	}
	if (query->draft.groups != NULL) {
		json_object_set_new(json, "groups", json_deep_copy(query->draft.groups));
	}
	return json;
}

bool engine_preview_start(
        struct engine *engine, const struct preview_all *query, const char *by, struct err *err)
{
	struct connection *connection = engine_need_connection(engine, query->connection, err);

	if (connection == NULL || !check_draft(engine, connection, query, err)) {
		return false;
	}
	json_t *json = query_json(query);
	const struct everybody_order order = {.kind = ENGINE_JOB_PREVIEW, .by = by, .query = json};
	bool is_started = everybody_job_start(engine, connection, &order, err);
	json_decref(json);
	return is_started;
}
