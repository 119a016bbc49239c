/* SPDX-License-Identifier: MIT */
#ifndef SERVER_SETTINGS_SECRET_NAMES_H
#define SERVER_SETTINGS_SECRET_NAMES_H

/*
 * The secrets that can be entered, by name (one table, secret_names.c), and
 * what values they may have. Pure.
 */

#include "server/settings/settings.h"

#include <stdbool.h>
#include <stddef.h>

struct secret_name {
	const char *name; /* "okta.api_token" */
	const char *help;
	bool keeps_before; /* two at once: the new one and the one before */
	const char *(*problem)(const char *text); /* NULL: usable; else what is wrong (static) */
	/* The address it may be sent to; NULL: it is sent nowhere. */
	const char *(*host)(const struct connection_settings *connection);
	/* True: these settings take it from the store. */
	bool (*is_wanted)(const struct connection_settings *connection);
};

extern const struct secret_name secret_names[];
extern const size_t secret_names_count;

/* NULL: there is none of that name. */
const struct secret_name *secret_names_find(const char *name);
/* What it is bound to; "" for nothing. Borrowed. */
const char *secret_names_host(
        const struct secret_name *name, const struct connection_settings *connection);

const char *secret_names_token_problem(const char *text);
const char *secret_names_webhook_problem(const char *text);

#endif
