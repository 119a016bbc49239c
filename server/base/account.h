/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_ACCOUNT_H
#define SERVER_BASE_ACCOUNT_H

/*
 * The status words of an Okta user (okta.md 1.7), shared by okta/, which reads
 * them, and mapping/, which decides on them. Pure.
 */

#include <stdbool.h>

enum account_status {
	ACCOUNT_NONE, /* no Okta user is known */
	ACCOUNT_UNKNOWN, /* a word that is not in the list: never acted on without a fresh read */
	ACCOUNT_STAGED,
	ACCOUNT_PROVISIONED,
	ACCOUNT_ACTIVE,
	ACCOUNT_RECOVERY,
	ACCOUNT_PASSWORD_EXPIRED,
	ACCOUNT_LOCKED_OUT,
	ACCOUNT_SUSPENDED,
	ACCOUNT_DEPROVISIONED,
};

/* Okta's own spelling, upper case; "NONE" and "UNKNOWN" for the first two. */
const char *account_status_name(enum account_status status);
enum account_status account_status_parse(const char *text);

/* Rule R2: PROVISIONED, ACTIVE, LOCKED_OUT, PASSWORD_EXPIRED, RECOVERY. */
bool account_status_is_activated(enum account_status status);

#endif
