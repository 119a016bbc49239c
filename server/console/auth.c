/* SPDX-License-Identifier: MIT */
/*
 * Who may come in. The admin token: made at the first start, kept in a file only its owner reads.
 * And sessions, with what a browser has to bring that uses one.
 */
#include "server/access/access.h"
#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "server/base/durable_file.h"
#include "server/base/str.h"
#include "server/console/console.h"
#include "server/console/hosts.h"
#include "server/console/origin.h"
#include "server/console/session_cookie.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BEARER           "Bearer "
#define TOKEN_MIN_BYTES  32
#define TOKEN_TEXT_BYTES (2 * CONSOLE_TOKEN_BYTES + 1)

static bool make_token(const char *path, struct err *err)
{
	uint8_t random[CONSOLE_TOKEN_BYTES];
	char text[TOKEN_TEXT_BYTES + 1];

	if (!crypto_random(random, sizeof(random), err)) {
		return false;
	}
	str_hex(text, random, sizeof(random));
	crypto_wipe(random, sizeof(random));
	/* Whole or not there at all: half a token would be refused at every later start. */
	bool is_written = durable_file_write(path, text, strlen(text), err);
	crypto_wipe(text, sizeof(text));
	if (!is_written) {
		err_prefix(err, "the admin token");
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

/* ----------------------------------------------------------------- judging */

static enum err_code refuse(const char **complaint, enum err_code code, const char *text)
{
	*complaint = text;
	return code;
}

/* A caller that shows a token is judged by it alone. */
static enum err_code judge_token(
        const struct console *console, struct http_request *request, const char **complaint)
{
	const struct http_actor program = {.kind = HTTP_TOKEN, .role = HTTP_ROLE_ADMIN};
	const char *header = http_request_header(request, "Authorization");

	if (http_request_header_count(request, "Authorization") != 1 || header == NULL ||
	        !str_starts_with(header, BEARER) ||
	        !is_token(&console->token, header + strlen(BEARER))) {
		return refuse(complaint, ERR_UNAUTHORIZED, "this is not the admin token");
	}
	http_request_set_actor(request, &program);
	return ERR_OK;
}

static const char *only(const struct http_request *request, const char *name)
{
	return http_request_header_count(request, name) == 1 ? http_request_header(request, name)
	                                                     : NULL;
}

/* Only the console's own page may make a browser change something. */
static enum err_code judge_origin(const struct http_request *request, const char **complaint)
{
	const struct origin_claim claim = {
	        .has_fetch_site = http_request_header_count(request, "Sec-Fetch-Site") > 0,
	        .fetch_site = only(request, "Sec-Fetch-Site"),
	        .origin = only(request, "Origin"),
	        .host = only(request, "Host"),
	        .content_type = only(request, "Content-Type"),
	};
	const char *problem = origin_complaint(&claim);

	return problem == NULL ? ERR_OK : refuse(complaint, ERR_CROSS_SITE, problem);
}

static enum err_code judge_change(const struct console *console, const struct http_request *request,
        const char *token, const char **complaint)
{
	const char *csrf = only(request, "X-CSRF-Token");
	enum err_code code = judge_origin(request, complaint);

	if (code == ERR_OK && (csrf == NULL || !access_is_csrf(console->access, token, csrf))) {
		return refuse(
		        complaint, ERR_CROSS_SITE, "X-CSRF-Token is not the one of this session");
	}
	return code;
}

static enum http_role role_of(const struct access_session *session)
{
	static const enum http_role ROLES[ACCESS_ROLE_COUNT] = {
	        [ACCESS_VIEWER] = HTTP_ROLE_VIEWER,
	        [ACCESS_OPERATOR] = HTTP_ROLE_OPERATOR,
	        [ACCESS_ADMIN] = HTTP_ROLE_ADMIN,
	};

	return ROLES[session->role];
}

static enum err_code judge_rights(const struct http_route *route,
        const struct access_session *session, const char **complaint)
{
	if (role_of(session) < route->role) {
		return refuse(complaint, ERR_FORBIDDEN, "your role does not allow this");
	}
	if ((route->flags & HTTP_FRESH) != 0 && session->fresh_until_ms <= clock_wall_ms()) {
		return refuse(complaint, ERR_NOT_FRESH, "this needs your password once more");
	}
	return ERR_OK;
}

static void act_for(struct http_request *request, const struct access_session *session)
{
	struct http_actor actor = {.kind = HTTP_SESSION,
	        .role = role_of(session),
	        .account = session->account,
	        .session = session->id};

	str_format_cut(actor.name, sizeof(actor.name), "%s", session->name);
	http_request_set_actor(request, &actor);
}

static enum err_code judge_session(const struct console *console, struct http_request *request,
        const struct http_route *route, const char **complaint)
{
	char token[ACCESS_TOKEN_BYTES] = {0};
	struct access_session session;
	enum err_code code = ERR_OK;

	if (!session_cookie_find(console->access, request, token, &session)) {
		code = refuse(complaint, ERR_UNAUTHORIZED, "this path needs somebody signed in");
	}
	if (code == ERR_OK && http_request_method(request) != HTTP_GET) {
		code = judge_change(console, request, token, complaint);
	}
	crypto_wipe(token, sizeof(token));
	if (code == ERR_OK) {
		code = judge_rights(route, &session, complaint);
	}
	if (code == ERR_OK) {
		act_for(request, &session);
	}
	return code;
}

enum err_code console_authorize(struct http_request *request, const struct http_route *route,
        const char **complaint, void *context)
{
	const struct console *console = context;
	enum err_code host = console_judge_host(console, request, route, complaint);

	if (host != ERR_OK) {
		return host;
	}
	if (route->role == HTTP_ROLE_PUBLIC) {
		return route->method == HTTP_GET ? ERR_OK : judge_origin(request, complaint);
	}
	if (http_request_header_count(request, "Authorization") > 0) {
		return judge_token(console, request, complaint);
	}
	return judge_session(console, request, route, complaint);
}
