/* SPDX-License-Identifier: MIT */
#include "server/engine/both.h"

static bool read_attributes(struct both *both, struct err *err)
{
	struct okta_client *client = runner_okta(&both->runner, both->connection, err);
	struct call_outcome outcome;
	json_t *schema = NULL;

	if (client == NULL) {
		return false;
	}
	okta_schema_get(client, &schema, &outcome);
	if (schema == NULL) {
		engine_err_from_call(err, "Okta", &outcome);
		return false;
	}
	both->attributes = attribute_catalog_parse(schema, err);
	json_decref(schema);
	return both->attributes != NULL;
}

static bool read_fields(struct both *both, struct err *err)
{
	struct bob_client *client = runner_bob(&both->runner, both->connection, err);
	struct call_outcome outcome;

	if (client == NULL) {
		return false;
	}
	bob_fields(client, &both->fields, &outcome);
	if (both->fields == NULL) {
		engine_err_from_call(err, "Bob", &outcome);
	}
	return both->fields != NULL;
}

void both_finish(struct both *both)
{
	field_catalog_destroy(both->fields);
	attribute_catalog_destroy(both->attributes);
	if (both->runner.okta != NULL) {
		runner_finish(&both->runner);
	}
}

bool both_read(struct both *both, struct engine *engine, const char *connection, struct err *err)
{
	*both = (struct both){.connection = engine_need_connection(engine, connection, err)};
	return both->connection != NULL &&
	        runner_init(&both->runner, engine->store, engine->connections,
	                engine->connection_count, err) &&
	        read_attributes(both, err) && read_fields(both, err);
}
