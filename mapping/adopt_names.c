/* SPDX-License-Identifier: MIT */
/* The words of an adoption, and the list of rules as it comes from outside. */
#include "mapping/adopt.h"

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
#include "mapping/adopt_whys.def"
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

/* ------------------------------------------------------------------- rules */

void adopt_rules_default(struct adopt_rules *rules)
{
	*rules = (struct adopt_rules){.count = ADOPT_RULE_COUNT};
	for (int rule = 0; rule < ADOPT_RULE_COUNT; rule++) {
		rules->items[rule] = (enum adopt_rule)rule;
	}
}

static bool has_rule(const struct adopt_rules *rules, enum adopt_rule rule)
{
	for (size_t i = 0; i < rules->count; i++) {
		if (rules->items[i] == rule) {
			return true;
		}
	}
	return false;
}

bool adopt_rules_parse(struct adopt_rules *rules, const json_t *words, struct err *err)
{
	bool has_names = false;
	*rules = (struct adopt_rules){0};
	for (size_t i = 0; i < json_array_size(words); i++) {
		const enum adopt_rule rule =
		        adopt_rule_parse(json_string_value(json_array_get(words, i)));
		if (rule == ADOPT_RULE_COUNT || has_rule(rules, rule) ||
		        (rule == ADOPT_NAMES && has_names)) {
			err_set(err, ERR_BAD_REQUEST,
			        "rules are match, employee_number, login, email and names, each"
			        " at most once; entry %zu is not",
			        i + 1);
			return false;
		}
		has_names = has_names || rule == ADOPT_NAMES;
		if (rule != ADOPT_NAMES) {
			rules->items[rules->count++] = rule;
		}
	}
	if (has_names) {
		rules->items[rules->count++] = ADOPT_NAMES;
	}
	if (rules->count == 0) {
		err_set(err, ERR_BAD_REQUEST, "rules is an array of at least one rule");
	}
	return rules->count > 0;
}
