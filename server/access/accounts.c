/* SPDX-License-Identifier: MIT */
/* Accounts: listed, invited, changed. The store keeps one admin who can sign in. */
#include "server/access/access_parts.h"

#include "server/base/str.h"

#include <stdlib.h>

void access_account_list_finish(struct access_account_list *list)
{
	free(list->items);
	*list = (struct access_account_list){0};
}

static void show(const struct access *access, const struct stored_account *stored,
        struct access_account *account)
{
	bool is_invited = stored->invited_until_ms > access_now_ms(access);
	*account = (struct access_account){
	        .id = stored->id,
	        .is_disabled = stored->is_disabled,
	        .has_password = stored->password[0] != '\0',
	        .has_totp = stored->has_totp,
	        .recovery_codes_left = stored->recovery_codes_left,
	        .made_at_ms = access_shown_ms(access, stored->made_at_ms),
	        .signed_in_at_ms = access_shown_ms(access, stored->signed_in_at_ms),
	        .invited_until_ms =
	                is_invited ? access_shown_ms(access, stored->invited_until_ms) : 0,
	        .sessions = (size_t)stored->sessions,
	};
	str_format_cut(account->name, sizeof(account->name), "%s", stored->name);
	if (!access_role_parse(stored->role, &account->role)) {
		account->role = ACCESS_VIEWER;
	}
}

bool access_accounts(struct access *access, struct access_account_list *list, struct err *err)
{
	struct session_bounds alive;
	struct stored_account_list stored;
	*list = (struct access_account_list){0};
	access_alive(access, &alive);
	if (!store_account_list(access->store, &alive, &stored, err)) {
		return false;
	}
	list->items = calloc(stored.count + 1, sizeof(*list->items));
	for (size_t i = 0; list->items != NULL && i < stored.count; i++) {
		show(access, &stored.items[i], &list->items[list->count++]);
	}
	stored_account_list_finish(&stored);
	if (list->items == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for accounts");
	}
	return list->items != NULL;
}

/* -------------------------------------------------------------------- invitations */

static bool make_code(const struct access *access, struct account_code *made,
        char code[ACCESS_CODE_BYTES], struct err *err)
{
	made->ends_at_ms = access_now_ms(access) + ACCESS_INVITATION_MS;
	return code_make(code, made->digest, err);
}

bool access_invite(struct access *access, const char *name, enum access_role role, const char *by,
        char code[ACCESS_CODE_BYTES], struct err *err)
{
	char folded[ACCESS_NAME_BYTES];
	struct account_invitation invitation = {.name = folded,
	        .role = access_role_name(role),
	        .by = by,
	        .now_ms = access_now_ms(access)};
	if (!access_name_fold(name, folded)) {
		err_set(err, ERR_BAD_REQUEST,
		        "a name has 1 to 63 letters, digits and ._-@+, and is not \"server\"");
		return false;
	}
	bool done = make_code(access, &invitation.code, code, err) &&
	        store_account_invite(access->store, &invitation, err);
	if (!done) {
		crypto_wipe(code, ACCESS_CODE_BYTES);
	}
	return done;
}

bool access_reset(struct access *access, int64_t account, const char *by,
        char code[ACCESS_CODE_BYTES], struct err *err)
{
	const struct account_order order = {account, by, access_now_ms(access)};
	struct account_code made;
	bool done = make_code(access, &made, code, err) &&
	        store_account_reset(access->store, &order, &made, err);
	if (!done) {
		crypto_wipe(code, ACCESS_CODE_BYTES);
	}
	return done;
}

/* ------------------------------------------------------------------------ changes */

bool access_set_role(struct access *access, int64_t account, enum access_role role, const char *by,
        struct err *err)
{
	const struct account_order order = {account, by, access_now_ms(access)};
	return store_account_set_role(access->store, &order, access_role_name(role), err);
}

bool access_set_disabled(
        struct access *access, int64_t account, bool is_disabled, const char *by, struct err *err)
{
	const struct account_order order = {account, by, access_now_ms(access)};
	return store_account_set_disabled(access->store, &order, is_disabled, err);
}

bool access_remove(struct access *access, int64_t account, const char *by, struct err *err)
{
	const struct account_order order = {account, by, access_now_ms(access)};
	return store_account_remove(access->store, &order, err);
}
