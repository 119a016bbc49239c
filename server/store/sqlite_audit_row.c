/* SPDX-License-Identifier: MIT */
/*
 * A record as bytes. Every field is preceded by its length, so that no two
 * records have the same bytes; a label says what is signed, so that a MAC of
 * one thing is never one of another. MACs are HMAC-SHA-512, cut to 32 bytes.
 */
#include "server/base/crypto.h"
#include "server/base/str.h"
#include "server/store/sqlite_audit.h"

#include <sqlite3.h>
#include <string.h>

#define BYTES_MAX 4096

struct bytes {
	uint8_t data[BYTES_MAX];
	size_t len;
	bool is_full;
};

static void add(struct bytes *to, const void *from, size_t len)
{
	if (len > BYTES_MAX - to->len) {
		to->is_full = true;
		return;
	}
	if (len > 0) {
		memcpy(to->data + to->len, from, len);
	}
	to->len += len;
}

static void add_number(struct bytes *to, int64_t number)
{
	uint8_t big_endian[8];
	for (size_t i = 0; i < sizeof(big_endian); i++) {
		big_endian[i] = (uint8_t)((uint64_t)number >> (56 - 8 * i));
	}
	add(to, big_endian, sizeof(big_endian));
}

static void add_bytes(struct bytes *to, const void *from, size_t len)
{
	add_number(to, (int64_t)len);
	add(to, from, len);
}

static void add_text(struct bytes *to, const char *text)
{
	add_bytes(to, text, strlen(text));
}

static bool sign(
        const struct hmac_key *key, const struct bytes *bytes, uint8_t mac[AUDIT_MAC_BYTES])
{
	uint8_t whole[CRYPTO_HMAC_SHA512_BYTES];
	if (bytes->is_full || !hmac_sign(key, bytes->data, bytes->len, whole)) {
		return false;
	}
	memcpy(mac, whole, AUDIT_MAC_BYTES);
	return true;
}

bool audit_keys_init(struct audit_keys *keys, const uint8_t chain[KEY_RING_KEY_BYTES],
        const uint8_t pseudonym[KEY_RING_KEY_BYTES], const uint8_t person[KEY_RING_KEY_BYTES],
        struct err *err)
{
	*keys = (struct audit_keys){
	        .chain = hmac_key_create(chain, KEY_RING_KEY_BYTES, err),
	        .pseudonym = hmac_key_create(pseudonym, KEY_RING_KEY_BYTES, err),
	};
	memcpy(keys->person, person, sizeof(keys->person));
	return keys->chain != NULL && keys->pseudonym != NULL;
}

void audit_keys_finish(struct audit_keys *keys)
{
	hmac_key_destroy(keys->chain);
	hmac_key_destroy(keys->pseudonym);
	crypto_wipe(keys, sizeof(*keys));
}

bool audit_person(const struct audit_keys *keys, const char *connection, const char *employee_id,
        char to[AUDIT_PERSON_BYTES], struct err *err)
{
	struct bytes bytes = {.len = 0};
	uint8_t mac[AUDIT_MAC_BYTES];
	to[0] = '\0';
	if (str_is_empty(employee_id)) {
		return true;
	}
	add_text(&bytes, "person");
	add_text(&bytes, connection);
	add_text(&bytes, employee_id);
	if (!sign(keys->pseudonym, &bytes, mac)) {
		err_set(err, ERR_INTERNAL, "a pseudonym could not be made");
		return false;
	}
	str_hex(to, mac, (AUDIT_PERSON_BYTES - 1) / 2);
	return true;
}

bool audit_row_mac(const struct audit_keys *keys, const struct audit_row *row,
        const uint8_t before[AUDIT_MAC_BYTES], uint8_t mac[AUDIT_MAC_BYTES])
{
	struct bytes bytes = {.len = 0};
	add_text(&bytes, "record");
	add(&bytes, before, AUDIT_MAC_BYTES);
	add_number(&bytes, row->seq);
	add_number(&bytes, row->at_ms);
	add_number(&bytes, row->settings_version);
	add_text(&bytes, row->connection);
	add_text(&bytes, row->kind);
	add_text(&bytes, row->person);
	add_text(&bytes, row->who);
	add_text(&bytes, row->origin);
	add_text(&bytes, row->meta);
	add_bytes(&bytes, row->payload_mac, row->has_payload ? AUDIT_MAC_BYTES : 0);
	return sign(keys->chain, &bytes, mac);
}

bool audit_payload_mac(const struct audit_keys *keys, int64_t seq, const void *sealed, size_t len,
        uint8_t mac[AUDIT_MAC_BYTES])
{
	struct bytes bytes = {.len = 0};
	uint8_t digest[CRYPTO_SHA256_BYTES];
	if (!crypto_sha256(sealed, len, digest)) {
		return false;
	}
	add_text(&bytes, "payload");
	add_number(&bytes, seq);
	add_bytes(&bytes, digest, sizeof(digest));
	return sign(keys->chain, &bytes, mac);
}

bool audit_checkpoint_mac(const struct audit_keys *keys, const struct audit_head *head,
        int64_t at_ms, uint8_t mac[AUDIT_MAC_BYTES])
{
	struct bytes bytes = {.len = 0};
	add_text(&bytes, "checkpoint");
	add_number(&bytes, head->seq);
	add_bytes(&bytes, head->mac, sizeof(head->mac));
	add_number(&bytes, at_ms);
	return sign(keys->chain, &bytes, mac);
}

/* A text with a NUL in it, or too long, is none of ours. */
static bool read_text(struct sqlite3_stmt *stmt, int at, char *to, size_t size)
{
	const char *text = (const char *)sqlite3_column_text(stmt, at);
	return text != NULL && strlen(text) == (size_t)sqlite3_column_bytes(stmt, at) &&
	        str_copy(to, size, text);
}

static bool read_mac(struct sqlite3_stmt *stmt, int at, uint8_t mac[AUDIT_MAC_BYTES])
{
	const void *bytes = sqlite3_column_blob(stmt, at);
	if (sqlite3_column_bytes(stmt, at) != AUDIT_MAC_BYTES) {
		return false;
	}
	memcpy(mac, bytes, AUDIT_MAC_BYTES);
	return true;
}

bool audit_row_read(struct sqlite3_stmt *stmt, struct audit_row *row)
{
	*row = (struct audit_row){
	        .seq = sqlite3_column_int64(stmt, 0),
	        .at_ms = sqlite3_column_int64(stmt, 1),
	        .settings_version = sqlite3_column_int64(stmt, 7),
	        .has_payload = sqlite3_column_bytes(stmt, 9) != 0,
	};
	return read_text(stmt, 2, row->connection, sizeof(row->connection)) &&
	        read_text(stmt, 3, row->kind, sizeof(row->kind)) &&
	        read_text(stmt, 4, row->person, sizeof(row->person)) &&
	        read_text(stmt, 5, row->who, sizeof(row->who)) &&
	        read_text(stmt, 6, row->origin, sizeof(row->origin)) &&
	        read_text(stmt, 8, row->meta, sizeof(row->meta)) &&
	        (!row->has_payload || read_mac(stmt, 9, row->payload_mac)) &&
	        read_mac(stmt, 10, row->mac);
}
