/* SPDX-License-Identifier: MIT */
/* Taking back one action: what that would be, or doing it. */
#include "server/engine/undo.h"

#include "server/base/str.h"
#include "server/console/args.h"

#define AUDIT_BYTES 64

static bool action_id(struct args *args, int64_t *id)
{
	if (str_to_int64(http_request_param(args->request, 0), id) && *id > 0) {
		return true;
	}
	err_set(&args->err, ERR_BAD_REQUEST,
	        "an action's id is a whole number, as bob2okta person shows it");
	return false;
}

/* "plan" says what would be done, and does nothing. */
static bool read_how(struct args *args, enum undo_how *how)
{
	*how = args_body_flag(args, "plan") ? UNDO_PLAN : UNDO_APPLY;
	return !err_is_set(&args->err);
}

/* The line stands in the name of the person, so that it is found there. */
static bool audit(struct args *args, const struct undo_request *request)
{
	struct store *store = args->console->store;
	struct action_list actions = {0};
	char what[AUDIT_BYTES];

	if (!store_action_get(store, request->action_id, &actions, &args->err)) {
		return false;
	}
	const struct employee_key *key = &actions.items[0].intent.key;
	str_format_cut(what, sizeof(what), "undo action %lld", (long long)request->action_id);
	bool is_written = store_audit(
	        store, key->connection, key->employee_id, request->by, what, &args->err);
	action_list_finish(&actions);
	return is_written;
}

static json_t *undo(struct args *args)
{
	struct undo_request request = {.by = args_by(args)};
	json_t *report = NULL;

	if (request.by == NULL || !action_id(args, &request.action_id) ||
	        !read_how(args, &request.how) ||
	        (request.how == UNDO_APPLY && !audit(args, &request)) ||
	        !engine_undo(args->engine, &request, &report, &args->err)) {
		return NULL;
	}
	return report;
}

enum http_verdict console_undo(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.body = KNOWN("plan", "by")};
	bool is_good = args_init(&args, context, request, &known);

	return args_answer(&args, reply, is_good ? undo(&args) : NULL, 200);
}
