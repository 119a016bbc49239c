/* SPDX-License-Identifier: MIT */
/*
 * Bob's lifecycle table (bob.md 5.8), the only place where a termination or a
 * leave of a later day can be seen: basic reads show the row in effect.
 */
#include "server/base/buf.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/bob/bob_client.h"

#include <string.h>

#define ID_BYTES       33
#define ID_DIGITS      32
#define PATH_MAX_BYTES 7500
/* Pages of one read: whether `limit` counts people or rows, nobody has rows for more. */
#define PAGES_MAX 50

static bool add_row(json_t *rows, const char *id, json_t *row)
{
	json_t *of_one = json_object_get(rows, id);
	if (of_one == NULL) {
		of_one = json_array();
		if (json_object_set_new(rows, id, of_one) != 0) {
			return false;
		}
	}
	return json_array_append(of_one, row) == 0;
}

/* ------------------------------------------------------------------ of one */

static void read_one(
        struct bob_client *client, const char *id, json_t *rows, struct call_outcome *outcome)
{
	char path[64];
	str_format_cut(path, sizeof(path), "/people/%s/lifecycle", id);
	struct bob_request request = {
	        .method = "GET", .route = "/people/*/lifecycle", .path = path, .is_of_one = true};
	struct bob_reply reply;
	if (bob_client_call(client, &request, &reply, outcome)) {
		json_t *values = json_object_get(reply.json, "values");
		if (!json_is_array(values) || json_object_set(rows, id, values) != 0) {
			bob_client_distrust(outcome);
		}
	} else if (outcome->call_class == CALL_NOT_FOUND) {
		/* Nobody the service user may see: known as little as a missing one of many. */
		outcome->call_class = CALL_DONE;
	}
	bob_reply_finish(&reply);
}

/* ----------------------------------------------------------------- of many */

static bool add_page(json_t *rows, const json_t *page)
{
	const json_t *results = json_object_get(page, "results");
	bool is_good = json_is_array(results);
	for (size_t i = 0; is_good && i < json_array_size(results); i++) {
		json_t *row = json_array_get(results, i);
		char id[ID_BYTES];
		is_good = json_id_text(json_object_get(row, "employeeId"), id, sizeof(id)) &&
		        add_row(rows, id, row);
	}
	return is_good;
}

/* Whoever Bob names as not readable is not known, whatever rows came before. */
static void drop_errors(json_t *rows, const json_t *page)
{
	const json_t *errors = json_object_get(page, "errors");
	for (size_t i = 0; i < json_array_size(errors); i++) {
		const json_t *entry = json_array_get(errors, i);
		const json_t *named = json_object_get(entry, "employeeId");
		char id[ID_BYTES];
		if (json_id_text(named != NULL ? named : entry, id, sizeof(id))) {
			json_object_del(rows, id);
		}
	}
}

static bool format_path(struct buf *path, const char *const *ids, size_t count, const char *cursor)
{
	buf_clear(path);
	buf_add_format(path, "/bulk/people/lifecycle?limit=%d&employeeIds=", BOB_TABLE_MAX);
	for (size_t i = 0; i < count; i++) {
		buf_add_format(path, "%s%s", i > 0 ? "," : "", ids[i]);
	}
	if (cursor[0] != '\0') {
		buf_add_text(path, "&cursor=");
		buf_add_url(path, cursor);
	}
	return !path->failed;
}

/* "" when this was the last page; false when the cursor makes no sense. */
static bool take_cursor(const json_t *page, char *cursor, size_t size)
{
	const json_t *next = json_get_path(page, "response_metadata.next_cursor");
	char before[256];
	str_format_cut(before, sizeof(before), "%s", cursor);
	cursor[0] = '\0';
	if (next == NULL || json_is_null(next)) {
		return true;
	}
	return json_id_text(next, cursor, size) && !str_equal(cursor, before);
}

static void read_many(struct bob_client *client, const char *const *ids, size_t count, json_t *rows,
        struct call_outcome *outcome)
{
	char cursor[256] = "";
	struct buf path;
	buf_init(&path, PATH_MAX_BYTES);
	for (int pages = 0; pages == 0 || cursor[0] != '\0'; pages++) {
		struct bob_request request = {.method = "GET", .route = "/bulk/people/lifecycle"};
		struct bob_reply reply;
		if (pages == PAGES_MAX || !format_path(&path, ids, count, cursor)) {
			bob_client_distrust(outcome);
			break;
		}
		request.path = buf_text(&path);
		bool is_done = bob_client_call(client, &request, &reply, outcome);
		if (is_done &&
		        (!add_page(rows, reply.json) ||
		                !take_cursor(reply.json, cursor, sizeof(cursor)))) {
			bob_client_distrust(outcome);
			is_done = false;
		}
		drop_errors(rows, reply.json);
		bob_reply_finish(&reply);
		if (!is_done) {
			break;
		}
	}
	buf_finish(&path);
}

static bool are_ids(const char *const *ids, size_t count)
{
	bool is_good = count <= BOB_TABLE_MAX;
	for (size_t i = 0; is_good && i < count; i++) {
		is_good = str_is_digits(ids[i], ID_DIGITS);
	}
	return is_good;
}

void bob_lifecycle(struct bob_client *client, const char *const *employee_ids, size_t count,
        json_t **rows, struct call_outcome *outcome)
{
	*rows = json_object();
	*outcome = (struct call_outcome){.call_class = CALL_DONE};
	if (!are_ids(employee_ids, count) || *rows == NULL) {
		outcome->call_class = CALL_PERMANENT;
		str_format_cut(outcome->sentence, sizeof(outcome->sentence),
		        "More people than one read takes, or an employee id that is none.");
	} else if (count == 1) {
		read_one(client, employee_ids[0], *rows, outcome);
	} else if (count > 1) {
		read_many(client, employee_ids, count, *rows, outcome);
	}
	if (outcome->call_class != CALL_DONE) {
		json_decref(*rows);
		*rows = NULL;
	}
}
