/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/okta_search.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/sandbox/fold.h"
#include "tests/sandbox/jsonx.h"

enum node_kind { NODE_AND, NODE_OR, NODE_NOT, NODE_TEST };
enum op { OP_EQ, OP_GE, OP_GT, OP_LE, OP_LT, OP_PR, OP_SW, OP_CO };

struct node {
	enum node_kind kind;
	const struct node *left;
	const struct node *right;
	char *attribute;
	enum op op;
	json_t *value;
};

struct search {
	enum search_kind kind;
	struct node nodes[SEARCH_MAX_NODES];
	size_t count;
	const struct node *root;
};

struct parser {
	struct search *search;
	const char *at;
	enum search_result result; /* of the first mistake */
	int depth;
};

static const char *const OPS[] = {"eq", "ge", "gt", "le", "lt", "pr", "sw", "co"};

static const char *const META[] = {"id", "status", "created", "activated", "statusChanged",
        "lastUpdated", "type.id", "realmId"};
static const char *const FILTERED[] = {"status", "lastUpdated", "id", "profile.login",
        "profile.email", "profile.firstName", "profile.lastName"};
static const char *const CONTAINED[] = {
        "profile.firstName", "profile.lastName", "profile.email", "profile.login"};

static bool is_in(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], name) == 0) {
			return true;
		}
	}
	return false;
}

static void skip_space(struct parser *p)
{
	p->at += strspn(p->at, " \t\r\n");
}

static const struct node *fail(struct parser *p, enum search_result result)
{
	if (p->result == SEARCH_OK) {
		p->result = result;
	}
	return NULL;
}

static size_t word_length(const char *text)
{
	return strcspn(text, " \t\r\n()\"");
}

/* Takes the word (in any case) if it is next. */
static bool take_word(struct parser *p, const char *word)
{
	skip_space(p);
	size_t length = word_length(p->at);

	if (length != strlen(word) || strncasecmp(p->at, word, length) != 0) {
		return false;
	}
	p->at += length;
	return true;
}

static struct node *add_node(struct parser *p, enum node_kind kind)
{
	if (p->search->count == SEARCH_MAX_NODES) {
		(void)fail(p, SEARCH_UNSUPPORTED);
		return NULL;
	}
	struct node *node = &p->search->nodes[p->search->count++];

	node->kind = kind;
	return node;
}

static const struct node *parse_or(struct parser *p);

static json_t *parse_value(struct parser *p)
{
	skip_space(p);
	size_t length = 0;

	if (*p->at == '"') {
		for (length = 1; p->at[length] != '\0' && p->at[length] != '"'; length++) {
			length += p->at[length] == '\\' && p->at[length + 1] != '\0';
		}
		length += p->at[length] == '"';
	} else {
		length = word_length(p->at);
	}
	json_t *value = jsonx_parse(p->at, length);

	p->at += length;
	if (value == NULL) {
		(void)fail(p, SEARCH_SYNTAX);
	}
	return value;
}

static bool is_supported(const struct parser *p, const struct node *test)
{
	if (p->search->kind == SEARCH_FILTER) {
		bool is_time = strcmp(test->attribute, "lastUpdated") == 0;
		bool is_order = test->op == OP_GE || test->op == OP_GT || test->op == OP_LE ||
		        test->op == OP_LT;

		return is_in(FILTERED, COUNT(FILTERED), test->attribute) &&
		        (test->op == OP_EQ || (is_time && is_order));
	}
	if (test->op == OP_CO && !is_in(CONTAINED, COUNT(CONTAINED), test->attribute)) {
		return false;
	}
	return is_in(META, COUNT(META), test->attribute) ||
	        strncmp(test->attribute, "profile.", strlen("profile.")) == 0;
}

static const struct node *parse_test(struct parser *p)
{
	size_t length = word_length(p->at);
	struct node *test = length > 0 ? add_node(p, NODE_TEST) : NULL;

	if (test == NULL) {
		return fail(p, SEARCH_SYNTAX);
	}
	test->attribute = util_dup_n(p->at, length);
	p->at += length;
	for (size_t i = 0; i < COUNT(OPS); i++) {
		if (!take_word(p, OPS[i])) {
			continue;
		}
		test->op = (enum op)i;
		test->value = test->op == OP_PR ? NULL : parse_value(p);
		if (!is_supported(p, test)) {
			return fail(p, SEARCH_UNSUPPORTED);
		}
		return p->result == SEARCH_OK ? test : NULL;
	}
	return fail(p, SEARCH_SYNTAX);
}

static const struct node *parse_group(struct parser *p)
{
	p->at++;
	const struct node *inner = parse_or(p);

	skip_space(p);
	if (inner == NULL || *p->at != ')') {
		return fail(p, SEARCH_SYNTAX);
	}
	p->at++;
	return inner;
}

static const struct node *parse_unary(struct parser *p)
{
	const struct node *result = NULL;

	if (++p->depth > SEARCH_MAX_DEPTH) {
		return fail(p, SEARCH_UNSUPPORTED);
	}
	skip_space(p);
	if (take_word(p, "not")) {
		struct node *node = add_node(p, NODE_NOT);
		const struct node *inner = parse_unary(p);

		if (p->search->kind == SEARCH_FILTER) {
			return fail(p, SEARCH_UNSUPPORTED);
		}
		if (node != NULL && inner != NULL) {
			node->left = inner;
			result = node;
		}
	} else {
		result = *p->at == '(' ? parse_group(p) : parse_test(p);
	}
	p->depth--;
	return result;
}

static const struct node *join(
        struct parser *p, enum node_kind kind, const struct node *left, const struct node *right)
{
	struct node *node = add_node(p, kind);

	if (node == NULL || left == NULL || right == NULL) {
		return fail(p, SEARCH_SYNTAX);
	}
	node->left = left;
	node->right = right;
	return node;
}

static const struct node *parse_and(struct parser *p)
{
	const struct node *left = parse_unary(p);

	while (left != NULL && take_word(p, "and")) {
		left = join(p, NODE_AND, left, parse_unary(p));
	}
	return left;
}

static const struct node *parse_or(struct parser *p)
{
	const struct node *left = parse_and(p);

	while (left != NULL && take_word(p, "or")) {
		left = join(p, NODE_OR, left, parse_and(p));
	}
	return left;
}

void search_destroy(struct search *search)
{
	if (search == NULL) {
		return;
	}
	for (size_t i = 0; i < search->count; i++) {
		free(search->nodes[i].attribute);
		json_decref(search->nodes[i].value);
	}
	free(search);
}

enum search_result search_parse(const char *text, enum search_kind kind, struct search **out)
{
	struct parser p = {.search = util_alloc(sizeof(struct search)), .at = text};

	p.search->kind = kind;
	if (strlen(text) > SEARCH_MAX_LENGTH) {
		p.result = SEARCH_UNSUPPORTED;
	} else {
		p.search->root = parse_or(&p);
		skip_space(&p);
		if (p.search->root == NULL || *p.at != '\0') {
			(void)fail(&p, SEARCH_SYNTAX);
		}
	}
	*out = p.result == SEARCH_OK ? p.search : NULL;
	if (*out == NULL) {
		search_destroy(p.search);
	}
	return p.result;
}

static const json_t *attribute_of(const json_t *user, const char *path)
{
	const char *dot = strchr(path, '.');

	if (dot == NULL) {
		return json_object_get(user, path);
	}
	char *head = util_dup_n(path, (size_t)(dot - path));
	const json_t *inner = json_object_get(user, head);

	free(head);
	return json_object_get(inner, dot + 1);
}

static int compare_texts(enum search_kind kind, const char *a, const char *b, enum op op)
{
	char *left = kind == SEARCH_SEARCH ? fold_case(a) : util_dup(a);
	char *right = kind == SEARCH_SEARCH ? fold_case(b) : util_dup(b);
	int result = 0;

	if (op == OP_SW) {
		result = strncmp(left, right, strlen(right));
	} else if (op == OP_CO) {
		result = strstr(left, right) != NULL ? 0 : 1;
	} else {
		result = strcmp(left, right);
	}
	free(left);
	free(right);
	return result;
}

static bool holds(enum op op, int order)
{
	switch (op) {
	case OP_EQ:
	case OP_SW:
	case OP_CO: return order == 0;
	case OP_GE: return order >= 0;
	case OP_GT: return order > 0;
	case OP_LE: return order <= 0;
	case OP_LT: return order < 0;
	case OP_PR: break;
	}
	return true;
}

static bool test_value(enum search_kind kind, const struct node *test, const json_t *value)
{
	if (json_is_array(value)) {
		for (size_t i = 0; i < json_array_size(value); i++) {
			if (test_value(kind, test, json_array_get(value, i))) {
				return true;
			}
		}
		return false;
	}
	if (json_is_string(value) && json_is_string(test->value)) {
		return holds(test->op,
		        compare_texts(kind, json_string_value(value),
		                json_string_value(test->value), test->op));
	}
	if (json_is_number(value) && json_is_number(test->value)) {
		double difference = json_number_value(value) - json_number_value(test->value);

		return holds(test->op, (difference > 0) - (difference < 0));
	}
	return json_is_boolean(value) && test->op == OP_EQ && json_equal(value, test->value) != 0;
}

static bool is_present(const json_t *value)
{
	return value != NULL && !json_is_null(value) &&
	        !(json_is_array(value) && json_array_size(value) == 0);
}

static bool evaluate(const struct search *search, const struct node *node, const json_t *user)
{
	switch (node->kind) {
	case NODE_AND:
		return evaluate(search, node->left, user) && evaluate(search, node->right, user);
	case NODE_OR:
		return evaluate(search, node->left, user) || evaluate(search, node->right, user);
	case NODE_NOT: return !evaluate(search, node->left, user);
	case NODE_TEST: break;
	}
	const json_t *value = attribute_of(user, node->attribute);

	return is_present(value) && (node->op == OP_PR || test_value(search->kind, node, value));
}

bool search_matches(const struct search *search, const json_t *user)
{
	return evaluate(search, search->root, user);
}
