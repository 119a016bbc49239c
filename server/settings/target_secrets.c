/* SPDX-License-Identifier: MIT */
#include "server/settings/target_secrets.h"

#include "server/base/str.h"
#include "server/settings/secret_names.h"
#include "server/settings/settings_url.h"

#include <stdint.h>
#include <string.h>

#define PREFIX                "alarms."
#define HMAC_SECRET_MIN_BYTES 8

/* -------------------------------------------------------------------- table */

static const struct {
	const char *key;
	const char *help;
	size_t offset;
} SECRETS[TARGET_SECRET_COUNT] = {
        [TARGET_WEBHOOK] = {"webhook", "the https address that alarms are posted to",
                offsetof(struct alarm_target, webhook)},
        [TARGET_BEARER] = {"bearer", "the token that goes along with each post",
                offsetof(struct alarm_target, bearer)},
        [TARGET_HMAC_SECRET] = {"hmac_secret", "the secret that each post is signed with",
                offsetof(struct alarm_target, hmac_secret)},
        [TARGET_PASSWORD] = {"password", "the password at the mail server",
                offsetof(struct alarm_target, password)},
};

const char *target_secret_key(enum target_secret which)
{
	return SECRETS[which].key;
}

const char *target_secret_help(enum target_secret which)
{
	return SECRETS[which].help;
}

struct secret *target_secret_of(struct alarm_target *target, enum target_secret which)
{
	return (struct secret *)(void *)((char *)target + SECRETS[which].offset);
}

struct alarm_target *target_find(const struct alarm_settings *alarms, const char *name)
{
	for (size_t i = 0; i < alarms->target_count; i++) {
		if (str_equal(alarms->targets[i].name, name)) {
			return &alarms->targets[i];
		}
	}
	return NULL;
}

/* -------------------------------------------------------------------- names */

static bool find_key(const char *key, enum target_secret *which)
{
	for (int i = 0; i < TARGET_SECRET_COUNT; i++) {
		if (str_equal(SECRETS[i].key, key)) {
			*which = (enum target_secret)i;
			return true;
		}
	}
	return false;
}

bool target_secret_parse(const char *text, struct target_secret_name *name)
{
	*name = (struct target_secret_name){0};
	if (!str_starts_with(text, PREFIX)) {
		return false;
	}
	const char *target = text + strlen(PREFIX);
	const char *dot = strrchr(target, '.');
	return dot != NULL &&
	        str_format(
	                name->target, sizeof(name->target), "%.*s", (int)(dot - target), target) &&
	        str_is_word(name->target, sizeof(name->target) - 1, "-_") &&
	        find_key(dot + 1, &name->which);
}

void target_secret_format(
        char to[TARGET_SECRET_NAME_BYTES], const char *target, enum target_secret which)
{
	str_format_cut(
	        to, TARGET_SECRET_NAME_BYTES, PREFIX "%s.%s", target, target_secret_key(which));
}

/* ------------------------------------------------------------------- values */

const char *target_secret_hmac_problem(const char *text)
{
	return strlen(text) < HMAC_SECRET_MIN_BYTES ? "is shorter than 8 bytes; take a longer one"
	                                            : NULL;
}

static const char *read_address(const char *text, enum settings_plain plain, struct secret *value)
{
	char url[SETTINGS_URL_BYTES];
	const char *problem = settings_url_hook(url, text, plain);
	if (problem == NULL && !secret_set(value, url)) {
		problem = "cannot be kept: there is no memory for it";
	}
	explicit_bzero(url, sizeof(url));
	return problem;
}

const char *target_secret_read(
        enum target_secret which, const char *text, enum settings_plain plain, struct secret *value)
{
	if (which == TARGET_WEBHOOK) {
		return read_address(text, plain, value);
	}
	const char *problem = secret_names_token_problem(text);
	if (problem == NULL && which == TARGET_HMAC_SECRET) {
		problem = target_secret_hmac_problem(text);
	}
	if (problem == NULL && !secret_set(value, text)) {
		problem = "cannot be kept: there is no memory for it";
	}
	return problem;
}
