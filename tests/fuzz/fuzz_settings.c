/* SPDX-License-Identifier: MIT */
/*
 * Any settings document: it is taken whole or every mistake has a place and a sentence; what is
 * kept of it holds no secret, and loads again with the file's.
 */
#include "tests/fuzz/target.h"

#include "server/base/crypto.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/settings/settings_document.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SECRET "hush-hush-secret"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return crypto_start(NULL) ? 0 : 1;
}

static void check_report(const struct settings_report *report, const struct err *err)
{
	assert(err_is_set(err));
	for (size_t i = 0; i < report->count; i++) {
		const struct settings_mistake *mistake = &report->mistakes[i];
		assert(mistake->path[0] != '\0' && mistake->text[0] != '\0');
		bool is_of_secret = strstr(mistake->path, ".api_token") != NULL ||
		        strstr(mistake->path, ".service_user_token") != NULL ||
		        strstr(mistake->path, ".webhook_secrets") != NULL;
		assert(!is_of_secret || strstr(mistake->text, SECRET) == NULL);
	}
}

static void expect_reference(const json_t *secret)
{
	assert(secret == NULL || (json_is_object(secret) && json_object_size(secret) == 1));
}

/* Where the table has secrets no text is left. */
static void check_secrets(const json_t *kept)
{
	const json_t *connections = json_object_get(kept, "connections");
	for (size_t i = 0; i < json_array_size(connections); i++) {
		const json_t *connection = json_array_get(connections, i);
		const json_t *list = json_get_path(connection, "bob.webhook_secrets");
		expect_reference(json_get_path(connection, "okta.api_token"));
		expect_reference(json_get_path(connection, "bob.service_user_token"));
		for (size_t j = 0; j < json_array_size(list); j++) {
			expect_reference(json_array_get(list, j));
		}
	}
}

static void check_kept(const json_t *document)
{
	struct settings_report report;
	json_t *kept = settings_redact(document);
	json_t *filled = settings_fill(kept, document, &report);
	check_secrets(kept);
	json_t *again = settings_redact(kept);
	assert(json_equal(kept, again));
	json_t *changes = settings_diff(kept, again);
	assert(json_array_size(changes) == 0);
	json_decref(changes);
	json_decref(again);
	settings_document_wipe(filled);
	json_decref(kept);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct settings_report report;
	struct err err = ERR_INIT;
	char hash[17];
	/* Reading files that a document names is not what is tried here. */
	if (memmem(data, size, "file", 4) != NULL || memmem(data, size, "\\u", 2) != NULL) {
		return 0;
	}
	json_t *document = settings_parse((const char *)data, size, hash, &report, &err);
	if (document == NULL) {
		check_report(&report, &err);
		return 0;
	}
	struct settings *settings =
	        settings_load_document(document, "/nonexistent", SETTINGS_TLS_ONLY, &report, &err);
	if (settings == NULL) {
		check_report(&report, &err);
	} else {
		check_kept(document);
	}
	settings_destroy(settings);
	settings_document_wipe(document);
	return 0;
}
