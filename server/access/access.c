/* SPDX-License-Identifier: MIT */
/* What all parts of access need: the store's key, the clock, names. */
#include "server/access/access_parts.h"

#include "server/base/clock.h"
#include "server/base/str.h"
#include "server/store/data_keys.h"

#include <stdlib.h>
#include <string.h>

#define KEYED_MAX_BYTES 512

static const char *const ROLES[ACCESS_ROLE_COUNT] = {"viewer", "operator", "admin"};

const char *access_role_name(enum access_role role)
{
	return role >= 0 && role < ACCESS_ROLE_COUNT ? ROLES[role] : "";
}

bool access_role_parse(const char *word, enum access_role *role)
{
	for (int i = 0; i < ACCESS_ROLE_COUNT; i++) {
		if (str_equal(word, ROLES[i])) {
			*role = (enum access_role)i;
			return true;
		}
	}
	return false;
}

/* ------------------------------------------------------------------------- time */

int64_t access_now_ms(const struct access *access)
{
	return access->mono_ms() + access->ahead_ms;
}

int64_t access_shown_ms(const struct access *access, int64_t at_ms)
{
	return at_ms == 0 ? 0 : at_ms + access->wall_ms() - access_now_ms(access);
}

void access_alive(const struct access *access, struct session_bounds *alive)
{
	int64_t now_ms = access_now_ms(access);
	alive->used_after_ms = now_ms - ACCESS_IDLE_MS;
	alive->began_after_ms = now_ms - ACCESS_ABSOLUTE_MS;
}

/* ------------------------------------------------------------------------ names */

bool access_name_fold(const char *name, char folded[ACCESS_NAME_BYTES])
{
	/* Words that the audit trail has for who is no account. */
	static const char *const TAKEN[] = {"server", "somebody"};
	if (name == NULL || !str_is_word(name, ACCESS_NAME_BYTES - 1, "._-@+") ||
	        !str_copy(folded, ACCESS_NAME_BYTES, name)) {
		return false;
	}
	str_fold(folded);
	for (size_t i = 0; i < ARRAY_SIZE(TAKEN); i++) {
		if (str_equal(folded, TAKEN[i])) {
			return false;
		}
	}
	return true;
}

bool access_keyed(const struct access *access, const char *what, const char *text,
        uint8_t mac[CRYPTO_HMAC_SHA512_BYTES])
{
	char whole[KEYED_MAX_BYTES];
	str_format_cut(whole, sizeof(whole), "bob2okta: %s: %s", what, text);
	bool done = hmac_sign(access->key, whole, strlen(whole), mac);
	crypto_wipe(whole, sizeof(whole));
	return done;
}

/* -------------------------------------------------------------- create, destroy */

static bool prepare(struct access *access, const struct access_options *options, struct err *err)
{
	uint8_t key[KEY_RING_KEY_BYTES];
	access->store = options->store;
	access->wall_ms = clock_wall_ms;
	access->mono_ms = clock_mono_ms;
	access->ahead_ms = clock_wall_ms() - clock_mono_ms();
	access->cost = (struct crypto_cost){.log2_n = 15, .r = 8, .p = 3};
	access->hash_wait_ms = ACCESS_HASH_WAIT_MS;
	access->code_path = str_dup(options->code_path);
	if (access->code_path == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for who may come in");
		return false;
	}
	store_data_key(options->store, DATA_KEY_SECRETS, key);
	access->key = hmac_key_create(key, sizeof(key), err);
	crypto_wipe(key, sizeof(key));
	return access->key != NULL && access_hash_nobody(access, err) &&
	        store_access_begin(access->store, access_now_ms(access), err);
}

struct access *access_create(const struct access_options *options, struct err *err)
{
	struct access *access = calloc(1, sizeof(*access));
	if (access == NULL || !monitor_init(&access->gate)) {
		free(access);
		err_set(err, ERR_NO_MEMORY, "no memory for who may come in");
		return NULL;
	}
	pthread_mutex_init(&access->throttle, NULL);
	if (!prepare(access, options, err)) {
		access_destroy(access);
		return NULL;
	}
	if (!access_is_first_run(access)) {
		access_forget_code_file(access); /* a crash may have left it */
	}
	return access;
}

void access_destroy(struct access *access)
{
	if (access == NULL) {
		return;
	}
	hmac_key_destroy(access->key);
	monitor_finish(&access->gate);
	pthread_mutex_destroy(&access->throttle);
	free(access->code_path);
	free(access);
}
