/* SPDX-License-Identifier: MIT */
/* Master keys: which there are, and a newer one. Their content is in no answer. */
#include "server/console/args.h"
#include "server/store/data_keys.h"

static json_t *keys_json(struct args *args)
{
	struct store_keys keys;
	json_t *versions = json_array();

	if (!store_keys_status(args->console->store, &keys, &args->err)) {
		json_decref(versions);
		return NULL;
	}
	for (size_t i = 0; i < keys.version_count; i++) {
		json_array_append_new(versions, json_integer(keys.versions[i]));
	}
	return json_pack("{s:s, s:o, s:I, s:I, s:I}", "key_file", keys.path, "versions", versions,
	        "sealed_under_oldest", (json_int_t)keys.sealed_under_oldest, "sealed_under_newest",
	        (json_int_t)keys.sealed_under_newest, "sealed_at_ms",
	        (json_int_t)keys.sealed_at_ms);
}

enum http_verdict console_keys(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {0};
	bool is_good = args_init(&args, context, request, &known);

	return args_answer(&args, reply, is_good ? keys_json(&args) : NULL, 200);
}

static bool rotate(struct args *args)
{
	bool finishes = args_body_flag(args, "finish");
	const char *by = args_by(args);

	if (err_is_set(&args->err)) {
		return false;
	}
	return finishes ? store_keys_finish(args->console->store, by, &args->err)
	                : store_keys_rotate(args->console->store, by, &args->err);
}

enum http_verdict console_keys_rotate(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.body = KNOWN("finish", "by")};
	bool is_done = args_init(&args, context, request, &known) && rotate(&args);

	return args_answer(&args, reply, is_done ? keys_json(&args) : NULL, 200);
}
