/* SPDX-License-Identifier: MIT */
#ifndef SERVER_SERVE_CHECK_H
#define SERVER_SERVE_CHECK_H

/* What a settings document must pass beside its own check before it is put to work. */

#include "server/settings/settings_document.h"

/*
 * For running_options.check: every expression must compile. context is a struct
 * evaluator_spawner; NULL: this program runs no evaluators, and nothing is asked.
 */
bool serve_check(void *context, const struct settings *settings, const json_t *document,
        struct settings_report *report, struct err *err);

#endif
