/* SPDX-License-Identifier: MIT */
#include "okta/client.h"

void okta_schema_get(struct okta_client *client, json_t **schema, struct call_outcome *outcome)
{
	*schema = NULL;
	struct okta_reply reply;
	struct okta_request request = {.method = "GET",
	        .route = "GET /api/v1/meta/schemas/user/{id}",
	        .path = "/api/v1/meta/schemas/user/default",
	        .bucket = OKTA_BUCKET_OTHER,
	        .kind = OKTA_CALL_READ};
	if (okta_client_call(client, &request, &reply, outcome)) {
		if (json_is_object(json_object_get(reply.json, "definitions"))) {
			*schema = json_incref(reply.json);
		} else {
			okta_client_distrust(request.kind, outcome);
		}
	}
	okta_reply_finish(&reply);
}
