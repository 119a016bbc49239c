/* SPDX-License-Identifier: MIT */
/* What the chain says of an action in Okta: one record before it, one after. */
#include "server/store/sqlite_audit.h"

#include "server/base/crypto.h"
#include "server/base/json.h"
#include "server/base/str.h"

#include <stdlib.h>
#include <string.h>

/* The names alone: the values stand with the action, and go before the trail does. */
static json_t *attribute_names(const struct personal *body)
{
	const char *text = personal_reveal(body);
	json_t *names = json_array();
	json_t *profile = text[0] != '\0' ? json_parse(text, strlen(text), NULL) : NULL;
	const char *name = NULL;
	json_t *value = NULL;
	json_object_foreach(profile, name, value)
	{
		json_array_append_new(names, json_string(name));
	}
	json_decref(profile);
	return names;
}

char *sqlite_audit_intent_payload(const struct intent *intent)
{
	json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:o}", "employee_id",
	        intent->key.employee_id, "okta_id", intent->okta_id, "group_id", intent->group_id,
	        "reason", intent->reason, "attributes", attribute_names(&intent->body));
	char *text = json != NULL ? json_format(json) : NULL;
	json_decref(json);
	return text;
}

/* Ties the record to the body that was sent, as long as that is kept. */
static bool digest_body(const struct sqlite_conn *conn, const struct intent *intent,
        char to[AUDIT_HEX_BYTES], struct err *err)
{
	uint8_t mac[AUDIT_MAC_BYTES];
	const char *body = personal_reveal(&intent->body);
	to[0] = '\0';
	if (body[0] == '\0') {
		return true;
	}
	if (!audit_payload_mac(conn->audit, intent->intent_id, body, strlen(body), mac)) {
		err_set(err, ERR_INTERNAL, "a record of the audit trail could not be signed");
		return false;
	}
	str_hex(to, mac, sizeof(mac));
	return true;
}

bool sqlite_audit_intent(
        struct sqlite_conn *conn, const struct intent *intent, const char *payload, struct err *err)
{
	char meta[AUDIT_META_BYTES];
	char body_mac[AUDIT_HEX_BYTES];
	if (!digest_body(conn, intent, body_mac, err)) {
		return false;
	}
	str_format_cut(meta, sizeof(meta),
	        "{\"intent_id\":%lld,\"action\":\"%s\",\"rule\":\"%s\",\"lane\":\"%s\","
	        "\"limit\":\"%s\",\"is_rename\":%s,\"is_approved\":%s,\"sends_email\":%s,"
	        "\"generation\":%lld,\"body_mac\":\"%s\"}",
	        (long long)intent->intent_id, action_kind_name(intent->kind), intent->rule,
	        lane_name(intent->lane), limit_kind_name(intent->limit),
	        intent->is_rename ? "true" : "false", intent->is_approved ? "true" : "false",
	        intent->sends_email ? "true" : "false", (long long)intent->claimed_generation,
	        body_mac);
	const struct audit_new entry = {.kind = "intent",
	        .key = &intent->key,
	        .who = "server",
	        .meta = meta,
	        .payload = payload,
	        .settings_version = intent->settings_version};
	return sqlite_audit_write(conn, &entry, err);
}

bool sqlite_audit_outcome(struct sqlite_conn *conn, const struct employee_key *key,
        const struct outcome *outcome, int64_t settings_version, struct err *err)
{
	json_t *json = json_pack("{s:I, s:s, s:i, s:s, s:s, s:b}", "intent_id",
	        (json_int_t)outcome->intent_id, "outcome", outcome_state_name(outcome->state),
	        "http_status", outcome->http_status, "code", outcome->code, "request_id",
	        outcome->request_id, "is_resolved", outcome->is_resolved);
	char *meta = json != NULL ? json_format(json) : NULL;
	json_decref(json);
	if (meta == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for a record of the audit trail");
		return false;
	}
	const struct audit_new entry = {.kind = "outcome",
	        .key = key,
	        .who = "server",
	        .what = outcome->sentence[0] != '\0' ? outcome->sentence : NULL,
	        .meta = meta,
	        .settings_version = settings_version};
	bool done = sqlite_audit_write(conn, &entry, err);
	free(meta);
	return done;
}
