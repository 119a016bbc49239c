/* SPDX-License-Identifier: MIT */
#include "server/engine/keep_user.h"

#include "server/base/json.h"
#include "server/base/str.h"

#include <stdlib.h>

/* What people are found by beside addresses and names. */
static const char *number_attribute(const struct connection *connection)
{
	const char *match = connection->policy.match_okta;

	return match != NULL ? match : "employeeNumber";
}

static bool set_number(struct personal *number, const json_t *value)
{
	char text[256];

	return personal_set(number, json_id_text(value, text, sizeof(text)) ? text : NULL);
}

bool keep_user_fill(struct scratch_user *to, const struct connection *connection,
        const struct okta_user *from, json_t *kept)
{
	const json_t *profile = from->profile;
	char *text = kept != NULL ? json_format(kept) : NULL;

	*to = (struct scratch_user){
	        .status = from->status, .is_sourced_elsewhere = from->is_sourced_elsewhere};
	str_format_cut(to->okta_id, sizeof(to->okta_id), "%s", from->id);
	bool is_filled = text != NULL && personal_set(&to->profile, text) &&
	        personal_set(&to->login, json_get_text(profile, "login")) &&
	        personal_set(&to->email, json_get_text(profile, "email")) &&
	        personal_set(&to->second_email, json_get_text(profile, "secondEmail")) &&
	        set_number(&to->number, json_object_get(profile, number_attribute(connection))) &&
	        scratch_user_set_names(to, json_get_text(profile, "firstName"),
	                json_get_text(profile, "lastName"));
	free(text);
	json_decref(kept);
	return is_filled;
}
