/* SPDX-License-Identifier: MIT */
/* A settings document from bytes, and its end: it holds secrets for as long as it is in memory. */
#include "server/settings/settings_document.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/settings/file.h"
#include "server/settings/settings_walk.h"

#include <stdlib.h>
#include <string.h>

/* Eight bytes are the sixteen hex digits of the hash. */
#define HASH_BYTES 8

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

void settings_document_wipe(json_t *document)
{
	if (document != NULL) {
		wipe_texts(document);
	}
	json_decref(document);
}

static bool hash_bytes(const char *bytes, size_t len, char hash[17])
{
	uint8_t digest[CRYPTO_SHA256_BYTES];
	if (!crypto_sha256(bytes, len, digest)) {
		return false;
	}
	str_hex(hash, digest, HASH_BYTES);
	return true;
}

bool settings_document_hash(const json_t *document, char hash[17])
{
	char *text = json_format(document);
	bool is_hashed = text != NULL && hash_bytes(text, strlen(text), hash);
	free(text);
	return is_hashed;
}

json_t *settings_parse(const char *bytes, size_t len, char hash[17], struct settings_report *report,
        struct err *err)
{
	*report = (struct settings_report){0};
	struct settings_walk walk = {.report = report};
	struct err syntax = ERR_INIT;
	json_t *document = json_parse(bytes, len, &syntax);
	if (document == NULL && syntax.code == ERR_NO_MEMORY) {
		err_set(err, ERR_NO_MEMORY, "no memory for the settings");
	} else if (document == NULL) {
		settings_walk_mistake(&walk,
		        "%s: look there for a comma too many or missing, or a key that comes twice",
		        syntax.text);
		settings_report_summarise(report, err);
	} else if (!hash_bytes(bytes, len, hash)) {
		settings_document_wipe(document);
		document = NULL;
		err_set(err, ERR_NO_MEMORY, "no memory for the settings");
	}
	return document;
}

bool settings_file_read(struct settings_file *file, const char *path,
        struct settings_report *report, struct err *err)
{
	struct file_content content = {0};
	struct err cause = ERR_INIT;
	*report = (struct settings_report){0};
	*file = (struct settings_file){.folder = file_folder(path)};
	if (file->folder == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for the settings");
	} else if (!file_read(path, SETTINGS_FILE_MAX_BYTES, &content, &cause)) {
		err_set(err, ERR_SETTINGS_INVALID,
		        "%s; say where the settings document is with --settings FILE", cause.text);
	} else {
		file->document =
		        settings_parse(content.bytes, content.len, file->hash, report, err);
	}
	file_content_wipe(&content);
	if (file->document == NULL) {
		settings_file_wipe(file);
		return false;
	}
	return true;
}

void settings_file_wipe(struct settings_file *file)
{
	settings_document_wipe(file->document);
	free(file->folder);
	*file = (struct settings_file){0};
}
