/* SPDX-License-Identifier: MIT */
/* Secrets in the store: entered and removed here, and never shown (S-03). */
#include "server/base/crypto.h"
#include "server/base/json.h"
#include "server/base/key_use.h"
#include "server/base/log.h"
#include "server/base/str.h"
#include "server/alarm/alarm.h"
#include "server/console/args.h"
#include "server/engine/stored_targets.h"
#include "server/settings/secret_names.h"
#include "server/settings/settings_document.h"
#include "server/settings/target_secrets.h"

#include <string.h>

#define LAST_BYTES    4
#define LAST_OF_LEAST 16 /* of a shorter value four characters would be too many */

/* -------------------------------------------------------------------- telling */

static int64_t webhook_used_at_ms(const struct secret *value)
{
	const char *text = secret_reveal(value);
	struct hmac_key *key = hmac_key_create(text, strlen(text), NULL);
	int64_t at_ms = key != NULL ? key_use_at_ms(hmac_key_mark(key)) : 0;

	hmac_key_destroy(key);
	return at_ms;
}

/* When the other side took it last, as this process knows; 0: not since it is in use. */
static int64_t success_at_ms(struct args *args, const struct stored_secret *secret)
{
	struct engine_health health;

	if (str_equal(secret->name, "bob.webhook_secret")) {
		return webhook_used_at_ms(&secret->value);
	}
	if (!engine_health(args->engine, args->connection, &health)) {
		return 0;
	}
	return str_starts_with(secret->name, "okta.") ? health.okta_success_at_ms
	                                              : health.bob_success_at_ms;
}

/* Of what is in use now, wherever the settings take it from. */
static int64_t running_success_at_ms(
        struct args *args, const struct secret_name *name, const struct bob_settings *bob)
{
	struct engine_health health;
	int64_t newest_ms = 0;

	if (!str_equal(name->name, "bob.webhook_secret")) {
		bool is_known = engine_health(args->engine, args->connection, &health);
		bool is_okta = str_starts_with(name->name, "okta.");
		int64_t at_ms = is_okta ? health.okta_success_at_ms : health.bob_success_at_ms;
		return is_known ? at_ms : 0;
	}
	for (size_t i = 0; i < bob->webhook_key_count; i++) {
		int64_t at_ms = key_use_at_ms(hmac_key_mark(bob->webhook_keys[i]));
		newest_ms = at_ms > newest_ms ? at_ms : newest_ms;
	}
	return newest_ms;
}

/* ------------------------------------------------------------------ places */

/* A secret as these settings have it: of the connection, or of a target of alarms. */
struct place {
	const struct secret_name *of_connection; /* NULL: a target's, which target names */
	struct target_secret_name target;
	const char *connection; /* of its rows */
	char name[SECRET_NAME_BYTES];
	const char *help;
	char host[SECRET_HOST_BYTES];
	bool is_wanted;
	int64_t success_at_ms; /* of whatever is in use */
};

static void place_of_connection(
        struct args *args, const struct secret_name *name, struct place *place)
{
	const struct connection_settings *connection =
	        settings_find(args->settings, args->connection);

	*place = (struct place){.of_connection = name,
	        .connection = args->connection,
	        .help = name->help,
	        .is_wanted = name->is_wanted(connection),
	        .success_at_ms = running_success_at_ms(args, name, &connection->bob)};
	str_format_cut(place->name, sizeof(place->name), "%s", name->name);
	str_format_cut(place->host, sizeof(place->host), "%s", secret_names_host(name, connection));
}

static int64_t sent_at_ms(struct args *args, const char *target)
{
	struct alarm_target_state states[SETTINGS_ALARM_TARGETS_MAX] = {0};
	size_t count = 0;

	if (args->console->alarms != NULL) {
		count = alarms_targets(args->console->alarms, args->settings, states);
	}
	for (size_t i = 0; i < count; i++) {
		if (str_equal(states[i].name, target)) {
			return states[i].sent_at_ms;
		}
	}
	return 0;
}

/* list: what is in the store of targets. Without such a target the host is "". */
static void place_of_target(struct args *args, const struct target_secret_name *name,
        const struct stored_secret_list *list, struct place *place)
{
	const struct alarm_target *target = target_find(&args->settings->alarms, name->target);

	*place = (struct place){.target = *name,
	        .connection = STORED_TARGETS_CONNECTION,
	        .help = target_secret_help(name->which),
	        .is_wanted = target != NULL && target->is_stored[name->which],
	        .success_at_ms = target != NULL ? sent_at_ms(args, name->target) : 0};
	target_secret_format(place->name, name->target, name->which);
	if (target != NULL) {
		stored_targets_host(place->host, list, target, name->which);
	}
}

/* ----------------------------------------------------------------- rendering */

/* Its end, which tells two tokens apart; "" of a short one, and of an address that is a secret. */
static const char *last_of(const struct place *place, const struct secret *value)
{
	const char *text = secret_reveal(value);
	size_t len = strlen(text);
	bool is_address = place->of_connection == NULL && place->target.which == TARGET_WEBHOOK;

	return len >= LAST_OF_LEAST && !is_address ? text + len - LAST_BYTES : "";
}

static json_t *stored_json(
        struct args *args, const struct place *place, const struct stored_secret *secret)
{
	bool is_for_host = str_equal(secret->host, place->host);
	bool is_in_use = place->is_wanted && is_for_host && secret_is_set(&secret->value);
	int64_t used_at_ms =
	        place->of_connection != NULL ? success_at_ms(args, secret) : place->success_at_ms;

	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:b, s:b, s:b, s:I}", "host", secret->host,
	        "last4", last_of(place, &secret->value), "fingerprint", secret->fingerprint,
	        "entered_by", secret->entered_by, "entered_at_ms",
	        (json_int_t)secret->entered_at_ms, "slot",
	        secret->slot == SECRET_NEWEST ? "newest" : "before", "is_in_use", is_in_use,
	        "is_damaged", !secret_is_set(&secret->value), "is_for_this_host", is_for_host,
	        "success_at_ms", (json_int_t)(is_in_use ? used_at_ms : 0));
}

static json_t *place_json(
        struct args *args, const struct place *place, const struct stored_secret_list *list)
{
	json_t *stored = json_array();

	for (size_t i = 0; i < list->count; i++) {
		if (str_equal(list->items[i].name, place->name)) {
			json_array_append_new(stored, stored_json(args, place, &list->items[i]));
		}
	}
	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:o}", "name", place->name, "help", place->help,
	        "settings_say", place->is_wanted ? "stored" : "elsewhere", "host", place->host,
	        "success_at_ms", (json_int_t)place->success_at_ms, "stored", stored);
}

static bool add_of_connection(struct args *args, json_t *secrets)
{
	struct stored_secret_list list;
	struct place place;

	if (!store_secret_list(args->console->store, args->connection, &list, &args->err)) {
		return false;
	}
	for (size_t i = 0; i < secret_names_count; i++) {
		place_of_connection(args, &secret_names[i], &place);
		json_array_append_new(secrets, place_json(args, &place, &list));
	}
	stored_secret_list_finish(&list);
	return true;
}

/* Only what the settings take from the store: a target has few of the secrets it could have. */
static void add_of_target(struct args *args, const struct alarm_target *target,
        const struct stored_secret_list *list, json_t *secrets)
{
	struct target_secret_name name;
	struct place place;

	str_format_cut(name.target, sizeof(name.target), "%s", target->name);
	for (int which = 0; which < TARGET_SECRET_COUNT; which++) {
		name.which = (enum target_secret)which;
		if (target->is_stored[which]) {
			place_of_target(args, &name, list, &place);
			json_array_append_new(secrets, place_json(args, &place, list));
		}
	}
}

static bool add_of_targets(struct args *args, json_t *secrets)
{
	const struct alarm_settings *alarms = &args->settings->alarms;
	struct stored_secret_list list;

	if (!store_secret_list(
	            args->console->store, STORED_TARGETS_CONNECTION, &list, &args->err)) {
		return false;
	}
	for (size_t i = 0; i < alarms->target_count; i++) {
		add_of_target(args, &alarms->targets[i], &list, secrets);
	}
	stored_secret_list_finish(&list);
	return true;
}

static json_t *list_json(struct args *args)
{
	json_t *secrets = json_array();

	if (!add_of_connection(args, secrets) || !add_of_targets(args, secrets)) {
		json_decref(secrets);
		return NULL;
	}
	return json_pack("{s:s, s:o}", "connection", args->connection, "secrets", secrets);
}

enum http_verdict console_secrets(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {0};
	bool is_good = args_init(&args, context, request, &known);

	return args_answer(&args, reply, is_good ? list_json(&args) : NULL, 200);
}

/* ------------------------------------------------------------------- changing */

/* The {name} of the path. */
static bool find_place(struct args *args, struct place *place)
{
	const char *text = http_request_param(args->request, 0);
	const struct secret_name *name = secret_names_find(text);
	struct target_secret_name target;
	struct stored_secret_list list;

	if (name != NULL) {
		place_of_connection(args, name, place);
		return true;
	}
	if (!target_secret_parse(text, &target)) {
		err_set(&args->err, ERR_NOT_FOUND,
		        "there is no secret of that name; GET /api/v1/secrets names them");
		return false;
	}
	if (!store_secret_list(
	            args->console->store, STORED_TARGETS_CONNECTION, &list, &args->err)) {
		return false;
	}
	place_of_target(args, &target, &list, place);
	stored_secret_list_finish(&list);
	return true;
}

/* The value as it is kept; NULL or what is wrong with it. */
static const char *read_value(
        struct args *args, const struct place *place, const char *text, struct secret *value)
{
	if (place->of_connection == NULL) {
		return target_secret_read(
		        place->target.which, text, running_plain(args->console->running), value);
	}
	const char *problem = place->of_connection->problem(text);
	if (problem == NULL && !secret_set(value, text)) {
		problem = "cannot be kept: there is no memory for it";
	}
	return problem;
}

/* A secret has its place before it is entered, and is bound to it. */
static bool may_be_entered(struct args *args, const struct place *place)
{
	if (place->of_connection != NULL && str_equal(place->host, SETTINGS_NO_ADDRESS)) {
		err_set(&args->err, ERR_CONFLICT,
		        "a token is bound to its host: enter okta.base_url in the settings first");
	} else if (place->of_connection == NULL &&
	        target_find(&args->settings->alarms, place->target.target) == NULL) {
		err_set(&args->err, ERR_CONFLICT,
		        "there is no target of that name in alarms.targets: add it to the settings"
		        " first");
	} else if (place->of_connection == NULL && place->target.which == TARGET_BEARER &&
	        str_is_empty(place->host)) {
		err_set(&args->err, ERR_CONFLICT,
		        "a bearer is bound to the webhook's address: enter that first");
	}
	return !err_is_set(&args->err);
}

static bool keep_value(
        struct args *args, const struct place *place, const struct secret *value, const char *by)
{
	const struct secret_entry entry = {.connection = place->connection,
	        .name = place->name,
	        .host = place->host,
	        .value = value,
	        .keeps_before = place->of_connection != NULL && place->of_connection->keeps_before,
	        .by = by};

	return may_be_entered(args, place) &&
	        store_secret_set(args->console->store, &entry, &args->err);
}

static bool set_value(struct args *args, const struct place *place, const char *by)
{
	const char *text = args_body_text(args, "value", SECRET_VALUE_MAX_BYTES, NULL);
	bool is_check_only = args_body_flag(args, "check_only");
	struct secret value = {0};

	if (err_is_set(&args->err)) {
		return false;
	}
	if (text == NULL) {
		err_set(&args->err, ERR_BAD_REQUEST, "\"value\" is the secret, as a text");
		return false;
	}
	const char *problem = read_value(args, place, text, &value);
	if (problem != NULL) {
		err_set(&args->err, ERR_BAD_REQUEST, "the value of %s %s", place->name, problem);
	}
	bool is_done = problem == NULL && (is_check_only || keep_value(args, place, &value, by));
	secret_finish(&value);
	return is_done;
}

static bool remove_value(struct args *args, const struct place *place, const char *by)
{
	bool is_before_only = args_body_flag(args, "before_only");

	if (err_is_set(&args->err)) {
		return false;
	}
	const struct secret_removal removal = {.connection = place->connection,
	        .name = place->name,
	        .is_before_only = is_before_only,
	        .by = by,
	        .why = "removed"};
	return store_secret_remove(args->console->store, &removal, &args->err);
}

/* Puts what is in the store now to work; the sentence says why not, "" else. */
static void put_to_work(
        struct args *args, const struct place *place, const char *by, struct err *why)
{
	struct running_result result;
	struct settings_report report;

	if (json_get_bool(args->body, "check_only", false)) {
		err_set(why, ERR_CONFLICT, "only looked at: nothing is stored");
		return;
	}
	log_info("secret changed", F("connection", place->connection), F("secret", place->name),
	        F("by", by));
	if (!place->is_wanted) {
		err_set(why, ERR_CONFLICT,
		        "the settings take this secret from elsewhere until they say"
		        " {\"stored\": true}");
		return;
	}
	if (running_reload(args->console->running, by, &result, &report, why)) {
		json_decref(result.changes);
	}
}

static enum http_verdict change(struct http_request *request, struct http_reply *reply,
        void *context, bool (*apply)(struct args *, const struct place *, const char *),
        const struct args_known *known)
{
	struct args args;
	struct place place;
	struct err why = ERR_INIT;
	json_t *answer = NULL;

	if (args_init(&args, context, request, known)) {
		const char *by = args_by(&args);
		if (by != NULL && find_place(&args, &place) && apply(&args, &place, by)) {
			put_to_work(&args, &place, by, &why);
			answer = json_pack("{s:s, s:s, s:b, s:s}", "connection", place.connection,
			        "name", place.name, "is_in_force", !err_is_set(&why), "sentence",
			        why.text);
		}
	}
	/* The body held the value. */
	settings_document_wipe(args.body);
	args.body = NULL;
	return args_answer(&args, reply, answer, 200);
}

enum http_verdict console_secret_set(
        struct http_request *request, struct http_reply *reply, void *context)
{
	const struct args_known known = {.body = KNOWN("value", "check_only", "by")};

	return change(request, reply, context, set_value, &known);
}

enum http_verdict console_secret_remove(
        struct http_request *request, struct http_reply *reply, void *context)
{
	const struct args_known known = {.body = KNOWN("before_only", "by")};

	return change(request, reply, context, remove_value, &known);
}
