/* SPDX-License-Identifier: MIT */
#ifndef SERVER_SETTINGS_SETTINGS_VALUE_H
#define SERVER_SETTINGS_SETTINGS_VALUE_H

/*
 * Readers of single values of the settings document, one a type of the table
 * (settings_keys.h): each checks its value, reports a mistake at the walk's
 * path, or stores it. Private to server/settings. One thread.
 */

#include "server/settings/settings_walk.h"

/* Reads a value that is no container into target + key->offset, replacing what is there. */
void settings_value_set(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target);

/* One of key->words, into the int of an enum at target. */
void settings_value_choice(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target);

/*
 * A secret as the document gives it: a text, {"env": NAME} or {"file": PATH}. False with a mistake
 * recorded.
 */
bool settings_secret_read(
        struct settings_walk *walk, const json_t *json, struct secret *secret) MUST_CHECK;

/* Lists of values (settings_list.c). */
void settings_list_domains(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, struct policy_settings *policy);
void settings_list_accounts(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, struct policy_settings *policy);
void settings_list_webhook_secrets(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, struct bob_settings *bob);

#endif
