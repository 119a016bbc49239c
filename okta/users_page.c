/* SPDX-License-Identifier: MIT */
#include "okta/client.h"
#include "okta/user_list.h"
#include "server/base/str.h"

/*
 * Everybody has a time of creation, and it never changes: no page shifts under the one who reads,
 * and who is created meanwhile comes last.
 */
#define FIRST_PAGE                                                                         \
	"/api/v1/users?limit=200&search=created%20gt%20%221970-01-01T00%3A00%3A00.000Z%22" \
	"&sortBy=created&sortOrder=asc"

static void distrust(struct call_outcome *outcome, const char *sentence)
{
	outcome->call_class = CALL_RETRY_LATER;
	str_format_cut(outcome->sentence, sizeof(outcome->sentence), "%s", sentence);
}

/* False when the list cannot go on from here. */
static bool advance(
        struct okta_page *page, const struct okta_reply *reply, struct call_outcome *outcome)
{
	if (reply->is_next_foreign) {
		distrust(outcome, "Okta's list goes on at another address than okta.base_url.");
		return false;
	}
	if (reply->next[0] != '\0' && str_equal(reply->next, page->next)) {
		distrust(outcome, "Okta's list of users does not go on.");
		return false;
	}
	if (++page->pages >= OKTA_PAGES_MAX && reply->next[0] != '\0') {
		distrust(outcome, "Okta's list of users has no end.");
		return false;
	}
	page->is_over = reply->next[0] == '\0';
	return str_copy(page->next, sizeof(page->next), reply->next);
}

void okta_user_page(struct okta_client *client, struct okta_page *page,
        struct okta_user_list *users, struct call_outcome *outcome)
{
	struct okta_reply reply;
	struct okta_request request = {.method = "GET",
	        .route = "GET /api/v1/users",
	        .path = page->next[0] != '\0' ? page->next : FIRST_PAGE,
	        .bucket = OKTA_BUCKET_USERS,
	        .kind = OKTA_CALL_READ,
	        .answer_max_bytes = OKTA_PAGE_MAX_BYTES,
	        .is_list = true};

	*users = (struct okta_user_list){0};
	if (okta_client_call(client, &request, &reply, outcome)) {
		if (!okta_user_list_parse(reply.json, users)) {
			okta_client_distrust(request.kind, outcome);
		} else if (!advance(page, &reply, outcome)) {
			okta_user_list_finish(users);
		}
	}
	okta_reply_finish(&reply);
}
