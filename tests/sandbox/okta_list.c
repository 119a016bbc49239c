/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/okta_list.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/sandbox/fold.h"
#include "tests/sandbox/jsonx.h"
#include "tests/sandbox/okta_error.h"
#include "tests/sandbox/okta_search.h"
#include "tests/sandbox/okta_view.h"
#include "tests/sandbox/sandbox.h"

enum { DEFAULT_LIMIT = 200, Q_DEFAULT_LIMIT = 10 };

struct listing {
	struct search *search; /* or NULL */
	const char *q; /* or NULL */
	bool with_deprovisioned;
	int64_t limit;
	const char *after;
	const char *sort_by; /* or NULL: by id */
	bool is_descending;
};

struct found {
	const json_t *user;
	char *sort_key;
};

bool okta_list_limit(
        struct request *rq, struct reply *rp, int64_t initial, int64_t max, int64_t *limit)
{
	const char *text = request_query(rq, "limit");
	char *end = NULL;

	*limit = initial;
	if (text == NULL) {
		return true;
	}
	*limit = strtoll(text, &end, 10);
	if (text[0] == '\0' || *end != '\0' || *limit < 1) {
		okta_error_invalid(rq, rp, "limit", util_text("limit: The value is not valid"));
		return false;
	}
	*limit = *limit > max ? max : *limit;
	return true;
}

static char *query_without_after(const struct request *rq)
{
	const char *key = NULL;
	json_t *value = NULL;
	char *text = util_dup("");

	json_object_foreach(rq->query, key, value)
	{
		if (strcmp(key, "after") == 0) {
			continue;
		}
		char *encoded = util_url_encode(json_string_value(value));
		char *longer =
		        util_text("%s%s%s=%s", text, text[0] != '\0' ? "&" : "", key, encoded);

		free(encoded);
		free(text);
		text = longer;
	}
	return text;
}

void okta_list_links(
        struct sandbox *sb, const struct request *rq, struct reply *rp, const char *after)
{
	char *origin = okta_view_origin(sb, rq);
	char *query = query_without_after(rq);
	const char *path = rq->okta_prefixed ? rq->path + strlen("/okta") : rq->path;
	const char *present = request_query(rq, "after");
	const char *joint = query[0] != '\0' ? "&" : "";

	if (present != NULL) {
		reply_header(rp, "Link", "<%s%s?%s%safter=%s>; rel=\"self\"", origin, path, query,
		        joint, present);
	} else {
		reply_header(rp, "Link", "<%s%s%s%s>; rel=\"self\"", origin, path,
		        query[0] != '\0' ? "?" : "", query);
	}
	if (after != NULL) {
		reply_header(rp, "Link", "<%s%s?%s%safter=%s>; rel=\"next\"", origin, path, query,
		        joint, after);
	}
	free(query);
	free(origin);
}

static bool has_prefix(const json_t *profile, const char *name, const char *folded)
{
	char *value = fold_case(jsonx_text_or(profile, name, ""));
	bool matches = strncmp(value, folded, strlen(folded)) == 0;

	free(value);
	return matches;
}

static bool matches_q(const json_t *user, const char *q)
{
	const json_t *profile = json_object_get(user, "profile");
	char *folded = fold_case(q);
	bool matches = has_prefix(profile, "firstName", folded) ||
	        has_prefix(profile, "lastName", folded) || has_prefix(profile, "email", folded);

	free(folded);
	return matches;
}

static bool is_wanted(const struct listing *listing, const json_t *user)
{
	bool is_gone = strcmp(jsonx_text_or(user, "status", ""), "DEPROVISIONED") == 0;

	if (is_gone && !listing->with_deprovisioned) {
		return false;
	}
	if (listing->q != NULL) {
		return matches_q(user, listing->q);
	}
	return listing->search == NULL || search_matches(listing->search, user);
}

static char *sort_key(const struct listing *listing, const json_t *user)
{
	const char *path = listing->sort_by != NULL ? listing->sort_by : "id";
	const json_t *holder = user;

	if (strncmp(path, "profile.", strlen("profile.")) == 0) {
		holder = json_object_get(user, "profile");
		path += strlen("profile.");
	}
	char *folded = fold_case(jsonx_text_or(holder, path, ""));
	char *key = util_text("%s\x01%s", folded, jsonx_text_or(user, "id", ""));

	free(folded);
	return key;
}

static int by_key(const void *a, const void *b)
{
	const struct found *left = a;
	const struct found *right = b;

	return strcmp(left->sort_key, right->sort_key);
}

/* All that match, in order; the caller frees keys and array. */
static struct found *collect(struct sandbox *sb, const struct listing *listing, size_t *count)
{
	struct directory *dir = &sb->directory;
	struct found *all = util_alloc((dir->count + 1) * sizeof(*all));
	int64_t seen_at = util_tick_ms() - settings_int(&sb->settings, "okta_search_lag_ms");

	*count = 0;
	for (size_t i = 0; i < dir->count; i++) {
		const json_t *user = timeline_at(&dir->users[i]->index, seen_at);

		if (user != NULL && is_wanted(listing, user)) {
			all[(*count)++] = (struct found){user, sort_key(listing, user)};
		}
	}
	qsort(all, *count, sizeof(*all), by_key);
	for (size_t i = 0; listing->is_descending && i < *count / 2; i++) {
		struct found swapped = all[i];

		all[i] = all[*count - 1 - i];
		all[*count - 1 - i] = swapped;
	}
	return all;
}

static size_t start_of(const struct listing *listing, const struct found *all, size_t count)
{
	for (size_t i = 0; listing->after != NULL && i < count; i++) {
		if (strcmp(jsonx_text_or(all[i].user, "id", ""), listing->after) == 0) {
			return i + 1;
		}
	}
	return 0;
}

static void answer(
        struct sandbox *sb, const struct listing *listing, struct request *rq, struct reply *rp)
{
	size_t count = 0;
	struct found *all = collect(sb, listing, &count);
	size_t at = start_of(listing, all, count);
	json_t *page = json_array();
	const char *last = NULL;

	for (; at < count && (int64_t)json_array_size(page) < listing->limit; at++) {
		jsonx_push(page, okta_view_listed(sb, rq, all[at].user));
		last = jsonx_text(all[at].user, "id");
	}
	reply_json(rp, 200, page);
	okta_list_links(sb, rq, rp, at < count && listing->q == NULL ? last : NULL);
	for (size_t i = 0; i < count; i++) {
		free(all[i].sort_key);
	}
	free(all);
}

/* By id or by creation is the order they are kept in: nothing has to be sorted for a page. */
static bool is_kept_order(const struct listing *listing)
{
	return !listing->is_descending &&
	        (listing->sort_by == NULL || strcmp(listing->sort_by, "id") == 0 ||
	                strcmp(listing->sort_by, "created") == 0);
}

static const json_t *next_match(
        const struct sandbox *sb, const struct listing *listing, int64_t seen_at, size_t *at)
{
	const struct directory *dir = &sb->directory;

	for (; *at < dir->count; (*at)++) {
		const json_t *user = timeline_at(&dir->users[*at]->index, seen_at);

		if (user != NULL && is_wanted(listing, user)) {
			return user;
		}
	}
	return NULL;
}

static void answer_in_kept_order(
        struct sandbox *sb, const struct listing *listing, struct request *rq, struct reply *rp)
{
	int64_t seen_at = util_tick_ms() - settings_int(&sb->settings, "okta_search_lag_ms");
	const json_t *position = listing->after != NULL
	        ? json_object_get(sb->directory.by_id, listing->after)
	        : NULL;
	size_t at = position != NULL ? (size_t)json_integer_value(position) + 1 : 0;
	json_t *page = json_array();
	const json_t *user = next_match(sb, listing, seen_at, &at);
	const char *last = NULL;

	while (user != NULL && (int64_t)json_array_size(page) < listing->limit) {
		jsonx_push(page, okta_view_listed(sb, rq, user));
		last = jsonx_text(user, "id");
		at++;
		user = next_match(sb, listing, seen_at, &at);
	}
	reply_json(rp, 200, page);
	okta_list_links(sb, rq, rp, user != NULL && listing->q == NULL ? last : NULL);
}

static bool parse_expression(struct listing *listing, struct request *rq, struct reply *rp)
{
	const char *search = request_query(rq, "search");
	const char *filter = request_query(rq, "filter");
	bool is_search = search != NULL;

	if (search != NULL && filter != NULL) {
		okta_error(rq, rp, 400, "E0000033", NULL);
		return false;
	}
	if (search == NULL && filter == NULL) {
		return true;
	}
	enum search_result result = search_parse(is_search ? search : filter,
	        is_search ? SEARCH_SEARCH : SEARCH_FILTER, &listing->search);

	listing->with_deprovisioned = true;
	if (result != SEARCH_OK) {
		const char *code = is_search           ? "E0000031"
		        : result == SEARCH_UNSUPPORTED ? "E0000094"
		                                       : "E0000053";

		okta_error(rq, rp, 400, code, NULL);
	}
	return result == SEARCH_OK;
}

void okta_list_users(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	const char *order = request_query(rq, "sortOrder");
	struct listing listing = {.q = request_query(rq, "q"),
	        .after = request_query(rq, "after"),
	        .sort_by = request_query(rq, "sortBy"),
	        .is_descending = order != NULL && strcasecmp(order, "desc") == 0};
	int64_t initial = listing.q != NULL ? Q_DEFAULT_LIMIT : DEFAULT_LIMIT;

	if (parse_expression(&listing, rq, rp) &&
	        okta_list_limit(rq, rp, initial, DEFAULT_LIMIT, &listing.limit)) {
		if (is_kept_order(&listing)) {
			answer_in_kept_order(sb, &listing, rq, rp);
		} else {
			answer(sb, &listing, rq, rp);
		}
	}
	search_destroy(listing.search);
}
