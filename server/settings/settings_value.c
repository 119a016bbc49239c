/* SPDX-License-Identifier: MIT */
#include "server/settings/settings_value.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/settings/secret_names.h"
#include "server/settings/settings_url.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void settings_value_replace(struct settings_walk *walk, char **held, const char *text, size_t len)
{
	free(*held);
	*held = str_dup_len(text, len);
	walk->is_out_of_memory = walk->is_out_of_memory || *held == NULL;
}

/* True for what may go into a header or onto a terminal. */
static bool is_printable(const char *text)
{
	for (const char *at = text; *at != '\0'; at++) {
		if ((unsigned char)*at < ' ' || *at == 0x7f) {
			return false;
		}
	}
	return true;
}

/* The trimmed text within the key's bounds; NULL with a mistake recorded. */
const char *settings_value_text(
        struct settings_walk *walk, const struct settings_key *key, const json_t *json, size_t *len)
{
	if (!json_is_string(json)) {
		settings_walk_wrong_type(walk, "a text", json);
		return NULL;
	}
	const char *text = str_trim(json_string_value(json), len);
	if (*len == 0) {
		settings_walk_mistake(walk, "must not be empty: %s", key->help);
	} else if (key->most > 0 && *len > (size_t)key->most) {
		settings_walk_mistake(walk, "is longer than %lld bytes", (long long)key->most);
	} else if (!is_printable(json_string_value(json))) {
		settings_walk_mistake(walk, "must not hold line breaks or control characters");
	} else {
		return text;
	}
	return NULL;
}

static void set_name(struct settings_walk *walk, const struct settings_key *key, const json_t *json,
        void *target)
{
	size_t len = 0;
	const char *text = settings_value_text(walk, key, json, &len);
	if (text == NULL) {
		return;
	}
	if (!str_is_word(text, (size_t)key->most, "-_") ||
	        !str_copy(target, CONNECTION_NAME_BYTES, text)) {
		settings_walk_mistake(walk, "may hold letters, digits, - and _ only");
	}
}

static void set_company_id(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target)
{
	char digits[24];
	if (!json_is_integer(json) && !json_is_string(json)) {
		settings_walk_wrong_type(walk, "a number", json);
	} else if (!json_id_text(json, digits, sizeof(digits)) ||
	        !str_is_digits(digits, (size_t)key->most) ||
	        !str_copy(target, sizeof(digits), digits)) {
		settings_walk_mistake(walk, "must be digits: %s", key->help);
	}
}

void settings_value_url(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, settings_url_judge judge, void *target)
{
	char url[SETTINGS_URL_BYTES];
	size_t len = 0;
	const char *text = settings_value_text(walk, key, json, &len);
	const char *problem =
	        text != NULL ? judge(url, json_string_value(json), walk->plain) : NULL;
	if (problem != NULL) {
		settings_walk_mistake(walk, "%s", problem);
	} else if (text != NULL) {
		settings_value_replace(walk, target, url, strlen(url));
	}
}

static void set_bob_url(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target)
{
	settings_value_url(walk, key, json, settings_url_bob, target);
}

static void set_okta_url(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target)
{
	settings_value_url(walk, key, json, settings_url_okta, target);
}

static void set_user_id(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target)
{
	size_t len = 0;
	const char *text = settings_value_text(walk, key, json, &len);
	if (text == NULL) {
		return;
	}
	/* RFC 7617: the colon ends the user id of Basic credentials. */
	if (memchr(text, ':', len) != NULL) {
		settings_walk_mistake(
		        walk, "must not hold a colon; the token goes into service_user_token");
		return;
	}
	settings_value_replace(walk, target, text, len);
}

static void set_secret(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target)
{
	struct secret secret = {0};
	/* What is in the store is filled in later; whose it is takes note of that. */
	if (settings_secret_is_stored(json) || !settings_secret_read(walk, json, &secret)) {
		return;
	}
	const char *text = secret_reveal(&secret);
	const char *problem = secret_names_token_problem(text);
	if (str_is_empty(text)) {
		settings_walk_mistake(walk, "must not be empty: %s", key->help);
	} else if (problem != NULL) {
		settings_walk_mistake(walk, "%s", problem);
	} else if (!secret_set(target, text)) {
		walk->is_out_of_memory = true;
	}
	secret_finish(&secret);
}

static void set_token(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target)
{
	struct token_settings *token = target;
	token->is_stored = settings_secret_is_stored(json);
	set_secret(walk, key, json, &token->value);
}

/* Which of "a|b|c" the text is; -1: none. */
static int word_index(const char *words, const char *text)
{
	size_t len = strlen(text);
	int index = 0;
	for (const char *at = words;; index++) {
		size_t word_len = strcspn(at, "|");
		if (word_len == len && memcmp(at, text, len) == 0) {
			return index;
		}
		if (at[word_len] == '\0') {
			return -1;
		}
		at += word_len + 1;
	}
}

/* "dry_run or live" from "dry_run|live". */
static void list_words(char *to, size_t size, const char *words)
{
	size_t len = 0;
	to[0] = '\0';
	for (const char *at = words; *at != '\0';) {
		size_t word_len = strcspn(at, "|");
		const char *joint = at == words ? "" : at[word_len] == '\0' ? " or " : ", ";
		str_format_cut(to + len, size - len, "%s%.*s", joint, (int)word_len, at);
		len = strlen(to);
		at += word_len + (at[word_len] != '\0' ? 1 : 0);
	}
}

static_assert(sizeof(enum settings_mode) == sizeof(int) &&
                sizeof(enum creation_time) == sizeof(int) && sizeof(enum when_empty) == sizeof(int),
        "enums of the settings are stored as int");

void settings_value_choice(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target)
{
	char words[128];
	list_words(words, sizeof(words), key->words);
	if (!json_is_string(json)) {
		settings_walk_wrong_type(walk, words, json);
		return;
	}
	int index = word_index(key->words, json_string_value(json));
	if (index < 0) {
		settings_walk_mistake(walk, "must be %s", words);
		return;
	}
	memcpy(target, &index, sizeof(index));
}

static void set_bool(struct settings_walk *walk, const struct settings_key *key UNUSED,
        const json_t *json, void *target)
{
	if (!json_is_boolean(json)) {
		settings_walk_wrong_type(walk, "true or false", json);
		return;
	}
	*(bool *)target = json_is_true(json);
}

static bool number_of(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, int64_t *number)
{
	if (!json_is_integer(json)) {
		settings_walk_wrong_type(walk, "a whole number", json);
		return false;
	}
	*number = json_integer_value(json);
	if (*number < key->least || *number > key->most) {
		settings_walk_mistake(
		        walk, "must be %lld to %lld", (long long)key->least, (long long)key->most);
		return false;
	}
	return true;
}

static void set_int(struct settings_walk *walk, const struct settings_key *key, const json_t *json,
        void *target)
{
	int64_t number = 0;
	if (number_of(walk, key, json, &number)) {
		*(int *)target = (int)number;
	}
}

static void set_count(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target)
{
	int64_t number = 0;
	if (number_of(walk, key, json, &number)) {
		*(int64_t *)target = number;
	}
}

static void set_mail_days(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target)
{
	struct activation_email *mail = target;
	set_int(walk, key, json, &mail->days_before);
	mail->is_timed = true;
}

/* Minutes of "HH:MM"; -1: no time of day. */
static int minutes_of(const char *text)
{
	if (strlen(text) != 5 || text[2] != ':' || strspn(text, "0123456789") != 2 ||
	        strspn(text + 3, "0123456789") != 2) {
		return -1;
	}
	int hours = 10 * (text[0] - '0') + text[1] - '0';
	int minutes = 10 * (text[3] - '0') + text[4] - '0';
	return minutes < 60 ? 60 * hours + minutes : -1;
}

static void set_time(struct settings_walk *walk, const struct settings_key *key, const json_t *json,
        void *target)
{
	if (!json_is_string(json)) {
		settings_walk_wrong_type(walk, "a time of day like \"08:30\"", json);
		return;
	}
	int minutes = minutes_of(json_string_value(json));
	if (minutes < key->least || minutes > key->most) {
		settings_walk_mistake(walk,
		        "must be a time of day like \"08:30\", from \"00:00\" to \"%02d:%02d\"",
		        (int)key->most / 60, (int)key->most % 60);
		return;
	}
	*(int *)target = minutes;
}

static void set_date(struct settings_walk *walk, const struct settings_key *key UNUSED,
        const json_t *json, void *target)
{
	int32_t days = 0;
	if (!json_is_string(json)) {
		settings_walk_wrong_type(walk, "a date like \"2027-03-31\"", json);
	} else if (!date_parse(json_string_value(json), &days) || days <= 0) {
		settings_walk_mistake(walk, "must be a date like \"2027-03-31\"");
	} else {
		*(int32_t *)target = days;
	}
}

static void set_zone(struct settings_walk *walk, const struct settings_key *key, const json_t *json,
        void *target)
{
	size_t len = 0;
	if (settings_value_text(walk, key, json, &len) == NULL) {
		return;
	}
	struct err err = ERR_INIT;
	struct zone *zone = zone_open(json_string_value(json), &err);
	if (zone == NULL && err.code == ERR_NO_MEMORY) {
		walk->is_out_of_memory = true;
		return;
	}
	if (zone == NULL) {
		settings_walk_mistake(walk,
		        zone_has_data() ? "is no time zone; use an IANA name like \"Europe/London\""
		                        : "cannot be looked up: this machine has no time zones;"
		                          " install its package tzdata");
		return;
	}
	struct zone **held = target;
	zone_close(*held);
	*held = zone;
}

static void set_attribute(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target)
{
	size_t len = 0;
	const char *text = settings_value_text(walk, key, json, &len);
	if (text == NULL) {
		return;
	}
	if (!str_is_word(text, (size_t)key->most, "_")) {
		settings_walk_mistake(
		        walk, "must be the variable name of an Okta attribute: letters, digits, _");
		return;
	}
	settings_value_replace(walk, target, text, len);
}

static void set_field(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target)
{
	size_t len = 0;
	const char *text = settings_value_text(walk, key, json, &len);
	if (text == NULL) {
		return;
	}
	/* Bob's flat answers spell fields "/work/title"; requests take "work.title". */
	if (text[0] == '/' || !str_is_word(text, (size_t)key->most, "._-") ||
	        memchr(text, '.', len) == NULL) {
		settings_walk_mistake(walk,
		        "must be the id of a Bob field, like \"work.title\" or"
		        " \"work.custom.field_1655996461265\"");
		return;
	}
	settings_value_replace(walk, target, text, len);
}

static void set_domains(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target)
{
	settings_list_domains(walk, key, json, target);
}

static void set_accounts(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target)
{
	settings_list_accounts(walk, key, json, target);
}

static void set_webhook_secrets(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target)
{
	settings_list_webhook_secrets(walk, key, json, target);
}

/* As people see it in Okta's Groups page; what a name may hold is Okta's to say. */
static void set_group(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target)
{
	size_t len = 0;
	const char *text = json_is_string(json) ? str_trim(json_string_value(json), &len) : NULL;
	if (text == NULL) {
		settings_walk_wrong_type(walk, "a group's name or id (a text)", json);
		return;
	}
	if (len < (size_t)key->least || len > (size_t)key->most) {
		settings_walk_mistake(walk, "must be 1 to %lld bytes long", (long long)key->most);
		return;
	}
	char *copy = str_dup_len(text, len);
	for (char *at = copy; at != NULL && *at != '\0'; at++) {
		if ((unsigned char)*at < ' ' || *at == 0x7f) {
			settings_walk_mistake(walk,
			        "has a control character, which no group's name"
			        " has; remove it");
			free(copy);
			return;
		}
	}
	char **held = target;
	free(*held);
	*held = copy;
	walk->is_out_of_memory = walk->is_out_of_memory || copy == NULL;
}

static bool read_expression(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, struct map_expression *expression)
{
	struct err err = ERR_INIT;
	if (!json_is_string(json)) {
		settings_walk_wrong_type(walk, "a jq expression (a text)", json);
	} else if (str_is_empty(json_string_value(json))) {
		settings_walk_mistake(walk, "must not be empty: %s", key->help);
	} else if (map_expression_init(expression, json_string_value(json), &err)) {
		return true;
	} else if (err.code == ERR_NO_MEMORY) {
		walk->is_out_of_memory = true;
	} else {
		settings_walk_mistake(walk, "%s", err.text);
	}
	return false;
}

static void set_expression(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target)
{
	struct map_expression expression = {0};
	if (read_expression(walk, key, json, &expression)) {
		map_expression_finish(target);
		*(struct map_expression *)target = expression;
	}
}

static void add_expression(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, struct map_row *row)
{
	if (read_expression(walk, key, json, &row->expressions[row->expression_count])) {
		row->expression_count++;
	}
}

/* One text, or a list of them in order of preference. */
static void set_expressions(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target)
{
	struct map_row *row = (struct map_row *)((char *)target - key->offset);
	size_t count = json_is_array(json) ? json_array_size(json) : 1;
	if (count < (size_t)key->least || count > (size_t)key->most) {
		settings_walk_mistake(walk, "must be 1 to %lld expressions", (long long)key->most);
		return;
	}
	row->expressions = calloc(count, sizeof(*row->expressions));
	if (row->expressions == NULL) {
		walk->is_out_of_memory = true;
		return;
	}
	if (!json_is_array(json)) {
		add_expression(walk, key, json, row);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		size_t before = settings_walk_enter_element(walk, i);
		add_expression(walk, key, json_array_get(json, i), row);
		settings_walk_leave(walk, before);
	}
}

static bool is_scalar(const json_t *json)
{
	return json_is_string(json) || json_is_number(json) || json_is_boolean(json);
}

static void set_constant(struct settings_walk *walk, const struct settings_key *key UNUSED,
        const json_t *json, void *target)
{
	bool is_good = is_scalar(json) || json_is_array(json);
	for (size_t i = 0; i < json_array_size(json); i++) {
		is_good = is_good && is_scalar(json_array_get(json, i));
	}
	if (!is_good) {
		settings_walk_wrong_type(
		        walk, "a text, a number, true, false, or a list of these", json);
		return;
	}
	json_t **held = target;
	json_decref(*held);
	*held = json_deep_copy(json);
	walk->is_out_of_memory = walk->is_out_of_memory || *held == NULL;
}

typedef void (*reader)(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target);

static const reader readers[SETTINGS_TYPE_COUNT_OF] = {
        [SETTINGS_TYPE_NAME] = set_name,
        [SETTINGS_TYPE_COMPANY_ID] = set_company_id,
        [SETTINGS_TYPE_BOB_URL] = set_bob_url,
        [SETTINGS_TYPE_OKTA_URL] = set_okta_url,
        [SETTINGS_TYPE_USER_ID] = set_user_id,
        [SETTINGS_TYPE_TOKEN] = set_token,
        [SETTINGS_TYPE_SECRET] = set_secret,
        [SETTINGS_TYPE_WEBHOOK_SECRETS] = set_webhook_secrets,
        [SETTINGS_TYPE_CHOICE] = settings_value_choice,
        [SETTINGS_TYPE_BOOL] = set_bool,
        [SETTINGS_TYPE_SECONDS] = set_int,
        [SETTINGS_TYPE_DAYS] = set_int,
        [SETTINGS_TYPE_MAIL_DAYS] = set_mail_days,
        [SETTINGS_TYPE_TIME] = set_time,
        [SETTINGS_TYPE_COUNT] = set_count,
        [SETTINGS_TYPE_DOMAINS] = set_domains,
        [SETTINGS_TYPE_ACCOUNTS] = set_accounts,
        [SETTINGS_TYPE_ZONE] = set_zone,
        [SETTINGS_TYPE_ATTRIBUTE] = set_attribute,
        [SETTINGS_TYPE_FIELD] = set_field,
        [SETTINGS_TYPE_GROUP] = set_group,
        [SETTINGS_TYPE_EXPRESSION] = set_expression,
        [SETTINGS_TYPE_EXPRESSIONS] = set_expressions,
        [SETTINGS_TYPE_CONSTANT] = set_constant,
        [SETTINGS_TYPE_DATE] = set_date,
        [SETTINGS_TYPE_LEVELS] = settings_alarm_levels,
        [SETTINGS_TYPE_HOOK_URL] = settings_alarm_hook,
        [SETTINGS_TYPE_SMTP_URL] = settings_alarm_smtp,
        [SETTINGS_TYPE_LINK] = settings_alarm_link,
        [SETTINGS_TYPE_LOGIN] = settings_alarm_login,
        [SETTINGS_TYPE_MAIL] = settings_alarm_mail,
        [SETTINGS_TYPE_MAILS] = settings_alarm_mails,
};

void settings_value_set(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target)
{
	assert(readers[key->type] != NULL);
	readers[key->type](walk, key, json, (char *)target + key->offset);
}
