/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/bob_lists.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/sandbox/jsonx.h"

enum numbering {
	NUMBER_NONE, /* the label is the id */
	NUMBER_TEXT, /* strings of digits, as lists that users define have */
	NUMBER_INT, /* numbers: lists of type list_id */
};

struct list {
	const char *name;
	enum numbering numbering;
	int64_t first;
	const char *labels; /* parted by '|'; id=label where they differ */
};

static const struct list LISTS[] = {
        {"status", NUMBER_NONE, 0, "Active|Inactive"},
        {"lifecycleStatus", NUMBER_NONE, 0,
                "hired=Hired|employed=Employed|leave=Leave|parental leave=Parental leave|"
                "garden leave=Garden leave|terminated=Terminated"},
        {"state", NUMBER_NONE, 0, "uninvited=Uninvited|invited=Invited|active=Active"},
        {"department", NUMBER_TEXT, 209192163,
                "Finance|Engineering|People|Sales|Marketing|Support|Legal|Operations"},
        {"title", NUMBER_TEXT, 251934021,
                "Analyst|Engineer|Lead Engineer|HR Partner|Account Manager|Designer|Support Agent|"
                "Counsel|Team Lead|Director"},
        {"site", NUMBER_INT, 2606110, "London|Berlin|Lisbon|Warsaw|Tel Aviv|New York"},
        {"workLocation", NUMBER_INT, 3606110, "Headquarters|Remote"},
        {"jobRole", NUMBER_INT, 4606110, "General"},
        {"supplier", NUMBER_TEXT, 88123, "Acme Ltd|Globex"},
        {"terminationreason", NUMBER_TEXT, 310000001, "Resignation|Redundancy|End of contract"},
        {"lifecycleReasonType", NUMBER_NONE, 0, "Voluntary|Involuntary"},
        {"payrollEmploymentType", NUMBER_NONE, 0, "Permanent|Temporary"},
        {"employmentstatus", NUMBER_NONE, 0, "Full time|Part time"},
        {"workChangeType", NUMBER_NONE, 0, "New hire|Promotion|Transfer"},
        {"pronouns", NUMBER_NONE, 0, "She / Her|He / Him|They / Them"},
        {"honorific", NUMBER_NONE, 0, "Ms|Mr|Mx|Dr"},
        {"country", NUMBER_NONE, 0, "GB=United Kingdom|DE=Germany|PT=Portugal|PL=Poland|IL=Israel"},
};

static const struct list *find_list(const char *name)
{
	for (size_t i = 0; i < COUNT(LISTS); i++) {
		if (strcmp(LISTS[i].name, name) == 0) {
			return &LISTS[i];
		}
	}
	return NULL;
}

static json_t *next_id(const json_t *items, const struct list *list, const char *label)
{
	int64_t number = (list != NULL ? list->first : 900000001) + (int64_t)json_array_size(items);
	char text[24];

	if (list != NULL && list->numbering == NUMBER_NONE) {
		return json_string(label);
	}
	if (list != NULL && list->numbering == NUMBER_INT) {
		return json_integer(number);
	}
	util_format(text, sizeof(text), "%lld", (long long)number);
	return json_string(text);
}

static json_t *add_item(json_t *items, json_t *taken_id, const char *label)
{
	json_t *item = json_object();

	jsonx_take(item, "id", taken_id);
	jsonx_set_text(item, "value", label);
	jsonx_set_text(item, "name", label);
	jsonx_set_is(item, "archived", false);
	jsonx_take(item, "children", json_array());
	jsonx_push(items, item);
	return taken_id;
}

static void add_labels(json_t *items, const struct list *list)
{
	for (const char *at = list->labels; *at != '\0'; at += *at == '|') {
		size_t length = strcspn(at, "|");
		char *entry = util_dup_n(at, length);
		char *equals = strchr(entry, '=');

		if (equals != NULL) {
			*equals = '\0';
			(void)add_item(items, json_string(entry), equals + 1);
		} else {
			(void)add_item(items, next_id(items, list, entry), entry);
		}
		free(entry);
		at += length;
	}
}

json_t *bob_lists_make(void)
{
	json_t *lists = json_object();

	for (size_t i = 0; i < COUNT(LISTS); i++) {
		json_t *items = json_array();

		add_labels(items, &LISTS[i]);
		jsonx_take(lists, LISTS[i].name, items);
	}
	return lists;
}

static bool is_same_id(const json_t *id, const char *text)
{
	char number[24];

	if (json_is_string(id)) {
		return strcasecmp(json_string_value(id), text) == 0;
	}
	util_format(number, sizeof(number), "%lld", (long long)json_integer_value(id));
	return strcmp(number, text) == 0;
}

json_t *bob_lists_id(json_t *lists, const char *list, const char *id_or_label)
{
	json_t *items = json_object_get(lists, list);

	if (items == NULL) {
		items = json_array();
		jsonx_take(lists, list, items);
	}
	for (size_t i = 0; i < json_array_size(items); i++) {
		const json_t *item = json_array_get(items, i);
		json_t *id = json_object_get(item, "id");

		if (is_same_id(id, id_or_label) ||
		        strcasecmp(jsonx_text_or(item, "value", ""), id_or_label) == 0) {
			return json_incref(id);
		}
	}
	return json_incref(
	        add_item(items, next_id(items, find_list(list), id_or_label), id_or_label));
}

const char *bob_lists_label(const json_t *lists, const char *list, const json_t *id)
{
	const json_t *items = json_object_get(lists, list);

	for (size_t i = 0; i < json_array_size(items); i++) {
		const json_t *item = json_array_get(items, i);

		if (json_equal(json_object_get(item, "id"), id) != 0) {
			return jsonx_text(item, "value");
		}
	}
	return NULL;
}
