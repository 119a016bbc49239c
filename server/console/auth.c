/* SPDX-License-Identifier: MIT */
/* The admin token: made at the first start, kept in a file only its owner reads. */
#include "server/base/crypto.h"
#include "server/base/str.h"
#include "server/console/console.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BEARER           "Bearer "
#define TOKEN_MIN_BYTES  32
#define TOKEN_TEXT_BYTES (2 * CONSOLE_TOKEN_BYTES + 1)

static bool write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t written = write(fd, text, len);
		if (written < 0 && errno == EINTR) {
			continue;
		}
		if (written <= 0) {
			return false;
		}
		text += written;
		len -= (size_t)written;
	}
	return true;
}

static bool make_token(const char *path, struct err *err)
{
	uint8_t random[CONSOLE_TOKEN_BYTES];
	char text[TOKEN_TEXT_BYTES + 1];

	if (!crypto_random(random, sizeof(random), err)) {
		return false;
	}
	str_hex(text, random, sizeof(random));
	crypto_wipe(random, sizeof(random));
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
	bool is_written = fd >= 0 && write_all(fd, text, strlen(text)) && fsync(fd) == 0;
	crypto_wipe(text, sizeof(text));
	if (!is_written) {
		err_set(err, ERR_IO, "admin token file %s cannot be written: %s", path,
		        strerror(errno));
	}
	if (fd >= 0) {
		close(fd);
	}
	return is_written;
}

static bool check_mode(int fd, const char *path, struct err *err)
{
	struct stat info;

	if (fstat(fd, &info) != 0 || (info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		err_set(err, ERR_IO, "admin token file %s may be read by others: chmod 600 it",
		        path);
		return false;
	}
	return true;
}

static bool read_token(struct console *console, int fd, const char *path, struct err *err)
{
	char text[512] = {0};
	ssize_t got = read(fd, text, sizeof(text) - 1);
	size_t len = got > 0 ? (size_t)got : 0;

	if (!check_mode(fd, path, err)) {
		return false;
	}
	const char *token = str_trim(text, &len);
	text[(size_t)(token - text) + len] = '\0';
	bool is_good = len >= TOKEN_MIN_BYTES && secret_set(&console->token, token);
	crypto_wipe(text, sizeof(text));
	if (!is_good) {
		err_set(err, ERR_IO,
		        "admin token file %s holds no token of %d bytes or more: remove it", path,
		        TOKEN_MIN_BYTES);
	}
	return is_good;
}

bool console_token_load(struct console *console, const char *path, struct err *err)
{
	if (access(path, F_OK) != 0 && !make_token(path, err)) {
		return false;
	}
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		err_set(err, ERR_IO, "admin token file %s cannot be read: %s", path,
		        strerror(errno));
		return false;
	}
	bool is_read = read_token(console, fd, path, err);
	close(fd);
	return is_read;
}

void console_finish(struct console *console)
{
	secret_finish(&console->token);
}

/* Both sides are hashed first, so that neither length nor content shows in the time taken. */
static bool is_token(const struct secret *token, const char *given)
{
	uint8_t want[CRYPTO_SHA256_BYTES];
	uint8_t have[CRYPTO_SHA256_BYTES];
	const char *text = secret_reveal(token);

	return text[0] != '\0' && crypto_sha256(text, strlen(text), want) &&
	        crypto_sha256(given, strlen(given), have) && crypto_equal(want, have, sizeof(want));
}

bool console_authorize(const struct http_request *request, enum http_role role, void *context)
{
	const struct console *console = context;
	const char *header = http_request_header(request, "Authorization");

	if (role == HTTP_ROLE_PUBLIC) {
		return true;
	}
	if (http_request_header_count(request, "Authorization") != 1 || header == NULL ||
	        !str_starts_with(header, BEARER)) {
		return false;
	}
	return is_token(&console->token, header + strlen(BEARER));
}
