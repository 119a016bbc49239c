/* SPDX-License-Identifier: MIT */
/* Groups and who is in them (okta.md 1.9). Lists come in pages, and every list has an end. */
#include "okta/client.h"
#include "server/base/buf.h"
#include "server/base/json.h"
#include "server/base/str.h"

#include <string.h>

#define PATH_BYTES        160
#define PAGES_MAX         500
#define GROUP_ID_LEN      20
#define GROUPS_A_PAGE     200
#define RULES_A_PAGE      50
#define GROUPS_FOUND_MAX  50
#define MEMBERS_A_PAGE    200 /* Okta gives up to 1000: several megabytes an answer */
#define SENTENCE_BAD_ID   "The Okta id in our records is not an id of Okta."
#define SENTENCE_BAD_NAME "A group of this name cannot be looked for in Okta."
#define SENTENCE_NO_GROUP "Okta has no such group."
#define SENTENCE_NO_PAIR  "Okta has no such group, or no such user."

/* Okta's code for a thing that is not there is the same for all things; its row speaks of users. */
static void say_what_is_missing(const char *sentence, struct call_outcome *outcome)
{
	if (outcome->call_class == CALL_NOT_FOUND) {
		str_format_cut(outcome->sentence, sizeof(outcome->sentence), "%s", sentence);
	}
}

/* ---------------------------------------------------------------- pages */

enum taken { TAKEN_ON, TAKEN_ENOUGH, TAKEN_BAD };

struct listing {
	const char *route;
	enum okta_bucket bucket;
	const char *path; /* of the first page */
	enum taken (*take)(void *context, const json_t *item);
	void *context;
};

static enum taken take_page(const struct listing *listing, const json_t *page)
{
	enum taken taken = json_is_array(page) ? TAKEN_ON : TAKEN_BAD;
	for (size_t i = 0; taken == TAKEN_ON && i < json_array_size(page); i++) {
		taken = listing->take(listing->context, json_array_get(page, i));
	}
	return taken;
}

/* *next: of the page behind, "" after the last. False: the list ended, as the outcome says. */
static bool read_page(struct okta_client *client, const struct listing *listing,
        char next[OKTA_PAGE_PATH_BYTES], struct call_outcome *outcome)
{
	struct okta_reply reply;
	struct okta_request request = {.method = "GET",
	        .route = listing->route,
	        .path = next[0] != '\0' ? next : listing->path,
	        .bucket = listing->bucket,
	        .kind = OKTA_CALL_READ,
	        .answer_max_bytes = OKTA_PAGE_MAX_BYTES,
	        .is_list = true};
	enum taken taken = TAKEN_ENOUGH;
	if (okta_client_call(client, &request, &reply, outcome)) {
		taken = reply.is_next_foreign ? TAKEN_BAD : take_page(listing, reply.json);
	}
	if (taken == TAKEN_BAD) {
		okta_client_distrust(OKTA_CALL_READ, outcome);
	}
	memcpy(next, reply.next, OKTA_PAGE_PATH_BYTES);
	okta_reply_finish(&reply);
	return taken == TAKEN_ON && next[0] != '\0';
}

static void read_pages(
        struct okta_client *client, const struct listing *listing, struct call_outcome *outcome)
{
	char next[OKTA_PAGE_PATH_BYTES] = "";
	for (int i = 0; i < PAGES_MAX; i++) {
		if (!read_page(client, listing, next, outcome)) {
			return;
		}
	}
	okta_client_distrust(OKTA_CALL_READ, outcome);
}

/* ------------------------------------------------------------ one group */

static enum okta_group_type type_of(const char *word)
{
	static const struct {
		const char *word;
		enum okta_group_type type;
	} TYPES[] = {
	        {"OKTA_GROUP", OKTA_GROUP_OWN},
	        {"APP_GROUP", OKTA_GROUP_APP},
	        {"BUILT_IN", OKTA_GROUP_BUILT_IN},
	};
	for (size_t i = 0; i < ARRAY_SIZE(TYPES); i++) {
		if (str_equal(word, TYPES[i].word)) {
			return TYPES[i].type;
		}
	}
	return OKTA_GROUP_UNKNOWN;
}

static bool parse_group(const json_t *json, struct okta_group *group)
{
	const char *id = json_get_text(json, "id");
	const char *name = json_get_text(json_object_get(json, "profile"), "name");
	*group = (struct okta_group){.type = type_of(json_get_text(json, "type"))};
	str_format_cut(group->name, sizeof(group->name), "%s", name != NULL ? name : "");
	return okta_id_is_sane(id) && name != NULL && str_copy(group->id, sizeof(group->id), id);
}

bool okta_group_id_is(const char *id_or_name)
{
	return str_starts_with(id_or_name, "00g") && strlen(id_or_name) == GROUP_ID_LEN &&
	        str_is_word(id_or_name, GROUP_ID_LEN, "");
}

static void find_by_id(struct okta_client *client, const char *id, struct okta_group *group,
        size_t *matches, struct call_outcome *outcome)
{
	char path[PATH_BYTES];
	struct okta_reply reply;
	str_format_cut(path, sizeof(path), "/api/v1/groups/%s", id);
	struct okta_request request = {.method = "GET",
	        .route = "GET /api/v1/groups/{id}",
	        .path = path,
	        .bucket = OKTA_BUCKET_GROUP_READ,
	        .kind = OKTA_CALL_READ};
	if (okta_client_call(client, &request, &reply, outcome)) {
		*matches = 1;
		if (!parse_group(reply.json, group)) {
			okta_client_distrust(OKTA_CALL_READ, outcome);
		}
	} else if (outcome->call_class == CALL_NOT_FOUND) {
		say_what_is_missing(SENTENCE_NO_GROUP, outcome);
		outcome->call_class = CALL_DONE;
	}
	okta_reply_finish(&reply);
}

struct name_search {
	const char *name;
	struct okta_group *group;
	size_t matches;
};

/* `q` finds names that begin so; only the whole name counts. */
static enum taken take_named(void *context, const json_t *item)
{
	struct name_search *search = context;
	struct okta_group group;
	if (!parse_group(item, &group)) {
		return TAKEN_BAD;
	}
	if (str_equal(group.name, search->name)) {
		*search->group = search->matches == 0 ? group : *search->group;
		search->matches++;
	}
	return TAKEN_ON;
}

static void find_by_name(struct okta_client *client, const char *name, struct okta_group *group,
        size_t *matches, struct call_outcome *outcome)
{
	struct name_search search = {.name = name, .group = group};
	struct buf path;
	buf_init(&path, CLIENT_PATH_MAX_BYTES);
	buf_add_format(&path, "/api/v1/groups?limit=%d&q=", GROUPS_A_PAGE);
	struct listing listing = {.route = "GET /api/v1/groups",
	        .bucket = OKTA_BUCKET_GROUPS,
	        .take = take_named,
	        .context = &search};
	if (str_is_empty(name) || strlen(name) >= OKTA_GROUP_NAME_BYTES ||
	        !buf_add_url(&path, name)) {
		okta_client_refuse(outcome, SENTENCE_BAD_NAME);
	} else {
		listing.path = buf_text(&path);
		read_pages(client, &listing, outcome);
		*matches = search.matches;
	}
	buf_finish(&path);
}

void okta_group_find(struct okta_client *client, const char *id_or_name, struct okta_group *group,
        size_t *matches, struct call_outcome *outcome)
{
	*group = (struct okta_group){.type = OKTA_GROUP_UNKNOWN};
	*matches = 0;
	if (okta_group_id_is(id_or_name)) {
		find_by_id(client, id_or_name, group, matches, outcome);
	} else {
		find_by_name(client, id_or_name, group, matches, outcome);
	}
}

/* --------------------------------------------------------------- search */

struct group_taker {
	okta_group_taker *take;
	void *context;
};

static enum taken take_any(void *context, const json_t *item)
{
	const struct group_taker *taker = context;
	struct okta_group group;
	if (!parse_group(item, &group)) {
		return TAKEN_BAD;
	}
	return taker->take(taker->context, &group) ? TAKEN_ON : TAKEN_ENOUGH;
}

void okta_groups_search(struct okta_client *client, const char *text, okta_group_taker *take,
        void *context, struct call_outcome *outcome)
{
	char next[OKTA_PAGE_PATH_BYTES] = "";
	struct group_taker taker = {take, context};
	struct buf path;
	buf_init(&path, CLIENT_PATH_MAX_BYTES);
	buf_add_format(&path, "/api/v1/groups?limit=%d", GROUPS_FOUND_MAX);
	struct listing listing = {.route = "GET /api/v1/groups",
	        .bucket = OKTA_BUCKET_GROUPS,
	        .take = take_any,
	        .context = &taker};
	if (strlen(text) >= OKTA_GROUP_NAME_BYTES ||
	        (text[0] != '\0' && (!buf_add_text(&path, "&q=") || !buf_add_url(&path, text)))) {
		okta_client_refuse(outcome, SENTENCE_BAD_NAME);
	} else {
		listing.path = buf_text(&path);
		(void)read_page(client, &listing, next, outcome);
	}
	buf_finish(&path);
}

/* --------------------------------------------------------------- id lists */

static bool add_id(json_t *ids, const char *id)
{
	size_t i = 0;
	const json_t *known = NULL;
	json_array_foreach(ids, i, known)
	{
		if (str_equal(json_string_value(known), id)) {
			return true;
		}
	}
	return okta_id_is_sane(id) && json_array_append_new(ids, json_string(id)) == 0;
}

/* An inactive rule puts nobody anywhere; an invalid one neither. */
static enum taken take_rule(void *context, const json_t *rule)
{
	const json_t *targets = json_get_path(rule, "actions.assignUserToGroups.groupIds");
	if (!str_equal(json_get_text(rule, "status"), "ACTIVE")) {
		return json_is_object(rule) ? TAKEN_ON : TAKEN_BAD;
	}
	for (size_t i = 0; i < json_array_size(targets); i++) {
		if (json_array_size(context) >= OKTA_GROUP_RULES_MAX ||
		        !add_id(context, json_string_value(json_array_get(targets, i)))) {
			return TAKEN_BAD;
		}
	}
	return TAKEN_ON;
}

static enum taken take_id(void *context, const json_t *group)
{
	return add_id(context, json_get_text(group, "id")) ? TAKEN_ON : TAKEN_BAD;
}

static void read_ids(struct okta_client *client, const struct listing *listing, json_t **ids,
        struct call_outcome *outcome)
{
	read_pages(client, listing, outcome);
	if (outcome->call_class != CALL_DONE) {
		json_decref(*ids);
		*ids = NULL;
	}
}

void okta_group_rule_targets(struct okta_client *client, json_t **ids, struct call_outcome *outcome)
{
	char path[PATH_BYTES];
	*ids = json_array();
	str_format_cut(path, sizeof(path), "/api/v1/groups/rules?limit=%d", RULES_A_PAGE);
	struct listing listing = {.route = "GET /api/v1/groups/rules",
	        .bucket = OKTA_BUCKET_GROUPS,
	        .path = path,
	        .take = take_rule,
	        .context = *ids};
	read_ids(client, &listing, ids, outcome);
}

void okta_user_groups(
        struct okta_client *client, const char *user_id, json_t **ids, struct call_outcome *outcome)
{
	char path[PATH_BYTES];
	*ids = NULL;
	if (!okta_id_is_sane(user_id)) {
		okta_client_refuse(outcome, SENTENCE_BAD_ID);
		return;
	}
	*ids = json_array();
	str_format_cut(path, sizeof(path), "/api/v1/users/%s/groups", user_id);
	struct listing listing = {.route = "GET /api/v1/users/{id}/groups",
	        .bucket = OKTA_BUCKET_USERS,
	        .path = path,
	        .take = take_id,
	        .context = *ids};
	read_ids(client, &listing, ids, outcome);
}

/* ---------------------------------------------------------------- members */

struct member_taker {
	okta_member_taker *take;
	void *context;
};

static enum taken take_member(void *context, const json_t *item)
{
	const struct member_taker *taker = context;
	struct okta_user member;
	enum taken taken = TAKEN_BAD;
	if (okta_user_parse(item, &member, NULL)) {
		taken = taker->take(taker->context, &member) ? TAKEN_ON : TAKEN_ENOUGH;
	}
	okta_user_finish(&member);
	return taken;
}

void okta_group_members(struct okta_client *client, const char *group_id, okta_member_taker *take,
        void *context, struct call_outcome *outcome)
{
	char path[PATH_BYTES];
	struct member_taker taker = {take, context};
	if (!okta_id_is_sane(group_id)) {
		okta_client_refuse(outcome, SENTENCE_BAD_ID);
		return;
	}
	str_format_cut(
	        path, sizeof(path), "/api/v1/groups/%s/users?limit=%d", group_id, MEMBERS_A_PAGE);
	struct listing listing = {.route = "GET /api/v1/groups/{id}/users",
	        .bucket = OKTA_BUCKET_GROUPS,
	        .path = path,
	        .take = take_member,
	        .context = &taker};
	read_pages(client, &listing, outcome);
	say_what_is_missing(SENTENCE_NO_GROUP, outcome);
}

/* ------------------------------------------------------------- membership */

static void change(struct okta_client *client, const char *method, const char *route,
        const char *const ids[2], struct call_outcome *outcome)
{
	char path[PATH_BYTES];
	if (!okta_id_is_sane(ids[0]) || !okta_id_is_sane(ids[1]) ||
	        !str_format(path, sizeof(path), "/api/v1/groups/%s/users/%s", ids[0], ids[1])) {
		okta_client_refuse(outcome, SENTENCE_BAD_ID);
		return;
	}
	struct okta_reply reply;
	struct okta_request request = {.method = method,
	        .route = route,
	        .path = path,
	        .bucket = OKTA_BUCKET_GROUPS,
	        .kind = OKTA_CALL_WRITE};
	(void)okta_client_call(client, &request, &reply, outcome);
	say_what_is_missing(SENTENCE_NO_PAIR, outcome);
	okta_reply_finish(&reply);
}

void okta_group_add(struct okta_client *client, const char *group_id, const char *user_id,
        struct call_outcome *outcome)
{
	const char *const ids[] = {group_id, user_id};
	change(client, "PUT", "PUT /api/v1/groups/{id}/users/{id}", ids, outcome);
}

void okta_group_remove(struct okta_client *client, const char *group_id, const char *user_id,
        struct call_outcome *outcome)
{
	const char *const ids[] = {group_id, user_id};
	change(client, "DELETE", "DELETE /api/v1/groups/{id}/users/{id}", ids, outcome);
}
