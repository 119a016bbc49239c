/* SPDX-License-Identifier: MIT */
/*
 * Which passwords are refused (A-02). Length counts in characters; then what a
 * guesser tries first is taken out of it (common words also with digits for
 * letters, the account's name, rows of keys and of the alphabet, repetitions),
 * and what is left must be worth something.
 */
#include "server/access/access.h"

#include "server/base/crypto.h"
#include "server/base/str.h"

#include <string.h>

#define ROW_MIN 4 /* keys beside each other */
#define RUN_MIN 3 /* the same character */
/* A letter that is left is worth 2, anything else 1: six letters, or twelve digits. */
#define WORTH_MIN      12
#define NAME_PART_MIN  3
#define WORD_MAX_BYTES ACCESS_NAME_BYTES

static const char *const COMMON_WORDS[] = {
#define COMMON(word) word,
#include "server/access/common.def"
#undef COMMON
};

static const char *const ROWS[] = {"abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop",
        "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn",
        "!@#$%^&*()", "!\"#$%&/()="};

struct judged {
	char text[ACCESS_PASSWORD_MAX_BYTES + 1]; /* ASCII folded */
	size_t len;
	bool is_known[ACCESS_PASSWORD_MAX_BYTES + 1]; /* a guesser has this byte already */
};

static bool is_between(char c)
{
	return c == ' ' || c == '.' || c == '_' || c == '-';
}

/* Is it written for that letter? */
static bool stands_for(char c, char letter)
{
	static const char *const DISGUISES[] = {
	        "a4@", "b8", "e3", "g9", "i1!", "l1", "o0", "s5$", "t7+", "z2"};
	if (c == letter) {
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(DISGUISES); i++) {
		if (DISGUISES[i][0] == letter) {
			return c != '\0' && strchr(DISGUISES[i], c) != NULL;
		}
	}
	return false;
}

/* Bytes from `at` that spell the word, with what may stand between letters; 0: they do not. */
static size_t spelled(const struct judged *judged, size_t at, const char *word)
{
	size_t from = at;
	for (; *word != '\0'; word++) {
		while (at > from && at < judged->len && is_between(judged->text[at]) &&
		        judged->text[at] != *word) {
			at++;
		}
		if (at >= judged->len || !stands_for(judged->text[at], *word)) {
			return 0;
		}
		at++;
	}
	return at - from;
}

static void mark(struct judged *judged, size_t at, size_t len)
{
	memset(judged->is_known + at, true, len * sizeof(judged->is_known[0]));
}

static void mark_word(struct judged *judged, const char *word)
{
	for (size_t at = 0; at < judged->len; at++) {
		mark(judged, at, spelled(judged, at, word));
	}
}

/* The whole name, and its parts: "ada.lovelace@example.com". */
static void mark_name(struct judged *judged, const char *name)
{
	char part[WORD_MAX_BYTES];
	str_format_cut(part, sizeof(part), "%s", name);
	str_fold(part);
	if (strlen(part) >= NAME_PART_MIN) {
		mark_word(judged, part);
	}
	size_t from = 0;
	for (size_t i = 0; i < sizeof(part); i++) {
		if (part[i] != '\0' && strchr("._-@+", part[i]) == NULL) {
			continue;
		}
		bool is_end = part[i] == '\0';
		part[i] = '\0';
		if (i - from >= NAME_PART_MIN) {
			mark_word(judged, part + from);
		}
		from = i + 1;
		if (is_end) {
			break;
		}
	}
}

/* Bytes from `at` that lie in a row, each the neighbour of the last. */
static size_t in_row(const struct judged *judged, size_t at, const char *row, int step)
{
	const char *key = judged->text[at] != '\0' ? strchr(row, judged->text[at]) : NULL;
	size_t len = 0;
	while (key != NULL && key >= row && *key != '\0' && at + len < judged->len &&
	        judged->text[at + len] == *key) {
		len++;
		key = step < 0 && key == row ? NULL : key + step;
	}
	return len;
}

static void mark_rows(struct judged *judged)
{
	for (size_t at = 0; at < judged->len; at++) {
		for (size_t i = 0; i < ARRAY_SIZE(ROWS); i++) {
			size_t forth = in_row(judged, at, ROWS[i], 1);
			size_t back = in_row(judged, at, ROWS[i], -1);
			size_t len = forth > back ? forth : back;
			mark(judged, at, len >= ROW_MIN ? len : 0);
		}
	}
}

static void mark_runs(struct judged *judged)
{
	for (size_t at = 0; at < judged->len; at++) {
		size_t len = 1;
		while (at + len < judged->len && judged->text[at + len] == judged->text[at]) {
			len++;
		}
		mark(judged, at, len >= RUN_MIN ? len : 0);
	}
}

/* What follows a first time is known; so of a piece that is repeated only the first counts. */
static void mark_repeated(struct judged *judged)
{
	for (size_t period = 1; period <= judged->len / 2; period++) {
		size_t same = 0;
		while (period + same < judged->len &&
		        judged->text[same] == judged->text[period + same]) {
			same++;
		}
		if (period + same == judged->len) {
			mark(judged, period, same);
			return;
		}
	}
}

static int worth(const struct judged *judged)
{
	int sum = 0;
	for (size_t at = 0; at < judged->len;) {
		size_t step = str_utf8_step(judged->text + at, judged->len - at);
		char c = judged->text[at];
		bool is_letter = step > 1 || (c >= 'a' && c <= 'z');
		sum += judged->is_known[at] ? 0 : is_letter ? 2 : 1;
		at += step > 0 ? step : 1;
	}
	return sum;
}

static size_t characters(const char *text, size_t len)
{
	size_t count = 0;
	for (size_t at = 0; at < len; count++) {
		size_t step = str_utf8_step(text + at, len - at);
		at += step > 0 ? step : 1;
	}
	return count;
}

static bool is_guessable(const char *password, size_t len, const char *name)
{
	struct judged judged = {.len = len};
	memcpy(judged.text, password, len);
	str_fold(judged.text);
	for (size_t i = 0; i < ARRAY_SIZE(COMMON_WORDS); i++) {
		mark_word(&judged, COMMON_WORDS[i]);
	}
	mark_name(&judged, name != NULL ? name : "");
	mark_rows(&judged);
	mark_runs(&judged);
	mark_repeated(&judged);
	bool is_weak = worth(&judged) < WORTH_MIN;
	crypto_wipe(&judged, sizeof(judged));
	return is_weak;
}

const char *access_password_complaint(const char *password, const char *name)
{
	size_t len = strlen(password);
	if (len > ACCESS_PASSWORD_MAX_BYTES) {
		return "the password is longer than 1024 bytes: take a shorter one";
	}
	if (characters(password, len) < ACCESS_PASSWORD_MIN) {
		return "the password needs at least 15 characters: a few words that have nothing to"
		       " do with each other are easy to remember";
	}
	if (is_guessable(password, len, name)) {
		return "the password is easy to guess: too much of it is well-known words, this"
		       " product's or your own name, keys in a row, or the same again";
	}
	return NULL;
}
