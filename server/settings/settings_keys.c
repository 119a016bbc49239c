/* SPDX-License-Identifier: MIT */
#include "server/settings/settings_keys.h"

#include "server/base/str.h"
#include "server/settings/nearest.h"

#include <string.h>

#define REQUIRED           SETTINGS_KEY_REQUIRED
#define NULLABLE           SETTINGS_KEY_NULLABLE
#define ACCESS             SETTINGS_KEY_ACCESS
#define FILE_ONLY          SETTINGS_KEY_FILE
#define SETUP              SETTINGS_KEY_SETUP
#define NOWHERE            0
#define ALARMS(member)     offsetof(struct settings, alarms.member)
#define TARGET(member)     offsetof(struct alarm_target, member)
#define WHOLE(member)      offsetof(struct settings, member)
#define CONNECTION(member) offsetof(struct connection_settings, member)
#define SITE(member)       offsetof(struct site_settings, member)
#define EMPLOYMENT(member) offsetof(struct employment_settings, member)
#define ROW(member)        offsetof(struct map_row, member)
#define GROUP(member)      offsetof(struct map_group, member)
#define HOUR(kind, member) offsetof(struct connection_settings, limits.hour[LIMIT_##kind].member)
#define DAY(kind, member)  offsetof(struct connection_settings, limits.day[LIMIT_##kind].member)
#define WEEK(kind, member) offsetof(struct connection_settings, limits.week[LIMIT_##kind].member)

#define KEY(path, type, flags, fallback, least, most, words, target, help) \
	{path, SETTINGS_TYPE_##type, flags, fallback, least, most, words, target, help},

const struct settings_key settings_keys[] = {
#include "server/settings/settings_keys.def"
};
const size_t settings_keys_count = ARRAY_SIZE(settings_keys);

bool settings_keys_is_listed(const struct settings_key *key)
{
	return key->type == SETTINGS_TYPE_CONNECTIONS || key->type == SETTINGS_TYPE_ROWS ||
	        key->type == SETTINGS_TYPE_GROUPS || key->type == SETTINGS_TYPE_TARGETS;
}

bool settings_keys_is_named(const struct settings_key *key)
{
	return key->type == SETTINGS_TYPE_SITES || key->type == SETTINGS_TYPE_EMPLOYMENTS;
}

/* What stands between a container's own path and the names of its keys. */
static const char *joint(const struct settings_key *parent)
{
	if (settings_keys_is_listed(parent)) {
		return "[].";
	}
	return settings_keys_is_named(parent) ? ".*." : ".";
}

bool settings_keys_is_child(
        const struct settings_key *key, const struct settings_key *parent, const char **name)
{
	const char *rest = key->path;
	if (parent != NULL) {
		size_t len = strlen(parent->path);
		const char *between = joint(parent);
		if (strncmp(rest, parent->path, len) != 0 ||
		        !str_starts_with(rest + len, between)) {
			return false;
		}
		rest += len + strlen(between);
	}
	*name = rest;
	return *rest != '\0' && strpbrk(rest, ".[*") == NULL;
}

const struct settings_key *settings_keys_find(
        const struct settings_key *parent, const char *name, size_t len)
{
	for (size_t i = 0; i < settings_keys_count; i++) {
		const char *own = NULL;
		if (settings_keys_is_child(&settings_keys[i], parent, &own) && strlen(own) == len &&
		        memcmp(own, name, len) == 0) {
			return &settings_keys[i];
		}
	}
	return NULL;
}

const char *settings_keys_nearest(const struct settings_key *parent, const char *name)
{
	struct nearest nearest;
	nearest_init(&nearest, name);
	for (size_t i = 0; i < settings_keys_count; i++) {
		const char *own = NULL;
		if (settings_keys_is_child(&settings_keys[i], parent, &own)) {
			nearest_offer(&nearest, own);
		}
	}
	return nearest_get(&nearest);
}

const struct settings_key *settings_keys_elsewhere(const char *name)
{
	for (size_t i = 0; i < settings_keys_count; i++) {
		const char *dot = strrchr(settings_keys[i].path, '.');
		if (dot != NULL && str_equal(dot + 1, name)) {
			return &settings_keys[i];
		}
	}
	return NULL;
}

const struct settings_key *settings_keys_at(const char *path)
{
	for (size_t i = 0; i < settings_keys_count; i++) {
		if (str_equal(settings_keys[i].path, path)) {
			return &settings_keys[i];
		}
	}
	return NULL;
}
