/* SPDX-License-Identifier: MIT */
#include "server/cli/cli_job.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/cli/cli_text.h"
#include "server/cli/cli_wait.h"

#include <poll.h>
#include <unistd.h>

#define PATH_BYTES  128
#define CLEAR_LINE  "\r\033[K"
#define COUNT_BYTES 80

static json_t *ask(struct cli_call *call, const struct cli_job *job, const char *verb, json_t *body,
        struct err *err)
{
	char path[PATH_BYTES];
	const struct cli_request request = {
	        .method = body != NULL ? "POST" : "GET", .path = path, .body = body};
	str_format_cut(path, sizeof(path), "%s%s", job->path, verb);
	return cli_call_ask(call, &request, err);
}

static bool is_running(const json_t *report)
{
	return str_equal(cli_call_text(report, "state"), "running");
}

static void format_count(char to[COUNT_BYTES], const struct cli_job *job, const json_t *report)
{
	int64_t listed = json_get_int(report, "listed", 0);
	if (listed > 0) {
		str_format_cut(to, COUNT_BYTES, "%lld of %lld %s looked at",
		        (long long)json_get_int(report, "read", 0), (long long)listed, job->unit);
	} else {
		str_format_cut(to, COUNT_BYTES, "counting %s", job->unit);
	}
}

/* ---------------------------------------------------------------------- waiting */

/* Only a terminal is told: in a file or a mail progress is noise. */
static bool is_terminal(const struct cli_call *call)
{
	int descriptor = fileno(call->errors);
	return descriptor >= 0 && isatty(descriptor) != 0;
}

static void tell(const struct cli_call *call, const struct cli_job *job, const json_t *report)
{
	char count[COUNT_BYTES];
	if (is_terminal(call)) {
		format_count(count, job, report);
		fprintf(call->errors, CLEAR_LINE "%s; Ctrl-C leaves it, and it goes on", count);
		fflush(call->errors);
	}
}

static void tell_no_more(const struct cli_call *call)
{
	if (is_terminal(call)) {
		fputs(CLEAR_LINE, call->errors);
		fflush(call->errors);
	}
}

/* Until it runs no more; takes the report, and gives the last one. */
static json_t *follow(
        struct cli_call *call, const struct cli_job *job, json_t *report, struct err *err)
{
	int64_t deadline_ms = clock_mono_ms() + CLI_JOB_MAX_MS;
	while (report != NULL && is_running(report)) {
		tell(call, job, report);
		json_decref(report);
		report = NULL;
		if (clock_mono_ms() >= deadline_ms) {
			err_set(err, ERR_TIMEOUT, "not done yet, and going on");
			break;
		}
		/* There is nothing to wait on across processes but time. */
		(void)poll(NULL, 0, CLI_WAIT_PAUSE_MS);
		report = ask(call, job, "", NULL, err);
	}
	tell_no_more(call);
	return report;
}

/* The result of a report; NULL with err: it has none, and why. New reference. */
static json_t *result_of(const json_t *report, struct err *err)
{
	json_t *result = json_object_get(report, "result");
	const char *state = cli_call_text(report, "state");
	const char *why = cli_call_text(report, "sentence");
	if (json_is_object(result)) {
		return json_incref(result);
	}
	if (str_equal(state, "none")) {
		err_set(err, ERR_STOPPED,
		        "the settings changed before it was done; start it again");
	} else {
		err_set(err, str_equal(state, "stopped") ? ERR_STOPPED : ERR_REFUSED, "%s", why);
	}
	return NULL;
}

json_t *cli_job_run(struct cli_call *call, const struct cli_job *job, json_t *body, struct err *err)
{
	json_t *report = ask(call, job, "/start", body, err);
	int64_t begun_at_ms = json_get_int(report, "begun_at_ms", 0);
	report = follow(call, job, report, err);
	if (report == NULL) {
		return NULL;
	}
	json_t *result = NULL;
	if (json_get_int(report, "begun_at_ms", 0) > begun_at_ms) {
		err_set(err, ERR_CONFLICT, "%s began another one before this one was looked at",
		        cli_call_text(report, "by"));
	} else {
		result = result_of(report, err);
	}
	json_decref(report);
	return result;
}

/* ---------------------------------------------------------------- whole commands */

/* Takes the result. */
static int show(struct cli_call *call, const struct cli_job *job, json_t *result)
{
	int status = CLI_DONE;
	if (call->is_json) {
		status = cli_call_print_json(call, result);
	} else {
		job->show(call, result);
	}
	json_decref(result);
	return status;
}

int cli_job_wait(struct cli_call *call, const struct cli_job *job, json_t *body)
{
	struct err err = ERR_INIT;
	json_t *result = cli_job_run(call, job, body, &err);
	return result != NULL ? show(call, job, result) : cli_call_refuse(call, &err);
}

static void print_state(struct cli_call *call, const struct cli_job *job, const json_t *report)
{
	char count[COUNT_BYTES];
	char since[CLI_TEXT_TIME_BYTES];
	const char *state = cli_call_text(report, "state");
	if (str_equal(state, "none")) {
		cli_call_print(call, "none was begun since the settings in force are\n");
		return;
	}
	cli_text_time(since, json_get_int(report, "begun_at_ms", 0));
	format_count(count, job, report);
	cli_call_print(call, "%s, begun by %s (%s): %s\n", state, cli_call_text(report, "by"),
	        since, is_running(report) ? count : cli_call_text(report, "sentence"));
}

int cli_job_look(struct cli_call *call, const struct cli_job *job)
{
	struct err err = ERR_INIT;
	json_t *report = ask(call, job, "", NULL, &err);
	if (report == NULL) {
		return cli_call_fail(call, &err);
	}
	int status = CLI_DONE;
	if (call->is_json) {
		status = cli_call_print_json(call, report);
	} else if (json_is_object(json_object_get(report, "result"))) {
		job->show(call, json_object_get(report, "result"));
	} else {
		print_state(call, job, report);
	}
	json_decref(report);
	return status;
}

int cli_job_stop(struct cli_call *call, const struct cli_job *job)
{
	struct err err = ERR_INIT;
	json_t *report = ask(call, job, "/stop", cli_call_body(), &err);
	if (report == NULL) {
		return cli_call_fail(call, &err);
	}
	if (call->is_json) {
		(void)cli_call_print_json(call, report);
	} else {
		cli_call_print(call, "it ends after what it has in hand\n");
	}
	json_decref(report);
	return CLI_DONE;
}
