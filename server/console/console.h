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
#include "server/base/host_names.h"
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

struct access;
struct alarms;
struct audit_job;
struct check_job;

struct console {
	struct holder *engines; /* of struct engine; borrowed */
	struct running *running; /* for changes of the settings; borrowed */
	struct store *store; /* borrowed */
	struct alarms *alarms; /* borrowed; NULL in tests: nothing is sent */
	struct check_job *check; /* borrowed */
	struct audit_job *audit; /* borrowed */
	const char *public_url; /* where Bob reaches the public listener; borrowed; "": not told */
	struct access *access; /* accounts and sessions; borrowed; NULL in tests: the token alone */
	struct secret token;
	const char *admin_listen; /* borrowed; NULL in tests */
	const struct host_names *hosts; /* --admin-hosts; borrowed; NULL: none */
	int64_t started_at_ms;
};

/* auth.c: reads the token from that file, or makes it (0600) at the first start. */
bool console_token_load(struct console *console, const char *path, struct err *err) MUST_CHECK;
void console_finish(struct console *console);
/* For http_options.authorize. */
enum err_code console_authorize(struct http_request *request, const struct http_route *route,
        const char **complaint, void *context);

/* page.c */
enum http_verdict console_page(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_asset(
        struct http_request *request, struct http_reply *reply, void *context);
/* health.c */
enum http_verdict console_health(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_ready(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_metrics(
        struct http_request *request, struct http_reply *reply, void *context);
/* session.c */
enum http_verdict console_session(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_session_begin(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_session_enter(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_session_end(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_session_fresh(
        struct http_request *request, struct http_reply *reply, void *context);
/* account.c */
enum http_verdict console_account(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_account_password(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_account_totp_begin(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_account_totp_confirm(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_account_totp_remove(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_account_session_end(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_account_sessions_end_others(
        struct http_request *request, struct http_reply *reply, void *context);
/* accounts.c */
enum http_verdict console_accounts(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_accounts_invite(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_accounts_first_code(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_accounts_role(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_accounts_disable(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_accounts_enable(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_accounts_reset(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_accounts_end_sessions(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_accounts_remove(
        struct http_request *request, struct http_reply *reply, void *context);
/* status.c */
enum http_verdict console_status(
        struct http_request *request, struct http_reply *reply, void *context);
/* overview.c */
enum http_verdict console_overview(
        struct http_request *request, struct http_reply *reply, void *context);
/* ahead.c */
enum http_verdict console_overview_calendar(
        struct http_request *request, struct http_reply *reply, void *context);
/* people.c */
enum http_verdict console_people(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_person(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_events(
        struct http_request *request, struct http_reply *reply, void *context);
/* timeline.c */
enum http_verdict console_timeline(
        struct http_request *request, struct http_reply *reply, void *context);
/* reveal.c */
enum http_verdict console_reveal(
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
/* undo.c */
enum http_verdict console_undo(
        struct http_request *request, struct http_reply *reply, void *context);
/* backup.c */
enum http_verdict console_backup(
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
enum http_verdict console_plan_job(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_plan_start(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_plan_stop(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_plan_next_job(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_plan_next_start(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_plan_next_stop(
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
/* secrets.c */
enum http_verdict console_secrets(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_secret_set(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_secret_remove(
        struct http_request *request, struct http_reply *reply, void *context);
/* check.c */
enum http_verdict console_check(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_check_start(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_check_draft(
        struct http_request *request, struct http_reply *reply, void *context);
/* webhook_light.c */
enum http_verdict console_webhook(
        struct http_request *request, struct http_reply *reply, void *context);
/* keys.c */
enum http_verdict console_keys(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_keys_rotate(
        struct http_request *request, struct http_reply *reply, void *context);
/* holds.c */
enum http_verdict console_holds(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_hold(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_released(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_release(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_reject(
        struct http_request *request, struct http_reply *reply, void *context);
/* alarms.c */
enum http_verdict console_alarms(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_alarms_kinds(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_alarms_ack(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_alarms_test(
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
enum http_verdict console_adopt_stop(
        struct http_request *request, struct http_reply *reply, void *context);
/* audit.c */
enum http_verdict console_audit(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_audit_verify(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_audit_verify_job(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_audit_verify_start(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_audit_verify_stop(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_audit_export(
        struct http_request *request, struct http_reply *reply, void *context);
/* log_level.c */
enum http_verdict console_log_level(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_log_level_set(
        struct http_request *request, struct http_reply *reply, void *context);
/* person_data.c */
enum http_verdict console_person_erase(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_person_export(
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
enum http_verdict console_mapping_rows(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_mapping_groups(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_mapping_preview_group(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_mapping_preview_row(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_mapping_preview_job(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_mapping_preview_start(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_mapping_preview_stop(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_mapping_preview(
        struct http_request *request, struct http_reply *reply, void *context);
enum http_verdict console_mapping_preview_all(
        struct http_request *request, struct http_reply *reply, void *context);

#endif
