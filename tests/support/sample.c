/* SPDX-License-Identifier: MIT */
#include "tests/support/sample.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW "2026-11-23T12:00:00Z"

json_t *sample_load(const char *path)
{
	json_error_t where;
	json_t *rows = json_load_file(path, JSON_REJECT_DUPLICATES, &where);
	if (!json_is_array(rows)) {
		/* Tables are loaded before any test runs, so there is no test to fail. */
		fprintf(stderr, "%s:%d: %s\n", path, where.line, where.text);
		exit(EXIT_FAILURE);
	}
	return rows;
}

int64_t sample_time_ms(const char *text)
{
	int64_t ms = 0;
	ck_assert_msg(text != NULL && time_parse(text, &ms), "not a time: %s",
	        text == NULL ? "(null)" : text);
	return ms;
}

static const char *text_or(const json_t *object, const char *key, const char *fallback)
{
	const char *text = json_get_text(object, key);
	return text == NULL ? fallback : text;
}

/* ------------------------------------------------------------------- settings */

static char **copy_texts(const json_t *list, size_t *count)
{
	*count = json_array_size(list);
	char **texts = calloc(*count + 1, sizeof(*texts));
	ck_assert_ptr_nonnull(texts);
	for (size_t i = 0; i < *count; i++) {
		texts[i] = str_dup(json_string_value(json_array_get(list, i)));
	}
	return texts;
}

static struct zone *open_zone(const char *name)
{
	struct err err = ERR_INIT;
	struct zone *zone = zone_open(name, &err);
	ck_assert_msg(zone != NULL, "%s", err.text);
	return zone;
}

/* The number of a word in a list of words; 0, the default, for none. */
static int word_at(const char *word, const char *const *words)
{
	for (int i = 0; word != NULL && words[i] != NULL; i++) {
		if (strcmp(word, words[i]) == 0) {
			return i;
		}
	}
	ck_assert_msg(word == NULL, "no such word: %s", word);
	return 0;
}

static int number_or(const json_t *object, const char *key, int fallback)
{
	const json_t *value = json_object_get(object, key);
	return value == NULL ? fallback : (int)json_integer_value(value);
}

static struct lead_days read_lead(const json_t *object, int fallback)
{
	return (struct lead_days){.create = number_or(object, "create_days", fallback),
	        .activation = number_or(object, "activation_days", fallback)};
}

/* A zone's name, or an object with "zone", "create_days" and "activation_days". */
static void read_site(struct site_settings *site, const char *name, const json_t *given)
{
	const char *zone =
	        json_is_string(given) ? json_string_value(given) : json_get_text(given, "zone");
	*site = (struct site_settings){.site = str_dup(name),
	        .zone = zone == NULL ? NULL : open_zone(zone),
	        .lead = read_lead(given, LEAD_NOT_GIVEN)};
}

static void read_sites(struct policy_settings *settings, json_t *sites)
{
	const char *name;
	json_t *given;
	settings->sites = calloc(json_object_size(sites) + 1, sizeof(*settings->sites));
	ck_assert_ptr_nonnull(settings->sites);
	json_object_foreach(sites, name, given)
	{
		read_site(&settings->sites[settings->site_count++], name, given);
	}
}

static void read_employments(struct policy_settings *settings, json_t *types)
{
	const char *name;
	json_t *given;
	settings->employments = calloc(json_object_size(types) + 1, sizeof(*settings->employments));
	ck_assert_ptr_nonnull(settings->employments);
	json_object_foreach(types, name, given)
	{
		settings->employments[settings->employment_count++] = (struct employment_settings){
		        .type = str_dup(name), .lead = read_lead(given, LEAD_NOT_GIVEN)};
	}
}

static enum leave_access read_access(const char *word)
{
	static const char *const WORDS[] = {"keep", "suspend", NULL};
	return (enum leave_access)word_at(word, WORDS);
}

static void read_leave_types(struct policy_settings *settings, json_t *types)
{
	const char *word;
	json_t *access;
	settings->leave_types = calloc(json_object_size(types) + 1, sizeof(*settings->leave_types));
	ck_assert_ptr_nonnull(settings->leave_types);
	json_object_foreach(types, word, access)
	{
		settings->leave_types[settings->leave_type_count++] = (struct leave_type){
		        .word = str_dup(word), .access = read_access(json_string_value(access))};
	}
}

static struct leaver_settings read_leaver(const json_t *shorthand)
{
	static const char *const ACTIONS[] = {"deactivate", "suspend", NULL};
	static const char *const TRIGGERS[] = {
	        "earliest", "termination_date", "last_day", "deletion", NULL};
	return (struct leaver_settings){
	        .action = (enum leaver_action)word_at(json_get_text(shorthand, "leaver"), ACTIONS),
	        .trigger = (enum leaver_trigger)word_at(
	                json_get_text(shorthand, "leaver_trigger"), TRIGGERS),
	        .at_minute = number_or(shorthand, "leaver_at", DAY_MINUTES),
	        .then_deactivate_after_days = number_or(shorthand, "then_deactivate", 0),
	        .ends_sessions = json_get_bool(shorthand, "end_sessions", true),
	        .revokes_tokens = true,
	        .groups = json_get_bool(shorthand, "clear_groups", false) ? LEAVER_LOSES_GROUPS
	                                                                  : LEAVER_KEEPS_GROUPS};
}

static struct activation_email read_mail(const json_t *shorthand)
{
	return (struct activation_email){
	        .is_sent = json_get_bool(shorthand, "activation_email", true),
	        .is_timed = json_object_get(shorthand, "mail_days") != NULL,
	        .days_before = number_or(shorthand, "mail_days", 0),
	        .at_minute = number_or(shorthand, "mail_at", 0),
	        .resend_after_days = number_or(shorthand, "resend_days", 0)};
}

void sample_settings_init(struct policy_settings *settings, const json_t *shorthand)
{
	static const char *const any = "[\"example.com\"]";
	static const char *const CREATES[] = {"on_creation", "on_start_date", NULL};
	static const char *const REHIRES[] = {"reactivate", "hold", NULL};
	static const char *const SCOPES[] = {"keep", "suspend", "deactivate", NULL};
	const json_t *domains = json_object_get(shorthand, "email_domains");
	json_t *fallback = json_loads(any, 0, NULL);
	*settings = (struct policy_settings){
	        .create = (enum creation_time)word_at(json_get_text(shorthand, "create"), CREATES),
	        .create_at_minute = number_or(shorthand, "create_at", 0),
	        .activation = activation_mode_parse(json_get_text(shorthand, "activation")),
	        .activation_at_minute = number_or(shorthand, "activation_at", 0),
	        .lead = read_lead(shorthand, 0),
	        .activation_email = read_mail(shorthand),
	        .zone = open_zone(text_or(shorthand, "time_zone", "Europe/London")),
	        .leaver = read_leaver(shorthand),
	        .leave = read_access(json_get_text(shorthand, "leave")),
	        .rehire = (enum rehire)word_at(json_get_text(shorthand, "rehire"), REHIRES),
	        .out_of_scope = (enum out_of_scope)word_at(
	                json_get_text(shorthand, "out_of_scope"), SCOPES),
	        .old_login_attribute = str_dup(json_get_text(shorthand, "old_login")),
	        .match_okta = str_dup(json_get_text(shorthand, "match_okta")),
	        .match_bob = str_dup(json_get_text(shorthand, "match_bob")),
	};
	settings->email_domains =
	        copy_texts(domains == NULL ? fallback : domains, &settings->email_domain_count);
	settings->protected_accounts =
	        copy_texts(json_object_get(shorthand, "protected"), &settings->protected_count);
	read_sites(settings, json_object_get(shorthand, "sites"));
	read_employments(settings, json_object_get(shorthand, "employments"));
	read_leave_types(settings, json_object_get(shorthand, "leave_types"));
	json_decref(fallback);
}

/* -------------------------------------------------------------------- account */

static enum lower_cause cause_parse(const char *word)
{
	for (int cause = LOWER_NONE; cause <= LOWER_DUPLICATE; cause++) {
		if (str_equal(word, lower_cause_name((enum lower_cause)cause))) {
			return (enum lower_cause)cause;
		}
	}
	ck_assert_msg(word == NULL, "no such cause: %s", word);
	return LOWER_NONE;
}

static enum account_origin origin_parse(const char *word)
{
	for (int origin = ORIGIN_NONE; origin <= ORIGIN_ADOPTED; origin++) {
		if (str_equal(word, account_origin_name((enum account_origin)origin))) {
			return (enum account_origin)origin;
		}
	}
	ck_assert_msg(word == NULL, "no such origin: %s", word);
	return ORIGIN_CREATED;
}

static unsigned read_kinds(const json_t *words)
{
	unsigned bits = 0;
	size_t i;
	const json_t *word;
	json_array_foreach(words, i, word)
	{
		const enum hold_kind kind = hold_kind_parse(json_string_value(word));
		ck_assert_msg(kind != HOLD_KIND_COUNT, "no such hold: %s", json_string_value(word));
		bits |= 1U << (unsigned)kind;
	}
	return bits;
}

static int64_t time_at(const json_t *shorthand, const char *key)
{
	const char *text = json_get_text(shorthand, key);
	return text == NULL ? 0 : sample_time_ms(text);
}

static void read_flags(struct account_facts *account, const json_t *shorthand)
{
	account->is_activated = json_get_bool(shorthand, "is_activated", account->is_activated);
	account->is_status_stale = json_get_bool(shorthand, "is_status_stale", false);
	account->was_terminated = json_get_bool(shorthand, "was_terminated", false);
	account->is_deleted = json_get_bool(shorthand, "is_deleted", false);
	account->is_left_announced = json_get_bool(shorthand, "is_left_announced", false);
	account->is_revoke_pending = json_get_bool(shorthand, "is_revoke_pending", false);
	account->is_revoke_doubtful = json_get_bool(shorthand, "is_revoke_doubtful", false);
	account->is_revoked = json_get_bool(shorthand, "is_revoked", false);
	account->is_compared = json_get_bool(shorthand, "is_compared", true);
	account->is_move_pending = json_get_bool(shorthand, "is_move_pending", false);
	account->holds = read_kinds(json_object_get(shorthand, "holds"));
	account->approvals = read_kinds(json_object_get(shorthand, "approvals"));
}

static void read_history(struct account_facts *account, const json_t *shorthand)
{
	account->hold_since_ms[HOLD_DUPLICATE] = time_at(shorthand, "duplicate_since");
	account->activated_at_ms = time_at(shorthand, "activated_at");
	account->mailed_at_ms = time_at(shorthand, "mailed_at");
	account->mails = number_or(shorthand, "mails", account->mailed_at_ms == 0 ? 0 : 1);
	account->lowered_at_ms = time_at(shorthand, "lowered_at");
	account->confirmed_end_ms = time_at(shorthand, "confirmed_end");
	account->confirmed_at_ms = time_at(shorthand, "confirmed_at");
	account->unread_since_ms = time_at(shorthand, "unread_since");
	account->hold_since_ms[HOLD_REVOKED] = time_at(shorthand, "revoked_since");
}

static void read_account(struct sample *sample, const json_t *shorthand)
{
	struct account_facts *account = &sample->account;
	const char *status = json_get_text(shorthand, "status");
	const char *mode = json_get_text(shorthand, "activation");
	account->status = status == NULL ? ACCOUNT_NONE : account_status_parse(status);
	account->is_linked = json_get_bool(shorthand, "is_linked", status != NULL);
	if (account->is_linked) {
		const json_t *login = json_object_get(shorthand, "login");
		sample->login = login == NULL ? str_dup("ada.king@example.com")
		                              : str_dup(json_string_value(login));
		account->login = sample->login;
		account->okta_id = "00u1ada0king0example";
		account->origin = origin_parse(json_get_text(shorthand, "origin"));
	}
	account->activation =
	        mode == NULL ? sample->settings.activation : activation_mode_parse(mode);
	account->is_activated = account->is_linked && account->status != ACCOUNT_STAGED;
	account->lowered = cause_parse(json_get_text(shorthand, "lowered"));
	read_flags(account, shorthand);
	read_history(account, shorthand);
}

/* --------------------------------------------------------------------- person */

static const struct {
	const char *shorthand;
	const char *object; /* NULL: top level */
	const char *key;
	const char *fallback; /* NULL: null */
} FIELDS[] = {
        {"first", NULL, "firstName", "Ada"},
        {"surname", NULL, "surname", "King"},
        {"display", NULL, "displayName", "Ada King"},
        {"email", NULL, "email", "ada.king@example.com"},
        {"lifecycle", "internal", "lifecycleStatus", "employed"},
        {"status", "internal", "status", "Active"},
        {"end", "internal", "terminationDate", NULL},
        {"last", "employee", "lastDayOfWork", NULL},
        {"start", "work", "startDate", "2024-03-04"},
        {"site", "work", "site", "London"},
        {"number", "work", "employeeIdInCompany", "412"},
};

static json_t *object_at(json_t *bob, const char *key)
{
	if (key == NULL) {
		return bob;
	}
	if (json_object_get(bob, key) == NULL) {
		json_object_set_new(bob, key, json_object());
	}
	return json_object_get(bob, key);
}

static json_t *field_value(const json_t *given, const char *fallback)
{
	if (given != NULL) {
		return json_deep_copy(given);
	}
	return fallback == NULL ? json_null() : json_string(fallback);
}

json_t *sample_person_json(const json_t *shorthand)
{
	json_t *bob = json_pack("{s:s}", "id", "3332883894235038486");
	for (size_t i = 0; i < ARRAY_SIZE(FIELDS); i++) {
		const json_t *given = json_object_get(shorthand, FIELDS[i].shorthand);
		if (!str_equal(json_string_value(given), "absent")) {
			json_object_set_new(object_at(bob, FIELDS[i].object), FIELDS[i].key,
			        field_value(given, FIELDS[i].fallback));
		}
	}
	const char *type = json_get_text(shorthand, "employment");
	if (type != NULL) {
		json_object_set_new(
		        bob, "payroll", json_pack("{s:{s:s}}", "employment", "type", type));
	}
	json_t *more = json_object_get(shorthand, "more");
	if (more != NULL) {
		ck_assert_int_eq(json_object_update_recursive(bob, more), 0);
	}
	return bob;
}

static enum presence presence_parse(const char *word)
{
	if (str_equal(word, "absent")) {
		return PRESENCE_ABSENT;
	}
	if (str_equal(word, "disappeared")) {
		return PRESENCE_DISAPPEARED;
	}
	return str_equal(word, "not_read") ? PRESENCE_NOT_READ : PRESENCE_READ;
}

void sample_init(struct sample *sample, const json_t *row)
{
	struct err err = ERR_INIT;
	memset(sample, 0, sizeof(*sample));
	sample_settings_init(&sample->settings, json_object_get(row, "settings"));
	read_account(sample, json_object_get(row, "account"));
	const char *scope = json_get_text(row, "scope");
	sample->input = (struct policy_input){
	        .presence = presence_parse(json_get_text(row, "presence")),
	        .account = &sample->account,
	        .settings = &sample->settings,
	        .now_ms = sample_time_ms(text_or(row, "now", NOW)),
	        .scope = scope == NULL                ? SCOPE_MET
	                : str_equal(scope, "not_met") ? SCOPE_NOT_MET
	                                              : SCOPE_UNKNOWN,
	        .scope_reason = scope,
	};
	if (sample->input.presence == PRESENCE_READ) {
		json_t *bob = sample_person_json(json_object_get(row, "person"));
		ck_assert_msg(person_parse(&sample->person, bob, &err), "%s", err.text);
		json_decref(bob);
		sample->input.person = &sample->person;
	}
}

void sample_finish(struct sample *sample)
{
	policy_settings_finish(&sample->settings);
	person_finish(&sample->person);
	free(sample->login);
}
