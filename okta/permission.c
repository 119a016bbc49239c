/* SPDX-License-Identifier: MIT */
#include "okta/client.h"
#include "server/base/str.h"

/*
 * Requests that cannot succeed (engine rule 23): an empty profile lacks what
 * Okta requires, and nobody has the unused id. A refusal (E0000006) is told
 * from everything else. "Not found" proves nothing: Okta does not say whether
 * it looks at the permission or at the user first, so that is UNKNOWN, and a
 * token is called able only where Okta itself looked at the content.
 */
#define UNUSED_ID       "00ubob2oktaProbe0000"
#define UNUSED_GROUP_ID "00gbob2oktaProbe0000"

struct probe {
	const char *name;
	struct okta_request request;
	bool is_content_judged; /* a 400 shows that Okta got as far as the content */
};

static const struct probe probes[OKTA_PERMISSION_COUNT] = {
        [OKTA_MAY_VIEW_USERS] = {"View users and their details",
                {.method = "GET",
                        .route = "GET /api/v1/users",
                        .path = "/api/v1/users?limit=1",
                        .bucket = OKTA_BUCKET_USERS,
                        .kind = OKTA_CALL_READ},
                false},
        [OKTA_MAY_CREATE_USERS] = {"Create users",
                {.method = "POST",
                        .route = "POST /api/v1/users",
                        .path = "/api/v1/users?activate=false",
                        .bucket = OKTA_BUCKET_USERS,
                        .kind = OKTA_CALL_WRITE,
                        .body = "{\"profile\":{}}"},
                true},
        [OKTA_MAY_CHANGE_STATUS] = {"Edit users' lifecycle states",
                {.method = "POST",
                        .route = "POST /api/v1/users/{id}/lifecycle/deactivate",
                        .path = "/api/v1/users/" UNUSED_ID "/lifecycle/deactivate",
                        .bucket = OKTA_BUCKET_USERS,
                        .kind = OKTA_CALL_LIFECYCLE},
                false},
        [OKTA_MAY_EDIT_PROFILES] = {"Edit users' profile attributes",
                {.method = "POST",
                        .route = "POST /api/v1/users/{id}",
                        .path = "/api/v1/users/" UNUSED_ID,
                        .bucket = OKTA_BUCKET_USER_WRITE,
                        .kind = OKTA_CALL_WRITE,
                        .body = "{\"profile\":{}}"},
                true},
        [OKTA_MAY_MANAGE_SCHEMA] = {"Manage the user profile (Profile Editor)",
                {.method = "POST",
                        .route = "POST /api/v1/meta/schemas/user/{id}",
                        .path = "/api/v1/meta/schemas/user/default",
                        .bucket = OKTA_BUCKET_OTHER,
                        .kind = OKTA_CALL_WRITE,
                        .body = "{}"},
                true},
        [OKTA_MAY_VIEW_GROUPS] = {"View groups and their details",
                {.method = "GET",
                        .route = "GET /api/v1/groups",
                        .path = "/api/v1/groups?limit=1",
                        .bucket = OKTA_BUCKET_GROUPS,
                        .kind = OKTA_CALL_READ},
                false},
        [OKTA_MAY_MANAGE_MEMBERS] = {"Manage group membership",
                {.method = "PUT",
                        .route = "PUT /api/v1/groups/{id}/users/{id}",
                        .path = "/api/v1/groups/" UNUSED_GROUP_ID "/users/" UNUSED_ID,
                        .bucket = OKTA_BUCKET_GROUPS,
                        .kind = OKTA_CALL_WRITE},
                false},
};

const char *okta_permission_name(enum okta_permission permission)
{
	return (size_t)permission < OKTA_PERMISSION_COUNT ? probes[permission].name : "";
}

static enum okta_proof judge(const struct probe *probe, const struct call_outcome *outcome)
{
	if (outcome->call_class == CALL_DONE) {
		return OKTA_PROOF_PROVED;
	}
	if (outcome->call_class == CALL_STOP_CONFIG && outcome->http_status == 403) {
		return OKTA_PROOF_REFUSED;
	}
	bool is_judged = outcome->http_status == 400 && outcome->code[0] != '\0';
	return probe->is_content_judged && is_judged ? OKTA_PROOF_PROVED : OKTA_PROOF_UNKNOWN;
}

enum okta_proof okta_permission_probe(
        struct okta_client *client, enum okta_permission permission, struct call_outcome *outcome)
{
	const struct probe *probe = &probes[permission];
	struct okta_reply reply;
	(void)okta_client_call(client, &probe->request, &reply, outcome);
	okta_reply_finish(&reply);
	return judge(probe, outcome);
}
