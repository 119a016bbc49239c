/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/cli/cli_adopt.h"
#include "server/cli/cli_confirm.h"
#include "server/cli/cli_sub.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#define PAUSE_MS     250 /* between two looks at a job */
#define COUNT_PLACES 8

/* ------------------------------------------------------------------- counting */

enum whether { WHETHER_OR_NOT, IS_SO, IS_NOT_SO };

/* Who is counted: entries of "counts" whose texts and flags are these. */
struct which {
	const char *class_; /* NULL: any */
	const char *rule;
	const char *decision;
	const char *state;
	enum whether left;
	enum whether wanted;
	enum whether elsewhere;
};

static bool is_text(const json_t *entry, const char *key, const char *text)
{
	return text == NULL || str_equal(cli_call_text(entry, key), text);
}

static bool is_flag(const json_t *entry, const char *key, enum whether flag)
{
	return flag == WHETHER_OR_NOT || json_get_bool(entry, key, false) == (flag == IS_SO);
}

static long long count(const json_t *report, const struct which *which)
{
	const json_t *counts = json_object_get(report, "counts");
	long long sum = 0;
	for (size_t i = 0; i < json_array_size(counts); i++) {
		const json_t *entry = json_array_get(counts, i);
		if (is_text(entry, "class", which->class_) && is_text(entry, "rule", which->rule) &&
		        is_text(entry, "decision", which->decision) &&
		        is_text(entry, "state", which->state) &&
		        is_flag(entry, "is_left", which->left) &&
		        is_flag(entry, "is_wanted", which->wanted) &&
		        is_flag(entry, "is_sourced_elsewhere", which->elsewhere)) {
			sum += (long long)json_get_int(entry, "people", 0);
		}
	}
	return sum;
}

#define COUNT(report, ...) count((report), &(const struct which){__VA_ARGS__})

/* -------------------------------------------------------------------- summary */

static const char *const RULES[] = {"match", "employee_number", "login", "email"};

static void print_rules(struct cli_call *call, const json_t *report)
{
	const char *separator = "   by ";
	for (size_t i = 0; i < ARRAY_SIZE(RULES); i++) {
		long long people =
		        COUNT(report, .class_ = "exact", .rule = RULES[i], .left = IS_NOT_SO);
		if (people > 0) {
			cli_call_print(call, "%s%s %lld", separator, RULES[i], people);
			separator = ", ";
		}
	}
	cli_call_print(call, "\n");
}

static void print_count(
        struct cli_call *call, const char *label, long long people, const char *what)
{
	cli_call_print(call, "  %-26s%*lld%s%s\n", label, COUNT_PLACES, people,
	        str_is_empty(what) ? "" : "   ", what);
}

static void print_classes(struct cli_call *call, const json_t *report)
{
	const json_t *scan = json_object_get(report, "scan");
	long long waiting =
	        COUNT(report, .class_ = "unmatched", .left = IS_NOT_SO, .wanted = IS_NOT_SO);
	print_count(call, "linked already", (long long)json_get_int(scan, "linked", 0), "");
	cli_call_print(call, "  %-26s%*lld", "exact", COUNT_PLACES,
	        COUNT(report, .class_ = "exact", .left = IS_NOT_SO));
	print_rules(call, report);
	print_count(call, "doubtful", COUNT(report, .class_ = "doubtful", .left = IS_NOT_SO),
	        "a human looks at each");
	print_count(call, "unmatched, account wanted",
	        COUNT(report, .class_ = "unmatched", .left = IS_NOT_SO, .wanted = IS_SO),
	        "create or ignore");
	if (waiting > 0) {
		print_count(call, "unmatched, none wanted", waiting,
		        "no work e-mail, no start date, or not yet");
	}
	print_count(call, "left, account open", COUNT(report, .left = IS_SO),
	        "linked, their closing waits for a human");
	print_count(call, "sourced elsewhere", COUNT(report, .elsewhere = IS_SO),
	        "of those above: profiles that are not written");
}

static void print_uncounted(struct cli_call *call, const json_t *scan)
{
	static const struct {
		const char *key;
		const char *label;
	} ROWS[] = {{"gone", "left, no open account"}, {"out_of_scope", "out of scope"},
	        {"unreadable", "not readable in Bob"}};
	for (size_t i = 0; i < ARRAY_SIZE(ROWS); i++) {
		long long people = (long long)json_get_int(scan, ROWS[i].key, 0);
		if (people > 0) {
			print_count(call, ROWS[i].label, people, "not listed");
		}
	}
}

static void print_decided(struct cli_call *call, const json_t *report)
{
	long long open = COUNT(report, .decision = "none");
	cli_call_print(call,
	        "\ndecided: link %lld, create %lld, ignore %lld; done %lld, refused %lld; open"
	        " %lld\n",
	        COUNT(report, .decision = "link", .state = "open"),
	        COUNT(report, .decision = "create", .state = "open"),
	        COUNT(report, .decision = "ignore", .state = "open"),
	        COUNT(report, .state = "done"), COUNT(report, .state = "refused"), open);
}

/* What to type next, most worth doing first. */
static void print_next(struct cli_call *call, const json_t *report)
{
	static const char *const OPEN = "none";
	cli_call_print(call, "\nnext\n");
	for (size_t i = 0; i < ARRAY_SIZE(RULES); i++) {
		if (COUNT(report, .class_ = "exact", .rule = RULES[i], .left = IS_NOT_SO,
		            .decision = OPEN) > 0) {
			cli_call_print(call,
			        "  bob2okta adopt decide --class exact --rule %s link\n", RULES[i]);
		}
	}
	if (COUNT(report, .class_ = "doubtful", .left = IS_NOT_SO, .decision = OPEN) > 0) {
		cli_call_print(call, "  bob2okta adopt list --class doubtful\n");
	}
	if (COUNT(report, .left = IS_SO, .decision = OPEN) > 0) {
		cli_call_print(call, "  bob2okta adopt list --class left\n");
	}
	if (COUNT(report, .class_ = "unmatched", .left = IS_NOT_SO, .wanted = IS_SO,
	            .decision = OPEN) > 0) {
		cli_call_print(call, "  bob2okta adopt decide --class unmatched create\n");
	}
	cli_call_print(call, "  bob2okta adopt export FILE.csv   (decide in a spreadsheet)\n");
	if (COUNT(report, .state = "refused") > 0) {
		cli_call_print(call, "  bob2okta adopt list --state refused\n");
	}
	if (COUNT(report, .state = "open") > COUNT(report, .decision = OPEN)) {
		cli_call_print(call, "  bob2okta adopt apply\n");
	}
}

static void print_head(struct cli_call *call, const json_t *report)
{
	const json_t *scan = json_object_get(report, "scan");
	long long took_ms = (long long)(json_get_int(scan, "ended_at_ms", 0) -
	        json_get_int(scan, "begun_at_ms", 0));
	cli_call_print(call, "%lld people in Bob, %lld users in Okta, compared in %.1f s%s\n\n",
	        (long long)json_get_int(scan, "listed", 0),
	        (long long)json_get_int(scan, "users", 0), (double)took_ms / 1000.0,
	        json_get_bool(report, "is_dry_run", false)
	                ? " (mode dry_run: links are made, Okta is not written)"
	                : "");
	long long taken_back = (long long)json_get_int(scan, "taken_back", 0);
	if (taken_back > 0) {
		cli_call_print(
		        call, "%lld decisions were taken back: the facts changed\n\n", taken_back);
	}
}

static void print_summary(struct cli_call *call, const json_t *report)
{
	const json_t *scan = json_object_get(report, "scan");
	if (!json_is_object(scan)) {
		cli_call_print(call, "nothing was compared yet; start with: bob2okta adopt\n");
		return;
	}
	if (!str_equal(cli_call_text(scan, "state"), "done")) {
		cli_call_print(call, "the last scan %s: %s\n", cli_call_text(scan, "state"),
		        cli_call_text(scan, "sentence"));
		return;
	}
	print_head(call, report);
	print_classes(call, report);
	print_uncounted(call, scan);
	print_decided(call, report);
	print_next(call, report);
}

/* ------------------------------------------------------------- following a job */

static json_t *ask_report(struct cli_call *call, struct err *err)
{
	const struct cli_request request = {.method = "GET", .path = "/api/v1/adoption"};
	return cli_call_ask(call, &request, err);
}

static bool is_running(const json_t *report, const char *job)
{
	return str_equal(cli_call_text(json_object_get(report, job), "state"), "running");
}

static void format_progress(const json_t *job, char *to, size_t size)
{
	long long total = (long long)json_get_int(job, "total", -1);
	if (total >= 0) {
		str_format_cut(
		        to, size, "%lld of %lld", (long long)json_get_int(job, "done", 0), total);
	} else {
		str_format_cut(to, size, "%lld users, %lld of %lld people",
		        (long long)json_get_int(job, "users", 0),
		        (long long)json_get_int(job, "read", 0),
		        (long long)json_get_int(job, "listed", 0));
	}
}

/* One line that changes in place, for whoever waits at a terminal. */
static void show_progress(struct cli_call *call, const json_t *job)
{
	char numbers[96];
	if (call->is_json || isatty(fileno(call->errors)) != 1) {
		return;
	}
	format_progress(job, numbers, sizeof(numbers));
	fprintf(call->errors, "\r\033[K%s: %s", cli_call_text(job, "phase"), numbers);
	fflush(call->errors);
}

static void clear_progress(struct cli_call *call)
{
	if (!call->is_json && isatty(fileno(call->errors)) == 1) {
		fprintf(call->errors, "\r\033[K");
	}
}

/* Until the job has ended; new reference to the report then, NULL with err. */
static json_t *follow(struct cli_call *call, const char *job, struct err *err)
{
	for (;;) {
		json_t *report = ask_report(call, err);
		if (report == NULL || !is_running(report, job)) {
			clear_progress(call);
			return report;
		}
		show_progress(call, json_object_get(report, job));
		json_decref(report);
		/* There is nothing to wait on across processes but time. */
		(void)poll(NULL, 0, PAUSE_MS);
	}
}

static int show_ended(struct cli_call *call, const char *job,
        void (*show)(struct cli_call *call, const json_t *report))
{
	struct err err = ERR_INIT;
	json_t *report = follow(call, job, &err);
	if (report == NULL) {
		return cli_call_fail(call, &err);
	}
	bool is_done = str_equal(cli_call_text(json_object_get(report, job), "state"), "done");
	if (call->is_json) {
		(void)cli_call_print_json(call, report);
	} else {
		show(call, report);
	}
	json_decref(report);
	return is_done ? CLI_DONE : CLI_FAILED;
}

/* ----------------------------------------------------------------------- scan */

/* "employee_number,login" as an array. */
static json_t *split_rules(const char *text)
{
	json_t *rules = json_array();
	for (const char *at = text; *at != '\0';) {
		size_t len = strcspn(at, ",");
		json_array_append_new(rules, json_stringn(at, len));
		at += len + (at[len] == ',' ? 1 : 0);
	}
	return rules;
}

static bool start_scan(struct cli_call *call, const char *rules, struct err *err)
{
	json_t *report = ask_report(call, err);
	if (report == NULL) {
		return false;
	}
	bool is_there = is_running(report, "scan");
	json_decref(report);
	if (is_there) {
		return true; /* come back to it */
	}
	json_t *body = cli_call_body();
	if (rules != NULL) {
		json_object_set_new(body, "rules", split_rules(rules));
	}
	const struct cli_request request = {
	        .method = "POST", .path = "/api/v1/adoption/scan", .body = body};
	json_t *answer = cli_call_ask(call, &request, err);
	json_decref(answer);
	return answer != NULL;
}

static int scan(struct cli_call *call)
{
	const char *rules = NULL;
	bool is_not_awaited = false;
	const struct cli_flag flags[] = {{"--rules", &rules, NULL},
	        {"--no-wait", NULL, &is_not_awaited}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	if (!cli_call_read(call, flags, CLI_NO_WORD, &err) || !start_scan(call, rules, &err)) {
		return cli_call_fail(call, &err);
	}
	if (is_not_awaited) {
		cli_call_print(call, "the scan goes on by itself; see: bob2okta adopt status\n");
		return CLI_DONE;
	}
	return show_ended(call, "scan", print_summary);
}

static void print_status(struct cli_call *call, const json_t *report)
{
	static const char *const JOBS[] = {"scan", "apply"};
	char numbers[96];
	for (size_t i = 0; i < ARRAY_SIZE(JOBS); i++) {
		const json_t *job = json_object_get(report, JOBS[i]);
		if (is_running(report, JOBS[i])) {
			format_progress(job, numbers, sizeof(numbers));
			cli_call_print(call, "%s: %s, %s\n", JOBS[i], cli_call_text(job, "phase"),
			        numbers);
			return;
		}
	}
	print_summary(call, report);
}

static int status(struct cli_call *call)
{
	struct err err = ERR_INIT;
	if (!cli_call_read(call, NULL, CLI_NO_WORD, &err)) {
		return cli_call_fail(call, &err);
	}
	const struct cli_request request = {.method = "GET", .path = "/api/v1/adoption"};
	return cli_call_show(call, &request, print_status);
}

/* ---------------------------------------------------------------------- apply */

static void print_applied(struct cli_call *call, const json_t *report)
{
	const json_t *apply = json_object_get(report, "apply");
	cli_call_print(call, "%lld of %lld carried out; %lld refused; %lld doubtful again\n",
	        (long long)json_get_int(apply, "done", 0),
	        (long long)json_get_int(apply, "total", 0),
	        (long long)json_get_int(apply, "refused", 0),
	        (long long)json_get_int(apply, "changed", 0));
	if (!str_equal(cli_call_text(apply, "state"), "done")) {
		cli_call_print(call, "the apply %s: %s\n", cli_call_text(apply, "state"),
		        cli_call_text(apply, "sentence"));
	}
	if (json_get_int(apply, "refused", 0) > 0) {
		cli_call_print(call, "see: bob2okta adopt list --state refused\n");
	}
	if (json_get_int(apply, "changed", 0) > 0) {
		cli_call_print(call, "see: bob2okta adopt list --class doubtful\n");
	}
}

static int start_apply(struct cli_call *call)
{
	struct err err = ERR_INIT;
	const struct cli_request request = {
	        .method = "POST", .path = "/api/v1/adoption/apply", .body = cli_call_body()};
	json_t *answer = cli_call_ask(call, &request, &err);
	if (answer == NULL) {
		return cli_call_fail(call, &err);
	}
	json_decref(answer);
	return show_ended(call, "apply", print_applied);
}

static int confirm_apply(struct cli_call *call, const json_t *report, bool is_yes)
{
	long long links = COUNT(report, .decision = "link", .state = "open");
	long long creates = COUNT(report, .decision = "create", .state = "open");
	long long ignores = COUNT(report, .decision = "ignore", .state = "open");
	if (!call->is_json) {
		cli_call_print(call,
		        "link %lld (Okta is not changed), create %lld (as the limits allow),"
		        " ignore %lld\n",
		        links, creates, ignores);
	}
	if (links + creates + ignores == 0 && !call->is_json) {
		cli_call_print(call, "nothing is decided; see: bob2okta adopt status\n");
		return CLI_DONE;
	}
	switch (cli_confirm(call, is_yes, "Carry this out?")) {
	case CLI_ANSWER_YES: return start_apply(call);
	case CLI_ANSWER_NO: cli_call_print(call, "nothing was done\n"); return CLI_DONE;
	case CLI_ANSWER_NOBODY: break;
	}
	return CLI_USAGE;
}

static int apply(struct cli_call *call)
{
	bool is_yes = false;
	const struct cli_flag flags[] = {{"--yes", NULL, &is_yes}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	if (!cli_call_read(call, flags, CLI_NO_WORD, &err)) {
		return cli_call_fail(call, &err);
	}
	json_t *report = ask_report(call, &err);
	if (report == NULL) {
		return cli_call_fail(call, &err);
	}
	int done = is_running(report, "apply") ? show_ended(call, "apply", print_applied)
	                                       : confirm_apply(call, report, is_yes);
	json_decref(report);
	return done;
}

/* ----------------------------------------------------------------------- stop */

static void print_stopped(struct cli_call *call, const json_t *report UNUSED)
{
	cli_call_print(call,
	        "it ends after what it has in hand; what was done stays; see: bob2okta adopt"
	        " status\n");
}

static int stop(struct cli_call *call)
{
	struct err err = ERR_INIT;
	if (!cli_call_read(call, NULL, CLI_NO_WORD, &err)) {
		return cli_call_fail(call, &err);
	}
	const struct cli_request request = {
	        .method = "POST", .path = "/api/v1/adoption/stop", .body = cli_call_body()};
	return cli_call_show(call, &request, print_stopped);
}

int command_adopt(struct cli_call *call)
{
	static const struct cli_sub SUBS[] = {{"status", status}, {"list", cli_adopt_list},
	        {"decide", cli_adopt_decide}, {"apply", apply}, {"stop", stop},
	        {"export", cli_adopt_export}, {"import", cli_adopt_import}, {NULL, NULL}};
	bool is_bare = call->argc == 0 || call->argv[0][0] == '-';
	return is_bare ? scan(call) : cli_sub_run(call, SUBS);
}
