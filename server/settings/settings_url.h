/* SPDX-License-Identifier: MIT */
#ifndef SERVER_SETTINGS_SETTINGS_URL_H
#define SERVER_SETTINGS_SETTINGS_URL_H

/*
 * Addresses of the other sides, judged before a token is ever sent to one
 * (U-01): https, a plain host name, no user, port, query or fragment. Plain
 * http and numbers only for loopback, and only when the process was told so.
 * Pure.
 */

#include "server/base/attr.h"
#include "server/settings/settings.h"

#include <stdbool.h>

#define SETTINGS_URL_BYTES 320

/*
 * Writes the address as it will be used (https://acme.okta.com) into `to`, SETTINGS_URL_BYTES
 * large. NULL when it is good, else what is wrong and the mend (static).
 */
const char *settings_url_okta(char *to, const char *text, enum settings_plain plain) MUST_CHECK;
/* An address that settings_url_okta wrote is under one of Okta's own domains. */
bool settings_url_is_oktas(const char *url);
/* The same of Bob's. */
bool settings_url_is_bobs(const char *url);
/* A loopback address, of any kind. */
bool settings_url_is_loopback(const char *url);
/* The same for Bob, whose address may carry a path; no slash at the end. */
const char *settings_url_bob(char *to, const char *text, enum settings_plain plain) MUST_CHECK;
/* Where alarms are posted: https, with path and query as they are; at most SETTINGS_URL_BYTES. */
const char *settings_url_hook(char *to, const char *text, enum settings_plain plain) MUST_CHECK;
/* A mail server: smtps://host[:port], or smtp://host[:port], which then must speak STARTTLS. */
const char *settings_url_smtp(char *to, const char *text, enum settings_plain plain) MUST_CHECK;

#endif
