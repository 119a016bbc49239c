/* SPDX-License-Identifier: MIT */
/* The default user schema: reading it, and adding custom attributes to it. */
#include "okta/client.h"
#include "okta/okta_org.h"
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"

#include <stdlib.h>

#define SCHEMA_PATH  "/api/v1/meta/schemas/user/default"
#define RHYTHM_MS    1000
#define SENDS_MAX    4
#define READS_A_SEND 4 /* Okta may show a change late; sending again any sooner helps nobody */

void okta_schema_get(struct okta_client *client, json_t **schema, struct call_outcome *outcome)
{
	*schema = NULL;
	struct okta_reply reply;
	struct okta_request request = {.method = "GET",
	        .route = "GET /api/v1/meta/schemas/user/{id}",
	        .path = SCHEMA_PATH,
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

/* ------------------------------------------------------------------- adding */

struct addition {
	struct okta_client *client;
	json_t *missing; /* what Okta does not show yet; owned */
	json_t *seen; /* the schema once it shows everything; owned */
	int64_t deadline_ms; /* monotonic */
	struct call_outcome *outcome;
};

/* A null would take an attribute away, and nothing of ours may do that. */
static bool are_definitions(const json_t *properties)
{
	const char *name;
	json_t *definition;
	json_object_foreach((json_t *)(uintptr_t)properties, name, definition)
	{
		if (json_get_text(definition, "type") == NULL) {
			return false;
		}
	}
	return json_object_size(properties) > 0;
}

static char *format_body(json_t *properties)
{
	json_t *body = json_pack("{s:{s:{s:s, s:s, s:O, s:[]}}}", "definitions", "custom", "id",
	        "#custom", "type", "object", "properties", properties, "required");
	char *text = body != NULL ? json_format(body) : NULL;
	json_decref(body);
	return text;
}

static void post_missing(struct addition *addition)
{
	struct okta_reply reply = {0};
	char *body = format_body(addition->missing);
	struct okta_request request = {.method = "POST",
	        .route = "POST /api/v1/meta/schemas/user/{id}",
	        .path = SCHEMA_PATH,
	        .bucket = OKTA_BUCKET_OTHER,
	        .kind = OKTA_CALL_WRITE,
	        .body = body};
	if (body == NULL) {
		okta_client_refuse(addition->outcome, "Out of memory for a schema change.");
	} else {
		(void)okta_client_call(addition->client, &request, &reply, addition->outcome);
	}
	okta_reply_finish(&reply);
	free(body);
}

static bool is_same_type(const json_t *wanted, const json_t *present)
{
	return str_equal(json_get_text(wanted, "type"), json_get_text(present, "type")) &&
	        str_equal(json_get_text(json_object_get(wanted, "items"), "type"),
	                json_get_text(json_object_get(present, "items"), "type"));
}

static void end(struct addition *addition, enum call_class call_class, const char *sentence)
{
	addition->outcome->call_class = call_class;
	str_format_cut(
	        addition->outcome->sentence, sizeof(addition->outcome->sentence), "%s", sentence);
}

/* Takes out of missing what the schema shows; false when one is there as something else. */
static bool strike_seen(struct addition *addition, const json_t *schema)
{
	const json_t *custom = json_get_path(schema, "definitions.custom.properties");
	const char *name;
	void *next;
	json_t *wanted;
	json_object_foreach_safe(addition->missing, next, name, wanted)
	{
		const json_t *present = json_object_get(custom, name);
		if (present != NULL && !is_same_type(wanted, present)) {
			str_format_cut(addition->outcome->attribute,
			        sizeof(addition->outcome->attribute), "%s", name);
			return false;
		}
		if (present != NULL) {
			json_object_del(addition->missing, name);
		}
	}
	return true;
}

static bool is_final(enum call_class call_class)
{
	return call_class == CALL_STOP_CREDENTIALS || call_class == CALL_STOP_CONFIG ||
	        call_class == CALL_ABORTED;
}

enum look { LOOK_SEEN, LOOK_MISSING, LOOK_OVER };

/* A read that failed says nothing about what is missing. */
static enum look look_once(struct addition *addition)
{
	json_t *schema = NULL;
	enum look look = LOOK_MISSING;
	okta_schema_get(addition->client, &schema, addition->outcome);
	if (schema == NULL) {
		look = is_final(addition->outcome->call_class) ? LOOK_OVER : LOOK_MISSING;
	} else if (!strike_seen(addition, schema)) {
		end(addition, CALL_REREAD,
		        "An attribute of that name is in the schema with another type.");
		look = LOOK_OVER;
	} else if (json_object_size(addition->missing) == 0) {
		addition->seen = json_incref(schema);
		look = LOOK_SEEN;
	}
	json_decref(schema);
	return look;
}

static enum look look_for_missing(struct addition *addition)
{
	enum look look = look_once(addition);
	for (int reads = 1; reads < READS_A_SEND && look == LOOK_MISSING; reads++) {
		if (clock_mono_ms() + RHYTHM_MS > addition->deadline_ms) {
			return LOOK_OVER;
		}
		if (!okta_org_wait(okta_client_org(addition->client), RHYTHM_MS)) {
			end(addition, CALL_ABORTED, "The server is stopping.");
			return LOOK_OVER;
		}
		look = look_once(addition);
	}
	return look;
}

/* With the schema's turn. */
static void add_until_seen(struct addition *addition)
{
	enum look look = LOOK_MISSING;
	for (int sends = 0; sends < SENDS_MAX && look == LOOK_MISSING; sends++) {
		post_missing(addition);
		enum call_class sent = addition->outcome->call_class;
		if (is_final(sent) || (sends == 0 && sent != CALL_DONE && sent != CALL_UNCLEAR)) {
			return;
		}
		look = look_for_missing(addition);
	}
	bool is_told = is_final(addition->outcome->call_class) ||
	        addition->outcome->call_class == CALL_REREAD;
	if (look != LOOK_SEEN && !is_told) {
		end(addition, CALL_UNCLEAR,
		        "The attributes were sent, and Okta's schema does not show all of them yet.");
	}
}

void okta_schema_add(struct okta_client *client, const json_t *properties, json_t **schema,
        struct call_outcome *outcome)
{
	const struct okta_org *org = okta_client_org(client);
	struct addition addition = {.client = client,
	        .deadline_ms = clock_mono_ms() + OKTA_SCHEMA_ADD_MS,
	        .outcome = outcome};
	*schema = NULL;
	*outcome = (struct call_outcome){.call_class = CALL_PERMANENT};
	if (!are_definitions(properties)) {
		okta_client_refuse(outcome, "A schema change is a list of attributes with types.");
		return;
	}
	if (!okta_org_begin_schema(org, addition.deadline_ms)) {
		end(&addition, CALL_RETRY_LATER, "Another schema change of this org is going on.");
		return;
	}
	addition.missing = json_deep_copy(properties);
	if (addition.missing != NULL) {
		add_until_seen(&addition);
	}
	okta_org_end_schema(org);
	*schema = addition.seen;
	json_decref(addition.missing);
}
