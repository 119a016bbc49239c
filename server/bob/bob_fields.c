/* SPDX-License-Identifier: MIT */
#include "server/bob/bob_client.h"

void bob_fields(
        struct bob_client *client, struct field_catalog **catalog, struct call_outcome *outcome)
{
	*catalog = NULL;
	struct bob_reply reply;
	struct bob_request request = {.method = "GET", .route = "/company/people/fields"};
	if (bob_client_call(client, &request, &reply, outcome)) {
		*catalog = field_catalog_parse(reply.json, NULL);
		if (*catalog == NULL) {
			bob_client_distrust(outcome);
		}
	}
	bob_reply_finish(&reply);
}
