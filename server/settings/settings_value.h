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
 * A secret as the document gives it: a text, {"env": NAME} or {"file": PATH}; whether it is
 * {"stored": true} is asked before. False with a mistake recorded.
 */
bool settings_secret_read(
        struct settings_walk *walk, const json_t *json, struct secret *secret) MUST_CHECK;

/* {"stored": true}: the secret is in the store. */
bool settings_secret_is_stored(const json_t *json);
/* The trimmed text within the key's bounds; NULL with a mistake recorded. */
const char *settings_value_text(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, size_t *len);
/* An address, as judged by one of settings_url.h. */
typedef const char *(*settings_url_judge)(char *to, const char *text, enum settings_plain plain);
void settings_value_url(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, settings_url_judge judge, void *target);
/* Another text in the place of *held. */
void settings_value_replace(struct settings_walk *walk, char **held, const char *text, size_t len);

/* Of alarms (settings_alarms.c). */
void settings_alarm_levels(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target);
void settings_alarm_hook(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target);
void settings_alarm_smtp(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target);
void settings_alarm_link(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target);
void settings_alarm_login(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target);
void settings_alarm_mail(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target);
void settings_alarm_mails(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target);

/* Lists of values (settings_list.c). */
void settings_list_domains(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, struct policy_settings *policy);
void settings_list_accounts(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, struct policy_settings *policy);
void settings_list_webhook_secrets(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, struct bob_settings *bob);

#endif
