/* SPDX-License-Identifier: MIT */
#include "server/settings/settings_value.h"

#include "server/base/buf.h"
#include "server/base/secrecy.h"
#include "server/base/str.h"
#include "server/settings/file.h"

#include <stdlib.h>
#include <string.h>

#define SECRET_FILE_MAX_BYTES 16384
#define PATH_MAX_BYTES        4096

static void keep(struct settings_walk *walk, struct secret *secret, const char *text)
{
	walk->is_out_of_memory = !secret_set(secret, text) || walk->is_out_of_memory;
}

static bool from_env(struct settings_walk *walk, const char *name, struct secret *secret)
{
	if (!str_is_word(name, 200, "_")) {
		settings_walk_mistake(walk, "\"env\" must be the name of a variable");
		return false;
	}
	if (!secrecy_env(name, secret)) {
		walk->is_out_of_memory = true;
		return false;
	}
	if (!secret_is_set(secret)) {
		settings_walk_mistake(walk, "the variable %s is %s; set it for this process", name,
		        secret->text == NULL ? "not set" : "empty");
		return false;
	}
	return true;
}

/* One line break at the end belongs to the editor, not to the secret. */
static void strip_line_break(struct file_content *content)
{
	if (content->len > 0 && content->bytes[content->len - 1] == '\n') {
		content->bytes[--content->len] = '\0';
		if (content->len > 0 && content->bytes[content->len - 1] == '\r') {
			content->bytes[--content->len] = '\0';
		}
	}
}

static bool read_secret_file(struct settings_walk *walk, const char *path, struct secret *secret)
{
	struct file_content content;
	struct err err = ERR_INIT;
	if (!file_read(path, SECRET_FILE_MAX_BYTES, &content, &err)) {
		settings_walk_mistake(walk, "%s", err.text);
		return false;
	}
	strip_line_break(&content);
	bool is_usable = false;
	if (str_is_empty(content.bytes)) {
		settings_walk_mistake(walk, "the file %s is empty", path);
	} else if (strlen(content.bytes) != content.len) {
		settings_walk_mistake(walk, "the file %s is not text", path);
	} else {
		keep(walk, secret, content.bytes);
		is_usable = true;
	}
	file_content_wipe(&content);
	return is_usable;
}

static bool from_file(struct settings_walk *walk, const char *path, struct secret *secret)
{
	if (str_is_empty(path)) {
		settings_walk_mistake(walk, "\"file\" must be a path");
		return false;
	}
	struct buf full;
	buf_init(&full, PATH_MAX_BYTES);
	if (path[0] != '/') {
		buf_add_text(&full, walk->base_dir);
		buf_add_char(&full, '/');
	}
	buf_add_text(&full, path);
	bool is_read = false;
	if (full.failed) {
		settings_walk_mistake(walk, "the path is too long");
	} else {
		is_read = read_secret_file(walk, buf_text(&full), secret);
	}
	buf_finish(&full);
	return is_read;
}

bool settings_secret_read(struct settings_walk *walk, const json_t *json, struct secret *secret)
{
	if (json_is_string(json)) {
		keep(walk, secret, json_string_value(json));
		return true;
	}
	const json_t *env = json_object_get(json, "env");
	const json_t *file = json_object_get(json, "file");
	if (json_object_size(json) == 1 && json_is_string(env)) {
		return from_env(walk, json_string_value(env), secret);
	}
	if (json_object_size(json) == 1 && json_is_string(file)) {
		return from_file(walk, json_string_value(file), secret);
	}
	settings_walk_mistake(walk,
	        "must be a text, {\"env\": \"NAME\"}, {\"file\": \"PATH\"} or {\"stored\": true}");
	return false;
}

bool settings_secret_is_stored(const json_t *json)
{
	return json_object_size(json) == 1 && json_is_true(json_object_get(json, "stored"));
}
