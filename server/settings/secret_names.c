/* SPDX-License-Identifier: MIT */
#include "server/settings/secret_names.h"

#include "server/base/str.h"

#include <string.h>

#define TOKEN_MAX_BYTES          4096
#define WEBHOOK_SECRET_MIN_BYTES 8

/* ------------------------------------------------------------------- values */

/* U-06: what goes into a header is one line of ASCII. */
static bool is_header_text(const char *text)
{
	for (const char *at = text; *at != '\0'; at++) {
		if (*at < 0x20 || *at > 0x7e) {
			return false;
		}
	}
	return true;
}

const char *secret_names_token_problem(const char *text)
{
	size_t len = 0;
	(void)str_trim(text, &len);
	if (len == 0) {
		return "must not be empty";
	}
	if (len != strlen(text)) {
		return "begins or ends with white space; remove it";
	}
	if (len > TOKEN_MAX_BYTES || !is_header_text(text)) {
		return "cannot be a token: too long, or characters that no token has";
	}
	if (str_starts_with(text, "SSWS ")) {
		return "leave out the \"SSWS \" in front of the token";
	}
	return NULL;
}

const char *secret_names_webhook_problem(const char *text)
{
	if (str_is_empty(text)) {
		return "must not be blank; copy the secret from Bob";
	}
	if (strlen(text) < WEBHOOK_SECRET_MIN_BYTES) {
		return "is shorter than 8 bytes; copy the whole secret from Bob";
	}
	return strlen(text) > TOKEN_MAX_BYTES ? "is too long for a secret of Bob's" : NULL;
}

/* -------------------------------------------------------------------- names */

static const char *okta_host(const struct connection_settings *connection)
{
	return connection->okta.base_url;
}

static const char *bob_host(const struct connection_settings *connection)
{
	return connection->bob.base_url;
}

static bool wants_okta_token(const struct connection_settings *connection)
{
	return connection->okta.api_token.is_stored;
}

static bool wants_bob_token(const struct connection_settings *connection)
{
	return connection->bob.service_user_token.is_stored;
}

static bool wants_webhook_secret(const struct connection_settings *connection)
{
	return connection->bob.has_stored_webhook_secrets;
}

const struct secret_name secret_names[] = {
        {"okta.api_token", "Okta's API token", false, secret_names_token_problem, okta_host,
                wants_okta_token},
        {"bob.service_user_token", "the token of Bob's service user", false,
                secret_names_token_problem, bob_host, wants_bob_token},
        {"bob.webhook_secret", "the secret of Bob's webhook; the one before stays valid", true,
                secret_names_webhook_problem, NULL, wants_webhook_secret},
};
const size_t secret_names_count = ARRAY_SIZE(secret_names);

const struct secret_name *secret_names_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(secret_names); i++) {
		if (str_equal(secret_names[i].name, name)) {
			return &secret_names[i];
		}
	}
	return NULL;
}

const char *secret_names_host(
        const struct secret_name *name, const struct connection_settings *connection)
{
	const char *host = name->host != NULL ? name->host(connection) : NULL;
	return host != NULL ? host : "";
}
