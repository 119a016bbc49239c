/* SPDX-License-Identifier: MIT */
#include "server/alarm/condition.h"

#include "mapping/mapping.h"
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/log.h"
#include "server/base/str.h"
#include "server/base/zone.h"
#include "server/store/sweeps.h"

#include <stdlib.h>
#include <sys/statvfs.h>

#define MINUTE_MS    (60LL * 1000)
#define HOUR_MS      (60 * MINUTE_MS)
#define DAY_MS       (24 * HOUR_MS)
#define JUMP_MS      (10 * MINUTE_MS) /* what a clock that is set right soon must not alarm */
#define READ_SOON_MS (2 * MINUTE_MS) /* a page of groups takes its time after a start */
#define TOKEN_USED   "okta.used_at_ms"
#define MB           (1000.0 * 1000.0)
#define CHANGES      "found.change"

static bool add(struct look *look, const char *subject, struct err *err)
{
	if (!alarm_subject_add(&look->subjects, subject)) {
		err_set(err, ERR_NO_MEMORY, "no memory for alarms");
		return false;
	}
	return true;
}

/* ------------------------------------------------------- facts of the store */

static bool ask(struct look *look, struct alarm_fact_query query, struct err *err)
{
	query.connection = look->connection->name;
	query.now_ms = look->now_ms;
	query.limit = CONDITION_SUBJECTS_MAX;
	return store_alarm_facts(look->store, &query, &look->subjects, err);
}

/* What nothing is written for is not late. */
static bool look_leaver_open(struct look *look, struct err *err)
{
	return look->connection->mode == SETTINGS_DRY_RUN ||
	        ask(look, (struct alarm_fact_query){.fact = ALARM_FACT_LEAVER_OPEN}, err);
}

static bool ask_rule(struct look *look, enum policy_rule rule, struct err *err)
{
	return ask(look,
	        (struct alarm_fact_query){.fact = ALARM_FACT_RULE, .rule = policy_rule_id(rule)},
	        err);
}

static bool look_leaver_held(struct look *look, struct err *err)
{
	return ask_rule(look, RULE_HUMAN_HOLD, err);
}

static bool look_leaver_unreadable(struct look *look, struct err *err)
{
	return ask_rule(look, RULE_L2, err);
}

static bool look_leaver_waits(struct look *look, struct err *err)
{
	return ask_rule(look, RULE_L6, err);
}

static bool look_protected_leaver(struct look *look, struct err *err)
{
	return ask_rule(look, RULE_PROTECTED, err);
}

static bool look_revocation_unlinked(struct look *look, struct err *err)
{
	return ask(look, (struct alarm_fact_query){.fact = ALARM_FACT_REVOKED_UNLINKED}, err);
}

static bool look_revocation_row(struct look *look, struct err *err)
{
	return ask(look, (struct alarm_fact_query){.fact = ALARM_FACT_REVOKE_ROW}, err);
}

static bool ask_hold(struct look *look, enum hold_kind kind, struct err *err)
{
	return ask(look, (struct alarm_fact_query){.fact = ALARM_FACT_HOLD, .hold = kind}, err);
}

static bool look_revocation_doubtful(struct look *look, struct err *err)
{
	return ask_hold(look, HOLD_REVOKE_DOUBTFUL, err);
}

static bool look_brake(struct look *look, struct err *err)
{
	return ask_hold(look, HOLD_LIMIT, err);
}

static bool look_set_aside(struct look *look, struct err *err)
{
	return ask_hold(look, HOLD_CRASH, err);
}

static bool look_event_aside(struct look *look, struct err *err)
{
	return ask(look, (struct alarm_fact_query){.fact = ALARM_FACT_EVENT_ASIDE}, err);
}

static bool look_restored(struct look *look, struct err *err)
{
	const struct alarm_fact_query query = {
	        .fact = ALARM_FACT_RESTORED, .connection = "", .limit = 1};

	return store_alarm_facts(look->store, &query, &look->subjects, err);
}

static bool look_held(struct look *look, struct err *err)
{
	return ask(look, (struct alarm_fact_query){.fact = ALARM_FACT_HELD}, err);
}

static bool look_failed(struct look *look, struct err *err)
{
	return ask(look, (struct alarm_fact_query){.fact = ALARM_FACT_FAILED}, err);
}

static bool look_audit(struct look *look, struct err *err)
{
	struct alarm_fact_query query = {.fact = ALARM_FACT_AUDIT_BROKEN,
	        .connection = look->connection != NULL ? look->connection->name : "",
	        .limit = 1};

	return store_alarm_facts(look->store, &query, &look->subjects, err);
}

/* ------------------------------------------------------------------- sweeps */

static bool look_source_fault(struct look *look, struct err *err)
{
	int64_t faults = 0;
	int64_t ended_at_ms = 0;

	if (!store_sweep_faults(look->store, look->connection->name, &faults, &ended_at_ms, err)) {
		return false;
	}
	return faults == 0 || add(look, "", err);
}

/* Behind a downtime changes without an event are what a sweep is for. */
static bool look_unannounced(struct look *look, struct err *err)
{
	struct sweep sweep;
	struct err none = ERR_INIT;

	if (!store_sweep_newest(look->store, look->connection->name, SWEEP_DONE, &sweep, &none)) {
		return none.code == ERR_NOT_FOUND;
	}
	json_t *counts = sweep.counts != NULL ? json_loads(sweep.counts, 0, NULL) : NULL;
	int64_t changes = json_integer_value(json_get_path(counts, CHANGES));
	bool is_told = sweep.cause == SWEEP_DOWNTIME || changes == 0 || add(look, "", err);
	json_decref(counts);
	sweep_finish(&sweep);
	return is_told;
}

static bool look_bob_silent(struct look *look, struct err *err)
{
	int64_t hours = look->settings->alarms.bob_silent_hours;
	bool is_expected = look->connection->bob.webhook_key_count > 0 && look->silence != NULL;

	return !is_expected || look->silence->silent_ms < hours * HOUR_MS || add(look, "", err);
}

/* --------------------------------------------------------------- the engine */

static bool ask_engine(struct look *look, struct engine_health *health)
{
	return look->engine != NULL && engine_health(look->engine, look->connection->name, health);
}

/* Just after a start Okta was not asked yet: neither parked nor not. */
/* Nobody is to be woken for what was never in use: status and the console say what is missing. */
static bool is_set_up(const struct look *look)
{
	return settings_is_set_up(look->connection);
}

static bool look_parked(struct look *look, struct err *err)
{
	struct engine_health health;

	if (!is_set_up(look)) {
		return true;
	}
	if (!ask_engine(look, &health) || !health.is_okta_asked) {
		return false;
	}
	return (!health.is_okta_parked || add(look, "okta", err)) &&
	        (!health.is_bob_parked || add(look, "bob", err));
}

static bool look_protected_group(struct look *look, struct err *err)
{
	struct engine_health health;

	if (!ask_engine(look, &health)) {
		return false;
	}
	return !health.is_guard_unread || add(look, "", err);
}

static bool look_row_off(struct look *look, struct err *err)
{
	struct engine_health health;

	if (!ask_engine(look, &health)) {
		return false;
	}
	return health.rows_off == 0 || add(look, "", err);
}

static bool look_evaluator(struct look *look, struct err *err)
{
	struct engine_health health;

	if (!ask_engine(look, &health)) {
		return false;
	}
	return !health.is_evaluator_away || add(look, "", err);
}

/* -------------------------------------------------------------------- token */

static int64_t load_used_ms(const struct look *look)
{
	return store_value_get_number(look->store, look->connection->name, TOKEN_USED);
}

static void save_used_ms(const struct look *look, int64_t used_ms)
{
	struct err err = ERR_INIT;

	if (!store_value_set_number(
	            look->store, look->connection->name, TOKEN_USED, used_ms, &err)) {
		log_warn("use of the token not stored", F("cause", err.text));
	}
}

/*
 * Okta ends an idle token after 30 days (okta.md 4); reading the schema once a day keeps it alive.
 * The first look counts as a use, and so does one that a clock set back makes a thing of the
 * future.
 */
static bool look_token_unused(struct look *look, struct err *err)
{
	struct engine_health health;

	if (!ask_engine(look, &health)) {
		return false;
	}
	int64_t stored_ms = load_used_ms(look);
	int64_t used_ms = stored_ms;
	if (health.okta_success_at_ms > used_ms) {
		used_ms = health.okta_success_at_ms;
	}
	if (used_ms == 0 || used_ms > look->now_ms + DAY_MS) {
		used_ms = look->now_ms;
	}
	if (used_ms - stored_ms >= HOUR_MS || used_ms < stored_ms) {
		save_used_ms(look, used_ms);
	}
	int64_t days = look->settings->alarms.token_unused_days;
	return look->now_ms - used_ms < days * DAY_MS || add(look, "", err);
}

static bool look_token_expires(struct look *look, struct err *err)
{
	int32_t day = look->connection->okta.token_expires;
	int64_t days = look->settings->alarms.token_expires_days;

	return day == 0 || date_of_ms(look->now_ms) + days < day || add(look, "", err);
}

/* ------------------------------------------------------------------ webhook */

static bool look_webhook_secret(struct look *look, struct err *err)
{
	const struct bob_settings *bob = &look->connection->bob;

	return !is_set_up(look) || !bob->has_stored_webhook_secrets || bob->webhook_key_count > 0 ||
	        add(look, "", err);
}

/* While another one is accepted for longer, the end of the one before is as it should be. */
static bool look_webhook_expires(struct look *look, struct err *err)
{
	const struct bob_settings *bob = &look->connection->bob;
	int64_t soon_ms = look->now_ms + look->settings->alarms.token_expires_days * DAY_MS;

	for (size_t i = 0; i < bob->webhook_key_count; i++) {
		if (bob->webhook_expires_ms[i] == 0 || bob->webhook_expires_ms[i] > soon_ms) {
			return true;
		}
	}
	return bob->webhook_key_count == 0 || add(look, "", err);
}

/* --------------------------------------------------------------------- disk */

static bool look_disk(struct look *look, struct err *err)
{
	const struct alarm_settings *settings = &look->settings->alarms;
	struct statvfs disk;

	if (statvfs(look->folder, &disk) != 0) {
		return false;
	}
	double free_bytes = (double)disk.f_bavail * (double)disk.f_frsize;
	double all_bytes = (double)disk.f_blocks * (double)disk.f_frsize;
	bool is_low = free_bytes * 100.0 < all_bytes * (double)settings->disk_percent ||
	        free_bytes < (double)settings->disk_mb * MB;
	return !is_low || add(look, "", err);
}

/* -------------------------------------------------------------------- table */

static bool (*const LOOKS[ALARM_COUNT])(struct look *look, struct err *err) = {
        [ALARM_LEAVER_OPEN] = look_leaver_open,
        [ALARM_LEAVER_HELD] = look_leaver_held,
        [ALARM_LEAVER_UNREADABLE] = look_leaver_unreadable,
        [ALARM_LEAVER_WAITS] = look_leaver_waits,
        [ALARM_PROTECTED_LEAVER] = look_protected_leaver,
        [ALARM_REVOCATION_UNLINKED] = look_revocation_unlinked,
        [ALARM_REVOCATION_DOUBTFUL] = look_revocation_doubtful,
        [ALARM_BRAKE] = look_brake,
        [ALARM_SET_ASIDE] = look_set_aside,
        [ALARM_EVENT_ASIDE] = look_event_aside,
        [ALARM_PARKED] = look_parked,
        [ALARM_WEBHOOK_SECRET] = look_webhook_secret,
        [ALARM_AUDIT_BROKEN] = look_audit,
        [ALARM_EVALUATOR] = look_evaluator,
        [ALARM_DISK] = look_disk,
        [ALARM_REVOCATION_ROW] = look_revocation_row,
        [ALARM_HELD] = look_held,
        [ALARM_FAILED] = look_failed,
        [ALARM_SOURCE_FAULT] = look_source_fault,
        [ALARM_BOB_SILENT] = look_bob_silent,
        [ALARM_PROTECTED_GROUP] = look_protected_group,
        [ALARM_ROW_OFF] = look_row_off,
        [ALARM_RESTORED] = look_restored,
        [ALARM_TOKEN_UNUSED] = look_token_unused,
        [ALARM_TOKEN_EXPIRES] = look_token_expires,
        [ALARM_WEBHOOK_EXPIRES] = look_webhook_expires,
        [ALARM_UNANNOUNCED] = look_unannounced,
};

bool condition_look(struct look *look, enum alarm_name name, struct err *err)
{
	look->subjects = (struct alarm_subject_list){0};
	if (LOOKS[name](look, err)) {
		return true;
	}
	alarm_subject_list_finish(&look->subjects);
	return false;
}

bool condition_applies(enum alarm_name name, const struct connection_settings *connection)
{
	bool is_of_process = name == ALARM_DISK || name == ALARM_RESTORED;

	/* The chain may be one for all connections. */
	return name == ALARM_AUDIT_BROKEN || is_of_process == (connection == NULL);
}

int64_t condition_after_ms(const struct alarm_settings *settings, enum alarm_name name)
{
	switch ((int)name) { /* not over the enum: most are alarms at once */
	case ALARM_LEAVER_OPEN: return settings->leaver_minutes * MINUTE_MS;
	case ALARM_HELD: return settings->held_minutes * MINUTE_MS;
	case ALARM_FAILED: return settings->failed_hours * HOUR_MS;
	case ALARM_TOKEN_UNUSED:
	case ALARM_WEBHOOK_EXPIRES:
	case ALARM_TOKEN_EXPIRES: return JUMP_MS;
	case ALARM_EVALUATOR: /* one that ended is there again in a moment */
	case ALARM_PROTECTED_GROUP: return READ_SOON_MS;
	default: return 0;
	}
}
