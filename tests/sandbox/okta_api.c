/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/okta_api.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/sandbox/jsonx.h"
#include "tests/sandbox/okta_error.h"
#include "tests/sandbox/rate.h"
#include "tests/sandbox/sandbox.h"

enum { CONCURRENCY_RESET_S = 114 };

static const char SCHEME[] = "SSWS ";

void okta_api_begin(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	char tail[24];

	util_random_name(&sb->random, tail, sizeof(tail));
	util_format(rq->request_id, sizeof(rq->request_id), "req%s", tail);
	reply_header(rp, "X-Okta-Request-Id", "%s", rq->request_id);
	reply_header(rp, "Cache-Control", "no-cache, no-store");
}

static void rate_headers(struct reply *rp, int64_t limit, int64_t remaining, int64_t reset_in_ms)
{
	int64_t reset_s = (util_wall_ms() + reset_in_ms + 999) / 1000;

	reply_header(rp, "X-Rate-Limit-Limit", "%lld", (long long)limit);
	reply_header(rp, "X-Rate-Limit-Remaining", "%lld", (long long)remaining);
	reply_header(rp, "X-Rate-Limit-Reset", "%lld", (long long)reset_s);
}

static bool check_rate(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	const char *bucket = rq->route != NULL ? rq->route->bucket : "api";
	struct rate_verdict verdict =
	        rate_take(&sb->okta_rates, bucket, settings_okta_limit(&sb->settings, bucket),
	                settings_int(&sb->settings, "okta_window_s") * 1000, util_tick_ms());

	rate_headers(rp, verdict.limit, verdict.remaining, verdict.reset_in_ms);
	if (verdict.is_over) {
		okta_error(rq, rp, 429, "E0000047", NULL);
	}
	return !verdict.is_over;
}

static bool check_token(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	const struct user *owner = okta_store_owner(&sb->directory);
	const char *token = settings_text(&sb->settings, "okta_token");
	size_t length = sizeof(SCHEME) - 1;

	if (rq->authorization == NULL) {
		okta_error(rq, rp, 403, "E0000005", NULL);
		return false;
	}
	bool is_good = strncasecmp(rq->authorization, SCHEME, length) == 0 &&
	        strcmp(rq->authorization + length, token) == 0;

	/* A token dies with the administrator who made it. */
	if (!is_good || owner == NULL || owner->status == USER_DEPROVISIONED) {
		okta_error(rq, rp, 401, "E0000011", NULL);
		return false;
	}
	return true;
}

static bool is_json_type(const char *value)
{
	return strncasecmp(value, "application/json", strlen("application/json")) == 0;
}

static bool accepts_json(const char *accept)
{
	return strcasestr(accept, "application/json") != NULL || strstr(accept, "*/*") != NULL ||
	        strcasestr(accept, "application/*") != NULL;
}

static bool check_headers(struct request *rq, struct reply *rp)
{
	bool carries = strcmp(rq->method, "POST") == 0 || strcmp(rq->method, "PUT") == 0;

	if (carries && !rq->has_length) {
		reply_text(rp, 411, "text/html", "<html><body>411 Length Required</body></html>");
		return false;
	}
	if (rq->accept == NULL || (rq->body_length > 0 && rq->content_type == NULL)) {
		okta_error(rq, rp, 400, "E0000018", NULL);
		return false;
	}
	if (!accepts_json(rq->accept)) {
		okta_error(rq, rp, 400, "E0000019", NULL);
		return false;
	}
	if (rq->content_type != NULL && !is_json_type(rq->content_type)) {
		okta_error(rq, rp, 400, "E0000021", NULL);
		return false;
	}
	if (rq->body_length > 0 && rq->json == NULL) {
		okta_error(rq, rp, 400, "E0000003", NULL);
		return false;
	}
	return true;
}

/* Managing a kind of thing includes reading it, so who may not read may not manage either. */
static bool is_missing(const json_t *missing, const char *permission)
{
	const char *dot = strchr(permission, '.');

	if (jsonx_has(missing, permission)) {
		return true;
	}
	if (dot == NULL || strcmp(dot, ".manage") != 0) {
		return false;
	}
	char *reading = util_text("%.*s.read", (int)(dot - permission), permission);
	bool lacks_reading = jsonx_has(missing, reading);

	free(reading);
	return lacks_reading;
}

static bool check_permission(const struct sandbox *sb, struct request *rq, struct reply *rp)
{
	const json_t *missing = settings_list(&sb->settings, "okta_missing_permissions");
	bool is_own = rq->args[0] != NULL && strcmp(rq->args[0], "me") == 0;

	if (rq->route->permission != NULL && !is_own &&
	        is_missing(missing, rq->route->permission)) {
		okta_error(rq, rp, 403, "E0000006", NULL);
		return false;
	}
	return true;
}

void okta_api_call(
        struct sandbox *sb, struct request *rq, struct reply *rp, enum route_result found)
{
	if (found == ROUTE_CROWDED) {
		rate_headers(rp, 0, 0, CONCURRENCY_RESET_S * 1000);
		okta_error(rq, rp, 429, "E0000047", NULL);
		return;
	}
	if (!check_token(sb, rq, rp) || !check_rate(sb, rq, rp)) {
		return;
	}
	if (found == ROUTE_NO_PATH) {
		okta_error(rq, rp, 404, "E0000008", NULL);
	} else if (found == ROUTE_NO_METHOD) {
		okta_error(rq, rp, 405, "E0000022", NULL);
	} else if (check_headers(rq, rp) && check_permission(sb, rq, rp)) {
		rq->route->handle(sb, rq, rp);
	}
}
