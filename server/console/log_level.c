/* SPDX-License-Identifier: MIT */
/* How much the log says, changed while the server runs and back at its restart. */
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/base/str.h"
#include "server/console/args.h"

#define MINUTE_MS   INT64_C(60000)
#define MINUTES_MAX 1440

static json_t *level_json(void)
{
	struct log_state state;

	log_state(&state);
	return json_pack("{s:s, s:s, s:I}", "level", log_level_name(state.level), "usual",
	        log_level_name(state.usual), "until_ms",
	        (json_int_t)(state.left_ms > 0 ? clock_wall_ms() + state.left_ms : 0));
}

enum http_verdict console_log_level(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {0};
	bool is_good = args_init(&args, context, request, &known);

	return args_answer(&args, reply, is_good ? level_json() : NULL, 200);
}

/* 0: without an end. */
static bool read_minutes(struct args *args, int64_t *minutes)
{
	const json_t *value = json_object_get(args->body, "minutes");

	*minutes = json_integer_value(value);
	if (value != NULL && (!json_is_integer(value) || *minutes < 1 || *minutes > MINUTES_MAX)) {
		err_set(&args->err, ERR_BAD_REQUEST, "minutes is a whole number from 1 to %d",
		        MINUTES_MAX);
		return false;
	}
	return true;
}

static bool read_level(struct args *args, enum log_level *level)
{
	const char *text = args_body_text(args, "level", 15, NULL);

	if (text == NULL || !log_level_parse(text, level)) {
		err_set(&args->err, ERR_BAD_REQUEST,
		        "\"level\" is one of debug, info, warn and error");
		return false;
	}
	return true;
}

static json_t *change(struct args *args)
{
	const char *by = args_by(args);
	enum log_level level = LOG_LEVEL_INFO;
	int64_t minutes = 0;
	char what[SENTENCE_BYTES];

	if (by == NULL || !read_level(args, &level) || !read_minutes(args, &minutes)) {
		return NULL;
	}
	str_format_cut(what, sizeof(what), "log level %s", log_level_name(level));
	if (minutes > 0) {
		str_format_cut(what, sizeof(what), "log level %s for %lld minutes",
		        log_level_name(level), (long long)minutes);
	}
	if (!store_audit(args->console->store, "", "", by, what, &args->err)) {
		return NULL;
	}
	log_level_change(level, minutes * MINUTE_MS);
	return level_json();
}

enum http_verdict console_log_level_set(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.body = KNOWN("level", "minutes", "by")};
	bool is_good = args_init(&args, context, request, &known);

	return args_answer(&args, reply, is_good ? change(&args) : NULL, 200);
}
