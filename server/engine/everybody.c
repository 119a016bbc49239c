/* SPDX-License-Identifier: MIT */
#include "server/engine/everybody.h"

#include "server/base/json.h"
#include "server/base/str.h"

bool everybody_open(
        struct everybody *all, struct engine *engine, const char *connection, struct err *err)
{
	*all = (struct everybody){
	        .engine = engine, .connection = engine_need_connection(engine, connection, err)};
	return all->connection != NULL &&
	        runner_init(&all->runner, engine->store, engine->connections,
	                engine->connection_count, err);
}

bool everybody_read(struct everybody *all, const json_t *fields, struct err *err)
{
	struct bob_client *client = runner_bob(&all->runner, all->connection, err);
	struct call_outcome outcome;

	if (client == NULL) {
		return false;
	}
	bob_search_all(client, fields, &all->people, &outcome);
	connection_bob_outcome(all->connection, &outcome);
	if (outcome.call_class != CALL_DONE) {
		engine_err_from_call(err, "Bob", &outcome);
		return false;
	}
	return true;
}

void everybody_finish(struct everybody *all)
{
	bob_people_finish(&all->people);
	if (all->runner.okta != NULL) {
		runner_finish(&all->runner);
	}
}

bool everybody_key(const struct everybody *all, const json_t *source, struct employee_key *key)
{
	str_format_cut(
	        key->connection, sizeof(key->connection), "%s", all->connection->settings->name);
	return json_id_text(
	               json_object_get(source, "id"), key->employee_id, sizeof(key->employee_id)) &&
	        str_is_digits(key->employee_id, sizeof(key->employee_id) - 1);
}
