/* SPDX-License-Identifier: MIT */
/* All that is held about one person: read out, or erased. */
#include "server/console/args.h"
#include "server/store/person.h"

#define ALTHOUGH_MAX_BYTES 200

static json_t *erase(struct args *args)
{
	struct erase_report report;
	const char *although = args_body_text(args, "although", ALTHOUGH_MAX_BYTES, NULL);
	const struct erase_request request = {
	        .key = args->key, .by = args_by(args), .although = although};

	if (err_is_set(&args->err) ||
	        !store_person_erase(args->console->store, &request, &report, &args->err)) {
		return NULL;
	}
	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "employee_id",
	        args->key.employee_id, "okta_id", report.okta_id, "actions",
	        (json_int_t)report.actions, "events", (json_int_t)report.events, "records",
	        (json_int_t)report.records, "named_by_others", (json_int_t)report.named_by_others,
	        "named_in_settings", (json_int_t)report.named_in_settings);
}

enum http_verdict console_person_erase(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.body = KNOWN("although", "by")};
	bool is_good = args_init(&args, context, request, &known) && args_key(&args);

	return args_answer(&args, reply, is_good ? erase(&args) : NULL, 200);
}

/* What is held first, so that asking about nobody leaves no record of them; then who asked. */
static json_t *export(struct args *args)
{
	struct store *store = args->console->store;
	const char *by = args_by(args);
	json_t *person = NULL;

	if (by == NULL || !store_person_export(store, &args->key, &person, &args->err)) {
		return NULL;
	}
	if (!store_audit(
	            store, args->connection, args->key.employee_id, by, "export", &args->err)) {
		json_decref(person);
		return NULL;
	}
	return person;
}

enum http_verdict console_person_export(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.body = KNOWN("by")};
	bool is_good = args_init(&args, context, request, &known) && args_key(&args);

	return args_answer_whole(&args, reply, is_good ? export(&args) : NULL, 200);
}
