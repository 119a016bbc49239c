/* SPDX-License-Identifier: MIT */
#include "server/base/adopt_words.h"

#include "server/base/str.h"

static const char *const RULES[ADOPT_RULE_COUNT] = {
        [ADOPT_MATCH] = "match",
        [ADOPT_NUMBER] = "employee_number",
        [ADOPT_LOGIN] = "login",
        [ADOPT_EMAIL] = "email",
        [ADOPT_NAMES] = "names",
};

static const char *const CLASSES[ADOPT_CLASS_COUNT] = {
        [ADOPT_EXACT] = "exact",
        [ADOPT_DOUBTFUL] = "doubtful",
        [ADOPT_UNMATCHED] = "unmatched",
};

static const struct {
	const char *word;
	const char *text;
} WHYS[ADOPT_WHY_COUNT] = {
#define WHY(symbol, word_, text_) [ADOPT_##symbol] = {word_, text_},
#include "server/base/adopt_whys.def"
#undef WHY
};

const char *adopt_rule_name(enum adopt_rule rule)
{
	return rule < ADOPT_RULE_COUNT ? RULES[rule] : "";
}

const char *adopt_class_name(enum adopt_class class_)
{
	return class_ < ADOPT_CLASS_COUNT ? CLASSES[class_] : "";
}

const char *adopt_why_name(enum adopt_why why)
{
	return why < ADOPT_WHY_COUNT ? WHYS[why].word : "";
}

const char *adopt_why_text(enum adopt_why why)
{
	return why < ADOPT_WHY_COUNT ? WHYS[why].text : "";
}

static int find_word(const char *const *words, int count, const char *text)
{
	int at = 0;
	while (at < count && !str_equal(words[at], text)) {
		at++;
	}
	return at;
}

enum adopt_rule adopt_rule_parse(const char *text)
{
	return (enum adopt_rule)find_word(RULES, ADOPT_RULE_COUNT, text);
}

enum adopt_class adopt_class_parse(const char *text)
{
	return (enum adopt_class)find_word(CLASSES, ADOPT_CLASS_COUNT, text);
}

enum adopt_why adopt_why_parse(const char *text)
{
	int at = 0;
	while (at < ADOPT_WHY_COUNT && !str_equal(WHYS[at].word, text)) {
		at++;
	}
	return (enum adopt_why)at;
}
