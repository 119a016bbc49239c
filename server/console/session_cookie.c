/* SPDX-License-Identifier: MIT */
#include "server/console/session_cookie.h"

#include "server/base/crypto.h"
#include "server/base/str.h"

#define NAME       "__Host-bob2okta"
#define ATTRIBUTES "; Path=/; Secure; HttpOnly; SameSite=Strict"

bool session_cookie_find(struct access *access, const struct http_request *request,
        char token[ACCESS_TOKEN_BYTES], struct access_session *session)
{
	bool is_alone = http_request_header(request, "X-Unattended") != NULL;

	if (access == NULL || !http_request_cookie(request, NAME, token, ACCESS_TOKEN_BYTES)) {
		return false;
	}
	return is_alone ? access_peek(access, token, session) : access_find(access, token, session);
}

bool session_cookie_set(struct http_reply *reply, const char *token)
{
	char value[HTTP_HEADER_VALUE_BYTES];
	bool is_set = str_format(value, sizeof(value), NAME "=%s" ATTRIBUTES, token) &&
	        http_reply_header(reply, "Set-Cookie", value);

	crypto_wipe(value, sizeof(value));
	return is_set;
}

bool session_cookie_clear(struct http_reply *reply)
{
	return http_reply_header(reply, "Set-Cookie", NAME "=" ATTRIBUTES "; Max-Age=0");
}
