/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CONSOLE_SESSION_COOKIE_H
#define SERVER_CONSOLE_SESSION_COOKIE_H

/*
 * The session's cookie. Browsers take one with this prefix from https only (and
 * from http on loopback), for this host alone and never from a script.
 */

#include "server/access/access.h"
#include "server/base/attr.h"
#include "server/http/http.h"

#include <stdbool.h>

/*
 * The session of the request's cookie; false: it has none that goes on. Prolongs the session,
 * unless the page says that nobody is there (X-Unattended). Wipe token after use.
 */
bool session_cookie_find(struct access *access, const struct http_request *request,
        char token[ACCESS_TOKEN_BYTES], struct access_session *session) MUST_CHECK;
/* False when the reply has no room for it. */
bool session_cookie_set(struct http_reply *reply, const char *token) MUST_CHECK;
bool session_cookie_clear(struct http_reply *reply) MUST_CHECK;

#endif
