/* SPDX-License-Identifier: MIT */
/* What is alarmed about, and who is told. */
#include "server/base/str.h"
#include "server/settings/settings_url.h"
#include "server/settings/settings_value.h"
#include "server/settings/target_secrets.h"

#include <stdlib.h>
#include <string.h>

#define MAIL_MAX_BYTES 254

/* ---------------------------------------------------------------- lifetime */

void settings_alarms_init(struct alarm_settings *alarms)
{
	for (int name = 0; name < ALARM_COUNT; name++) {
		alarms->levels[name] = (int)alarm_severity((enum alarm_name)name);
	}
}

static void finish_target(struct alarm_target *target)
{
	for (int which = 0; which < TARGET_SECRET_COUNT; which++) {
		secret_finish(target_secret_of(target, (enum target_secret)which));
	}
	free(target->lack);
	free(target->smtp);
	free(target->login);
	free(target->from);
	for (size_t i = 0; i < target->to_count; i++) {
		free(target->to[i]);
	}
	free(target->to);
}

void settings_alarms_finish(struct alarm_settings *alarms)
{
	for (size_t i = 0; i < alarms->target_count; i++) {
		finish_target(&alarms->targets[i]);
	}
	free(alarms->targets);
	free(alarms->link);
	*alarms = (struct alarm_settings){0};
}

enum alarm_severity settings_alarm_severity(
        const struct alarm_settings *alarms, enum alarm_name name)
{
	int level = alarms->levels[name];
	return level == ALARM_LEVEL_OFF ? alarm_severity(name) : (enum alarm_severity)level;
}

/* ------------------------------------------------------------------ values */

void settings_alarm_levels(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target)
{
	static const int LEVELS[] = {ALARM_NOTICE, ALARM_WARNING, ALARM_CRITICAL, ALARM_LEVEL_OFF};
	int *levels = target;
	const char *word = NULL;
	json_t *level = NULL;
	if (!json_is_object(json)) {
		settings_walk_wrong_type(walk, "an object of alarms and their severity", json);
		return;
	}
	json_object_foreach((json_t *)(uintptr_t)json, word, level)
	{
		size_t before = settings_walk_enter(walk, word);
		enum alarm_name name = alarm_name_parse(word);
		int index = 0;
		if (name == ALARM_COUNT) {
			settings_walk_mistake(
			        walk, "there is no such alarm; docs/alarms.md lists them");
		} else {
			size_t mistakes = settings_walk_mistakes(walk);
			settings_value_choice(walk, key, level, &index);
			if (settings_walk_mistakes(walk) == mistakes) {
				levels[name] = LEVELS[index];
			}
		}
		settings_walk_leave(walk, before);
	}
}

void settings_alarm_hook(struct settings_walk *walk, const struct settings_key *key UNUSED,
        const json_t *json, void *target)
{
	struct secret text = {0};
	char url[SETTINGS_URL_BYTES];
	if (settings_secret_is_stored(json) || !settings_secret_read(walk, json, &text)) {
		return;
	}
	const char *problem = settings_url_hook(url, secret_reveal(&text), walk->plain);
	if (problem != NULL) {
		settings_walk_mistake(walk, "%s", problem);
	} else if (!secret_set(target, url)) {
		walk->is_out_of_memory = true;
	}
	explicit_bzero(url, sizeof(url));
	secret_finish(&text);
}

void settings_alarm_smtp(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target)
{
	settings_value_url(walk, key, json, settings_url_smtp, target);
}

void settings_alarm_link(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target)
{
	size_t len = 0;
	const char *text = settings_value_text(walk, key, json, &len);
	if (text == NULL) {
		return;
	}
	if (!str_starts_with(text, "https://") && !str_starts_with(text, "http://")) {
		settings_walk_mistake(walk, "must begin with https:// or http://");
		return;
	}
	settings_value_replace(walk, target, text, len);
}

void settings_alarm_login(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target)
{
	size_t len = 0;
	const char *text = settings_value_text(walk, key, json, &len);
	if (text != NULL) {
		settings_value_replace(walk, target, text, len);
	}
}

/* What may stand in an envelope and a header as it is: one @, plain characters, no comments. */
static bool is_mail(const char *text, size_t len)
{
	char copy[MAIL_MAX_BYTES + 1];
	if (!str_format(copy, sizeof(copy), "%.*s", (int)len, text)) {
		return false;
	}
	char *at = strchr(copy, '@');
	if (at == NULL || at == copy || strchr(at, '.') == NULL) {
		return false;
	}
	*at = '\0';
	return str_is_word(copy, 64, "!#$%&'*+-/=?^_`{|}~.") && str_is_word(at + 1, 253, ".-");
}

static char *mail_of(struct settings_walk *walk, const json_t *json)
{
	size_t len = 0;
	const char *text = json_is_string(json) ? str_trim(json_string_value(json), &len) : NULL;
	if (text == NULL) {
		settings_walk_wrong_type(walk, "a mail address (a text)", json);
		return NULL;
	}
	if (!is_mail(text, len)) {
		settings_walk_mistake(
		        walk, "is no mail address; write it like \"alarms@example.com\"");
		return NULL;
	}
	char *copy = str_dup_len(text, len);
	walk->is_out_of_memory = walk->is_out_of_memory || copy == NULL;
	return copy;
}

void settings_alarm_mail(struct settings_walk *walk, const struct settings_key *key UNUSED,
        const json_t *json, void *target)
{
	char *mail = mail_of(walk, json);
	if (mail != NULL) {
		char **held = target;
		free(*held);
		*held = mail;
	}
}

/* The key's target is the struct itself: a list has two members. */
void settings_alarm_mails(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target)
{
	struct alarm_target *to = target;
	if (!settings_walk_is_list(walk, key, json)) {
		return;
	}
	to->to = calloc(json_array_size(json), sizeof(*to->to));
	if (to->to == NULL) {
		walk->is_out_of_memory = true;
		return;
	}
	for (size_t i = 0; i < json_array_size(json); i++) {
		size_t before = settings_walk_enter_element(walk, i);
		char *mail = mail_of(walk, json_array_get(json, i));
		if (mail != NULL) {
			to->to[to->to_count++] = mail;
		}
		settings_walk_leave(walk, before);
	}
}

/* ----------------------------------------------------------------- targets */

static void mistake_at(struct settings_walk *walk, const char *key, const char *text)
{
	size_t before = settings_walk_enter(walk, key);
	settings_walk_mistake(walk, "%s", text);
	settings_walk_leave(walk, before);
}

/* In the document or, by its word, in the store. */
static bool is_given(struct alarm_target *target, enum target_secret which)
{
	return target->is_stored[which] || secret_is_set(target_secret_of(target, which));
}

static void check_webhook(struct settings_walk *walk, struct alarm_target *target)
{
	static const char *const MEND = "is only used with smtp; remove it";
	const struct {
		const char *key;
		bool is_given;
	} others[] = {{"login", target->login != NULL},
	        {"password", is_given(target, TARGET_PASSWORD)}, {"from", target->from != NULL},
	        {"to", target->to_count > 0}};
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		if (others[i].is_given) {
			mistake_at(walk, others[i].key, MEND);
		}
	}
	if (secret_is_set(&target->hmac_secret)) {
		const char *problem =
		        target_secret_hmac_problem(secret_reveal(&target->hmac_secret));
		if (problem != NULL) {
			mistake_at(walk, "hmac_secret", problem);
		}
	}
	if (target->is_stored[TARGET_BEARER] && !target->is_stored[TARGET_WEBHOOK]) {
		mistake_at(walk, "bearer",
		        "can be in the store only if the webhook's address is, to which it is bound");
	}
}

static void check_mail(struct settings_walk *walk, struct alarm_target *target)
{
	static const char *const MEND = "is only used with webhook; remove it";
	if (is_given(target, TARGET_BEARER)) {
		mistake_at(walk, "bearer", MEND);
	}
	if (is_given(target, TARGET_HMAC_SECRET)) {
		mistake_at(walk, "hmac_secret", MEND);
	}
	if (target->from == NULL) {
		mistake_at(walk, "from", "is missing: a mail needs a sender's address");
	}
	if (target->to_count == 0) {
		mistake_at(walk, "to", "is missing: a mail needs somebody it goes to");
	}
	if ((target->login != NULL) != is_given(target, TARGET_PASSWORD)) {
		mistake_at(walk, target->login != NULL ? "password" : "login",
		        "is missing: login and password go together");
	}
}

static void check_target(struct settings_walk *walk, const struct alarm_settings *alarms)
{
	struct alarm_target *target = &alarms->targets[alarms->target_count - 1];
	bool is_webhook = is_given(target, TARGET_WEBHOOK);
	if (is_webhook == (target->smtp != NULL)) {
		settings_walk_mistake(walk, "needs either webhook or smtp");
		return;
	}
	for (size_t i = 0; i + 1 < alarms->target_count; i++) {
		if (target->name[0] != '\0' && str_equal(alarms->targets[i].name, target->name)) {
			mistake_at(walk, "name", "is another target's too; names are used once");
		}
	}
	if (is_webhook) {
		check_webhook(walk, target);
	} else {
		check_mail(walk, target);
	}
}

static void note_stored(struct alarm_target *target, const json_t *json)
{
	for (int which = 0; which < TARGET_SECRET_COUNT; which++) {
		const char *key = target_secret_key((enum target_secret)which);
		target->is_stored[which] = settings_secret_is_stored(json_object_get(json, key));
	}
}

void settings_walk_targets(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, struct alarm_settings *alarms)
{
	if (!settings_walk_is_list(walk, key, json)) {
		return;
	}
	alarms->targets = calloc(json_array_size(json) + 1, sizeof(*alarms->targets));
	if (alarms->targets == NULL) {
		walk->is_out_of_memory = true;
		return;
	}
	for (size_t i = 0; i < json_array_size(json); i++) {
		struct alarm_target *target = &alarms->targets[alarms->target_count++];
		size_t before = settings_walk_enter_element(walk, i);
		size_t mistakes = settings_walk_mistakes(walk);
		settings_walk_defaults(walk, key, target);
		settings_walk_section(walk, key, json_array_get(json, i), target);
		note_stored(target, json_array_get(json, i));
		if (settings_walk_mistakes(walk) == mistakes) {
			check_target(walk, alarms);
		}
		settings_walk_leave(walk, before);
	}
}
