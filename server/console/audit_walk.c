/* SPDX-License-Identifier: MIT */
/* Records of the trail one after the other, as people may see them. */
#include "server/base/buf.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/console/audit.h"
#include "server/console/masking.h"

#include <stdlib.h>
#include <string.h>

#define PAGE_RECORDS 1000
#define LOOKS_MAX    20000 /* at records, for a text, in one request */
#define SAYS_BYTES   1024

/* ---------------------------------------------------------------- one record */

static json_t *parse_object(const char *text)
{
	json_t *json = text[0] != '\0' ? json_parse(text, strlen(text), NULL) : NULL;
	return json != NULL ? json : json_null();
}

static const char *text_of(const json_t *object, const char *key)
{
	return str_or_empty(json_get_text(object, key));
}

/* "hash 251d9c47, source file" */
static void say_meta(char *to, const json_t *meta)
{
	const char *name = NULL;
	json_t *value = NULL;
	struct buf text;

	buf_init(&text, SAYS_BYTES - 1);
	json_object_foreach((json_t *)(uintptr_t)meta, name, value)
	{
		char *other = json_is_string(value) ? NULL : json_format(value);
		const char *shown = other != NULL ? other : json_string_value(value);
		if (str_is_empty(shown)) {
			continue;
		}
		buf_add_format(&text, "%s%s %s", text.len > 0 ? ", " : "", name, shown);
		free(other);
	}
	str_format_cut(to, SAYS_BYTES, "%s", buf_text(&text));
	buf_finish(&text);
}

/* "create (311) by R1: because" of an intent, "(311) done 200" of an outcome, else what was said.
 */
static void say(char *to, const char *kind, const json_t *meta, const json_t *payload)
{
	long long intent = (long long)json_get_int(meta, "intent_id", 0);
	const char *what = text_of(payload, "what");
	const char *reason = text_of(payload, "reason");

	if (str_equal(kind, "intent")) {
		str_format_cut(to, SAYS_BYTES, "%s (%lld) by %s%s%s", text_of(meta, "action"),
		        intent, text_of(meta, "rule"), reason[0] != '\0' ? ": " : "", reason);
	} else if (str_equal(kind, "outcome")) {
		str_format_cut(to, SAYS_BYTES, "(%lld) %s %lld%s%s", intent,
		        text_of(meta, "outcome"), (long long)json_get_int(meta, "http_status", 0),
		        what[0] != '\0' ? ": " : "", what);
	} else if (what[0] != '\0') {
		str_format_cut(to, SAYS_BYTES, "%s", what);
	} else {
		say_meta(to, meta);
	}
}

/* What names a person is in the payload alone; without it only the pseudonym is left. */
static void hide_payload(json_t **payload)
{
	json_decref(*payload);
	*payload = json_null();
}

/* For who may see nobody: what the kind lets be read, and nothing else. True: something is hidden.
 */
static bool say_to_viewer(
        char *to, const struct audit_record *record, json_t **meta, json_t **payload)
{
	enum audit_sight sight = audit_kind_sight(record->kind);
	bool is_whole = sight == AUDIT_SIGHT_SENTENCE && record->person[0] == '\0';

	if (is_whole) {
		say(to, record->kind, *meta, *payload);
	}
	hide_payload(payload);
	if (sight == AUDIT_SIGHT_NOTHING) {
		json_decref(*meta);
		*meta = json_object();
		str_format_cut(to, SAYS_BYTES, MASKING_TEXT);
	} else if (!is_whole) {
		say(to, record->kind, *meta, *payload);
	}
	return !is_whole;
}

static json_t *record_json(const struct audit_record *record, bool sees_people)
{
	json_t *payload = parse_object(personal_reveal(&record->payload));
	json_t *meta = parse_object(record->meta);
	bool is_erased = record->person[0] != '\0' && json_is_null(payload);
	bool is_masked = false;
	char says[SAYS_BYTES];

	if (sees_people) {
		say(says, record->kind, meta, payload);
	} else {
		is_masked = say_to_viewer(says, record, &meta, &payload);
	}
	json_t *json = json_pack("{s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:I, s:b, s:s?, s:s,"
	                         " s:o}",
	        "seq", (json_int_t)record->seq, "at_ms", (json_int_t)record->at_ms, "connection",
	        record->connection, "kind", record->kind, "person", record->person, "who",
	        record->who, "origin", record->origin, "settings_version",
	        (json_int_t)record->settings_version, "is_erased", is_erased, "employee_id",
	        json_get_text(payload, "employee_id"), "says", says, "meta", meta);
	json_object_set_new(json, "payload", payload);
	json_object_set_new(json, "mac", json_string(record->mac));
	if (is_masked) {
		json_object_set_new(json, "is_masked", json_true());
	}
	return json;
}

/* -------------------------------------------------------------- which of them */

bool audit_choice_finish(
        struct args *args, struct audit_choice *choice, const char *order, const char *text)
{
	choice->filter.is_newest_first = order == NULL || str_equal(order, "newest");
	if (!choice->filter.is_newest_first && !str_equal(order, "oldest")) {
		err_set(&args->err, ERR_BAD_REQUEST, "order is newest or oldest");
	}
	if (!str_copy(choice->text, sizeof(choice->text), text != NULL ? text : "")) {
		err_set(&args->err, ERR_BAD_REQUEST, "text has at most %d bytes",
		        AUDIT_TEXT_BYTES - 1);
	}
	str_fold(choice->text);
	if (choice->filter.employee_id != NULL) {
		choice->filter.connection = args->connection;
		if (!str_is_digits(choice->filter.employee_id, EMPLOYEE_ID_BYTES - 1)) {
			err_set(&args->err, ERR_BAD_REQUEST, "employee_id is 1 to 32 digits");
		}
	}
	return !err_is_set(&args->err);
}

static bool has_text(const json_t *record, const char *key, const char *text)
{
	char folded[SAYS_BYTES];

	str_format_cut(folded, sizeof(folded), "%s", text_of(record, key));
	str_fold(folded);
	return strstr(folded, text) != NULL;
}

static bool is_meant(const struct audit_choice *choice, const json_t *record)
{
	return choice->text[0] == '\0' || has_text(record, "says", choice->text) ||
	        has_text(record, "who", choice->text) ||
	        has_text(record, "employee_id", choice->text) ||
	        has_text(record, "person", choice->text);
}

/* -------------------------------------------------------------------- walking */

struct walk {
	struct audit_filter filter; /* of the next page */
	size_t wanted; /* of those that are meant */
	size_t looks; /* records that may still be looked at */
	int64_t last; /* looked at */
	bool is_over; /* the trail has no more */
};

static void turn_page(struct walk *walk, bool has_text)
{
	size_t most = has_text ? walk->looks : walk->wanted;

	walk->filter.limit = most < PAGE_RECORDS ? most : PAGE_RECORDS;
	if (walk->last > 0) {
		walk->filter.before_seq = walk->filter.is_newest_first ? walk->last : 0;
		walk->filter.after_seq = walk->filter.is_newest_first ? 0 : walk->last;
	}
}

/* False: enough. */
static bool give_page(struct args *args, const struct audit_choice *choice, struct walk *walk,
        const struct audit_list *list, audit_take take, void *context)
{
	for (size_t i = 0; i < list->count; i++) {
		json_t *record = record_json(&list->items[i], args_sees_people(args));
		walk->last = list->items[i].seq;
		walk->looks--;
		if (!is_meant(choice, record)) {
			json_decref(record);
			continue;
		}
		walk->wanted--;
		if (!take(context, record) || walk->wanted == 0) {
			walk->is_over = walk->is_over && i + 1 == list->count;
			return false;
		}
	}
	return true;
}

bool audit_walk(struct args *args, const struct audit_choice *choice, audit_take take,
        void *context, int64_t *next)
{
	bool by_text = choice->text[0] != '\0';
	struct walk walk = {.filter = choice->filter,
	        .wanted = choice->filter.limit,
	        .looks = by_text ? LOOKS_MAX : choice->filter.limit};
	bool goes_on = true;

	while (goes_on && !walk.is_over && walk.looks > 0) {
		struct audit_list list;
		turn_page(&walk, by_text);
		if (!store_audit_list(args->console->store, &walk.filter, &list, &args->err)) {
			return false;
		}
		walk.is_over = list.count < walk.filter.limit;
		goes_on = give_page(args, choice, &walk, &list, take, context);
		audit_list_finish(&list);
	}
	*next = walk.is_over ? 0 : walk.last;
	return true;
}
