/* SPDX-License-Identifier: MIT */
/*
 * Decisions as a spreadsheet: exported, decided by whoever knows the people,
 * and imported. All lines are looked at before the first decision is taken.
 */
#include "server/cli/cli_adopt.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/cli/cli_confirm.h"
#include "server/base/csv.h"
#include "server/settings/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MAX_BYTES (32 * 1024 * 1024)
#define PAGE_QUERY     "limit=500"
#define CHUNK          500 /* decisions a request */
#define MISTAKES_SHOWN 100

/* ------------------------------------------------------------------- export */

static const char *const COLUMNS[] = {"employee_id", "decision", "okta_user", "display_name",
        "class", "found_by", "why", "login", "status", "okta_id", "others", "other_employee_id",
        "left", "sourced_elsewhere", "state", "sentence", NULL};

static void format_others(struct buf *to, const json_t *person)
{
	const json_t *others = json_object_get(person, "others");
	for (size_t i = 0; i < json_array_size(others); i++) {
		const json_t *entry = json_array_get(others, i);
		buf_add_format(to, "%s%s %s", i == 0 ? "" : "; ", cli_call_text(entry, "okta_id"),
		        cli_call_text(entry, "login"));
	}
}

static void add_person(struct buf *csv, const json_t *person)
{
	struct buf others;
	buf_init(&others, 8192);
	format_others(&others, person);
	const char *cells[] = {cli_call_text(person, "employee_id"),
	        cli_call_text(person, "decision"), cli_call_text(person, "okta_user"),
	        cli_call_text(person, "display_name"), cli_call_text(person, "class"),
	        cli_call_text(person, "rule"), cli_adopt_finding(person),
	        cli_call_text(person, "login"), cli_call_text(person, "status"),
	        cli_call_text(person, "okta_id"), buf_text(&others),
	        cli_call_text(person, "other_employee_id"),
	        json_get_bool(person, "is_left", false) ? "yes" : "",
	        json_get_bool(person, "is_sourced_elsewhere", false) ? "yes" : "",
	        cli_call_text(person, "state"), cli_call_text(person, "sentence"), NULL};
	csv_add_row(csv, cells);
	buf_finish(&others);
}

/* Page by page into one text; the number of people. */
static bool export_all(struct cli_call *call, struct buf *csv, size_t *count, struct err *err)
{
	char after[64] = "";
	csv_add_row(csv, COLUMNS);
	for (bool is_more = true; is_more;) {
		json_t *page =
		        cli_adopt_page(call, PAGE_QUERY, after[0] != '\0' ? after : NULL, err);
		const json_t *people = json_object_get(page, "people");
		if (page == NULL) {
			return false;
		}
		for (size_t i = 0; i < json_array_size(people); i++) {
			add_person(csv, json_array_get(people, i));
		}
		*count += json_array_size(people);
		is_more = json_get_text(page, "next_after") != NULL;
		str_format_cut(after, sizeof(after), "%s", cli_call_text(page, "next_after"));
		json_decref(page);
	}
	if (csv->failed) {
		err_set(err, ERR_NO_MEMORY, "the list is too long for one file");
	}
	return !csv->failed;
}

/* Never over a file that is there, and readable by its owner alone: it names people. */
static bool write_file(const char *path, const struct buf *csv, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	char why[64];
	if (fd < 0) {
		err_set(err, ERR_IO, "%s cannot be made: %s", path,
		        strerror_r(errno, why, sizeof(why)));
		return false;
	}
	FILE *file = fdopen(fd, "w");
	bool done = file != NULL && fwrite(csv->data, 1, csv->len, file) == csv->len;
	done = (file != NULL ? fclose(file) : close(fd)) == 0 && done;
	if (!done) {
		err_set(err, ERR_IO, "%s cannot be written: %s", path,
		        strerror_r(errno, why, sizeof(why)));
	}
	return done;
}

int cli_adopt_export(struct cli_call *call)
{
	struct err err = ERR_INIT;
	struct buf csv;
	size_t count = 0;
	if (!cli_call_read(call, NULL, CLI_MAY_HAVE_WORD, &err)) {
		return cli_call_fail(call, &err);
	}
	if (call->word == NULL) {
		err_set(&err, ERR_USAGE, "say which file: adopt export FILE.csv");
		return cli_call_fail(call, &err);
	}
	buf_init(&csv, FILE_MAX_BYTES);
	bool done = export_all(call, &csv, &count, &err) && write_file(call->word, &csv, &err);
	buf_finish(&csv);
	if (!done) {
		return cli_call_fail(call, &err);
	}
	cli_call_print(call,
	        "%zu people written to %s; fill in the column decision (link, create, ignore), and"
	        " okta_user where another one is meant, then: bob2okta adopt import %s\n",
	        count, call->word, call->word);
	return CLI_DONE;
}

/* ------------------------------------------------------------------- import */

struct import {
	struct cli_call *call;
	struct csv_reader reader;
	int id_at; /* columns; -1: not there */
	int decision_at;
	int user_at;
	json_t *people; /* decisions */
	json_t *lines; /* of each, in the file */
	json_t *seen; /* employee id -> line */
	size_t mistakes;
};

static void mistake(struct import *import, size_t line, const char *text)
{
	import->mistakes++;
	if (import->mistakes <= MISTAKES_SHOWN) {
		cli_call_print(import->call, "failure  line %zu: %s\n", line, text);
	}
}

static int find_column(const struct csv_reader *reader, const char *name)
{
	for (size_t i = 0; i < reader->count; i++) {
		if (str_equal_fold(reader->cells[i], name)) {
			return (int)i;
		}
	}
	return -1;
}

static bool read_head(struct import *import, struct err *err)
{
	if (csv_read_row(&import->reader, err)) {
		import->id_at = find_column(&import->reader, "employee_id");
		import->decision_at = find_column(&import->reader, "decision");
		import->user_at = find_column(&import->reader, "okta_user");
	}
	if (!err_is_set(err) && (import->id_at < 0 || import->decision_at < 0)) {
		err_set(err, ERR_BAD_REQUEST,
		        "the first line must name the columns employee_id and decision, as export"
		        " writes them");
	}
	return !err_is_set(err);
}

static const char *cell(const struct import *import, int at)
{
	if (at < 0 || (size_t)at >= import->reader.count) {
		return "";
	}
	size_t len = 0;
	char *text = import->reader.cells[at];
	const char *trimmed = str_trim(text, &len);
	text[(size_t)(trimmed - text) + len] = '\0';
	return trimmed;
}

/* False: said what is wrong. */
static bool check_id(struct import *import, const char *id)
{
	char text[160];
	if (str_is_digits(id, 32)) {
		int64_t before = json_get_int(import->seen, id, 0);
		if (before == 0) {
			return true;
		}
		str_format_cut(text, sizeof(text), "employee %s stands in line %lld already", id,
		        (long long)before);
		mistake(import, import->reader.line, text);
		return false;
	}
	bool is_rounded = strpbrk(id, "eE") != NULL && id[strspn(id, "0123456789.,+eE")] == '\0';
	mistake(import, import->reader.line,
	        is_rounded ? "the spreadsheet has rounded employee_id: format the column as text,"
	                     " and export again"
	                   : "employee_id is not an id of 1 to 32 digits");
	return false;
}

static void read_person(struct import *import)
{
	const char *id = cell(import, import->id_at);
	const char *user = cell(import, import->user_at);
	char *decision = str_dup(cell(import, import->decision_at));
	long long line = (long long)import->reader.line;
	if (decision == NULL) {
		mistake(import, import->reader.line, "out of memory");
		return;
	}
	str_fold(decision);
	if (check_id(import, id)) {
		json_t *person = json_pack("{s:s, s:s}", "employee_id", id, "decision",
		        decision[0] != '\0' ? decision : "none");
		if (user[0] != '\0') {
			json_object_set_new(person, "okta_user", json_string(user));
		}
		json_array_append_new(import->people, person);
		json_array_append_new(import->lines, json_integer(line));
		json_object_set_new(import->seen, id, json_integer(line));
	}
	free(decision);
}

/* ------------------------------------------------------------ sending it all */

static json_t *chunk_of(const struct import *import, size_t from)
{
	json_t *chunk = json_array();
	for (size_t i = from; i < from + CHUNK && i < json_array_size(import->people); i++) {
		json_array_append(chunk, json_array_get(import->people, i));
	}
	return chunk;
}

/* "people[7]" of a chunk is a line of the file. */
static size_t line_of(const struct import *import, size_t from, const char *path)
{
	const char *digits = path + strcspn(path, "0123456789");
	size_t index = from + (size_t)strtoul(digits, NULL, 10);
	return (size_t)json_integer_value(json_array_get(import->lines, index));
}

static void take_mistakes(struct import *import, size_t from, const struct err *err)
{
	const json_t *refusal = cli_call_refusal(import->call);
	const json_t *list = json_object_get(refusal, "mistakes");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *entry = json_array_get(list, i);
		mistake(import, line_of(import, from, cli_call_text(entry, "path")),
		        cli_call_text(entry, "text"));
	}
	if (json_array_size(list) == 0) {
		/* One entry that cannot be read at all; the text begins with its place. */
		mistake(import, line_of(import, from, err->text), err->text);
	}
	import->mistakes += (size_t)json_get_int(refusal, "left_out", 0);
}

/* False with err when the server could not be asked, or refused for another reason. */
static bool send_all(struct import *import, bool is_check, long long *decided, struct err *err)
{
	*decided = 0;
	for (size_t from = 0; from < json_array_size(import->people); from += CHUNK) {
		struct err why = ERR_INIT;
		json_t *chunk = chunk_of(import, from);
		json_t *answer = cli_adopt_send(import->call, chunk, is_check, &why);
		json_decref(chunk);
		*decided += (long long)json_get_int(answer, "decided", 0);
		json_decref(answer);
		if (answer == NULL && why.code != ERR_REFUSED) {
			err_set(err, why.code, "%s", why.text);
			return false;
		}
		if (answer == NULL) {
			take_mistakes(import, from, &why);
		}
	}
	return true;
}

static int refuse(struct import *import)
{
	if (import->mistakes > MISTAKES_SHOWN) {
		cli_call_print(import->call, "and %zu more\n", import->mistakes - MISTAKES_SHOWN);
	}
	fprintf(import->call->errors, "bob2okta: refused, nothing was decided\n");
	return CLI_USAGE;
}

static int take_all(struct import *import, bool is_yes)
{
	struct err err = ERR_INIT;
	long long decided = 0;
	char question[120];
	if (!send_all(import, true, &decided, &err)) {
		return cli_call_fail(import->call, &err);
	}
	if (import->mistakes > 0) {
		return refuse(import);
	}
	cli_call_print(import->call, "%zu lines, %lld decisions change\n",
	        json_array_size(import->people), decided);
	if (decided == 0) {
		return CLI_DONE;
	}
	str_format_cut(question, sizeof(question), "Take these %lld decisions?", decided);
	switch (cli_confirm(import->call, is_yes, question)) {
	case CLI_ANSWER_YES: break;
	case CLI_ANSWER_NO: cli_call_print(import->call, "nothing was decided\n"); return CLI_DONE;
	case CLI_ANSWER_NOBODY: return CLI_USAGE;
	}
	if (!send_all(import, false, &decided, &err)) {
		return cli_call_fail(import->call, &err);
	}
	if (import->mistakes > 0) {
		return refuse(import);
	}
	cli_call_print(import->call, "%lld decided; nothing is done until: bob2okta adopt apply\n",
	        decided);
	return CLI_DONE;
}

static int import_text(struct cli_call *call, char *text, bool is_yes)
{
	struct import import = {
	        .call = call,
	        .id_at = -1,
	        .decision_at = -1,
	        .user_at = -1,
	        .people = json_array(),
	        .lines = json_array(),
	        .seen = json_object(),
	};
	struct err err = ERR_INIT;
	csv_reader_init(&import.reader, text);
	bool is_read = read_head(&import, &err);
	while (is_read && csv_read_row(&import.reader, &err)) {
		read_person(&import);
	}
	int status = CLI_USAGE;
	if (err_is_set(&err)) {
		status = cli_call_fail(call, &err);
	} else if (import.mistakes > 0) {
		status = refuse(&import);
	} else {
		status = take_all(&import, is_yes);
	}
	json_decref(import.people);
	json_decref(import.lines);
	json_decref(import.seen);
	return status;
}

int cli_adopt_import(struct cli_call *call)
{
	bool is_yes = false;
	const struct cli_flag flags[] = {{"--yes", NULL, &is_yes}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	struct file_content content = {0};
	if (!cli_call_read(call, flags, CLI_MAY_HAVE_WORD, &err)) {
		return cli_call_fail(call, &err);
	}
	if (call->word == NULL) {
		err_set(&err, ERR_USAGE, "say which file: adopt import FILE.csv");
		return cli_call_fail(call, &err);
	}
	if (!file_read(call->word, FILE_MAX_BYTES, &content, &err)) {
		return cli_call_fail(call, &err);
	}
	int status = import_text(call, content.bytes, is_yes);
	file_content_wipe(&content);
	return status;
}
