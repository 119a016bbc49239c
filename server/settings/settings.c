/* SPDX-License-Identifier: MIT */
#include "server/settings/settings.h"

#include "server/base/str.h"
#include "server/settings/settings_document.h"
#include "server/settings/settings_walk.h"

#include <stdlib.h>
#include <string.h>

static void token_finish(struct token_settings *token)
{
	secret_finish(&token->value);
	free(token->lack);
}

void settings_connection_finish(struct connection_settings *connection)
{
	free(connection->bob.base_url);
	free(connection->bob.service_user_id);
	token_finish(&connection->bob.service_user_token);
	for (size_t i = 0; i < connection->bob.webhook_key_count; i++) {
		hmac_key_destroy(connection->bob.webhook_keys[i]);
	}
	free(connection->okta.base_url);
	token_finish(&connection->okta.api_token);
	policy_settings_finish(&connection->policy);
	map_rules_finish(&connection->rules);
	free(connection->protected_group);
	memset(connection, 0, sizeof(*connection));
}

void settings_destroy(struct settings *settings)
{
	if (settings == NULL) {
		return;
	}
	for (size_t i = 0; i < settings->connection_count; i++) {
		settings_connection_finish(&settings->connections[i]);
	}
	free(settings->connections);
	settings_alarms_finish(&settings->alarms);
	free(settings);
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

struct settings *settings_walk_load(struct settings_walk *walk, const json_t *document,
        struct settings_report *report, struct err *err)
{
	*report = (struct settings_report){0};
	walk->report = report;
	struct settings *settings = calloc(1, sizeof(*settings));
	if (settings != NULL) {
		settings_walk_document(walk, document, settings);
	}
	/* Without memory values are missing, and what is said of them is no mistake of the
	 * document. */
	if (settings == NULL || walk->is_out_of_memory) {
		*report = (struct settings_report){0};
		err_set(err, ERR_NO_MEMORY, "no memory for the settings");
	} else if (report->count > 0) {
		settings_report_summarise(report, err);
	} else {
		return settings;
	}
	settings_destroy(settings);
	return NULL;
}

struct settings *settings_load_document(const json_t *document, const char *base_dir,
        enum settings_plain plain, struct settings_report *report, struct err *err)
{
	struct settings_walk walk = {.base_dir = base_dir, .plain = plain};
	return settings_walk_load(&walk, document, report, err);
}

struct settings *settings_load(const char *bytes, size_t len, const char *base_dir,
        enum settings_plain plain, struct settings_report *report, struct err *err)
{
	char hash[sizeof(((struct settings *)0)->version)];
	json_t *document = settings_parse(bytes, len, hash, report, err);
	if (document == NULL) {
		return NULL;
	}
	struct settings *settings = settings_load_document(document, base_dir, plain, report, err);
	if (settings != NULL) {
		memcpy(settings->version, hash, sizeof(hash));
	}
	settings_document_wipe(document);
	return settings;
}

struct settings *settings_load_file(const char *path, enum settings_plain plain,
        struct settings_report *report, struct err *err)
{
	struct settings_file file;
	struct settings *settings = NULL;
	if (!settings_file_read(&file, path, report, err)) {
		return NULL;
	}
	settings = settings_load_document(file.document, file.folder, plain, report, err);
	if (settings != NULL) {
		memcpy(settings->version, file.hash, sizeof(file.hash));
	}
	settings_file_wipe(&file);
	return settings;
}

bool settings_is_set_up(const struct connection_settings *connection)
{
	return connection->lacks[0] == '\0';
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
