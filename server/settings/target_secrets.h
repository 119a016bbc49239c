/* SPDX-License-Identifier: MIT */
#ifndef SERVER_SETTINGS_TARGET_SECRETS_H
#define SERVER_SETTINGS_TARGET_SECRETS_H

/*
 * The secrets of the targets of alarms: what each is called in the settings and
 * in the store ("alarms.NAME.webhook" of the target NAME), and what values it
 * may have. They belong to no connection. Pure.
 */

#include "server/settings/settings.h"

#include <stdbool.h>
#include <stddef.h>

/* "alarms.", a target's name, ".hmac_secret". */
#define TARGET_SECRET_NAME_BYTES (CONNECTION_NAME_BYTES + 24)

struct target_secret_name {
	char target[CONNECTION_NAME_BYTES];
	enum target_secret which;
};

/* False: no name of a target's secret. Whether there is such a target is not asked. */
bool target_secret_parse(const char *text, struct target_secret_name *name) MUST_CHECK;
void target_secret_format(
        char to[TARGET_SECRET_NAME_BYTES], const char *target, enum target_secret which);

/* Its key in the settings: "webhook". */
const char *target_secret_key(enum target_secret which);
/* What it is, for whoever enters it. */
const char *target_secret_help(enum target_secret which);

/* Borrowed from the target. */
struct secret *target_secret_of(struct alarm_target *target, enum target_secret which);
/* NULL: there is none of that name. Borrowed. */
struct alarm_target *target_find(const struct alarm_settings *alarms, const char *name);

/*
 * The value as it is used, out of a text that somebody entered. NULL when it is good, else what is
 * wrong (static, without the value).
 */
const char *target_secret_read(enum target_secret which, const char *text,
        enum settings_plain plain, struct secret *value) MUST_CHECK;
/* Of the HMAC's secret alone, wherever it comes from. */
const char *target_secret_hmac_problem(const char *text);

#endif
