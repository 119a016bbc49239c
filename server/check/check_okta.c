/* SPDX-License-Identifier: MIT */
#include "server/check/check.h"

#include "mapping/mapping.h"
#include "okta/okta.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/base/version.h"

struct okta_check {
	struct check_report *report;
	const struct connection_settings *connection;
	struct okta_client *client;
	struct check_facts *facts;
};

static void check_owner(struct okta_check *check, const struct okta_user *owner)
{
	const char *login = json_get_text(owner->profile, "login");
	char found[300];
	str_format_cut(found, sizeof(found), "%s, token of %s (protected: never changed)",
	        check->connection->okta.base_url, login != NULL ? login : owner->id);
	check_report_add(check->report, CHECK_OK, "okta: reachable", found, NULL);
}

static const char *mend_permission(enum okta_permission permission)
{
	switch (permission) {
	case OKTA_MAY_VIEW_USERS:
		return "nothing works without it: add it to the role of the"
		       " token's owner";
	case OKTA_MAY_CREATE_USERS:
		return "hires get no account without it: add it to the role"
		       " of the token's owner";
	case OKTA_MAY_CHANGE_STATUS:
		return "leavers stay open without it: add it to the role of"
		       " the token's owner";
	case OKTA_MAY_EDIT_PROFILES:
		return "changes do not arrive without it: add it to the role"
		       " of the token's owner";
	case OKTA_MAY_MANAGE_SCHEMA:
		return "needed to see which attributes exist: add it to the"
		       " role of the token's owner";
	case OKTA_MAY_VIEW_GROUPS:
		return "groups in the settings cannot be found without it: add it to the role of"
		       " the token's owner";
	case OKTA_MAY_MANAGE_MEMBERS:
		return "nobody joins or leaves a group without it: add it to the role of the"
		       " token's owner";
	case OKTA_PERMISSION_COUNT: break;
	}
	return NULL;
}

/* False when the token turned out to be dead: more calls would prove nothing. */
static bool check_permission(struct okta_check *check, enum okta_permission permission)
{
	struct call_outcome outcome = {0};
	enum okta_proof proof = okta_permission_probe(check->client, permission, &outcome);
	char what[120];
	str_format_cut(what, sizeof(what), "okta: %s", okta_permission_name(permission));
	if (outcome.call_class == CALL_STOP_CREDENTIALS) {
		check_report_add_call(check->report, "okta: token", &outcome);
		return false;
	}
	if (proof == OKTA_PROOF_PROVED) {
		check_report_add(check->report, CHECK_OK, what, "proved", NULL);
	} else if (proof == OKTA_PROOF_REFUSED) {
		check_report_add(
		        check->report, CHECK_FAILURE, what, "refused", mend_permission(permission));
	} else if (outcome.call_class == CALL_NOT_FOUND) {
		check_report_add(check->report, CHECK_UNKNOWN, what,
		        "cannot be proved without changing somebody: Okta looked for the user first",
		        "look whether the role of the token's owner has it, in Okta's Administrators"
		        " page");
	} else {
		char found[300];
		str_format_cut(found, sizeof(found), "could not be proved: %s",
		        str_is_empty(outcome.sentence) ? call_class_name(outcome.call_class)
		                                       : outcome.sentence);
		check_report_add(check->report, CHECK_UNKNOWN, what, found,
		        "check again; if it stays, look at the role of the token's owner");
	}
	return true;
}

/* Nobody needs to see groups for settings that name none. */
static bool is_permission_needed(const struct okta_check *check, enum okta_permission permission)
{
	const struct connection_settings *connection = check->connection;
	switch (permission) {
	case OKTA_MAY_VIEW_GROUPS:
		return connection->rules.group_count > 0 || connection->protected_group != NULL;
	case OKTA_MAY_MANAGE_MEMBERS: return connection->rules.group_count > 0;
	case OKTA_MAY_VIEW_USERS:
	case OKTA_MAY_CREATE_USERS:
	case OKTA_MAY_CHANGE_STATUS:
	case OKTA_MAY_EDIT_PROFILES:
	case OKTA_MAY_MANAGE_SCHEMA:
	case OKTA_PERMISSION_COUNT: break;
	}
	return true;
}

static void read_schema(struct okta_check *check)
{
	struct call_outcome outcome = {0};
	struct err err = ERR_INIT;
	json_t *schema = NULL;
	okta_schema_get(check->client, &schema, &outcome);
	if (outcome.call_class == CALL_DONE) {
		check->facts->attributes = attribute_catalog_parse(schema, &err);
		if (check->facts->attributes == NULL) {
			check_report_add(
			        check->report, CHECK_FAILURE, "okta: user schema", err.text, NULL);
		}
	} else if (outcome.call_class != CALL_STOP_CONFIG) {
		/* Not being allowed to is said among the permissions already. */
		check_report_add_call(check->report, "okta: user schema", &outcome);
	}
	json_decref(schema);
}

static void check_with_client(struct okta_check *check)
{
	struct call_outcome outcome = {0};
	struct okta_user owner = {0};
	okta_me(check->client, &owner, &outcome);
	if (outcome.call_class == CALL_DONE) {
		check_owner(check, &owner);
		okta_user_finish(&owner);
	} else {
		check_report_add_call(check->report, "okta: reachable", &outcome);
	}
	/* A token whose owner cannot be read may still do the work; a dead one may not. */
	if (outcome.http_status == 0 || outcome.call_class == CALL_STOP_CREDENTIALS) {
		return;
	}
	check_report_step(check->report, "proves what the token may do in Okta");
	for (int i = 0; i < OKTA_PERMISSION_COUNT; i++) {
		enum okta_permission permission = (enum okta_permission)i;
		if (is_permission_needed(check, permission) &&
		        !check_permission(check, permission)) {
			return;
		}
	}
	read_schema(check);
	check_groups(check->report, check->connection, check->client);
}

void check_okta(struct check_report *report, const struct connection_settings *connection,
        struct check_facts *facts)
{
	struct err err = ERR_INIT;
	const struct token_settings *token = &connection->okta.api_token;
	if (str_equal(connection->okta.base_url, SETTINGS_NO_ADDRESS)) {
		check_report_add(report, CHECK_FAILURE, "okta: domain", "not entered yet",
		        "enter the address of your Okta, like acme.okta.com");
		return;
	}
	if (token->is_stored && !secret_is_set(&token->value)) {
		check_report_add_lack(report, "okta: token", token);
		return;
	}
	check_report_step(report, "asks Okta who owns the token");
	const struct okta_org_options options = {.base_url = connection->okta.base_url,
	        .api_token = &connection->okta.api_token.value,
	        .user_agent = version_user_agent(),
	        .plain = check_plain(report),
	        .stop = report->stop,
	        .parallel_max = 1,
	        .share_with = report->org};
	struct okta_check check = {.report = report, .connection = connection, .facts = facts};
	struct okta_org *org = okta_org_create(&options, &err);
	check.client = org != NULL ? okta_client_create(org, &err) : NULL;
	if (check.client != NULL) {
		okta_client_set_patience(check.client, CHECK_TURN_MAX_MS);
		check_with_client(&check);
	} else {
		check_report_add(report, CHECK_FAILURE, "okta: reachable", err.text, NULL);
	}
	okta_client_destroy(check.client);
	okta_org_destroy(org);
}
