/* SPDX-License-Identifier: MIT */
#ifndef SERVER_SETTINGS_SETTINGS_WALK_H
#define SERVER_SETTINGS_SETTINGS_WALK_H

/*
 * One pass over a settings document, led by the table of keys: it knows where
 * it stands (the JSON path), collects mistakes, and hands each value to its
 * reader (settings_value.h). Private to server/settings. One thread.
 */

#include "server/base/attr.h"
#include "server/settings/settings.h"
#include "server/settings/settings_keys.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct settings_walk {
	struct settings_report *report;
	const char *base_dir;
	enum settings_plain plain;
	bool is_draft; /* how to reach Bob and Okta is not looked at, and may be missing */
	bool is_console; /* keys with SETTINGS_KEY_SETUP may be missing */
	struct connection_settings *unfinished; /* whose missing keys are noted; NULL: none's */
	bool is_out_of_memory;
	size_t path_len;
	char path[sizeof(((struct settings_mistake *)0)->path)];
};

/* A whole document by this walk, as settings_load_document; report becomes the walk's. */
struct settings *settings_walk_load(struct settings_walk *walk, const json_t *document,
        struct settings_report *report, struct err *err) MUST_CHECK;
/* Reads the whole document into settings; mistakes go to the report. */
void settings_walk_document(
        struct settings_walk *walk, const json_t *document, struct settings *settings);

/* One connection, with its defaults; mistakes go to the report. */
void settings_walk_connection(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, struct connection_settings *connection);
/* One value of the table, whatever its type, into target + key->offset. */
void settings_walk_value(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target);
/* The keys of an object below parent; unknown and missing ones are mistakes. */
void settings_walk_section(struct settings_walk *walk, const struct settings_key *parent,
        const json_t *json, void *target);
/* Every default at any depth of this container, as far as its own struct reaches. */
void settings_walk_defaults(
        struct settings_walk *walk, const struct settings_key *parent, void *target);
/* False with a mistake recorded: no list, or not as long as the key allows. */
bool settings_walk_is_list(
        struct settings_walk *walk, const struct settings_key *key, const json_t *json) MUST_CHECK;
/* The same for an object whose keys are names. */
bool settings_walk_is_named(
        struct settings_walk *walk, const struct settings_key *key, const json_t *json) MUST_CHECK;
/* Sites, types of employment, leaves (settings_names.c). */
void settings_walk_names(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, struct policy_settings *policy);
/* What takes the place of keys that are not set up yet (settings_console.c). */
void settings_walk_note_lack(struct settings_walk *walk, const char *name);
void settings_walk_finish_lacks(struct settings_walk *walk, struct connection_settings *connection);
/* Values that are good by themselves and make no sense together (settings_together.c). */
void settings_walk_check_together(
        struct settings_walk *walk, const struct connection_settings *connection);
/* Mapping rows, laid over those in rules (settings_rows.c). */
void settings_walk_rows(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, struct map_rules *rules);

/* Groups and who belongs into them, added to rules (settings_groups.c). */
void settings_walk_groups(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, struct map_rules *rules);

/* Where alarms go (settings_alarms.c); alarms is the struct that holds the targets. */
void settings_walk_targets(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, struct alarm_settings *alarms);
/* The table's own severities. */
void settings_alarms_init(struct alarm_settings *alarms);

/* Goes down to a key, or to an element; returns where it stood, for settings_walk_leave. */
size_t settings_walk_enter(struct settings_walk *walk, const char *key);
/* Down several keys of the table at one step: "provisioning.scope". */
size_t settings_walk_enter_plain(struct settings_walk *walk, const char *steps);
size_t settings_walk_enter_element(struct settings_walk *walk, size_t index);
void settings_walk_leave(struct settings_walk *walk, size_t path_len);

/* Records a mistake at the present path. The text never holds a secret. */
void settings_walk_mistake(struct settings_walk *walk, const char *format, ...) PRINTF(2, 3);
/* "must be a text, not a number". */
void settings_walk_wrong_type(struct settings_walk *walk, const char *wanted, const json_t *json);
/* How many there are so far, those left out included. */
size_t settings_walk_mistakes(const struct settings_walk *walk);

#endif
