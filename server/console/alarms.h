/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CONSOLE_ALARMS_H
#define SERVER_CONSOLE_ALARMS_H

/* Alarms as status and /readyz show them. */

#include "server/console/console.h"

#include <jansson.h>

/* Counts, and how the targets do; new reference, null with err when the store fails. */
json_t *console_alarms_summary(
        const struct console *console, const struct settings *settings, struct err *err);

#endif
