/* SPDX-License-Identifier: MIT */
#include "server/engine/upkeep.h"

#include "server/base/clock.h"
#include "server/base/holder.h"
#include "server/base/json.h"
#include "server/base/log.h"
#include "server/base/str.h"
#include "server/base/thread.h"
#include "server/settings/settings.h"
#include "server/store/audit.h"
#include "server/store/retention.h"
#include "server/store/store.h"

#include <stdlib.h>

#define TICK_MS            (60 * 1000)
#define DAY_MS             INT64_C(86400000)
#define RETENTION_EVERY_MS (60 * 60 * 1000)
#define VERIFY_EVERY_MS    (24 * 60 * 60 * 1000)

struct upkeep {
	struct store *store;
	struct holder *settings;
	pthread_t thread;
	struct monitor wake; /* guards: */
	bool is_stopping;

	/* The thread's own; monotonic, 0: not yet. */
	int64_t verified_at_ms;
	int64_t retained_at_ms;
};

static void keep_value(struct upkeep *upkeep, const char *name, const char *value)
{
	struct err err = ERR_INIT;
	if (!store_value_set(upkeep->store, "", name, value, &err)) {
		log_warn("value not stored", F("value", name), F("cause", err.text));
	}
}

static void keep_time(struct upkeep *upkeep, const char *name)
{
	struct err err = ERR_INIT;
	if (!store_value_set_number(upkeep->store, "", name, clock_wall_ms(), &err)) {
		log_warn("value not stored", F("value", name), F("cause", err.text));
	}
}

/* -------------------------------------------------------------- audit trail */

static bool is_broken_known(struct upkeep *upkeep)
{
	char *value = NULL;
	bool is_known = store_value_get(upkeep->store, "", AUDIT_BROKEN_VALUE, &value, NULL);
	free(value);
	return is_known;
}

/* A break that was found is forgotten only when the whole trail is right, not its tail alone. */
static bool look_at_trail(struct upkeep *upkeep, struct audit_report *report, struct err *err)
{
	if (!store_audit_verify_tail(upkeep->store, AUDIT_TAIL_RECORDS, report, err)) {
		return false;
	}
	return report->finding != AUDIT_WHOLE || !is_broken_known(upkeep) ||
	        store_audit_verify(upkeep->store, NULL, report, err);
}

static void verify(struct upkeep *upkeep)
{
	struct audit_report report;
	struct err err = ERR_INIT;
	char text[SENTENCE_BYTES + 32];
	if (!look_at_trail(upkeep, &report, &err)) {
		if (err.code != ERR_DRAINING) {
			log_error("the audit trail could not be verified", F("cause", err.text));
		}
		return;
	}
	keep_time(upkeep, UPKEEP_VERIFIED_VALUE);
	if (report.finding == AUDIT_WHOLE) {
		keep_value(upkeep, AUDIT_BROKEN_VALUE, NULL);
		log_debug("the audit trail is whole", F("records", (long long)report.records));
		return;
	}
	str_format_cut(
	        text, sizeof(text), "%s: %s", audit_finding_name(report.finding), report.sentence);
	keep_value(upkeep, AUDIT_BROKEN_VALUE, text);
	log_error("the audit trail is broken", F("finding", audit_finding_name(report.finding)),
	        F("record", (long long)report.bad_seq), F("sentence", report.sentence));
}

/* ---------------------------------------------------------------- retention */

static struct retention_times times_of(const struct retention_settings *days, int64_t now_ms)
{
	return (struct retention_times){
	        .bodies_before_ms = now_ms - days->event_bodies_days * DAY_MS,
	        .hashes_before_ms = now_ms - days->event_hashes_days * DAY_MS,
	        .people_before_ms = now_ms - days->people_days * DAY_MS,
	        .findings_before_ms = now_ms - days->findings_days * DAY_MS,
	        .values_before_ms = now_ms - days->action_values_days * DAY_MS,
	        .audit_before_ms = now_ms - days->audit_days * DAY_MS,
	};
}

static char *counts_text(const struct retention_counts *counts)
{
	json_t *json = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "at_ms",
	        (json_int_t)clock_wall_ms(), "events", (json_int_t)counts->events, "people",
	        (json_int_t)counts->people, "findings", (json_int_t)counts->findings, "adoptions",
	        (json_int_t)counts->adoptions, "actions", (json_int_t)counts->actions, "alarms",
	        (json_int_t)counts->alarms, "releases", (json_int_t)counts->releases, "records",
	        (json_int_t)counts->records);
	char *text = json != NULL ? json_format(json) : NULL;
	json_decref(json);
	return text;
}

static void note_done(struct upkeep *upkeep, const struct retention_counts *counts)
{
	int64_t all = counts->events + counts->people + counts->findings + counts->adoptions +
	        counts->actions + counts->alarms + counts->releases + counts->records;
	char *text = all > 0 ? counts_text(counts) : NULL;
	if (text == NULL) {
		return;
	}
	keep_value(upkeep, UPKEEP_RETENTION_LAST, text);
	log_info("retention", F("events", (long long)counts->events),
	        F("people", (long long)counts->people), F("findings", (long long)counts->findings),
	        F("adoptions", (long long)counts->adoptions),
	        F("actions", (long long)counts->actions), F("alarms", (long long)counts->alarms),
	        F("releases", (long long)counts->releases),
	        F("records", (long long)counts->records));
	free(text);
}

static void retain(struct upkeep *upkeep)
{
	struct retention_counts counts;
	struct err err = ERR_INIT;
	const struct settings *settings = holder_acquire(upkeep->settings);
	if (settings == NULL) {
		return;
	}
	struct retention_times times = times_of(&settings->retention, clock_wall_ms());
	holder_release(upkeep->settings, settings);
	bool done = store_retention_run(upkeep->store, &times, &counts, &err);
	note_done(upkeep, &counts);
	if (err.code == ERR_DRAINING) {
		return;
	}
	if (done) {
		keep_time(upkeep, UPKEEP_RETENTION_AT);
	} else {
		log_error("what is kept no longer was not emptied", F("cause", err.text));
	}
	keep_value(upkeep, UPKEEP_RETENTION_ERROR, done ? NULL : err.text);
}

/* -------------------------------------------------------------- the thread */

static bool is_due(int64_t *at_ms, int64_t every_ms)
{
	int64_t now_ms = clock_mono_ms();
	if (*at_ms != 0 && now_ms - *at_ms < every_ms) {
		return false;
	}
	*at_ms = now_ms;
	return true;
}

static bool wait_for_tick(struct upkeep *upkeep)
{
	int64_t until_ms = clock_mono_ms() + TICK_MS;
	monitor_lock(&upkeep->wake);
	while (!upkeep->is_stopping && monitor_wait_until(&upkeep->wake, until_ms)) {
	}
	bool goes_on = !upkeep->is_stopping;
	monitor_unlock(&upkeep->wake);
	return goes_on;
}

static void *run_upkeep(void *arg)
{
	struct upkeep *upkeep = arg;
	do {
		if (is_due(&upkeep->verified_at_ms, VERIFY_EVERY_MS)) {
			verify(upkeep);
		}
		if (is_due(&upkeep->retained_at_ms, RETENTION_EVERY_MS)) {
			retain(upkeep);
		}
		store_audit_log_head(upkeep->store);
	} while (wait_for_tick(upkeep));
	return NULL;
}

struct upkeep *upkeep_start(struct store *store, struct holder *settings, struct err *err)
{
	struct upkeep *upkeep = calloc(1, sizeof(*upkeep));
	if (upkeep == NULL || !monitor_init(&upkeep->wake)) {
		err_set(err, ERR_NO_MEMORY, "no memory for the upkeep");
		free(upkeep);
		return NULL;
	}
	upkeep->store = store;
	upkeep->settings = settings;
	if (!thread_start(&upkeep->thread, "upkeep", run_upkeep, upkeep, err)) {
		monitor_finish(&upkeep->wake);
		free(upkeep);
		return NULL;
	}
	return upkeep;
}

void upkeep_stop(struct upkeep *upkeep)
{
	if (upkeep == NULL) {
		return;
	}
	monitor_lock(&upkeep->wake);
	upkeep->is_stopping = true;
	monitor_wake_all(&upkeep->wake);
	monitor_unlock(&upkeep->wake);
	thread_join(upkeep->thread);
	monitor_finish(&upkeep->wake);
	free(upkeep);
}
