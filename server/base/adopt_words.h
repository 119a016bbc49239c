/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_ADOPT_WORDS_H
#define SERVER_BASE_ADOPT_WORDS_H

/*
 * The words of an adoption that the pure core (mapping/adopt.c), the store and the console speak;
 * see words.h. Pure.
 */

enum adopt_rule {
	ADOPT_MATCH, /* the attribute that provisioning.match names */
	ADOPT_NUMBER,
	ADOPT_LOGIN,
	ADOPT_EMAIL,
	ADOPT_NAMES, /* a suggestion only */
	ADOPT_RULE_COUNT
};

enum adopt_class {
	ADOPT_EXACT, /* may be linked in bulk */
	ADOPT_DOUBTFUL, /* a human must look at this one */
	ADOPT_UNMATCHED,
	ADOPT_CLASS_COUNT
};

enum adopt_why {
#define WHY(symbol, word, text) ADOPT_##symbol,
#include "server/base/adopt_whys.def"
#undef WHY
	ADOPT_WHY_COUNT
};

/* Stable words: "match", "employee_number", "login", "email", "names"; "exact", ... */
const char *adopt_rule_name(enum adopt_rule rule);
const char *adopt_class_name(enum adopt_class class_);
const char *adopt_why_name(enum adopt_why why);
const char *adopt_why_text(enum adopt_why why);
/* COUNT for an unknown word. */
enum adopt_rule adopt_rule_parse(const char *text);
enum adopt_class adopt_class_parse(const char *text);
enum adopt_why adopt_why_parse(const char *text);

#endif
