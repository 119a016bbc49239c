/* SPDX-License-Identifier: MIT */
/*
 * What happened to one person, newest first, from the rows that are kept:
 * deliveries, actions, what people and the program decided (the audit trail),
 * the last reading of Bob, and what comes next.
 */
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/base/zone.h"
#include "server/console/args.h"
#include "server/console/render.h"
#include "server/engine/undo.h"
#include "server/store/audit.h"

#include <stdlib.h>
#include <string.h>

#define LIMIT_DEFAULT 50
#define LIMIT_MAX     200
#define SOURCE_MAX    1000 /* of each kind, the newest */
#define CURSOR_BYTES  64

/* What an entry is about; of those of one moment the later ones come first. */
enum source { SOURCE_DELIVERY, SOURCE_READ, SOURCE_ACTION, SOURCE_DECISION };
static const char *const KINDS[] = {"delivery", "read", "action", "decision"};

struct entry {
	int64_t at_ms;
	enum source source;
	int64_t id;
	size_t index; /* in its source */
};

struct timeline {
	struct args *args;
	struct employee employee;
	struct event_list events;
	struct action_list actions;
	struct audit_list records;
	struct entry *entries;
	size_t count;
};

/* ------------------------------------------------------------------ sources */

static bool load(struct timeline *timeline)
{
	struct args *args = timeline->args;
	struct store *store = args->console->store;
	const struct employee_key *key = &args->key;
	const struct audit_filter filter = {.connection = key->connection,
	        .employee_id = key->employee_id,
	        .is_newest_first = true,
	        .limit = SOURCE_MAX};

	return store_employee_get(store, key, &timeline->employee, &args->err) &&
	        store_event_list(store, key, SOURCE_MAX, &timeline->events, &args->err) &&
	        store_action_list(store, key, SOURCE_MAX, &timeline->actions, &args->err) &&
	        store_audit_list(store, &filter, &timeline->records, &args->err);
}

static void add(struct timeline *timeline, struct entry entry)
{
	if (entry.at_ms > 0) {
		timeline->entries[timeline->count++] = entry;
	}
}

/* Intents and outcomes are told by the action, with its values. */
static bool is_told_elsewhere(const struct audit_record *record)
{
	return str_equal(record->kind, "intent") || str_equal(record->kind, "outcome");
}

static int compare(const void *left, const void *right)
{
	const struct entry *a = left;
	const struct entry *b = right;

	if (a->at_ms != b->at_ms) {
		return a->at_ms < b->at_ms ? 1 : -1;
	}
	if (a->source != b->source) {
		return a->source < b->source ? 1 : -1;
	}
	return (a->id < b->id) - (a->id > b->id);
}

static bool gather(struct timeline *timeline)
{
	size_t most =
	        timeline->events.count + timeline->actions.count + timeline->records.count + 1;

	timeline->entries = calloc(most, sizeof(*timeline->entries));
	if (timeline->entries == NULL) {
		err_set(&timeline->args->err, ERR_NO_MEMORY, "no memory for the timeline");
		return false;
	}
	for (size_t i = 0; i < timeline->events.count; i++) {
		const struct event *event = &timeline->events.items[i];
		add(timeline,
		        (struct entry){event->received_at_ms, SOURCE_DELIVERY, event->event_id, i});
	}
	for (size_t i = 0; i < timeline->actions.count; i++) {
		const struct intent *intent = &timeline->actions.items[i].intent;
		add(timeline,
		        (struct entry){intent->opened_at_ms, SOURCE_ACTION, intent->intent_id, i});
	}
	for (size_t i = 0; i < timeline->records.count; i++) {
		const struct audit_record *record = &timeline->records.items[i];
		if (!is_told_elsewhere(record)) {
			add(timeline,
			        (struct entry){record->at_ms, SOURCE_DECISION, record->seq, i});
		}
	}
	add(timeline, (struct entry){timeline->employee.read_at_ms, SOURCE_READ, 0, 0});
	qsort(timeline->entries, timeline->count, sizeof(*timeline->entries), compare);
	return true;
}

/* ------------------------------------------------------------------ entries */

static json_t *parse(const struct personal *personal)
{
	const char *text = personal_reveal(personal);
	json_t *json = text[0] != '\0' ? json_parse(text, strlen(text), NULL) : NULL;

	return json != NULL ? json : json_object();
}

static void add_change(json_t *changes, const char *name, json_t *before, json_t *after)
{
	json_array_append_new(changes,
	        json_pack("{s:s, s:o, s:o}", "attribute", name, "before",
	                before != NULL ? json_incref(before) : json_null(), "after",
	                after != NULL ? json_incref(after) : json_null()));
}

/* What the account shows after a change of its status; NULL: it shows no other. */
static const char *status_after(enum action_kind kind)
{
	if (kind == ACTION_ACTIVATE || kind == ACTION_UNSUSPEND) {
		return account_status_name(ACCOUNT_ACTIVE);
	}
	if (kind == ACTION_SUSPEND) {
		return account_status_name(ACCOUNT_SUSPENDED);
	}
	return kind == ACTION_DEACTIVATE ? account_status_name(ACCOUNT_DEPROVISIONED) : NULL;
}

static json_t *changes_json(const struct intent *intent)
{
	json_t *body = parse(&intent->body);
	json_t *before = parse(&intent->before);
	const json_t *profile = json_object_get(before, "profile");
	const char *status = status_after(intent->kind);
	json_t *changes = json_array();
	const char *name = NULL;
	json_t *value = NULL;

	if (status != NULL) {
		json_t *after = json_string(status);
		add_change(changes, "status", json_object_get(before, "status"), after);
		json_decref(after);
	}
	json_object_foreach(body, name, value)
	{
		add_change(changes, name, json_object_get(profile, name), value);
	}
	json_decref(body);
	json_decref(before);
	return changes;
}

static json_t *action_json(const struct timeline *timeline, const struct action_record *action)
{
	struct undo_verdict verdict;
	json_t *json = render_action(action);

	undo_judge(&timeline->actions, action, timeline->employee.okta_id, &verdict);
	json_object_set_new(json, "changes", changes_json(&action->intent));
	json_object_set_new(json, "can_undo", json_boolean(verdict.is_possible));
	json_object_set_new(json, "undo_why", json_string(verdict.why));
	return json;
}

/* What Bob said when it was read last; of earlier readings only what they led to is kept. */
static json_t *read_json(const struct employee *employee)
{
	return json_pack("{s:s, s:b, s:I, s:I, s:s, s:s, s:s, s:s, s:b, s:I}", "lifecycle",
	        employee->lifecycle, "was_terminated", employee->was_terminated, "absent_since_ms",
	        (json_int_t)employee->absent_since_ms, "confirmed_end_ms",
	        (json_int_t)employee->confirmed_end_ms, "wanted", employee->wanted, "rule",
	        employee->last_rule, "sentence", employee->last_sentence, "error",
	        employee->last_error, "is_good", employee->is_last_run_good, "run_at_ms",
	        (json_int_t)employee->last_run_at_ms);
}

static json_t *decision_json(const struct audit_record *record)
{
	const char *text = personal_reveal(&record->payload);
	json_t *payload = text[0] != '\0' ? json_parse(text, strlen(text), NULL) : NULL;
	json_t *meta = record->meta[0] != '\0'
	        ? json_parse(record->meta, strlen(record->meta), NULL)
	        : NULL;
	const char *what = json_get_text(payload, "what");
	json_t *json = json_pack("{s:I, s:s, s:s, s:s, s:o, s:I}", "seq", (json_int_t)record->seq,
	        "type", record->kind, "who", record->who, "what", what != NULL ? what : "", "meta",
	        meta != NULL ? meta : json_object(), "settings_version",
	        (json_int_t)record->settings_version);

	json_decref(payload);
	return json;
}

static json_t *detail_json(const struct timeline *timeline, const struct entry *entry)
{
	switch (entry->source) {
	case SOURCE_DELIVERY: return render_event(&timeline->events.items[entry->index]);
	case SOURCE_READ: return read_json(&timeline->employee);
	case SOURCE_ACTION: return action_json(timeline, &timeline->actions.items[entry->index]);
	case SOURCE_DECISION: return decision_json(&timeline->records.items[entry->index]);
	}
	return NULL;
}

/* ------------------------------------------------------------------- a page */

static void format_cursor(const struct entry *entry, char to[CURSOR_BYTES])
{
	str_format_cut(to, CURSOR_BYTES, "%lld-%d-%lld", (long long)entry->at_ms,
	        (int)entry->source, (long long)entry->id);
}

static bool parse_cursor(struct args *args, struct entry *entry)
{
	const char *text = http_request_query(args->request, "before");
	char parts[CURSOR_BYTES];
	char *rest = NULL;
	int64_t source = 0;

	*entry = (struct entry){.at_ms = INT64_MAX};
	if (text == NULL) {
		return true;
	}
	bool is_good = str_copy(parts, sizeof(parts), text) &&
	        str_to_int64(strtok_r(parts, "-", &rest), &entry->at_ms) &&
	        str_to_int64(strtok_r(NULL, "-", &rest), &source) &&
	        str_to_int64(strtok_r(NULL, "", &rest), &entry->id);
	if (!is_good) {
		err_set(&args->err, ERR_BAD_REQUEST,
		        "before is the next_before that a page of the timeline ended with");
	}
	entry->source = (enum source)source;
	return is_good;
}

static json_t *next_json(const struct timeline *timeline)
{
	const struct args *args = timeline->args;
	const struct zone *zone = settings_find(args->settings, args->connection)->policy.zone;
	char sentence[SENTENCE_BYTES];

	render_next_step(&timeline->employee, sentence, sizeof(sentence));
	return json_pack("{s:s, s:I, s:s}", "next_step", sentence, "at_ms",
	        (json_int_t)render_next_ms(&timeline->employee), "time_zone",
	        render_time_zone(timeline->employee.time_zone, zone));
}

static json_t *page_json(const struct timeline *timeline, const struct entry *before, size_t limit)
{
	json_t *list = json_array();
	char cursor[CURSOR_BYTES] = "";

	for (size_t i = 0; i < timeline->count; i++) {
		const struct entry *entry = &timeline->entries[i];
		if (compare(entry, before) <= 0) {
			continue;
		}
		if (json_array_size(list) == limit) {
			format_cursor(entry - 1, cursor);
			break;
		}
		const char *kind = KINDS[entry->source];
		json_array_append_new(list,
		        json_pack("{s:s, s:I, s:o}", "kind", kind, "at_ms",
		                (json_int_t)entry->at_ms, kind, detail_json(timeline, entry)));
	}
	return json_pack("{s:s, s:o, s:o, s:s?}", "employee_id", timeline->employee.key.employee_id,
	        "next", next_json(timeline), "entries", list, "next_before",
	        cursor[0] != '\0' ? cursor : NULL);
}

static json_t *make(struct args *args)
{
	struct timeline timeline = {.args = args};
	struct entry before;
	int64_t limit = args_query_number(args, "limit", LIMIT_MAX, LIMIT_DEFAULT);
	json_t *json = NULL;

	if (limit != 0 && parse_cursor(args, &before) && load(&timeline) && gather(&timeline)) {
		json = page_json(&timeline, &before, (size_t)limit);
	}
	employee_finish(&timeline.employee);
	event_list_finish(&timeline.events);
	action_list_finish(&timeline.actions);
	audit_list_finish(&timeline.records);
	free(timeline.entries);
	return json;
}

enum http_verdict console_timeline(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.query = KNOWN("before", "limit")};
	bool is_good = args_init(&args, context, request, &known) && args_key(&args);

	return args_answer(&args, reply, is_good ? make(&args) : NULL, 200);
}
