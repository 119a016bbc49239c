/* SPDX-License-Identifier: MIT */
/*
 * A copy of the store, sent to whoever asked: the server writes no file where
 * it is told to, so that no path of a request is ever opened.
 */
#include "server/store/backup.h"

#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/console/args.h"

static bool make(struct args *args, struct store_copy *copy)
{
	const struct console *console = args->console;
	const char *by = args_by(args);
	int64_t begun_ms = clock_mono_ms();

	if (by == NULL || !store_audit(console->store, "", "", by, "backup", &args->err) ||
	        !store_backup(console->store, copy, &args->err)) {
		return false;
	}
	log_info("backup made", F("by", by), F("bytes", copy->bytes),
	        F("milliseconds", clock_mono_ms() - begun_ms));
	return true;
}

enum http_verdict console_backup(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct store_copy copy;
	struct args_known known = {.body = KNOWN("by")};

	if (!args_init(&args, context, request, &known) || !make(&args, &copy)) {
		return args_refuse(&args, reply);
	}
	http_reply_file(reply, copy.fd, copy.bytes, "application/vnd.sqlite3");
	args_finish(&args);
	return HTTP_ANSWERED;
}
