/* SPDX-License-Identifier: MIT */
/* Settings that no file stands behind: what they may say, and what may be missing for a while. */
#include "server/settings/settings_document.h"

#include "server/base/buf.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/settings/settings_url.h"
#include "server/settings/settings_value.h"
#include "server/settings/settings_walk.h"
#include "server/settings/target_secrets.h"

#include <stdlib.h>
#include <string.h>

#define CONNECTION_KEY "connections[]."

json_t *settings_console_first(void)
{
	return json_pack("{s:[{s:s, s:s, s:{s:{s:b}, s:[{s:b}]}, s:{s:{s:b}}, s:{}}]}",
	        "connections", "name", "default", "mode", "dry_run", "bob", "service_user_token",
	        "stored", 1, "webhook_secrets", "stored", 1, "okta", "api_token", "stored", 1,
	        "provisioning");
}

/* ---------------------------------------------------------------- what is missing */

void settings_walk_note_lack(struct settings_walk *walk, const char *path)
{
	struct connection_settings *connection = walk->unfinished;
	const char *name =
	        str_starts_with(path, CONNECTION_KEY) ? path + strlen(CONNECTION_KEY) : path;
	if (connection == NULL) {
		return;
	}
	size_t len = strlen(connection->lacks);
	str_format_cut(connection->lacks + len, sizeof(connection->lacks) - len, "%s%s",
	        len > 0 ? ", " : "", name);
}

static void fill(struct settings_walk *walk, char **text, const char *with)
{
	if (*text == NULL) {
		*text = str_dup(with);
		walk->is_out_of_memory |= *text == NULL;
	}
}

void settings_walk_finish_lacks(struct settings_walk *walk, struct connection_settings *connection)
{
	walk->unfinished = NULL;
	if (settings_is_set_up(connection)) {
		return;
	}
	fill(walk, &connection->okta.base_url, SETTINGS_NO_ADDRESS);
	fill(walk, &connection->bob.service_user_id, "");
	if (connection->mode == SETTINGS_LIVE) {
		size_t before = settings_walk_enter(walk, "mode");
		settings_walk_mistake(walk,
		        "must be dry_run until the connection is set up; missing: %s",
		        connection->lacks);
		settings_walk_leave(walk, before);
	}
}

struct settings *settings_console_load(const json_t *document, enum settings_plain plain,
        struct settings_report *report, struct err *err)
{
	struct settings_walk walk = {.base_dir = "/", .plain = plain, .is_console = true};
	return settings_walk_load(&walk, document, report, err);
}

/* -------------------------------------------------------------- what it may say */

struct acceptance {
	struct settings_walk walk; /* only its path and its report */
	enum settings_plain plain;
};

/* A connection, or a target of alarms. */
static const json_t *named(const json_t *list, const char *name)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *element = json_array_get(list, i);
		if (name != NULL && str_equal(json_get_text(element, "name"), name)) {
			return element;
		}
	}
	return NULL;
}

static void mistake_at(struct acceptance *acceptance, const char *steps, const char *text)
{
	size_t before = settings_walk_enter_plain(&acceptance->walk, steps);
	settings_walk_mistake(&acceptance->walk, "%s", text);
	settings_walk_leave(&acceptance->walk, before);
}

static void judge_secret(struct acceptance *acceptance, const json_t *owner, const char *path)
{
	const json_t *secret = json_get_path(owner, path);
	if (secret != NULL && !settings_secret_is_stored(secret)) {
		mistake_at(acceptance, path,
		        "secrets are in the store where no settings file is: write"
		        " {\"stored\": true} here and enter the secret itself");
	}
}

/* A list: each of its elements. */
static void judge_webhook_secrets(struct acceptance *acceptance, const json_t *connection)
{
	const json_t *secrets = json_get_path(connection, "bob.webhook_secrets");
	for (size_t i = 0; i < json_array_size(secrets); i++) {
		if (!settings_secret_is_stored(json_array_get(secrets, i))) {
			mistake_at(acceptance, "bob.webhook_secrets",
			        "secrets are in the store where no settings file is: write"
			        " [{\"stored\": true}] here and enter the secret itself");
			return;
		}
	}
}

struct address_rule {
	const char *path;
	settings_url_judge judge;
	bool (*is_own)(const char *url);
	const char *refusal;
};

static const struct address_rule address_rules[] = {
        {"okta.base_url", settings_url_okta, settings_url_is_oktas,
                "must be an address of Okta's own, like acme.okta.com; a custom domain can only"
                " come from a settings file"},
        {"bob.base_url", settings_url_bob, settings_url_is_bobs,
                "must be an address of HiBob's own, like https://api.hibob.com/v1; another one can"
                " only come from a settings file"},
};

/* What is no address at all is the loading's to say. */
static void judge_address(struct acceptance *acceptance, const struct address_rule *rule,
        const json_t *connection, const json_t *present)
{
	const json_t *json = json_get_path(connection, rule->path);
	const json_t *now = json_get_path(present, rule->path);
	char url[SETTINGS_URL_BYTES];
	if (!json_is_string(json) || (now != NULL && json_equal(json, now) == 1) ||
	        rule->judge(url, json_string_value(json), acceptance->plain) != NULL) {
		return;
	}
	bool is_tried_out =
	        acceptance->plain == SETTINGS_PLAIN_ON_LOOPBACK && settings_url_is_loopback(url);
	if (!is_tried_out && !rule->is_own(url)) {
		mistake_at(acceptance, rule->path, rule->refusal);
	}
}

static void judge_connection(
        struct acceptance *acceptance, const json_t *connection, const json_t *present)
{
	judge_secret(acceptance, connection, "okta.api_token");
	judge_secret(acceptance, connection, "bob.service_user_token");
	judge_webhook_secrets(acceptance, connection);
	for (size_t i = 0; i < ARRAY_SIZE(address_rules); i++) {
		judge_address(acceptance, &address_rules[i], connection, present);
	}
}

/* -------------------------------------------------------- where alarms go */

/* Into the own network goes only what a file has sent there, and no webhook, whose address anybody
 * could enter. */
static bool may_use_network(const json_t *target, const json_t *present)
{
	const char *network = json_get_text(target, "network");
	const json_t *smtp = json_object_get(target, "smtp");
	return json_object_get(target, "network") == NULL || str_equal(network, "public") ||
	        (smtp != NULL && json_equal(smtp, json_object_get(present, "smtp")) == 1 &&
	                str_equal(network, json_get_text(present, "network")));
}

static void judge_target(struct acceptance *acceptance, const json_t *target, const json_t *present)
{
	for (int which = 0; which < TARGET_SECRET_COUNT; which++) {
		judge_secret(acceptance, target, target_secret_key((enum target_secret)which));
	}
	if (!may_use_network(target, present)) {
		mistake_at(acceptance, "network",
		        "can only come from a settings file, as it leads into the own network");
	}
}

static void judge_targets(
        struct acceptance *acceptance, const json_t *targets, const json_t *present)
{
	size_t before = settings_walk_enter_plain(&acceptance->walk, "alarms.targets");
	for (size_t i = 0; i < json_array_size(targets); i++) {
		const json_t *target = json_array_get(targets, i);
		size_t list = settings_walk_enter_element(&acceptance->walk, i);
		judge_target(acceptance, target, named(present, json_get_text(target, "name")));
		settings_walk_leave(&acceptance->walk, list);
	}
	settings_walk_leave(&acceptance->walk, before);
}

bool settings_console_accepts(const json_t *document, const json_t *present,
        enum settings_plain plain, struct settings_report *report)
{
	struct acceptance acceptance = {.walk = {.report = report}, .plain = plain};
	const json_t *connections = json_object_get(document, "connections");
	*report = (struct settings_report){0};
	judge_targets(&acceptance, json_get_path(document, "alarms.targets"),
	        json_get_path(present, "alarms.targets"));
	settings_walk_enter(&acceptance.walk, "connections");
	for (size_t i = 0; i < json_array_size(connections); i++) {
		const json_t *connection = json_array_get(connections, i);
		size_t before = settings_walk_enter_element(&acceptance.walk, i);
		judge_connection(&acceptance, connection,
		        named(json_object_get(present, "connections"),
		                json_get_text(connection, "name")));
		settings_walk_leave(&acceptance.walk, before);
	}
	return report->count == 0;
}

/* ------------------------------------------------------- from a file's document */

static void store_secrets(json_t *connection)
{
	json_t *bob = json_object_get(connection, "bob");
	json_t *okta = json_object_get(connection, "okta");
	json_object_set_new(bob, "service_user_token", json_pack("{s:b}", "stored", 1));
	json_object_set_new(bob, "webhook_secrets", json_pack("[{s:b}]", "stored", 1));
	json_object_set_new(okta, "api_token", json_pack("{s:b}", "stored", 1));
}

static void store_target_secrets(json_t *target)
{
	for (int which = 0; which < TARGET_SECRET_COUNT; which++) {
		const char *key = target_secret_key((enum target_secret)which);
		if (json_object_get(target, key) != NULL) {
			json_object_set_new(target, key, json_pack("{s:b}", "stored", 1));
		}
	}
	/* Its address is anybody's to enter now. */
	if (json_object_get(target, "webhook") != NULL &&
	        !str_equal(json_get_text(target, "network"), "public")) {
		json_object_del(target, "network");
	}
}

json_t *settings_console_from(const json_t *document)
{
	json_t *copy = json_deep_copy(document);
	json_t *connections = json_object_get(copy, "connections");
	json_t *targets = json_get_path(copy, "alarms.targets");
	for (size_t i = 0; i < json_array_size(targets); i++) {
		store_target_secrets(json_array_get(targets, i));
	}
	for (size_t i = 0; i < json_array_size(connections); i++) {
		store_secrets(json_array_get(connections, i));
	}
	return copy;
}
