/* SPDX-License-Identifier: MIT */
/* One-time codes: 120 bits, which nobody guesses, in a form that people copy by hand. */
#include "server/access/access_parts.h"

#include "server/base/str.h"

#include <string.h>

#define CODE_BYTES 15 /* 120 bits, 24 letters */
#define LETTERS    (CODE_BYTES * 8 / 5)
#define GROUP      4
#define READ_WRONG "018" /* letters that Base32 has not, read for those it has */
#define READ_RIGHT "OIB"

_Static_assert(LETTERS + LETTERS / GROUP <= ACCESS_CODE_BYTES, "a code has its place");

static bool digest_letters(const char letters[LETTERS + 1], account_digest digest)
{
	return crypto_sha256(letters, LETTERS, digest);
}

bool code_make(char code[ACCESS_CODE_BYTES], account_digest digest, struct err *err)
{
	uint8_t bytes[CODE_BYTES];
	char letters[BASE32_BYTES(CODE_BYTES)];
	if (!crypto_random(bytes, sizeof(bytes), err)) {
		return false;
	}
	base32_encode(bytes, sizeof(bytes), letters);
	crypto_wipe(bytes, sizeof(bytes));
	char *to = code;
	for (size_t i = 0; i < LETTERS; i++) {
		if (i > 0 && i % GROUP == 0) {
			*to++ = '-';
		}
		*to++ = letters[i];
	}
	*to = '\0';
	bool done = digest_letters(letters, digest);
	crypto_wipe(letters, sizeof(letters));
	if (!done) {
		err_set(err, ERR_INTERNAL, "a code cannot be digested");
	}
	return done;
}

/* The letter as it was given out; 0: none. */
static char letter_of(char c)
{
	if (c >= 'a' && c <= 'z') {
		return (char)(c - 'a' + 'A');
	}
	const char *wrong = c != '\0' ? strchr(READ_WRONG, c) : NULL;
	if (wrong != NULL) {
		return READ_RIGHT[wrong - READ_WRONG];
	}
	return (c >= 'A' && c <= 'Z') || (c >= '2' && c <= '7') ? c : '\0';
}

bool code_digest(const char *code, account_digest digest)
{
	char letters[LETTERS + 1] = "";
	size_t len = 0;
	for (; code != NULL && *code != '\0'; code++) {
		char letter = letter_of(*code);
		if (*code == '-' || *code == ' ') {
			continue;
		}
		if (letter == '\0' || len == LETTERS) {
			return false;
		}
		letters[len++] = letter;
	}
	bool done = len == LETTERS && digest_letters(letters, digest);
	crypto_wipe(letters, sizeof(letters));
	return done;
}
