/* SPDX-License-Identifier: MIT */
#include "server/routes.h"

#include "server/console/console.h"
#include "server/intake/health.h"
#include "server/intake/webhook.h"

#define NO_BODY    0
#define API_BODY   CONSOLE_BODY_MAX_BYTES
#define DRAFT_BODY CONSOLE_DRAFT_MAX_BYTES
#define DOC_BODY   CONSOLE_SETTINGS_MAX_BYTES
#define HOOK_BODY  HTTP_BODY_MAX_BYTES

/* clang-format off */
const struct http_route routes_public[] = {
	{HTTP_POST, WEBHOOK_PATH,            HTTP_ROLE_PUBLIC, HOOK_BODY, webhook_receive},
	{HTTP_POST, WEBHOOK_CONNECTION_PATH, HTTP_ROLE_PUBLIC, HOOK_BODY, webhook_receive},
	{HTTP_GET,  "/healthz",              HTTP_ROLE_PUBLIC, NO_BODY,   intake_health},
	{HTTP_GET,  "/readyz",               HTTP_ROLE_PUBLIC, NO_BODY,   intake_ready},
	{.path = NULL},
};

const struct http_route routes_admin[] = {
	{HTTP_GET,  "/healthz",                   HTTP_ROLE_PUBLIC, NO_BODY,  console_health},
	{HTTP_GET,  "/readyz",                    HTTP_ROLE_PUBLIC, NO_BODY,  console_ready},
	{HTTP_GET,  "/metrics",                   HTTP_ROLE_PUBLIC, NO_BODY,  console_metrics},
	{HTTP_GET,  "/api/v1/status",             HTTP_ROLE_ADMIN,  NO_BODY,  console_status},
	{HTTP_GET,  "/api/v1/people",             HTTP_ROLE_ADMIN,  NO_BODY,  console_people},
	{HTTP_GET,  "/api/v1/people/{id}",        HTTP_ROLE_ADMIN,  NO_BODY,  console_person},
	{HTTP_POST, "/api/v1/people/{id}/plan",   HTTP_ROLE_ADMIN,  DOC_BODY, console_plan},
	{HTTP_POST, "/api/v1/people/{id}/sync",   HTTP_ROLE_ADMIN,  API_BODY, console_sync},
	{HTTP_POST, "/api/v1/people/{id}/retry",  HTTP_ROLE_ADMIN,  API_BODY, console_retry},
	{HTTP_POST, "/api/v1/people/{id}/hold",   HTTP_ROLE_ADMIN,  API_BODY, console_hold},
	{HTTP_POST, "/api/v1/people/{id}/close",  HTTP_ROLE_ADMIN,  API_BODY, console_close},
	{HTTP_POST, "/api/v1/people/{id}/activation-link", HTTP_ROLE_ADMIN, API_BODY, console_activation_link},
	{HTTP_POST, "/api/v1/people/{id}/link",   HTTP_ROLE_ADMIN,  API_BODY, console_link},
	{HTTP_POST, "/api/v1/people/{id}/unlink", HTTP_ROLE_ADMIN,  API_BODY, console_unlink},
	{HTTP_POST, "/api/v1/plan",               HTTP_ROLE_ADMIN,  DOC_BODY, console_plan_all},
	{HTTP_POST, "/api/v1/plan/next",          HTTP_ROLE_ADMIN,  DOC_BODY, console_plan_next},
	{HTTP_POST, "/api/v1/plan/approve",       HTTP_ROLE_ADMIN,  API_BODY, console_plan_approve},
	{HTTP_GET,  "/api/v1/plan/approvals",     HTTP_ROLE_ADMIN,  NO_BODY,  console_plan_approvals},
	{HTTP_POST, "/api/v1/plan/unapprove",     HTTP_ROLE_ADMIN,  API_BODY, console_plan_unapprove},
	{HTTP_GET,  "/api/v1/adoption",           HTTP_ROLE_ADMIN,  NO_BODY,  console_adopt},
	{HTTP_GET,  "/api/v1/adoption/people",    HTTP_ROLE_ADMIN,  NO_BODY,  console_adopt_people},
	{HTTP_POST, "/api/v1/adoption/scan",      HTTP_ROLE_ADMIN,  API_BODY, console_adopt_scan},
	{HTTP_POST, "/api/v1/adoption/decide",    HTTP_ROLE_ADMIN,  DRAFT_BODY, console_adopt_decide},
	{HTTP_POST, "/api/v1/adoption/apply",     HTTP_ROLE_ADMIN,  API_BODY, console_adopt_apply},
	{HTTP_POST, "/api/v1/sync",               HTTP_ROLE_ADMIN,  API_BODY, console_sync_all},
	{HTTP_POST, "/api/v1/retry",              HTTP_ROLE_ADMIN,  API_BODY, console_retry_all},
	{HTTP_POST, "/api/v1/sweep",              HTTP_ROLE_ADMIN,  API_BODY, console_sweep},
	{HTTP_GET,  "/api/v1/sweeps",             HTTP_ROLE_ADMIN,  NO_BODY,  console_sweeps},
	{HTTP_GET,  "/api/v1/sweeps/{sweep}",     HTTP_ROLE_ADMIN,  NO_BODY,  console_sweep_one},
	{HTTP_GET,  "/api/v1/holds",              HTTP_ROLE_ADMIN,  NO_BODY,  console_holds},
	{HTTP_POST, "/api/v1/holds/release",      HTTP_ROLE_ADMIN,  API_BODY, console_release},
	{HTTP_POST, "/api/v1/holds/reject",       HTTP_ROLE_ADMIN,  API_BODY, console_reject},
	{HTTP_POST, "/api/v1/pause",              HTTP_ROLE_ADMIN,  API_BODY, console_pause},
	{HTTP_POST, "/api/v1/resume",             HTTP_ROLE_ADMIN,  API_BODY, console_resume},
	{HTTP_GET,  "/api/v1/events",             HTTP_ROLE_ADMIN,  NO_BODY,  console_events},
	{HTTP_GET,  "/api/v1/mapping/fields",     HTTP_ROLE_ADMIN,  NO_BODY,  console_mapping_fields},
	{HTTP_GET,  "/api/v1/mapping/suggest",    HTTP_ROLE_ADMIN,  NO_BODY,  console_mapping_suggest},
	{HTTP_POST, "/api/v1/mapping/preview",    HTTP_ROLE_ADMIN,  DRAFT_BODY, console_mapping_preview},
	{HTTP_POST, "/api/v1/mapping/preview-all", HTTP_ROLE_ADMIN, DRAFT_BODY, console_mapping_preview_all},
	{HTTP_POST, "/api/v1/schema/plan",        HTTP_ROLE_ADMIN,  API_BODY, console_schema_plan},
	{HTTP_POST, "/api/v1/schema/apply",       HTTP_ROLE_ADMIN,  API_BODY, console_schema_apply},
	{HTTP_GET,  "/api/v1/settings",           HTTP_ROLE_ADMIN,  NO_BODY,  console_settings},
	{HTTP_POST, "/api/v1/settings",           HTTP_ROLE_ADMIN,  DOC_BODY, console_settings_apply},
	{HTTP_POST, "/api/v1/settings/reload",    HTTP_ROLE_ADMIN,  API_BODY, console_settings_reload},
	{HTTP_POST, "/api/v1/settings/rollback",  HTTP_ROLE_ADMIN,  API_BODY, console_settings_rollback},
	{HTTP_GET,  "/api/v1/settings/versions",  HTTP_ROLE_ADMIN,  NO_BODY,  console_settings_versions},
	{HTTP_GET,  "/api/v1/settings/versions/{version}", HTTP_ROLE_ADMIN, NO_BODY, console_settings_version},
	{HTTP_GET,  "/api/v1/settings/versions/{version}/diff", HTTP_ROLE_ADMIN, NO_BODY, console_settings_diff},
	{.path = NULL},
};
/* clang-format on */
