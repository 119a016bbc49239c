/* SPDX-License-Identifier: MIT */
/* The list of rules as it comes from outside. */
#include "mapping/adopt.h"

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
