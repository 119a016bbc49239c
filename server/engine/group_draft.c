/* SPDX-License-Identifier: MIT */
#include "server/engine/group_draft.h"

#include "server/base/str.h"

/* --------------------------------------------------------------------- pages */

/* The reader borrows the settings only while it reads; the page borrows rows of the set. */
static bool read_page(struct rule_set *set, struct okta_client *client,
        struct connection *connection, const struct group_page *known)
{
	struct connection_settings settings = {
	        .rules = {.groups = set->own.groups, .group_count = set->own.group_count},
	        .protected_group = connection->settings->protected_group};
	struct group_reader reader;
	bool is_read = group_reader_init(&reader, &settings, NULL);

	if (is_read) {
		reader.known = known;
		if (client != NULL) {
			okta_client_set_urgency(client, CALL_NORMAL);
			group_reader_rows(&reader, client);
		}
		set->groups = group_reader_take(&reader);
	}
	group_reader_finish(&reader);
	return is_read;
}

bool group_draft_read(
        struct rule_set *set, struct runner *runner, struct connection *connection, struct err *err)
{
	struct okta_client *client = NULL;

	if (set->rules != &set->own) {
		return true;
	}
	if (!connection_is_okta_parked(connection)) {
		client = runner_okta(runner, connection, err);
	}
	if (err_is_set(err)) {
		return false;
	}
	const struct group_page *known = group_book_use(connection->groups);
	bool is_read = read_page(set, client, connection, known);
	group_book_release(connection->groups, known);
	if (!is_read) {
		err_set(err, ERR_NO_MEMORY, "out of memory for groups");
	}
	return is_read;
}

const struct group_page *group_draft_use(const struct rule_set *set, struct connection *connection)
{
	return set != NULL && set->groups != NULL ? set->groups
	                                          : group_book_use(connection->groups);
}

void group_draft_release(
        const struct rule_set *set, struct connection *connection, const struct group_page *page)
{
	if (set == NULL || set->groups != page) {
		group_book_release(connection->groups, page);
	}
}

/* -------------------------------------------------------------------- search */

struct search {
	struct runner runner;
	struct connection *connection;
	const struct group_page *known;
	struct group_reader reader; /* of no row: it knows the rules alone */
	json_t *found;
};

static bool take_group(void *context, const struct okta_group *group)
{
	static const char *const TYPES[] = {
	        [OKTA_GROUP_OWN] = "okta",
	        [OKTA_GROUP_APP] = "app",
	        [OKTA_GROUP_BUILT_IN] = "built_in",
	        [OKTA_GROUP_UNKNOWN] = "unknown",
	};
	struct search *search = context;
	const char *refusal = group_refusal(group, &search->reader.page->targets,
	        search->connection->settings->protected_group);

	return json_array_append_new(search->found,
	               json_pack("{s:s, s:s, s:s, s:s, s:s}", "group_id", group->id, "name",
	                       group->name, "type", TYPES[group->type], "state",
	                       group_state_name(refusal == NULL ? GROUP_USABLE : GROUP_REFUSED),
	                       "reason", str_or_empty(refusal))) == 0;
}

static json_t *search_groups(
        struct search *search, struct okta_client *client, const char *text, struct err *err)
{
	struct call_outcome outcome;

	search->reader.known = search->known;
	group_reader_rules(&search->reader, client);
	okta_groups_search(client, text, take_group, search, &outcome);
	if (outcome.call_class != CALL_DONE) {
		engine_err_from_call(err, "Okta", &outcome);
		return NULL;
	}
	return json_pack(
	        "{s:O, s:s}", "groups", search->found, "rules", search->reader.page->rules_reason);
}

bool engine_groups_find(
        struct engine *engine, const char *name, const char *text, json_t **report, struct err *err)
{
	static const struct connection_settings NO_ROWS = {0};
	struct search search = {
	        .connection = engine_need_connection(engine, name, err), .found = json_array()};
	struct okta_client *client = NULL;

	*report = NULL;
	if (search.connection != NULL &&
	        runner_init(&search.runner, engine->store, engine->connections,
	                engine->connection_count, err)) {
		client = runner_okta(&search.runner, search.connection, err);
	}
	if (client != NULL && group_reader_init(&search.reader, &NO_ROWS, NULL)) {
		search.known = group_book_use(search.connection->groups);
		*report = search_groups(&search, client, str_or_empty(text), err);
		group_book_release(search.connection->groups, search.known);
	}
	if (*report == NULL) {
		err_set(err, ERR_NO_MEMORY, "out of memory for groups");
	}
	group_reader_finish(&search.reader);
	json_decref(search.found);
	if (search.runner.okta != NULL) {
		runner_finish(&search.runner);
	}
	return *report != NULL;
}
