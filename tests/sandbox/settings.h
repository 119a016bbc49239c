/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_SETTINGS_H
#define TESTS_SANDBOX_SETTINGS_H

/* The settings of POST /control/settings: one table of keys, types and defaults. */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "tests/sandbox/util.h"

struct settings {
	json_t *values; /* always has every key */
};

void settings_init(struct settings *set);
void settings_finish(struct settings *set);
/* Sets what the object names; NULL when all is well, else what is wrong (the caller frees) and
 * nothing is changed. */
char *settings_change(struct settings *set, const json_t *changes) MUST_CHECK;

int64_t settings_int(const struct settings *set, const char *key);
bool settings_is(const struct settings *set, const char *key);
/* The setting `today` as days since 1970, else the clock's day in UTC. */
int64_t settings_today(const struct settings *set);
const char *settings_text(const struct settings *set, const char *key);
const json_t *settings_list(const struct settings *set, const char *key);
/* The limit of an Okta bucket. */
int64_t settings_okta_limit(const struct settings *set, const char *bucket);

#endif
