/* SPDX-License-Identifier: MIT */
#include "server/engine/stored_secrets.h"

#include "server/base/buf.h"
#include "server/base/log.h"
#include "server/base/str.h"
#include "server/engine/stored_targets.h"
#include "server/settings/secret_names.h"
#include "server/store/secrets.h"

#include <stdlib.h>
#include <string.h>

#define LACK_BYTES 1024

/* ------------------------------------------------------------------- filling in */

static const struct stored_secret *find(
        const struct stored_secret_list *list, const char *name, int slot)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->items[i].slot == slot && str_equal(list->items[i].name, name)) {
			return &list->items[i];
		}
	}
	return NULL;
}

static bool set_lack(struct token_settings *token, const char *text)
{
	free(token->lack);
	token->lack = str_dup(text);
	return token->lack != NULL;
}

/* Why this one cannot be used for that address; "" if it can. */
static void say_lack(
        char to[LACK_BYTES], const struct stored_secret *found, const char *name, const char *host)
{
	to[0] = '\0';
	if (found == NULL) {
		str_format_cut(to, LACK_BYTES,
		        "No token was entered for %s: enter one on the System page of the console, or"
		        " with bob2okta secret set %s.",
		        host, name);
	} else if (!str_equal(found->host, host)) {
		str_format_cut(to, LACK_BYTES,
		        "The token was entered for %s and goes to no other host; enter the one for"
		        " %s on the System page of the console, or with bob2okta secret set %s.",
		        found->host, host, name);
	} else if (!secret_is_set(&found->value)) {
		str_format_cut(to, LACK_BYTES,
		        "The token in the store was changed by somebody else than bob2okta and"
		        " cannot be read; enter it again on the System page of the console,"
		        " or with bob2okta secret set %s.",
		        name);
	}
}

static bool fill_token(struct token_settings *token, const struct stored_secret_list *list,
        const char *name, const char *host)
{
	char lack[LACK_BYTES];
	if (!token->is_stored || token->lack != NULL) {
		return true;
	}
	const struct stored_secret *found = find(list, name, SECRET_NEWEST);
	say_lack(lack, found, name, host);
	if (lack[0] != '\0') {
		return set_lack(token, lack);
	}
	return secret_set(&token->value, secret_reveal(&found->value));
}

static bool add_webhook_key(
        struct bob_settings *bob, const struct stored_secret *found, struct err *err)
{
	const char *text = found != NULL ? secret_reveal(&found->value) : "";
	if (text[0] == '\0' || bob->webhook_key_count == SETTINGS_SECRETS_MAX) {
		return true;
	}
	struct hmac_key *key = hmac_key_create(text, strlen(text), err);
	if (key != NULL) {
		bob->webhook_keys[bob->webhook_key_count++] = key;
	}
	return key != NULL;
}

/* A connection that is not set up calls nobody, whatever was entered for it already. */
static bool say_not_set_up(struct connection_settings *connection)
{
	char text[LACK_BYTES];
	if (settings_is_set_up(connection)) {
		return true;
	}
	str_format_cut(text, sizeof(text),
	        "not set up yet: %s missing; open the console, Settings, and enter what is missing.",
	        connection->lacks);
	return set_lack(&connection->okta.api_token, text) &&
	        set_lack(&connection->bob.service_user_token, text);
}

static bool fill_connection(
        struct store *store, struct connection_settings *connection, struct err *err)
{
	struct stored_secret_list list;
	if (!store_secret_list(store, connection->name, &list, err)) {
		return false;
	}
	bool done = say_not_set_up(connection) &&
	        fill_token(&connection->okta.api_token, &list, "okta.api_token",
	                connection->okta.base_url) &&
	        fill_token(&connection->bob.service_user_token, &list, "bob.service_user_token",
	                connection->bob.base_url);
	if (!done) {
		err_set(err, ERR_NO_MEMORY, "no memory for secrets");
	}
	/* Deliveries of a connection that does not know its company would all be strangers'. */
	bool wants_keys = settings_is_set_up(connection);
	for (int slot = SECRET_NEWEST; done && wants_keys &&
	        connection->bob.has_stored_webhook_secrets && slot <= SECRET_BEFORE;
	        slot++) {
		done = add_webhook_key(
		        &connection->bob, find(&list, "bob.webhook_secret", slot), err);
	}
	stored_secret_list_finish(&list);
	return done;
}

static bool wants_any(const struct connection_settings *connection)
{
	for (size_t i = 0; i < secret_names_count; i++) {
		if (secret_names[i].is_wanted(connection)) {
			return true;
		}
	}
	return false;
}

bool stored_secrets_fill(struct store *store, struct settings *settings, struct err *err)
{
	for (size_t i = 0; i < settings->connection_count; i++) {
		struct connection_settings *connection = &settings->connections[i];
		if (wants_any(connection) && !fill_connection(store, connection, err)) {
			return false;
		}
	}
	return stored_targets_fill(store, &settings->alarms, err);
}

/* --------------------------------------------------------------------- clearing */

static void clear(struct store *store, const struct stored_secret *secret, const char *host)
{
	struct err err = ERR_INIT;
	char why[2 * SECRET_HOST_BYTES + 64];
	str_format_cut(why, sizeof(why), "cleared: it was entered for %s, the settings name %s",
	        secret->host, host);
	const struct secret_removal removal = {
	        .connection = secret->connection, .name = secret->name, .by = "server", .why = why};
	if (store_secret_remove(store, &removal, &err)) {
		log_warn("secret cleared: the settings name another host than it was entered for",
		        F("connection", secret->connection), F("secret", secret->name),
		        F("entered_for", secret->host), F("host", host));
	} else {
		log_error("secret of another host not cleared", F("secret", secret->name),
		        F("cause", err.text));
	}
}

static void clear_of_connection(struct store *store, const struct connection_settings *connection)
{
	struct stored_secret_list list;
	struct err err = ERR_INIT;
	if (!store_secret_list(store, connection->name, &list, &err)) {
		log_error("secrets in the store not looked at", F("cause", err.text));
		return;
	}
	for (size_t i = 0; i < list.count; i++) {
		const struct secret_name *name = secret_names_find(list.items[i].name);
		const char *host = name != NULL ? secret_names_host(name, connection) : "";
		if (host[0] != '\0' && !str_equal(list.items[i].host, host)) {
			clear(store, &list.items[i], host);
		}
	}
	stored_secret_list_finish(&list);
}

void stored_secrets_clear_foreign(struct store *store, const struct settings *settings)
{
	for (size_t i = 0; i < settings->connection_count; i++) {
		clear_of_connection(store, &settings->connections[i]);
	}
	stored_targets_clear_foreign(store, &settings->alarms);
}
