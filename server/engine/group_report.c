/* SPDX-License-Identifier: MIT */
#include "server/engine/group_report.h"

#include "server/base/str.h"
#include "server/engine/parts.h"
#include "server/store/groups.h"

static json_t *row_json(const struct group_entry *entry, const struct group_count_list *counts)
{
	const struct group_count *count = group_count_find(counts, entry->id);

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I}", "group", entry->rule->group,
	        "group_id", entry->id, "name", entry->name, "state", group_state_name(entry->state),
	        "reason", entry->reason, "given", (json_int_t)(count != NULL ? count->given : 0),
	        "found", (json_int_t)(count != NULL ? count->found : 0));
}

static bool has_row(const struct group_page *page, const char *group_id)
{
	for (size_t i = 0; i < page->count; i++) {
		if (str_equal(page->entries[i].id, group_id)) {
			return true;
		}
	}
	return false;
}

/* Given through a row that is gone: nobody takes them by itself. */
static json_t *left_json(const struct group_page *page, const struct group_count_list *counts)
{
	json_t *left = json_array();

	for (size_t i = 0; i < counts->count; i++) {
		const struct group_count *count = &counts->items[i];
		if (count->given > 0 && !has_row(page, count->group_id)) {
			json_array_append_new(left,
			        json_pack("{s:s, s:I}", "group_id", count->group_id, "given",
			                (json_int_t)count->given));
		}
	}
	return left;
}

static json_t *guard_json(const struct connection_settings *settings, const struct group_page *page)
{
	if (settings->protected_group == NULL) {
		return json_null();
	}
	return json_pack("{s:s, s:b, s:I, s:s}", "group", settings->protected_group, "is_known",
	        page->is_guard_known, "members", (json_int_t)page->members.count, "reason",
	        page->guard_reason);
}

static json_t *page_json(const struct connection_settings *settings, const struct group_page *page,
        const struct group_count_list *counts)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < page->count; i++) {
		json_array_append_new(rows, row_json(&page->entries[i], counts));
	}
	return json_pack("{s:o, s:o, s:s, s:o, s:I}", "rows", rows, "without_row",
	        left_json(page, counts), "rules", page->rules_reason, "protected",
	        guard_json(settings, page), "read_at_ms", (json_int_t)page->read_at_ms);
}

bool engine_groups(struct engine *engine, const char *name, json_t **report, struct err *err)
{
	struct connection *connection = engine_need_connection(engine, name, err);
	struct group_count_list counts = {0};

	*report = NULL;
	if (connection == NULL || !store_membership_counts(engine->store, name, &counts, err)) {
		return false;
	}
	const struct group_page *page = group_book_use(connection->groups);
	*report = page_json(connection->settings, page, &counts);
	group_book_release(connection->groups, page);
	group_count_list_finish(&counts);
	if (*report == NULL) {
		err_set(err, ERR_NO_MEMORY, "out of memory for groups");
	}
	return *report != NULL;
}
