/* SPDX-License-Identifier: MIT */
/* The audit trail and the retention job, as `status` shows them. */
#include "server/base/json.h"
#include "server/console/args.h"
#include "server/engine/upkeep.h"
#include "server/store/audit.h"

#include <stdlib.h>
#include <string.h>

/* NULL: unset; caller frees. */
static char *value_of(const struct console *console, const char *name)
{
	char *value = NULL;
	return store_value_get(console->store, "", name, &value, NULL) ? value : NULL;
}

static int64_t time_of(const struct console *console, const char *name)
{
	return store_value_get_number(console->store, "", name);
}

json_t *console_audit_json(const struct console *console)
{
	struct audit_head head = {0};
	char text[AUDIT_HEAD_BYTES] = "";
	char *broken = value_of(console, AUDIT_BROKEN_VALUE);
	if (store_audit_head(console->store, &head, NULL)) {
		audit_head_format(&head, text);
	}
	json_t *json = json_pack("{s:s, s:I, s:s?}", "head", text, "verified_at_ms",
	        (json_int_t)time_of(console, UPKEEP_VERIFIED_VALUE), "broken", broken);
	free(broken);
	return json;
}

static json_t *days_json(const struct retention_settings *days)
{
	return json_pack("{s:i, s:i, s:i, s:i, s:i, s:i}", "event_bodies_days",
	        days->event_bodies_days, "event_hashes_days", days->event_hashes_days,
	        "people_days", days->people_days, "findings_days", days->findings_days,
	        "action_values_days", days->action_values_days, "audit_days", days->audit_days);
}

json_t *console_retention_json(const struct args *args)
{
	const struct console *console = args->console;
	char *last = value_of(console, UPKEEP_RETENTION_LAST);
	char *error = value_of(console, UPKEEP_RETENTION_ERROR);
	json_t *json = json_pack("{s:I, s:o, s:s?, s:o}", "at_ms",
	        (json_int_t)time_of(console, UPKEEP_RETENTION_AT), "last",
	        last != NULL ? json_parse(last, strlen(last), NULL) : json_null(), "error", error,
	        "days", days_json(&args->settings->retention));
	free(last);
	free(error);
	return json;
}
