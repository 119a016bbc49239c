/* SPDX-License-Identifier: MIT */
#include "tests/support/proxy_rule.h"

#include "server/base/attr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HUNDRED 100

static const char *const ACTIONS[PROXY_ACTION_COUNT] = {
        "delay", "reset", "close", "half", "drip", "hang", "length", "double", "refuse"};

/* ----------------------------------------------------------------- parsing */

static const char *parse_word(const char *value, size_t len, struct proxy_rule *rule, bool is_side)
{
	if (is_side) {
		if (len == 7 && memcmp(value, "request", len) == 0) {
			rule->side = PROXY_REQUEST;
			return NULL;
		}
		rule->side = PROXY_ANSWER;
		return len == 6 && memcmp(value, "answer", len) == 0 ? NULL
		                                                     : "side is request or answer";
	}
	for (int i = 0; i < PROXY_ACTION_COUNT; i++) {
		if (strlen(ACTIONS[i]) == len && memcmp(value, ACTIONS[i], len) == 0) {
			rule->action = (enum proxy_action)i;
			return NULL;
		}
	}
	return "no such action";
}

static long *number_of(struct proxy_rule *rule, const char *key, size_t len)
{
	const struct {
		const char *name;
		long *value;
	} numbers[] = {
	        {"at", &rule->at},
	        {"ms", &rule->ms},
	        {"jitter", &rule->jitter},
	        {"by", &rule->by},
	        {"times", &rule->times},
	        {"after", &rule->after},
	        {"percent", &rule->percent},
	};
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (strlen(numbers[i].name) == len && memcmp(key, numbers[i].name, len) == 0) {
			return numbers[i].value;
		}
	}
	return NULL;
}

static const char *parse_pair(
        const char *key, const char *equals, size_t len, struct proxy_rule *rule)
{
	size_t key_len = (size_t)(equals - key);
	const char *value = equals + 1;
	if (key_len == 4 && memcmp(key, "side", 4) == 0) {
		return parse_word(value, len, rule, true);
	}
	if (key_len == 6 && memcmp(key, "action", 6) == 0) {
		return parse_word(value, len, rule, false);
	}
	long *number = number_of(rule, key, key_len);
	if (number == NULL) {
		return "no such key";
	}
	char *end = NULL;
	*number = strtol(value, &end, 10);
	return end == value + len && len > 0 ? NULL : "not a number";
}

const char *proxy_rule_parse(const char *text, struct proxy_rule *rule)
{
	*rule = (struct proxy_rule){.side = PROXY_ANSWER, .action = PROXY_ACTION_COUNT};
	while (*text != '\0') {
		if (strncmp(text, "match=", 6) == 0) {
			size_t len = strlen(text + 6);
			if (len >= PROXY_MATCH_MAX) {
				return "match is too long";
			}
			memcpy(rule->match, text + 6, len + 1);
			break;
		}
		size_t len = strcspn(text, " ");
		const char *equals = memchr(text, '=', len);
		const char *why = equals == NULL
		        ? "a word without ="
		        : parse_pair(text, equals, len - (size_t)(equals - text) - 1, rule);
		if (why != NULL) {
			return why;
		}
		text += len + (text[len] == ' ' ? 1 : 0);
	}
	return rule->action == PROXY_ACTION_COUNT ? "an action is missing" : NULL;
}

/* ----------------------------------------------------------------- choosing */

bool proxy_rules_add(struct proxy_rules *rules, const struct proxy_rule *rule)
{
	if (rules->count == PROXY_RULES_MAX) {
		return false;
	}
	rules->items[rules->count++] = *rule;
	return true;
}

long proxy_random(struct proxy_rules *rules, long below)
{
	rules->random = rules->random * 6364136223846793005UL + 1442695040888963407UL;
	return below > 0 ? (long)(rules->random >> 33) % below : 0;
}

static bool fires(struct proxy_rules *rules, struct proxy_rule *rule)
{
	if (rule->seen++ < rule->after || (rule->times > 0 && rule->fired >= rule->times)) {
		return false;
	}
	if (rule->percent > 0 && proxy_random(rules, HUNDRED) >= rule->percent) {
		return false;
	}
	rule->fired++;
	return true;
}

bool proxy_rules_pick(struct proxy_rules *rules, bool is_connecting, const char *line, size_t len,
        struct proxy_rule *picked)
{
	for (size_t i = 0; i < rules->count; i++) {
		struct proxy_rule *rule = &rules->items[i];
		size_t match_len = strlen(rule->match);
		bool is_meant = (rule->action == PROXY_REFUSE) == is_connecting &&
		        (is_connecting ||
		                (match_len <= len && memcmp(rule->match, line, match_len) == 0));
		if (is_meant && fires(rules, rule)) {
			*picked = *rule;
			return true;
		}
	}
	return false;
}

/* ------------------------------------------------------------------- length */

static const char *find_length(const char *head, size_t len, size_t *value_len)
{
	static const char NAME[] = "content-length:";
	for (const char *line = head; line < head + len;) {
		const char *end = memchr(line, '\n', (size_t)(head + len - line));
		if (end == NULL) {
			return NULL;
		}
		if ((size_t)(end - line) > sizeof(NAME) &&
		        strncasecmp(line, NAME, sizeof(NAME) - 1) == 0) {
			const char *value = line + sizeof(NAME) - 1;
			value += strspn(value, " \t");
			*value_len = strspn(value, "0123456789");
			return value;
		}
		line = end + 1;
	}
	return NULL;
}

size_t proxy_rewrite_length(const char *head, size_t len, long by, char *to, size_t size)
{
	size_t value_len = 0;
	const char *value = find_length(head, len, &value_len);
	if (value == NULL || value_len == 0) {
		return 0;
	}
	long wrong = strtol(value, NULL, 10) + by;
	size_t before = (size_t)(value - head);
	size_t after = len - before - value_len;
	char digits[32];
	FILE *out = fmemopen(digits, sizeof(digits), "w");
	if (out == NULL) {
		return 0;
	}
	int written = fprintf(out, "%ld", wrong < 0 ? 0 : wrong);
	fclose(out);
	size_t whole = before + (size_t)written + after;
	if (written < 0 || whole > size) {
		return 0;
	}
	memcpy(to, head, before);
	memcpy(to + before, digits, (size_t)written);
	memcpy(to + before + (size_t)written, value + value_len, after);
	return whole;
}
