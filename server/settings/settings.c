/* SPDX-License-Identifier: MIT */
#include "server/settings/settings.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/settings/file.h"
#include "server/settings/settings_walk.h"

#include <stdlib.h>
#include <string.h>

/* Eight bytes are the sixteen hex digits of the version. */
#define VERSION_BYTES 8

static void finish_connection(struct connection_settings *connection)
{
	free(connection->bob.base_url);
	free(connection->bob.service_user_id);
	secret_finish(&connection->bob.service_user_token);
	for (size_t i = 0; i < connection->bob.webhook_key_count; i++) {
		hmac_key_destroy(connection->bob.webhook_keys[i]);
	}
	free(connection->okta.base_url);
	secret_finish(&connection->okta.api_token);
	policy_settings_finish(&connection->policy);
	map_rules_finish(&connection->rules);
}

void settings_destroy(struct settings *settings)
{
	if (settings == NULL) {
		return;
	}
	for (size_t i = 0; i < settings->connection_count; i++) {
		finish_connection(&settings->connections[i]);
	}
	free(settings->connections);
	free(settings);
}

/*
 * The parsed document holds secrets too, and jansson frees without wiping. Its texts lie in heap
 * memory of its own, so writing to them is allowed although it only lends them as const.
 */
static void wipe_texts(const json_t *json)
{
	const char *key = NULL;
	size_t index = 0;
	json_t *value = NULL;
	if (json_is_string(json)) {
		crypto_wipe((void *)(uintptr_t)json_string_value(json), json_string_length(json));
	} else if (json_is_array(json)) {
		json_array_foreach(json, index, value)
		{
			wipe_texts(value);
		}
	} else if (json_is_object(json)) {
		json_object_foreach((json_t *)(uintptr_t)json, key, value)
		{
			wipe_texts(value);
		}
	}
}

void settings_report_summarise(const struct settings_report *report, struct err *err)
{
	size_t count = report->count + report->left_out;
	if (count == 1) {
		err_set(err, ERR_SETTINGS_INVALID, "%s: %s", report->mistakes[0].path,
		        report->mistakes[0].text);
	} else {
		err_set(err, ERR_SETTINGS_INVALID, "%zu mistakes; the first: %s: %s", count,
		        report->mistakes[0].path, report->mistakes[0].text);
	}
}

static bool set_version(struct settings *settings, const char *bytes, size_t len)
{
	uint8_t digest[CRYPTO_SHA256_BYTES];
	if (!crypto_sha256(bytes, len, digest)) {
		return false;
	}
	str_hex(settings->version, digest, VERSION_BYTES);
	return true;
}

static void report_syntax(struct settings_walk *walk, const struct err *err)
{
	settings_walk_mistake(walk,
	        "%s: look there for a comma too many or missing, or a key that comes twice",
	        err->text);
}

/* NULL with the report or err filled in. */
static struct settings *read_document(
        struct settings_walk *walk, const char *bytes, size_t len, struct err *err)
{
	struct err syntax = ERR_INIT;
	json_t *document = json_parse(bytes, len, &syntax);
	if (document == NULL) {
		report_syntax(walk, &syntax);
		return NULL;
	}
	struct settings *settings = calloc(1, sizeof(*settings));
	if (settings == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for the settings");
	} else {
		settings_walk_document(walk, document, settings);
	}
	wipe_texts(document);
	json_decref(document);
	return settings;
}

struct settings *settings_load(const char *bytes, size_t len, const char *base_dir,
        enum settings_plain plain, struct settings_report *report, struct err *err)
{
	*report = (struct settings_report){0};
	struct settings_walk walk = {.report = report, .base_dir = base_dir, .plain = plain};
	struct settings *settings = read_document(&walk, bytes, len, err);
	if (report->count > 0) {
		settings_report_summarise(report, err);
	} else if (walk.is_out_of_memory ||
	        (settings != NULL && !set_version(settings, bytes, len))) {
		err_set(err, ERR_NO_MEMORY, "no memory for the settings");
	} else {
		return settings;
	}
	settings_destroy(settings);
	return NULL;
}

struct settings *settings_load_file(const char *path, enum settings_plain plain,
        struct settings_report *report, struct err *err)
{
	*report = (struct settings_report){0};
	struct settings *settings = NULL;
	struct file_content content = {0};
	struct err cause = ERR_INIT;
	char *folder = file_folder(path);
	if (folder == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for the settings");
	} else if (!file_read(path, SETTINGS_FILE_MAX_BYTES, &content, &cause)) {
		err_set(err, ERR_SETTINGS_INVALID,
		        "%s; say where the settings document is with --settings FILE", cause.text);
	} else {
		settings = settings_load(content.bytes, content.len, folder, plain, report, err);
	}
	file_content_wipe(&content);
	free(folder);
	return settings;
}

const struct connection_settings *settings_find(const struct settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->connection_count; i++) {
		if (str_equal(settings->connections[i].name, name)) {
			return &settings->connections[i];
		}
	}
	return NULL;
}
