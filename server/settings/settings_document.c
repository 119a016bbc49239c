/* SPDX-License-Identifier: MIT */
/* A document and its secrets: taken out for keeping and showing, put in for running. */
#include "server/settings/settings_document.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/settings/settings_value.h"
#include "server/settings/settings_walk.h"

#include <string.h>

/* ------------------------------------------------------- going through secrets */

/*
 * A visit goes through the keys of a document and, beside it, through those of another one, which
 * is the file's: at a secret it asks what shall stand there.
 */
struct visit {
	struct settings_walk walk; /* only its path, and mistakes if there is a report */
	/* A new reference, or NULL: leave what is there. other: the file's at this place, or NULL.
	 */
	json_t *(*replace)(struct visit *visit, const json_t *secret, const json_t *other);
	enum { ADDRESSES_ANY, ADDRESSES_AS_OTHER } addresses;
};

static void visit_section(
        struct visit *visit, const struct settings_key *parent, json_t *json, const json_t *other);

static const json_t *find_named(const json_t *connections, const char *name)
{
	for (size_t i = 0; i < json_array_size(connections); i++) {
		const json_t *connection = json_array_get(connections, i);
		if (name != NULL && str_equal(json_get_text(connection, "name"), name)) {
			return connection;
		}
	}
	return NULL;
}

/* A connection, or a target of alarms: has secrets, and is the file's of the same name. */
static void visit_named_element(
        struct visit *visit, const struct settings_key *key, json_t *element, const json_t *others)
{
	const char *name = json_get_text(element, "name");
	const json_t *other = find_named(others, name);
	if (visit->addresses == ADDRESSES_AS_OTHER && other == NULL && name != NULL) {
		size_t before = settings_walk_enter(&visit->walk, "name");
		settings_walk_mistake(&visit->walk,
		        "the settings file has no %s of this name; a new one needs secrets"
		        " and an address, so add it there",
		        key->type == SETTINGS_TYPE_CONNECTIONS ? "connection" : "target");
		settings_walk_leave(&visit->walk, before);
		return;
	}
	visit_section(visit, key, element, other);
}

static bool has_names(const struct settings_key *key)
{
	return key->type == SETTINGS_TYPE_CONNECTIONS || key->type == SETTINGS_TYPE_TARGETS;
}

static void visit_elements(
        struct visit *visit, const struct settings_key *key, json_t *list, const json_t *others)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *element = json_array_get(list, i);
		size_t before = settings_walk_enter_element(&visit->walk, i);
		if (has_names(key)) {
			visit_named_element(visit, key, element, others);
		} else if (settings_keys_is_listed(key)) {
			visit_section(visit, key, element, NULL);
		} else {
			json_t *fresh = visit->replace(visit, element, json_array_get(others, i));
			visit->walk.is_out_of_memory |=
			        fresh != NULL && json_array_set_new(list, i, fresh) != 0;
		}
		settings_walk_leave(&visit->walk, before);
	}
}

static void visit_named(struct visit *visit, const struct settings_key *key, json_t *sections)
{
	const char *name = NULL;
	json_t *section = NULL;
	json_object_foreach(sections, name, section)
	{
		size_t before = settings_walk_enter(&visit->walk, name);
		visit_section(visit, key, section, NULL);
		settings_walk_leave(&visit->walk, before);
	}
}

/* A secret that is not where its list or text should be is a secret all the same. */
static void visit_secret(
        struct visit *visit, json_t *section, const char *name, json_t *value, const json_t *other)
{
	json_t *fresh = visit->replace(visit, value, other);
	visit->walk.is_out_of_memory |=
	        fresh != NULL && json_object_set_new(section, name, fresh) != 0;
}

static void visit_key(struct visit *visit, const struct settings_key *key, json_t *section,
        const char *name, const json_t *other)
{
	json_t *value = json_object_get(section, name);
	switch ((int)key->type) {
	case SETTINGS_TYPE_SECTION: visit_section(visit, key, value, other); break;
	case SETTINGS_TYPE_CONNECTIONS:
	case SETTINGS_TYPE_ROWS:
	case SETTINGS_TYPE_GROUPS:
	case SETTINGS_TYPE_TARGETS: visit_elements(visit, key, value, other); break;
	case SETTINGS_TYPE_SITES:
	case SETTINGS_TYPE_EMPLOYMENTS: visit_named(visit, key, value); break;
	case SETTINGS_TYPE_WEBHOOK_SECRETS:
		if (json_is_array(value)) {
			visit_elements(visit, key, value, other);
			break;
		}
		visit_secret(visit, section, name, value, NULL);
		break;
	case SETTINGS_TYPE_HOOK_URL:
	case SETTINGS_TYPE_SECRET:
	case SETTINGS_TYPE_TOKEN: visit_secret(visit, section, name, value, other); break;
	default: break;
	}
}

static bool is_address(const struct settings_key *key)
{
	return key->type == SETTINGS_TYPE_BOB_URL || key->type == SETTINGS_TYPE_OKTA_URL ||
	        key->type == SETTINGS_TYPE_SMTP_URL || (key->flags & SETTINGS_KEY_FILE) != 0;
}

static bool is_same(const json_t *a, const json_t *b)
{
	return a == NULL || b == NULL ? a == b : json_equal(a, b) == 1;
}

/* An address that the file has and the document leaves out would become another one too. */
static void compare_address(
        struct visit *visit, const char *name, const json_t *json, const json_t *other)
{
	if (visit->addresses == ADDRESSES_ANY ||
	        is_same(json_object_get(json, name), json_object_get(other, name))) {
		return;
	}
	size_t before = settings_walk_enter(&visit->walk, name);
	settings_walk_mistake(&visit->walk,
	        "differs from the settings file: a token goes to the host it was entered for and to"
	        " no other, by the network the file says; change the file");
	settings_walk_leave(&visit->walk, before);
}

static void visit_section(
        struct visit *visit, const struct settings_key *parent, json_t *json, const json_t *other)
{
	if (!json_is_object(json)) {
		return;
	}
	for (size_t i = 0; i < settings_keys_count; i++) {
		const char *name = NULL;
		if (!settings_keys_is_child(&settings_keys[i], parent, &name)) {
			continue;
		}
		if (is_address(&settings_keys[i])) {
			compare_address(visit, name, json, other);
		} else if (json_object_get(json, name) != NULL) {
			size_t before = settings_walk_enter(&visit->walk, name);
			visit_key(
			        visit, &settings_keys[i], json, name, json_object_get(other, name));
			settings_walk_leave(&visit->walk, before);
		}
	}
}

static json_t *visit_copy(struct visit *visit, const json_t *document, const json_t *other)
{
	json_t *copy = json_deep_copy(document);
	if (copy != NULL) {
		visit_section(visit, NULL, copy, other);
	}
	if (copy == NULL || visit->walk.is_out_of_memory) {
		settings_document_wipe(copy);
		return NULL;
	}
	return copy;
}

/* ------------------------------------------------------------------- taking out */

/* With "expires" beside it or not (webhook secrets). */
static bool is_reference(const json_t *secret)
{
	size_t size = json_object_get(secret, "expires") != NULL ? 2 : 1;
	return settings_secret_is_stored(secret) ||
	        (json_object_size(secret) == size &&
	                (json_is_string(json_object_get(secret, "env")) ||
	                        json_is_string(json_object_get(secret, "file"))));
}

static bool is_kept(const json_t *secret)
{
	return json_object_size(secret) == 1 && json_is_true(json_object_get(secret, "kept"));
}

static json_t *kept_of(struct visit *visit, const json_t *secret, const json_t *other UNUSED)
{
	if (is_reference(secret)) {
		return NULL;
	}
	json_t *kept = json_pack("{s:b}", "kept", 1);
	visit->walk.is_out_of_memory |= kept == NULL;
	return kept;
}

static void drop_unknown(const struct settings_key *parent, json_t *json);

static void drop_unknown_below(const struct settings_key *key, json_t *value)
{
	const char *name = NULL;
	json_t *section = NULL;
	if (key->type == SETTINGS_TYPE_SECTION) {
		drop_unknown(key, value);
	} else if (settings_keys_is_listed(key)) {
		for (size_t i = 0; i < json_array_size(value); i++) {
			drop_unknown(key, json_array_get(value, i));
		}
	} else if (settings_keys_is_named(key)) {
		json_object_foreach(value, name, section)
		{
			drop_unknown(key, section);
		}
	}
}

/* A key nobody checks could hold anything, and is in no document that was accepted. */
static void drop_unknown(const struct settings_key *parent, json_t *json)
{
	const char *name = NULL;
	json_t *value = NULL;
	void *next = NULL;
	json_object_foreach_safe(json, next, name, value)
	{
		const struct settings_key *key = settings_keys_find(parent, name, strlen(name));
		if (key == NULL) {
			json_object_del(json, name);
			continue;
		}
		drop_unknown_below(key, value);
	}
}

json_t *settings_redact(const json_t *document)
{
	struct visit visit = {.replace = kept_of};
	json_t *copy = visit_copy(&visit, document, NULL);
	drop_unknown(NULL, copy);
	return copy;
}

/* -------------------------------------------------------------------- putting in */

/* Where alarms go is the file's to say, also that the store says it. */
static bool is_of_target(const struct visit *visit)
{
	return str_starts_with(visit->walk.path, "alarms.targets");
}

static json_t *filled_of(struct visit *visit, const json_t *secret, const json_t *other)
{
	if (is_kept(secret) && other != NULL) {
		json_t *copy = json_deep_copy(other);
		visit->walk.is_out_of_memory |= copy == NULL;
		return copy;
	}
	if (settings_secret_is_stored(secret) && !is_of_target(visit)) {
		return NULL; /* what is in the store is bound to its host by itself */
	}
	if (is_kept(secret)) {
		settings_walk_mistake(&visit->walk,
		        "is kept, and the settings file has no secret at this place; add it there");
	} else if (!is_reference(secret)) {
		settings_walk_mistake(&visit->walk,
		        "secrets stand in the settings file only; write {\"kept\": true} to keep the"
		        " file's");
	} else if (!is_same(secret, other)) {
		settings_walk_mistake(&visit->walk,
		        "is not what the settings file has at this place; references are changed"
		        " there, write {\"kept\": true} to keep the file's");
	}
	return NULL;
}

json_t *settings_fill(const json_t *document, const json_t *file, struct settings_report *report)
{
	*report = (struct settings_report){0};
	struct visit visit = {
	        .walk = {.report = report},
	        .replace = filled_of,
	        .addresses = ADDRESSES_AS_OTHER,
	};
	json_t *copy = visit_copy(&visit, document, file);
	if (report->count > 0) {
		settings_document_wipe(copy);
		return NULL;
	}
	return copy;
}

static json_t *present_of(struct visit *visit, const json_t *secret UNUSED, const json_t *other)
{
	json_t *kept = other != NULL ? kept_of(visit, other, NULL) : NULL;
	return kept != NULL || other == NULL ? kept : json_deep_copy(other);
}

/* Webhook secrets are a list, whose length is the file's too. */
static void take_webhook_secrets(json_t *document, const json_t *file)
{
	json_t *connections = json_object_get(document, "connections");
	for (size_t i = 0; i < json_array_size(connections); i++) {
		json_t *connection = json_array_get(connections, i);
		const json_t *other = find_named(
		        json_object_get(file, "connections"), json_get_text(connection, "name"));
		json_t *bob = json_object_get(connection, "bob");
		json_t *secrets = json_get_path(other, "bob.webhook_secrets");
		json_object_del(bob, "webhook_secrets");
		if (secrets != NULL) {
			json_object_set_new(bob, "webhook_secrets", json_deep_copy(secrets));
		}
	}
}

json_t *settings_with_present_secrets(const json_t *document, const json_t *file)
{
	struct visit visit = {.replace = present_of};
	json_t *copy = json_deep_copy(document);
	take_webhook_secrets(copy, file);
	json_t *made = copy != NULL ? visit_copy(&visit, copy, file) : NULL;
	settings_document_wipe(copy);
	return made;
}
