/* SPDX-License-Identifier: MIT */
#include "server/cli/cli_audit.h"

#include "server/base/json.h"
#include "server/base/key_ring.h"
#include "server/base/str.h"
#include "server/cli/cli_job.h"
#include "server/cli/cli_text.h"
#include "server/settings/options.h"
#include "server/store/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADS_MAX      500 /* the newest of a log */
#define LINE_MAX_BYTES 65536

/* What is known of the chain from elsewhere. */
struct known_heads {
	struct audit_head items[HEADS_MAX];
	size_t count; /* ever found; the last HEADS_MAX are kept */
};

FILE *cli_audit_create(const char *path, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
	FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (file == NULL && errno == EEXIST) {
		err_set(err, ERR_CONFLICT,
		        "%s is there already: an export never goes over a file; give another name",
		        path);
	} else if (file == NULL) {
		err_set(err, ERR_IO, "%s: cannot be made: %s", path, strerror(errno));
	}
	return file;
}

/* -------------------------------------------------------------------- heads */

static void keep(struct known_heads *heads, const struct audit_head *head)
{
	heads->items[heads->count++ % HEADS_MAX] = *head;
}

/* Every "head=N:MAC" or bare N:MAC of a line, as the log's two formats have them. */
static void take_line(struct known_heads *heads, char *line)
{
	static const char BETWEEN[] = " \t\r\n\",={}[]";
	char *rest = NULL;
	for (char *word = strtok_r(line, BETWEEN, &rest); word != NULL;
	        word = strtok_r(NULL, BETWEEN, &rest)) {
		struct audit_head head;
		if (audit_head_parse(word, &head)) {
			keep(heads, &head);
		}
	}
}

static bool read_log(struct known_heads *heads, const char *path, struct err *err)
{
	char *line = malloc(LINE_MAX_BYTES);
	FILE *file = fopen(path, "re");
	if (line == NULL || file == NULL) {
		err_set(err, ERR_IO, "%s: cannot be read: %s", path, strerror(errno));
	}
	while (line != NULL && file != NULL && fgets(line, LINE_MAX_BYTES, file) != NULL) {
		take_line(heads, line);
	}
	bool done = line != NULL && file != NULL && ferror(file) == 0;
	if (file != NULL) {
		fclose(file);
	}
	free(line);
	if (done && heads->count == 0) {
		err_set(err, ERR_USAGE,
		        "%s has no heads of the audit trail (lines \"audit head\" of the server's"
		        " log)",
		        path);
		return false;
	}
	return done;
}

static bool read_heads(
        struct known_heads *heads, const char *one, const char *path, struct err *err)
{
	struct audit_head head;
	if (one != NULL) {
		if (!audit_head_parse(one, &head)) {
			err_set(err, ERR_USAGE,
			        "--head takes a head as the log has it: NUMBER:MAC, with 64 hex"
			        " digits");
			return false;
		}
		keep(heads, &head);
	}
	return path == NULL || read_log(heads, path, err);
}

static size_t kept(const struct known_heads *heads)
{
	return heads->count < HEADS_MAX ? heads->count : HEADS_MAX;
}

/* ------------------------------------------------------------------- asking */

static json_t *ask_server(struct cli_call *call, const struct known_heads *heads, struct err *err)
{
	json_t *body = cli_call_body();
	json_t *list = json_array();
	for (size_t i = 0; i < kept(heads); i++) {
		char text[AUDIT_HEAD_BYTES];
		audit_head_format(&heads->items[i], text);
		json_array_append_new(list, json_string(text));
	}
	json_object_set_new(body, "heads", list);
	const struct cli_job job = {.path = "/api/v1/audit/verify", .unit = "records"};
	return cli_job_run(call, &job, body, err);
}

static json_t *read_copy(
        struct cli_call *call, const struct known_heads *heads, const char *path, struct err *err)
{
	struct audit_heads given = {heads->items, kept(heads)};
	struct audit_report report;
	if (call->options->key_file[0] == '\0') {
		err_set(err, ERR_USAGE,
		        "a copy is verified with the key file of its store: say --key-file FILE");
		return NULL;
	}
	struct key_ring *keys = key_ring_load(call->options->key_file, KEY_RING_MUST_EXIST, err);
	bool done = keys != NULL && store_audit_verify_file(path, keys, &given, &report, err);
	if (keys != NULL && !done) {
		err_prefix(err, "%s", path);
	}
	key_ring_destroy(keys);
	if (!done) {
		return NULL;
	}
	return audit_report_json(&report, given.count);
}

/* ------------------------------------------------------------------ telling */

static void print_whole(struct cli_call *call, const json_t *report)
{
	char since[CLI_TEXT_TIME_BYTES];
	int64_t heads = json_get_int(report, "heads", 0);
	int64_t met = json_get_int(report, "heads_met", 0);
	cli_text_time(since, json_get_int(report, "begun_at_ms", 0));
	cli_call_print(call, "the audit trail is whole: %lld records, from %lld (%s)\nhead %s\n",
	        (long long)json_get_int(report, "records", 0),
	        (long long)json_get_int(report, "first_seq", 0), since,
	        cli_call_text(report, "head"));
	if (json_get_int(report, "erased_payloads", 0) > 0) {
		cli_call_print(call, "%lld records are about people who were erased\n",
		        (long long)json_get_int(report, "erased_payloads", 0));
	}
	if (heads > met) {
		cli_call_print(call, "%lld of %lld heads are older than what is kept\n",
		        (long long)(heads - met), (long long)heads);
	}
	if (met == 0) {
		cli_call_print(call,
		        "no head was compared: that the end was cut off, or an older copy put back,"
		        " does not show without one; give --head N:MAC or --heads LOGFILE from a"
		        " log that is kept elsewhere\n");
	}
}

static int tell(struct cli_call *call, json_t *report)
{
	bool is_whole = str_equal(cli_call_text(report, "finding"), "whole");
	if (call->is_json) {
		(void)cli_call_print_json(call, report);
	} else if (is_whole) {
		print_whole(call, report);
	} else {
		cli_call_print(call, "the audit trail is broken (%s): %s\n",
		        cli_call_text(report, "finding"), cli_call_text(report, "sentence"));
		cli_call_print(call, "right up to then: %lld records, head %s\n",
		        (long long)json_get_int(report, "records", 0),
		        cli_call_text(report, "head"));
	}
	json_decref(report);
	return is_whole ? CLI_DONE : CLI_FAILED;
}

int cli_audit_verify(struct cli_call *call)
{
	const char *one = NULL;
	const char *log = NULL;
	const char *file = NULL;
	const struct cli_flag flags[] = {{"--head", &one, NULL}, {"--heads", &log, NULL},
	        {"--file", &file, NULL}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	json_t *report = NULL;
	struct known_heads *heads = calloc(1, sizeof(*heads));

	if (heads == NULL) {
		err_set(&err, ERR_NO_MEMORY, "no memory for heads");
	} else if (cli_call_read(call, flags, CLI_NO_WORD, &err) &&
	        read_heads(heads, one, log, &err)) {
		report = file != NULL ? read_copy(call, heads, file, &err)
		                      : ask_server(call, heads, &err);
	}
	free(heads);
	return report != NULL ? tell(call, report) : cli_call_fail(call, &err);
}
