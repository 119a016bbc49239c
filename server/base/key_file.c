/* SPDX-License-Identifier: MIT */
#include "server/base/key_file.h"

#include "server/base/buf.h"
#include "server/base/crypto.h"
#include "server/base/durable_file.h"
#include "server/base/guarded.h"
#include "server/base/read_all.h"
#include "server/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VERSION_DIGITS 9

static const char REMARK[] =
        "# Master keys of bob2okta, VERSION:KEY. Whoever has this file and the store can read the\n"
        "# secrets in it; without this file nobody can. Keep a copy apart from the backups.\n";

/* ------------------------------------------------------------------ parsing */

bool key_file_insert(struct key_file *keys, const struct key_file_item *item)
{
	size_t at = 0;
	while (at < keys->count && keys->items[at].version < item->version) {
		at++;
	}
	if (at < keys->count && keys->items[at].version == item->version) {
		return crypto_equal(keys->items[at].key, item->key, sizeof(item->key));
	}
	if (keys->count == KEY_RING_VERSIONS_MAX) {
		return false;
	}
	memmove(&keys->items[at + 1], &keys->items[at], (keys->count - at) * sizeof(*item));
	keys->items[at] = *item;
	keys->count++;
	return true;
}

/* "VERSION:BASE64", nothing around it. */
static bool parse_item(const char *line, size_t len, struct key_file_item *item)
{
	const char *colon = memchr(line, ':', len);
	size_t digits = colon != NULL ? (size_t)(colon - line) : 0;
	char number[VERSION_DIGITS + 1] = {0};
	int64_t version = 0;
	if (digits == 0 || digits > VERSION_DIGITS) {
		return false;
	}
	memcpy(number, line, digits);
	if (!str_is_digits(number, VERSION_DIGITS) || !str_to_int64(number, &version) ||
	        version == 0) {
		return false;
	}
	item->version = (uint32_t)version;
	return base64_decode_exact(colon + 1, len - digits - 1, item->key, sizeof(item->key));
}

static bool take_line(
        struct key_file *keys, const char *line, size_t len, size_t number, struct err *err)
{
	struct key_file_item item = {0};
	while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == ' ')) {
		len--;
	}
	if (len == 0 || line[0] == '#') {
		return true;
	}
	bool is_higher = false;
	bool is_item = parse_item(line, len, &item);
	if (is_item) {
		is_higher = keys->count == 0 || keys->items[keys->count - 1].version < item.version;
	}
	if (!is_item) {
		err_set(err, ERR_SETTINGS_INVALID,
		        "line %zu must be VERSION:BASE64 of %d random bytes, like"
		        " 2:$(openssl rand -base64 %d)",
		        number, KEY_RING_KEY_BYTES, KEY_RING_KEY_BYTES);
	} else if (!is_higher) {
		err_set(err, ERR_SETTINGS_INVALID,
		        "line %zu must have a higher version than the line before it", number);
	} else if (!key_file_insert(keys, &item)) {
		err_set(err, ERR_SETTINGS_INVALID, "line %zu is one version too many: %d at most",
		        number, KEY_RING_VERSIONS_MAX);
	}
	bool done = !err_is_set(err);
	crypto_wipe(&item, sizeof(item));
	return done;
}

static bool parse_lines(const char *text, size_t len, struct key_file *keys, struct err *err)
{
	size_t at = 0;
	for (size_t number = 1; at < len; number++) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t line_len = end != NULL ? (size_t)(end - text) - at : len - at;
		if (!take_line(keys, text + at, line_len, number, err)) {
			return false;
		}
		at += line_len + 1;
	}
	if (keys->count == 0) {
		err_set(err, ERR_SETTINGS_INVALID,
		        "there is no key: a line must be VERSION:BASE64");
	}
	return keys->count > 0;
}

bool key_file_parse(const char *text, size_t len, struct key_file *keys, struct err *err)
{
	struct err cause = ERR_INIT;
	*keys = (struct key_file){0};
	if (parse_lines(text, len, keys, &cause)) {
		return true;
	}
	crypto_wipe(keys, sizeof(*keys));
	err_set(err, cause.code, "%s", cause.text);
	return false;
}

/* ------------------------------------------------------------------ reading */

static bool fail(struct err *err, const char *path, int number)
{
	char why[64];
	err_set(err, number == ENOENT ? ERR_NOT_FOUND : ERR_IO,
	        "the key file %s cannot be read: %s", path, strerror_r(number, why, sizeof(why)));
	return false;
}

/* A file of root's may be read by a group: so do container platforms hand secrets over. */
static bool check_owner(int fd, const char *path, struct err *err)
{
	struct stat info;
	if (fstat(fd, &info) != 0) {
		return fail(err, path, errno);
	}
	bool is_handed_over = info.st_uid == 0 && geteuid() != 0;
	if (!S_ISREG(info.st_mode)) {
		err_set(err, ERR_IO, "the key file %s is not a file", path);
	} else if (info.st_uid != geteuid() && !is_handed_over) {
		err_set(err, ERR_IO,
		        "the key file %s belongs to user %u: chown it to the one bob2okta runs as",
		        path, info.st_uid);
	} else if ((info.st_mode & (is_handed_over ? 037 : 077)) != 0) {
		err_set(err, ERR_IO, "the key file %s may be read by others: chmod 600 it", path);
	} else {
		return true;
	}
	return false;
}

static bool read_open(int fd, const char *path, char *bytes, struct key_file *keys, struct err *err)
{
	if (!check_owner(fd, path, err)) {
		return false;
	}
	/* One byte over the maximum tells of a file that is too large. */
	ssize_t len = read_all(fd, bytes, KEY_FILE_MAX_BYTES + 1);
	if (len < 0) {
		return fail(err, path, errno);
	}
	if (len > KEY_FILE_MAX_BYTES) {
		err_set(err, ERR_SETTINGS_INVALID, "the key file %s is larger than %d bytes", path,
		        KEY_FILE_MAX_BYTES);
		return false;
	}
	struct err cause = ERR_INIT;
	if (!key_file_parse(bytes, (size_t)len, keys, &cause)) {
		err_set(err, cause.code, "the key file %s: %s", path, cause.text);
		return false;
	}
	return true;
}

bool key_file_read(const char *path, struct key_file *keys, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		return fail(err, path, errno);
	}
	char *bytes = guarded_alloc(KEY_FILE_MAX_BYTES + 1);
	if (bytes == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory to read the key file");
	}
	bool done = bytes != NULL && read_open(fd, path, bytes, keys, err);
	guarded_free(bytes, KEY_FILE_MAX_BYTES + 1);
	close(fd);
	return done;
}

/* ------------------------------------------------------------------ writing */

static bool add_item(struct buf *text, const struct key_file_item *item)
{
	char *key = base64_encode(item->key, sizeof(item->key));
	if (key == NULL) {
		return false;
	}
	bool done = buf_add_format(text, "%u:%s\n", item->version, key);
	crypto_wipe(key, strlen(key));
	free(key);
	return done;
}

bool key_file_write(const char *path, const struct key_file *keys, struct err *err)
{
	struct buf text;
	buf_init(&text, KEY_FILE_MAX_BYTES);
	bool done = buf_add_text(&text, REMARK);
	for (size_t i = 0; i < keys->count; i++) {
		done = done && add_item(&text, &keys->items[i]);
	}
	if (!done) {
		err_set(err, ERR_NO_MEMORY, "no memory for the key file");
	} else {
		done = durable_file_write(path, text.data, text.len, err);
	}
	buf_wipe(&text);
	err_prefix(err, "the key file");
	return done;
}
