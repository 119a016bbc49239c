/* SPDX-License-Identifier: MIT */
#include "server/bob/bob_client.h"

void bob_lists(struct bob_client *client, json_t **lists, struct call_outcome *outcome)
{
	*lists = NULL;
	struct bob_reply reply;
	struct bob_request request = {.method = "GET", .route = "/company/named-lists"};
	if (bob_client_call(client, &request, &reply, outcome)) {
		if (json_is_object(reply.json)) {
			*lists = json_incref(reply.json);
		} else {
			bob_client_distrust(outcome);
		}
	}
	bob_reply_finish(&reply);
}
