/* SPDX-License-Identifier: MIT */
/* What became of those a human let go. */
#include "server/base/str.h"
#include "server/console/args.h"
#include "server/store/releases.h"

static json_t *released_json(const struct released *one)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "employee_id", one->key.employee_id,
	        "display_name", personal_reveal(&one->display_name), "kind",
	        hold_kind_name(one->kind), "limit", limit_kind_name(one->limit), "state",
	        release_state_name(one->state), "sentence", one->sentence);
}

static json_t *counts_json(const struct release_list *list)
{
	int64_t counts[RELEASE_STATE_COUNT] = {0};
	json_t *json = json_object();

	for (size_t i = 0; i < list->count; i++) {
		counts[list->items[i].state]++;
	}
	for (int i = 0; i < RELEASE_STATE_COUNT; i++) {
		json_object_set_new(json, release_state_name((enum release_state)i),
		        json_integer((json_int_t)counts[i]));
	}
	return json;
}

static json_t *look(struct args *args)
{
	struct release_list list = {0};
	int64_t id = 0;

	if (!str_to_int64(http_request_param(args->request, 0), &id) || id < 1) {
		err_set(&args->err, ERR_BAD_REQUEST,
		        "a release is named by the number that it answered with");
		return NULL;
	}
	if (!store_release_look(args->console->store, id, &list, &args->err)) {
		return NULL;
	}
	if (!str_equal(list.items[0].key.connection, args->connection)) {
		err_set(&args->err, ERR_NOT_FOUND, "connection %s has no such release",
		        args->connection);
		release_list_finish(&list);
		return NULL;
	}
	json_t *people = json_array();
	for (size_t i = 0; i < list.count; i++) {
		json_array_append_new(people, released_json(&list.items[i]));
	}
	json_t *json = json_pack("{s:I, s:s, s:I, s:I, s:o, s:o}", "release_id", (json_int_t)id,
	        "by", list.by, "at_ms", (json_int_t)list.at_ms, "released", (json_int_t)list.count,
	        "by_state", counts_json(&list), "people", people);
	release_list_finish(&list);
	return json;
}

enum http_verdict console_released(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {0};
	bool is_good = args_init(&args, context, request, &known);

	return args_answer(&args, reply, is_good ? look(&args) : NULL, 200);
}
