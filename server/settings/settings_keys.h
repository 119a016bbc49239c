/* SPDX-License-Identifier: MIT */
#ifndef SERVER_SETTINGS_SETTINGS_KEYS_H
#define SERVER_SETTINGS_SETTINGS_KEYS_H

/*
 * The table of keys of the settings document (settings_keys.def) and the
 * structs its targets lie in. Everything about a key that can be said in data
 * is said there: the walker (settings_walk.h) reads it, and the page of the
 * settings is checked against it. Pure.
 */

#include "server/settings/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum settings_type {
	/* Containers. */
	SETTINGS_TYPE_SECTION, /* object with keys of the table */
	SETTINGS_TYPE_CONNECTIONS, /* list of objects */
	SETTINGS_TYPE_ROWS, /* list of mapping rows, into a struct map_rules */
	SETTINGS_TYPE_GROUPS, /* list of groups, into a struct map_rules */
	SETTINGS_TYPE_TARGETS, /* list of targets, into a struct alarm_settings */
	/* Objects with names of one's own, into a struct policy_settings. */
	SETTINGS_TYPE_SITES, /* name -> section */
	SETTINGS_TYPE_EMPLOYMENTS, /* name -> section */
	SETTINGS_TYPE_LEAVES, /* name -> choice */
	/* Values. */
	SETTINGS_TYPE_NAME, /* char[CONNECTION_NAME_BYTES] */
	SETTINGS_TYPE_COMPANY_ID, /* char[24], from a number or digits */
	SETTINGS_TYPE_BOB_URL, /* char * */
	SETTINGS_TYPE_OKTA_URL, /* char * */
	SETTINGS_TYPE_USER_ID, /* char * */
	SETTINGS_TYPE_TOKEN, /* struct token_settings */
	SETTINGS_TYPE_SECRET, /* struct secret */
	SETTINGS_TYPE_WEBHOOK_SECRETS, /* struct bob_settings */
	SETTINGS_TYPE_CHOICE, /* an enum */
	SETTINGS_TYPE_BOOL,
	SETTINGS_TYPE_SECONDS, /* int */
	SETTINGS_TYPE_DAYS, /* int */
	SETTINGS_TYPE_MAIL_DAYS, /* struct activation_email; being there says something too */
	SETTINGS_TYPE_TIME, /* int, minutes from the day's start; least and most are minutes */
	SETTINGS_TYPE_COUNT, /* int64_t */
	SETTINGS_TYPE_DOMAINS, /* struct policy_settings */
	SETTINGS_TYPE_ACCOUNTS, /* struct policy_settings */
	SETTINGS_TYPE_ZONE, /* struct zone * */
	SETTINGS_TYPE_ATTRIBUTE, /* char * */
	SETTINGS_TYPE_FIELD, /* char * */
	SETTINGS_TYPE_GROUP, /* char *, an Okta group's id or name */
	SETTINGS_TYPE_EXPRESSION, /* struct map_expression */
	SETTINGS_TYPE_EXPRESSIONS, /* struct map_row, from one text or a list of them */
	SETTINGS_TYPE_CONSTANT, /* json_t * */
	SETTINGS_TYPE_DATE, /* int32_t, days since 1970-01-01 */
	SETTINGS_TYPE_LEVELS, /* alarm -> level, into int[ALARM_COUNT] */
	SETTINGS_TYPE_HOOK_URL, /* struct secret */
	SETTINGS_TYPE_SMTP_URL, /* char * */
	SETTINGS_TYPE_LINK, /* char * */
	SETTINGS_TYPE_LOGIN, /* char * */
	SETTINGS_TYPE_MAIL, /* char * */
	SETTINGS_TYPE_MAILS, /* struct alarm_target */
	SETTINGS_TYPE_COUNT_OF
};

#define SETTINGS_KEY_REQUIRED 1u
#define SETTINGS_KEY_NULLABLE 2u
/* How to reach a system, secrets and all: not read of a draft. */
#define SETTINGS_KEY_ACCESS 4u
/* Only the settings file says it (engine rule 20). */
#define SETTINGS_KEY_FILE 8u
/* May be missing from settings that are managed from the console, until they are set up. */
#define SETTINGS_KEY_SETUP 16u

struct settings_key {
	const char *path;
	enum settings_type type;
	unsigned flags;
	const char *fallback;
	int64_t least;
	int64_t most;
	const char *words;
	size_t offset;
	const char *help;
};

/* True for a list whose elements are sections of the table. */
bool settings_keys_is_listed(const struct settings_key *key);
/* True for an object whose keys are names and whose values are sections of the table. */
bool settings_keys_is_named(const struct settings_key *key);

/* The rows in the order of the .def, for loops. */
extern const struct settings_key settings_keys[];
extern const size_t settings_keys_count;

/* The key `name` (len bytes) of a section; parent NULL: of the document. NULL: no such key. */
const struct settings_key *settings_keys_find(
        const struct settings_key *parent, const char *name, size_t len);
/* True when key is a direct child of parent; *name is then its own name. */
bool settings_keys_is_child(
        const struct settings_key *key, const struct settings_key *parent, const char **name);
/* Of the children of parent the one that is spelt most like name; NULL: none is near. */
const char *settings_keys_nearest(const struct settings_key *parent, const char *name);
/* A key of that name anywhere in the table, for "it belongs in ..."; NULL: none. */
const struct settings_key *settings_keys_elsewhere(const char *name);
/* The key of that whole path, as the table spells it; NULL: none. */
const struct settings_key *settings_keys_at(const char *path);

#endif
