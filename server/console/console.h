/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CONSOLE_CONSOLE_H
#define SERVER_CONSOLE_CONSOLE_H

/*
 * The JSON API of the admin listener, as docs/http.md describes it: one file
 * per area, one handler per route; the route table is server/routes.c. Handlers
 * run on threads of a THREADED listener and may block. The context is a struct
 * console.
 */

#include "server/base/attr.h"
#include "server/base/err.h"
#include "server/base/sensitive.h"
#include "server/base/holder.h"
#include "server/engine/engine.h"
#include "server/engine/running.h"
#include "server/http/http.h"
#include "server/settings/settings.h"
#include "server/store/store.h"

#define CONSOLE_BODY_MAX_BYTES (16 * 1024)
/* A whole settings document, and what goes with it. */
#define CONSOLE_SETTINGS_MAX_BYTES (SETTINGS_FILE_MAX_BYTES + CONSOLE_BODY_MAX_BYTES)
/* A draft of 300 rows, some of them long expressions. */
#define CONSOLE_DRAFT_MAX_BYTES HTTP_BODY_MAX_BYTES
#define CONSOLE_TOKEN_BYTES     32 /* of randomness; hex in the file */

struct console {
	struct holder *engines; /* of struct engine; borrowed */
	struct running *running; /* for changes of the settings; borrowed */
	struct store *store; /* borrowed */
	struct secret token;
	int64_t started_at_ms;
};

/* auth.c: reads the token from that file, or makes it (0600) at the first start. */
bool console_token_load(struct console *console, const char *path, struct err *err) MUST_CHECK;
void console_finish(struct console *console);
/* For http_options.authorize. */
bool console_authorize(const struct http_request *request, enum http_role role, void *context);

/* health.c */
enum http_verdict console_health(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_ready(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_metrics(
        struct http_request *request, struct http_reply *reply, void *context);
/* status.c */
enum http_verdict console_status(
        struct http_request *request, struct http_reply *reply, void *context);
/* people.c */
enum http_verdict console_people(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_person(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_events(
        struct http_request *request, struct http_reply *reply, void *context);
/* work.c */
enum http_verdict console_sync(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_sync_all(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_retry(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_retry_all(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_close(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_pause(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_resume(
        struct http_request *request, struct http_reply *reply, void *context);
/* activation_link.c */
enum http_verdict console_activation_link(
        struct http_request *request, struct http_reply *reply, void *context);
/* sweeps.c */
enum http_verdict console_sweep(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_sweeps(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_sweep_one(
        struct http_request *request, struct http_reply *reply, void *context);
/* calendar.c */
enum http_verdict console_plan(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_plan_all(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_plan_next(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_plan_approve(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_plan_approvals(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_plan_unapprove(
        struct http_request *request, struct http_reply *reply, void *context);
/* settings.c */
enum http_verdict console_settings(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_settings_versions(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_settings_version(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_settings_diff(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_settings_apply(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_settings_rollback(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_settings_reload(
        struct http_request *request, struct http_reply *reply, void *context);
/* holds.c */
enum http_verdict console_holds(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_hold(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_release(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_reject(
        struct http_request *request, struct http_reply *reply, void *context);
/* adopt.c */
enum http_verdict console_adopt_scan(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_adopt(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_adopt_people(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_adopt_decide(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_adopt_apply(
        struct http_request *request, struct http_reply *reply, void *context);
/* link.c */
enum http_verdict console_link(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_unlink(
        struct http_request *request, struct http_reply *reply, void *context);
/* schema.c */
enum http_verdict console_schema_plan(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_schema_apply(
        struct http_request *request, struct http_reply *reply, void *context);
/* mapping.c */
enum http_verdict console_mapping_fields(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_mapping_suggest(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_mapping_preview(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_mapping_preview_all(
        struct http_request *request, struct http_reply *reply, void *context);

#endif
