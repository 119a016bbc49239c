/* SPDX-License-Identifier: MIT */
/* Sessions: their tokens, of which the store has digests alone, and how long they live. */
#include "server/access/access_parts.h"

#include "server/base/log.h"
#include "server/base/str.h"

#include <stdlib.h>
#include <string.h>

#define TOKEN_RANDOM_BYTES 32
#define CSRF_BYTES         32

_Static_assert(ACCESS_TOKEN_BYTES == 2 * TOKEN_RANDOM_BYTES + 1, "as hex");
_Static_assert(ACCESS_CSRF_BYTES == 2 * CSRF_BYTES + 1, "as hex");

/* ------------------------------------------------------------------------ tokens */

bool session_make(
        struct access *access, struct access_ticket *ticket, account_digest digest, struct err *err)
{
	uint8_t random[TOKEN_RANDOM_BYTES];
	*ticket = (struct access_ticket){0};
	if (!crypto_random(random, sizeof(random), err)) {
		return false;
	}
	str_hex(ticket->token, random, sizeof(random));
	crypto_wipe(random, sizeof(random));
	access_csrf(access, ticket->token, ticket->csrf);
	if (ticket->csrf[0] == '\0' ||
	        !crypto_sha256(ticket->token, strlen(ticket->token), digest)) {
		crypto_wipe(ticket, sizeof(*ticket));
		err_set(err, ERR_INTERNAL, "a session's token cannot be digested");
		return false;
	}
	return true;
}

void access_csrf(struct access *access, const char *token, char csrf[ACCESS_CSRF_BYTES])
{
	uint8_t mac[CRYPTO_HMAC_SHA512_BYTES];
	csrf[0] = '\0';
	if (access_keyed(access, "requests of session", token, mac)) {
		str_hex(csrf, mac, CSRF_BYTES);
	}
	crypto_wipe(mac, sizeof(mac));
}

bool access_is_csrf(struct access *access, const char *token, const char *given)
{
	char csrf[ACCESS_CSRF_BYTES];
	if (token == NULL || given == NULL || strlen(given) != ACCESS_CSRF_BYTES - 1) {
		return false;
	}
	access_csrf(access, token, csrf);
	bool is_right = csrf[0] != '\0' && crypto_equal(csrf, given, sizeof(csrf) - 1);
	crypto_wipe(csrf, sizeof(csrf));
	return is_right;
}

/* ----------------------------------------------------------------------- reading */

void session_show(const struct access *access, const struct stored_session *stored,
        struct access_session *session)
{
	*session = (struct access_session){
	        .id = stored->id,
	        .account = stored->account,
	        .has_totp = stored->has_totp,
	        .began_at_ms = access_shown_ms(access, stored->began_at_ms),
	        .used_at_ms = access_shown_ms(access, stored->used_at_ms),
	        .idle_until_ms = access_shown_ms(access, stored->used_at_ms + ACCESS_IDLE_MS),
	        .ends_at_ms = access_shown_ms(access, stored->began_at_ms + ACCESS_ABSOLUTE_MS),
	        .fresh_until_ms = stored->fresh_at_ms + ACCESS_FRESH_MS > access_now_ms(access)
	                ? access_shown_ms(access, stored->fresh_at_ms + ACCESS_FRESH_MS)
	                : 0,
	};
	str_format_cut(session->name, sizeof(session->name), "%s", stored->name);
	str_format_cut(session->peer, sizeof(session->peer), "%s", stored->peer);
	if (!access_role_parse(stored->role, &session->role)) {
		session->role = ACCESS_VIEWER;
	}
}

bool session_read(
        struct access *access, int64_t id, struct access_session *session, struct err *err)
{
	struct session_bounds alive;
	struct stored_session stored;
	access_alive(access, &alive);
	if (!store_session_get(access->store, id, &alive, &stored, err)) {
		return false;
	}
	session_show(access, &stored, session);
	return true;
}

/* A use that cannot be written down leaves the session as it was, which ends it sooner. */
static void touch(struct access *access, struct stored_session *stored)
{
	struct err err = ERR_INIT;
	int64_t now_ms = access_now_ms(access);
	if (now_ms - stored->used_at_ms < ACCESS_TOUCH_MS) {
		return;
	}
	if (!store_session_touch(access->store, stored->id, now_ms, &err)) {
		log_warn("the use of a session was not noted", F("error", err.text));
		return;
	}
	stored->used_at_ms = now_ms;
}

static bool find(struct access *access, const char *token, struct stored_session *stored)
{
	account_digest digest;
	struct session_bounds alive;
	if (token == NULL || strlen(token) != ACCESS_TOKEN_BYTES - 1 ||
	        !crypto_sha256(token, strlen(token), digest)) {
		return false;
	}
	access_alive(access, &alive);
	return store_session_find(access->store, digest, &alive, stored, NULL);
}

bool access_find(struct access *access, const char *token, struct access_session *session)
{
	struct stored_session stored;
	if (!find(access, token, &stored)) {
		return false;
	}
	touch(access, &stored);
	session_show(access, &stored, session);
	return true;
}

bool access_peek(struct access *access, const char *token, struct access_session *session)
{
	struct stored_session stored;
	if (!find(access, token, &stored)) {
		return false;
	}
	session_show(access, &stored, session);
	return true;
}

void access_session_list_finish(struct access_session_list *list)
{
	free(list->items);
	*list = (struct access_session_list){0};
}

bool access_sessions(
        struct access *access, int64_t account, struct access_session_list *list, struct err *err)
{
	struct session_bounds alive;
	struct stored_session_list stored;
	*list = (struct access_session_list){0};
	access_alive(access, &alive);
	if (!store_session_list(access->store, account, &alive, &stored, err)) {
		return false;
	}
	list->items = calloc(stored.count + 1, sizeof(*list->items));
	for (size_t i = 0; list->items != NULL && i < stored.count; i++) {
		session_show(access, &stored.items[i], &list->items[list->count++]);
	}
	stored_session_list_finish(&stored);
	if (list->items == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for sessions");
	}
	return list->items != NULL;
}

/* ------------------------------------------------------------------------ ending */

bool access_end_session(
        struct access *access, int64_t account, int64_t session, const char *by, struct err *err)
{
	const struct account_order order = {account, by, access_now_ms(access)};
	return store_session_end(access->store, &order, session, err);
}

bool access_end_sessions(
        struct access *access, int64_t account, int64_t but, const char *by, struct err *err)
{
	const struct account_order order = {account, by, access_now_ms(access)};
	return store_session_end_all(access->store, &order, but, err);
}
