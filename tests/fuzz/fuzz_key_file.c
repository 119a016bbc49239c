/* SPDX-License-Identifier: MIT */
/* Any key file: taken, its versions go up and say the same again; refused, no key is left. */
#include "tests/fuzz/target.h"

#include "server/base/buf.h"
#include "server/base/crypto.h"
#include "server/base/key_file.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return crypto_start(NULL) ? 0 : 1;
}

static void check_again(const struct key_file *keys)
{
	struct key_file again;
	struct buf text;
	buf_init(&text, KEY_FILE_MAX_BYTES);
	for (size_t i = 0; i < keys->count; i++) {
		char *key = base64_encode(keys->items[i].key, sizeof(keys->items[i].key));
		assert(i == 0 || keys->items[i].version > keys->items[i - 1].version);
		buf_add_format(&text, "%u:%s\n", keys->items[i].version, key);
		free(key);
	}
	assert(key_file_parse(buf_text(&text), text.len, &again, NULL));
	assert(memcmp(keys, &again, sizeof(again)) == 0);
	buf_finish(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct key_file keys;
	struct key_file empty;
	struct err err = ERR_INIT;
	memset(&keys, 0, sizeof(keys));
	memset(&empty, 0, sizeof(empty));
	if (key_file_parse((const char *)data, size, &keys, &err)) {
		assert(keys.count >= 1 && keys.count <= KEY_RING_VERSIONS_MAX);
		check_again(&keys);
	} else {
		assert(err.code == ERR_SETTINGS_INVALID);
		assert(memcmp(&keys, &empty, sizeof(keys)) == 0);
	}
	return 0;
}
