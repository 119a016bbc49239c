/* SPDX-License-Identifier: MIT */
#include "server/settings/settings_value.h"

#include "server/base/clock.h"
#include "server/base/str.h"
#include "server/settings/secret_names.h"
#include "server/settings/settings_document.h"

#include <stdlib.h>
#include <string.h>

#define DAY_MS           (24 * INT64_C(3600000))
#define OKTA_USER_ID_LEN 20

static bool is_list(struct settings_walk *walk, const struct settings_key *key, const json_t *json)
{
	if (!json_is_array(json)) {
		settings_walk_wrong_type(walk, "a list", json);
	} else if (json_array_size(json) < (size_t)key->least) {
		settings_walk_mistake(walk, "must not be empty: %s", key->help);
	} else if (json_array_size(json) > (size_t)key->most) {
		settings_walk_mistake(walk, "has %zu entries, and %lld are allowed",
		        json_array_size(json), (long long)key->most);
	} else {
		return true;
	}
	return false;
}

/* A domain as a mail address carries it: labels of letters, digits and -, at least two. */
static bool is_domain(const char *text)
{
	const char *dot = strchr(text, '.');
	return str_is_word(text, 253, ".-") && text[0] != '.' && text[0] != '-' && dot != NULL &&
	        dot[1] != '\0' && strstr(text, "..") == NULL && text[strlen(text) - 1] != '.';
}

/* A folded copy of the trimmed text; the caller frees. NULL with a mistake recorded. */
static char *entry_of(struct settings_walk *walk, const json_t *json)
{
	size_t len = 0;
	const char *text = json_is_string(json) ? str_trim(json_string_value(json), &len) : NULL;
	if (text == NULL) {
		settings_walk_wrong_type(walk, "a text", json);
		return NULL;
	}
	if (len == 0) {
		settings_walk_mistake(walk, "must not be empty; remove the entry");
		return NULL;
	}
	char *copy = str_dup_len(text, len);
	walk->is_out_of_memory = walk->is_out_of_memory || copy == NULL;
	return copy;
}

/* The entry as policy compares it, or NULL with a mistake recorded. */
typedef char *(*entry_reader)(struct settings_walk *walk, const json_t *json);

static char *domain_of(struct settings_walk *walk, const json_t *json)
{
	char *entry = entry_of(walk, json);
	if (entry == NULL) {
		return NULL;
	}
	str_fold(entry);
	if (entry[0] == '@') {
		memmove(entry, entry + 1, strlen(entry));
	}
	if (!str_equal(entry, "*") && !is_domain(entry)) {
		settings_walk_mistake(walk,
		        "is no mail domain; write it like \"example.com\","
		        " or [\"*\"] for any");
		free(entry);
		return NULL;
	}
	return entry;
}

/* Okta ids tell upper and lower case apart, logins do not. */
static bool is_okta_id(const char *text)
{
	return strlen(text) == OKTA_USER_ID_LEN && str_starts_with(text, "00") &&
	        str_is_word(text, OKTA_USER_ID_LEN, NULL);
}

static char *account_of(struct settings_walk *walk, const json_t *json)
{
	char *entry = entry_of(walk, json);
	if (entry != NULL && !is_okta_id(entry)) {
		str_fold(entry);
	}
	return entry;
}

static void free_texts(char **texts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(texts[i]);
	}
	free(texts);
}

/* Replaces *texts by the entries that can be used. */
static void read_texts(struct settings_walk *walk, const json_t *json, entry_reader read,
        char ***texts, size_t *count)
{
	free_texts(*texts, *count);
	*count = 0;
	*texts = calloc(json_array_size(json) + 1, sizeof(**texts));
	if (*texts == NULL) {
		walk->is_out_of_memory = true;
		return;
	}
	for (size_t i = 0; i < json_array_size(json); i++) {
		size_t before = settings_walk_enter_element(walk, i);
		char *entry = read(walk, json_array_get(json, i));
		if (entry != NULL) {
			(*texts)[(*count)++] = entry;
		}
		settings_walk_leave(walk, before);
	}
}

void settings_list_domains(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, struct policy_settings *policy)
{
	if (!is_list(walk, key, json)) {
		return;
	}
	read_texts(walk, json, domain_of, &policy->email_domains, &policy->email_domain_count);
	for (size_t i = 0; i < policy->email_domain_count; i++) {
		if (str_equal(policy->email_domains[i], "*") && json_array_size(json) > 1) {
			settings_walk_mistake(walk,
			        "\"*\" means any domain and stands alone; remove it or"
			        " the others");
			return;
		}
	}
}

void settings_list_accounts(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, struct policy_settings *policy)
{
	if (is_list(walk, key, json)) {
		read_texts(walk, json, account_of, &policy->protected_accounts,
		        &policy->protected_count);
	}
}

static struct hmac_key *webhook_key(struct settings_walk *walk, const json_t *json)
{
	struct secret secret = {0};
	struct hmac_key *key = NULL;
	if (!settings_secret_read(walk, json, &secret)) {
		return NULL;
	}
	const char *text = secret_reveal(&secret);
	const char *problem = secret_names_webhook_problem(text);
	if (problem != NULL) {
		settings_walk_mistake(walk, "%s", problem);
	} else {
		key = hmac_key_create(text, strlen(text), NULL);
		walk->is_out_of_memory = walk->is_out_of_memory || key == NULL;
	}
	secret_finish(&secret);
	return key;
}

/* The end of that day (UTC), or that very moment. */
static bool expiry_of(const char *text, int64_t *expires_ms)
{
	int32_t days = 0;
	if (text != NULL && date_parse(text, &days)) {
		*expires_ms = ((int64_t)days + 1) * DAY_MS;
		return true;
	}
	/* With an offset: what an hour without one means is nobody's to guess. */
	return text != NULL && strlen(text) > sizeof("YYYY-MM-DDTHH:MM:SS") - 1 &&
	        time_parse(text, expires_ms);
}

/* {"file": ..., "expires": ...}: the reference alone, a new one, and how long it is accepted. */
static json_t *take_expiry(struct settings_walk *walk, const json_t *json, int64_t *expires_ms)
{
	json_t *bare = json_deep_copy(json);
	const json_t *expires = json_object_get(json, "expires");
	*expires_ms = 0;
	walk->is_out_of_memory = walk->is_out_of_memory || bare == NULL;
	if (expires == NULL) {
		return bare;
	}
	size_t before = settings_walk_enter(walk, "expires");
	if (!expiry_of(json_string_value(expires), expires_ms)) {
		settings_walk_mistake(walk,
		        "must be a day, \"2026-12-31\" (its end, UTC), or a moment with its offset,"
		        " \"2026-12-31T18:00:00Z\"");
	}
	settings_walk_leave(walk, before);
	json_object_del(bare, "expires");
	return bare;
}

void settings_list_webhook_secrets(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, struct bob_settings *bob)
{
	if (!is_list(walk, key, json)) {
		return;
	}
	for (size_t i = 0; i < json_array_size(json); i++) {
		size_t before = settings_walk_enter_element(walk, i);
		int64_t expires_ms = 0;
		json_t *bare = take_expiry(walk, json_array_get(json, i), &expires_ms);
		struct hmac_key *webhook = NULL;
		if (settings_secret_is_stored(bare)) {
			bob->has_stored_webhook_secrets = true;
			if (expires_ms != 0) {
				settings_walk_mistake(walk,
				        "a secret in the store has no \"expires\": it ends with"
				        " bob2okta secret remove");
			}
		} else {
			webhook = webhook_key(walk, bare);
		}
		if (webhook != NULL) {
			bob->webhook_expires_ms[bob->webhook_key_count] = expires_ms;
			bob->webhook_keys[bob->webhook_key_count++] = webhook;
		}
		settings_document_wipe(bare);
		settings_walk_leave(walk, before);
	}
}
