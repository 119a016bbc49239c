/* SPDX-License-Identifier: MIT */
/* Test connection: of what is in force, or of values that are typed and not saved yet. */
#include "server/check/check_job.h"

#include "server/base/json.h"
#include "server/base/log.h"
#include "server/base/str.h"
#include "server/console/args.h"
#include "server/engine/stored_secrets.h"
#include "server/settings/secret_names.h"
#include "server/settings/settings_document.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------- what is in force */

static void release_held(void *context, const struct settings *settings)
{
	holder_release(context, settings);
}

static bool start_present(struct args *args, const char *by)
{
	struct running *running = args->console->running;
	const struct check_order order = {
	        .settings = holder_acquire(running_settings(running)),
	        .release = release_held,
	        .release_context = running_settings(running),
	        .connection = args->connection,
	        .part = CHECK_BOTH,
	        .plain = running_plain(running),
	        .engines = args->console->engines,
	        .by = by,
	};
	return check_job_start(args->console->check, &order, &args->err);
}

/* What was found may name the token's owner, or hold what is somebody's. */
static void mask(json_t *checks)
{
	size_t i = 0;
	json_t *line = NULL;

	json_array_foreach(checks, i, line)
	{
		json_object_set_new(line, "found", json_string(""));
	}
}

static json_t *report(struct args *args)
{
	json_t *json = check_job_report(args->console->check, args->connection);
	bool is_masked = !args_sees_people(args);

	if (json == NULL || json_object_set_new(json, "is_masked", json_boolean(is_masked)) != 0) {
		json_decref(json);
		err_set(&args->err, ERR_NO_MEMORY, "no memory for the check");
		return NULL;
	}
	if (is_masked) {
		mask(json_object_get(json, "checks"));
	}
	return json;
}

enum http_verdict console_check(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {0};
	bool is_good = args_init(&args, context, request, &known);

	return args_answer(&args, reply, is_good ? report(&args) : NULL, 200);
}

enum http_verdict console_check_start(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.body = KNOWN("by")};
	const char *by = args_init(&args, context, request, &known) ? args_by(&args) : NULL;
	bool is_good = by != NULL && start_present(&args, by);

	return args_answer(&args, reply, is_good ? report(&args) : NULL, 202);
}

/* ----------------------------------------------------------------------- a draft */

struct draft {
	struct args *args;
	struct settings_report report;
	json_t *document; /* the one in force with what was typed */
	struct settings *settings;
};

static void release_draft(void *context UNUSED, const struct settings *settings)
{
	settings_destroy((struct settings *)(uintptr_t)settings);
}

/* The keys of a side that a draft may have; "secret" is the one that is no key of the document. */
struct side {
	const char *name;
	const char *secret;
	const char *const *keys;
};
static const struct side sides[] = {
        {"okta", "api_token", KNOWN("base_url", "api_token")},
        {"bob", "service_user_token",
                KNOWN("base_url", "company_id", "service_user_id", "service_user_token")},
};

static bool knows(const struct side *side, const char *key)
{
	for (size_t i = 0; side->keys[i] != NULL; i++) {
		if (str_equal(side->keys[i], key)) {
			return true;
		}
	}
	return false;
}

static bool is_side(struct args *args, const struct side *side)
{
	json_t *typed = json_object_get(args->body, side->name);
	const char *key = NULL;
	json_t *value = NULL;

	if (typed != NULL && !json_is_object(typed)) {
		err_set(&args->err, ERR_BAD_REQUEST, "\"%s\" is an object", side->name);
		return false;
	}
	json_object_foreach(typed, key, value)
	{
		if (!knows(side, key)) {
			err_set(&args->err, ERR_BAD_REQUEST,
			        "\"%s\" has a key this route does not know; see docs/http.md",
			        side->name);
			return false;
		}
	}
	return true;
}

static void lay_side(struct draft *draft, const struct side *side, json_t *connection)
{
	json_t *section = json_object_get(connection, side->name);
	const char *key = NULL;
	json_t *value = NULL;

	json_object_foreach(json_object_get(draft->args->body, side->name), key, value)
	{
		if (!str_equal(key, side->secret)) {
			json_object_set(section, key, value);
		}
	}
}

static json_t *named(json_t *document, const char *name)
{
	json_t *connections = json_object_get(document, "connections");
	for (size_t i = 0; i < json_array_size(connections); i++) {
		json_t *connection = json_array_get(connections, i);
		if (str_equal(json_get_text(connection, "name"), name)) {
			return connection;
		}
	}
	return NULL;
}

static void lay(struct draft *draft)
{
	json_t *connection = named(draft->document, draft->args->connection);
	lay_side(draft, &sides[0], connection);
	lay_side(draft, &sides[1], connection);
}

/* U-01: the same judgement as of a document that is to be put to work. */
static bool judge(struct draft *draft, const json_t *present)
{
	struct args *args = draft->args;
	enum settings_plain plain = running_plain(args->console->running);

	if (!settings_console_accepts(draft->document, present, plain, &draft->report)) {
		settings_report_summarise(&draft->report, &args->err);
		return false;
	}
	draft->settings = settings_console_load(draft->document, plain, &draft->report, &args->err);
	return draft->settings != NULL;
}

static struct connection_settings *connection_of(struct draft *draft)
{
	return (struct connection_settings *)(uintptr_t)settings_find(
	        draft->settings, draft->args->connection);
}

static bool type_token(struct draft *draft, const struct side *side, struct token_settings *token)
{
	const json_t *value =
	        json_object_get(json_object_get(draft->args->body, side->name), side->secret);
	const char *text = json_string_value(value);
	const char *problem = text != NULL ? secret_names_token_problem(text) : NULL;

	if (value == NULL) {
		return true;
	}
	if (text == NULL || problem != NULL) {
		err_set(&draft->args->err, ERR_BAD_REQUEST, "%s.%s %s", side->name, side->secret,
		        text == NULL ? "is a text" : problem);
		return false;
	}
	free(token->lack);
	token->lack = NULL;
	return secret_set(&token->value, text);
}

/* U-02: what is in the store is filled in for its own host only; what was typed goes before it. */
static bool fill(struct draft *draft)
{
	struct connection_settings *connection = connection_of(draft);

	connection->lacks[0] = '\0';
	return stored_secrets_fill(
	               draft->args->console->store, draft->settings, &draft->args->err) &&
	        type_token(draft, &sides[0], &connection->okta.api_token) &&
	        type_token(draft, &sides[1], &connection->bob.service_user_token);
}

/* What the page asks about: the sides that were typed, or both. */
static enum check_part part_of(const struct draft *draft)
{
	bool has_okta = json_object_get(draft->args->body, "okta") != NULL;
	bool has_bob = json_object_get(draft->args->body, "bob") != NULL;

	if (has_okta == has_bob) {
		return CHECK_BOTH;
	}
	return has_okta ? CHECK_OKTA_ONLY : CHECK_BOB_ONLY;
}

static bool read_present(struct draft *draft, json_t **present)
{
	struct args *args = draft->args;
	struct settings_version version = {0};

	if (store_settings_get(
	            args->console->store, args->settings->number, &version, &args->err)) {
		*present = json_parse(version.document, strlen(version.document), &args->err);
		draft->document = json_deep_copy(*present);
	}
	settings_version_finish(&version);
	return draft->document != NULL;
}

static bool may_draft(struct args *args)
{
	struct running_state state;

	running_state(args->console->running, &state);
	if (!state.is_console) {
		err_set(&args->err, ERR_SETTINGS_FROM_FILE,
		        "these settings come from the file %s: change it there; POST /api/v1/check"
		        " tests what is in force",
		        running_path(args->console->running));
	}
	return state.is_console;
}

static bool start_draft(struct draft *draft, const char *by)
{
	struct args *args = draft->args;
	json_t *present = NULL;
	bool is_made = is_side(args, &sides[0]) && is_side(args, &sides[1]) && may_draft(args) &&
	        read_present(draft, &present);

	if (is_made) {
		lay(draft);
		is_made = judge(draft, present) && fill(draft);
	}
	json_decref(present);
	if (!is_made) {
		settings_destroy(draft->settings);
		return false;
	}
	const struct check_order order = {
	        .settings = draft->settings,
	        .release = release_draft,
	        .connection = args->connection,
	        .part = part_of(draft),
	        .is_draft = true,
	        .plain = running_plain(args->console->running),
	        .engines = args->console->engines,
	        .by = by,
	};
	return check_job_start(args->console->check, &order, &args->err);
}

enum http_verdict console_check_draft(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct draft draft = {.args = &args};
	struct args_known known = {.body = KNOWN("okta", "bob", "by")};
	const char *by = args_init(&args, context, request, &known) ? args_by(&args) : NULL;
	bool is_good = by != NULL && start_draft(&draft, by);

	json_decref(draft.document);
	/* The body held the tokens. */
	settings_document_wipe(args.body);
	args.body = NULL;
	if (!is_good) {
		return args_refuse_mistakes(&args, reply, &draft.report);
	}
	return args_answer(&args, reply, report(&args), 202);
}
