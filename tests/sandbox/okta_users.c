/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/okta_users.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/jsonx.h"
#include "tests/sandbox/okta_error.h"
#include "tests/sandbox/okta_lifecycle.h"
#include "tests/sandbox/okta_profile.h"
#include "tests/sandbox/okta_schema.h"
#include "tests/sandbox/okta_view.h"
#include "tests/sandbox/sandbox.h"

enum { MAX_GROUPS_ON_CREATE = 20, ETAG_SIZE = 72, ETAG_HEX = 64 };

void okta_users_note(struct request *rq, const struct user *user)
{
	util_format(rq->user_id, sizeof(rq->user_id), "%s", user->id);
	free(rq->login);
	rq->login = util_dup(okta_store_login(user));
}

struct user *okta_users_find_for_change(
        struct sandbox *sb, struct request *rq, struct reply *rp, const char *id_or_login)
{
	struct user *user = okta_store_find(&sb->directory, id_or_login);

	if (user == NULL) {
		okta_error_not_found(rq, rp, id_or_login, "User");
		return NULL;
	}
	okta_users_note(rq, user);
	if (!user->is_manageable) {
		okta_error(rq, rp, 403, "E0000006", NULL);
		return NULL;
	}
	return user;
}

static bool has_password(const json_t *body)
{
	const json_t *password = json_object_get(json_object_get(body, "credentials"), "password");

	return json_object_get(password, "value") != NULL ||
	        json_object_get(password, "hash") != NULL ||
	        json_object_get(password, "hook") != NULL;
}

static bool is_federated(const json_t *body)
{
	const json_t *provider = json_object_get(json_object_get(body, "credentials"), "provider");
	const char *type = jsonx_text_or(provider, "type", "");

	return strcmp(type, "FEDERATION") == 0 || strcmp(type, "SOCIAL") == 0;
}

static bool check_create_options(struct request *rq, struct reply *rp)
{
	const char *next = request_query(rq, "nextLogin");
	bool activate = request_query_is(rq, "activate", true);

	if (next != NULL && strcmp(next, "changePassword") != 0) {
		okta_error_invalid(rq, rp, "nextLogin", util_text("nextLogin: Unknown value"));
		return false;
	}
	if (next != NULL && !activate) {
		okta_error(rq, rp, 400, "E0000125", NULL);
		return false;
	}
	if (next != NULL && !has_password(rq->json)) {
		okta_error(rq, rp, 400, "E0000124", NULL);
		return false;
	}
	if (json_array_size(json_object_get(rq->json, "groupIds")) > MAX_GROUPS_ON_CREATE) {
		okta_error(rq, rp, 400, "E0000093", NULL);
		return false;
	}
	return true;
}

static bool check_groups(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	const json_t *ids = json_object_get(rq->json, "groupIds");

	for (size_t i = 0; i < json_array_size(ids); i++) {
		const char *id = json_string_value(json_array_get(ids, i));

		if (id == NULL || okta_store_find_group(&sb->directory, id) == NULL) {
			okta_error_not_found(rq, rp, id != NULL ? id : "null", "Group");
			return false;
		}
	}
	return true;
}

static void join_groups(struct sandbox *sb, const struct user *user, const json_t *ids)
{
	for (size_t i = 0; i < json_array_size(ids); i++) {
		const char *id = json_string_value(json_array_get(ids, i));

		(void)okta_store_join(okta_store_find_group(&sb->directory, id), user);
	}
}

static void set_credentials(struct user *user, const json_t *body)
{
	const json_t *credentials = json_object_get(body, "credentials");
	const json_t *provider = json_object_get(credentials, "provider");
	const json_t *password = json_object_get(credentials, "password");

	if (has_password(body)) {
		user->has_password = true;
		user->password_changed_ms = util_wall_ms();
	}
	if (json_object_get(password, "hash") != NULL) {
		json_decref(user->provider);
		user->provider = json_pack("{s:s,s:s}", "type", "IMPORT", "name", "IMPORT");
	} else if (json_is_object(provider)) {
		json_decref(user->provider);
		user->provider = json_deep_copy(provider);
	}
}

static void set_first_status(struct sandbox *sb, const struct request *rq, struct user *user)
{
	if (!request_query_is(rq, "activate", true)) {
		user->status = USER_STAGED;
		return;
	}
	bool with_mail = !user->has_password && !is_federated(rq->json);

	okta_lifecycle_activate(sb, user, with_mail ? LIFECYCLE_MAIL : LIFECYCLE_NO_MAIL);
	if (is_federated(rq->json)) {
		okta_store_set_status(user, USER_ACTIVE);
	}
	if (request_query(rq, "nextLogin") != NULL) {
		okta_store_set_status(user, USER_PASSWORD_EXPIRED);
	}
}

/* A body that is an object with a profile object; else the answer is made. */
static const json_t *given_profile(struct request *rq, struct reply *rp)
{
	const json_t *profile = json_object_get(rq->json, "profile");

	if (!json_is_object(rq->json)) {
		okta_error(rq, rp, 400, "E0000003", NULL);
		return NULL;
	}
	if (!json_is_object(profile)) {
		okta_error_invalid(
		        rq, rp, "profile", util_text("profile: The field cannot be left blank"));
		return NULL;
	}
	return profile;
}

void okta_users_create(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	const json_t *given = given_profile(rq, rp);

	if (given == NULL || !check_create_options(rq, rp)) {
		return;
	}
	json_t *profile = okta_profile_merge(NULL, given);

	rq->login = util_dup(jsonx_text_or(profile, "login", ""));
	struct profile_check check = {
	        .dir = &sb->directory, .what = "newUser", .given = given, .result = profile};

	if (okta_profile_check(&check, rq, rp) && check_groups(sb, rq, rp)) {
		struct user *user = okta_store_add(&sb->directory, profile, &sb->random);

		set_credentials(user, rq->json);
		set_first_status(sb, rq, user);
		join_groups(sb, user, json_object_get(rq->json, "groupIds"));
		okta_store_touch(&sb->directory, user, "create");
		okta_users_note(rq, user);
		rq->applied = true;
		reply_json(rp, 200, okta_view_user(sb, rq, user));
	}
	json_decref(profile);
}

static void keep_fields(json_t *view, const char *fields)
{
	const char *name = NULL;
	json_t *value = NULL;
	void *next = NULL;

	json_object_foreach_safe(view, next, name, value)
	{
		size_t length = strlen(name);
		const char *at = fields;
		bool wanted = strcmp(name, "id") == 0;

		for (; !wanted && *at != '\0'; at += strcspn(at, ","), at += *at == ',') {
			wanted = strncmp(at, name, length) == 0 &&
			        isalnum((unsigned char)at[length]) == 0;
		}
		if (!wanted) {
			(void)json_object_del(view, name);
		}
	}
}

/* okta-response="omitCredentials,omitCredentialsLinks,omitTransitioningToStatus" */
static void omit_parts(const struct request *rq, json_t *view)
{
	const char *asked =
	        rq->content_type != NULL ? strstr(rq->content_type, "okta-response=") : NULL;

	if (asked == NULL) {
		return;
	}
	json_t *links = json_object_get(view, "_links");

	if (strstr(asked, "omitCredentials") != NULL) {
		(void)json_object_del(view, "credentials");
	}
	if (strstr(asked, "omitTransitioningToStatus") != NULL) {
		(void)json_object_del(view, "transitioningToStatus");
	}
	if (strstr(asked, "omitCredentialsLinks") != NULL) {
		(void)json_object_del(links, "changePassword");
		(void)json_object_del(links, "changeRecoveryQuestion");
		(void)json_object_del(links, "forgotPassword");
		(void)json_object_del(links, "resetPassword");
		(void)json_object_del(links, "expirePassword");
	}
}

void okta_users_get(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	const struct user *user = okta_store_find(&sb->directory, rq->args[0]);
	const char *fields = request_query(rq, "fields");
	char etag[ETAG_SIZE];

	if (user == NULL) {
		okta_error_not_found(rq, rp, rq->args[0], "User");
		return;
	}
	okta_users_note(rq, user);
	json_t *view = okta_view_user(sb, rq, user);

	if (fields != NULL) {
		keep_fields(view, fields);
	}
	omit_parts(rq, view);
	okta_view_etag(user, etag);
	reply_json(rp, 200, view);
	reply_header(rp, "ETag", "%s", etag);
}

static bool is_etag(const char *text)
{
	const char *at = strncmp(text, "W/", 2) == 0 ? text + 2 : text;

	if (strcmp(text, "*") == 0) {
		return true;
	}
	if (strlen(at) != ETAG_HEX + 2 || at[0] != '"' || at[ETAG_HEX + 1] != '"') {
		return false;
	}
	return strspn(at + 1, "0123456789abcdef") == ETAG_HEX;
}

static bool check_if_match(const struct user *user, struct request *rq, struct reply *rp)
{
	char etag[ETAG_SIZE];

	if (rq->if_match == NULL) {
		return true;
	}
	if (!is_etag(rq->if_match)) {
		okta_error(rq, rp, 400, "E0000242", NULL);
		return false;
	}
	okta_view_etag(user, etag);
	const char *given = strncmp(rq->if_match, "W/", 2) == 0 ? rq->if_match + 2 : rq->if_match;

	if (strcmp(given, "*") != 0 && strcmp(given, etag + 2) != 0) {
		okta_error(rq, rp, 412, "E0000231", NULL);
		return false;
	}
	return true;
}

static bool check_state(
        const struct sandbox *sb, const struct user *user, struct request *rq, struct reply *rp)
{
	const json_t *type = json_object_get(rq->json, "type");

	if (user->status == USER_DEPROVISIONED &&
	        !settings_is(&sb->settings, "okta_update_deactivated")) {
		okta_error(rq, rp, 403, "E0000038", NULL);
		return false;
	}
	if (user->transition_until_tick_ms > util_tick_ms()) {
		okta_error(rq, rp, 409, "E0000112", NULL);
		return false;
	}
	if (type != NULL && strcmp(jsonx_text_or(type, "id", ""), OKTA_SCHEMA_TYPE_ID) != 0) {
		okta_error_invalid(rq, rp, "type", util_text("type: The user type does not exist"));
		return false;
	}
	return true;
}

static bool check_hash(const struct user *user, struct request *rq, struct reply *rp)
{
	const json_t *credentials = json_object_get(rq->json, "credentials");

	if (json_object_get(json_object_get(credentials, "password"), "hash") != NULL &&
	        user->status != USER_STAGED) {
		okta_error(rq, rp, 403, "E0000014",
		        "password: A hashed password can only be set on a staged user");
		return false;
	}
	return true;
}

static void apply_change(
        struct sandbox *sb, struct user *user, json_t *profile, struct request *rq, const char *how)
{
	if (json_equal(profile, user->profile) == 0) {
		okta_store_set_profile(&sb->directory, user, profile);
	}
	set_credentials(user, rq->json);
	okta_store_touch(&sb->directory, user, how);
	okta_users_note(rq, user);
	rq->applied = true;
}

static bool may_change(
        struct sandbox *sb, const struct user *user, struct request *rq, struct reply *rp)
{
	if (!json_is_object(rq->json)) {
		okta_error(rq, rp, 400, "E0000003", NULL);
		return false;
	}
	return check_state(sb, user, rq, rp) && check_if_match(user, rq, rp) &&
	        check_hash(user, rq, rp);
}

/* POST lays the profile over the present one, PUT puts it in its place. */
static void change(struct sandbox *sb, struct request *rq, struct reply *rp, const char *how)
{
	struct user *user = okta_users_find_for_change(sb, rq, rp, rq->args[0]);

	if (user == NULL || !may_change(sb, user, rq, rp)) {
		return;
	}
	bool is_replacing = strcmp(rq->method, "PUT") == 0;
	const json_t *given = json_object_get(rq->json, "profile");
	json_t *result = given == NULL
	        ? json_incref(user->profile)
	        : okta_profile_merge(is_replacing ? NULL : user->profile, given);
	struct profile_check check = {.dir = &sb->directory,
	        .self = user,
	        .what = "user",
	        .given = given,
	        .result = result};

	if (given == NULL || okta_profile_check(&check, rq, rp)) {
		if (user->is_sourced && json_equal(result, user->profile) == 0) {
			okta_error(rq, rp, 403, "E0000023", NULL);
		} else {
			apply_change(sb, user, result, rq, how);
			reply_json(rp, 200, okta_view_user(sb, rq, user));
		}
	}
	json_decref(result);
}

void okta_users_update(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	change(sb, rq, rp, "update");
}

void okta_users_replace(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	change(sb, rq, rp, "replace");
}

void okta_users_delete(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	struct user *user = okta_users_find_for_change(sb, rq, rp, rq->args[0]);

	if (user == NULL) {
		return;
	}
	rq->applied = true;
	if (user->status == USER_DEPROVISIONED) {
		okta_store_remove(&sb->directory, user);
	} else {
		okta_lifecycle_deactivate(sb, user,
		        request_query_is(rq, "sendEmail", false) ? LIFECYCLE_MAIL
		                                                 : LIFECYCLE_NO_MAIL);
		okta_store_touch(&sb->directory, user, "deactivate");
	}
	reply_empty(rp, 204);
}

void okta_users_end_sessions(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	struct user *user = okta_users_find_for_change(sb, rq, rp, rq->args[0]);

	if (user == NULL) {
		return;
	}
	user->sessions_ended++;
	sb->counters[COUNTER_SESSIONS_ENDED]++;
	jsonx_push(user->transitions, json_string("sessions"));
	rq->applied = true;
	reply_empty(rp, 204);
}

void okta_users_token(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	const struct user *owner = okta_store_owner(&sb->directory);
	char expires[UTIL_TIME_SIZE];
	char now[UTIL_TIME_SIZE];

	(void)rq;
	util_time_okta(util_wall_ms(), now);
	util_time_okta(util_wall_ms() + INT64_C(30) * UTIL_MS_PER_DAY, expires);
	reply_json(rp, 200,
	        json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:{s:s}}", "id", "00T1000000000sandbox",
	                "name", "sandbox", "userId", owner != NULL ? owner->id : "", "clientName",
	                "Okta API", "created", "2026-01-05T08:00:00.000Z", "lastUpdated", now,
	                "expiresAt", expires, "network", "connection", "ANYWHERE"));
}
