/* SPDX-License-Identifier: MIT */
/*
 * The course of a sweep: Bob's ids, who is missing, Okta's pages, people in
 * batches; and only when all of that was read and is trusted, findings and
 * marks. Whatever goes wrong before leaves nobody marked.
 */
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/log.h"
#include "server/base/metrics.h"
#include "server/base/str.h"
#include "server/engine/sweep_parts.h"

#include <stdlib.h>
#include <string.h>

#define TELL_EVERY_MS 2000

bool sweep_is_stopped(const struct sweeping *sweeping, struct err *err)
{
	if (!atomic_load(&sweeping->all.engine->is_stopping)) {
		return false;
	}
	err_set(err, ERR_STOPPED, "the sweep was stopped, and begins anew");
	return true;
}

void sweep_tell(struct sweeping *sweeping, enum sweep_phase phase, int64_t done, int64_t total)
{
	struct sweep *sweep = &sweeping->sweep;
	int64_t now_ms = clock_mono_ms();
	struct err err = ERR_INIT;

	if (sweep->phase == phase && now_ms - sweeping->told_at_ms < TELL_EVERY_MS) {
		return;
	}
	sweeping->told_at_ms = now_ms;
	sweep->phase = phase;
	sweep->done = done;
	sweep->total = total;
	sweep->bob_calls = sweeping->all.searches;
	if (!store_sweep_write(sweeping->all.engine->store, sweep, &err)) {
		log_warn("progress of the sweep not stored", F("cause", err.text));
	}
}

/* ----------------------------------------------------------------- findings */

struct finding sweep_finding(enum finding_kind kind, const char *employee_id, const char *okta_id)
{
	struct finding finding = {.kind = kind};

	str_format_cut(finding.employee_id, sizeof(finding.employee_id), "%s",
	        employee_id != NULL ? employee_id : "");
	str_format_cut(
	        finding.okta_id, sizeof(finding.okta_id), "%s", okta_id != NULL ? okta_id : "");
	return finding;
}

bool sweep_find(struct sweeping *sweeping, const struct finding *finding, struct err *err)
{
	return sweeping->found[finding->kind]++ >= SWEEP_FINDINGS_MAX ||
	        scratch_add_finding(sweeping->all.scratch, finding, err);
}

/* ------------------------------------------------------------------- counts */

static json_t *found_json(const struct sweeping *sweeping, int64_t beyond)
{
	json_t *json = json_object();

	for (int i = 0; i < FINDING_KIND_COUNT; i++) {
		int64_t count = sweeping->found[i] - beyond;
		json_object_set_new(json, finding_kind_name((enum finding_kind)i),
		        json_integer((json_int_t)(count > 0 ? count : 0)));
	}
	return json;
}

static json_t *unreadable_json(const struct sweeping *sweeping)
{
	json_t *json = json_object();

	for (int i = 0; i < NEEDED_COUNT; i++) {
		json_object_set_new(json, needed_field_id((enum needed_field)i),
		        json_integer((json_int_t)sweeping->reading.unreadable[i]));
	}
	return json;
}

static bool write_counts(struct sweeping *sweeping)
{
	json_t *json = json_pack("{s:I, s:I, s:I, s:o, s:o, s:o}", "people",
	        (json_int_t)sweeping->reading.listed, "users", (json_int_t)sweeping->users,
	        "marked", (json_int_t)sweeping->marked, "found", found_json(sweeping, 0),
	        "left_out", found_json(sweeping, SWEEP_FINDINGS_MAX), "unreadable",
	        unreadable_json(sweeping));

	free(sweeping->sweep.counts);
	sweeping->sweep.counts = json != NULL ? json_format(json) : NULL;
	json_decref(json);
	return sweeping->sweep.counts != NULL;
}

/* What the last good sweep read, to compare with. */
static bool load_before(struct sweeping *sweeping, struct err *err)
{
	struct sweep_reading *reading = &sweeping->reading;
	struct sweep good = {0};
	struct err found = ERR_INIT;
	bool is_there = store_sweep_newest(
	        sweeping->all.engine->store, sweeping->sweep.connection, SWEEP_DONE, &good, &found);

	if (!is_there && found.code != ERR_NOT_FOUND) {
		err_set(err, found.code, "%s", found.text);
		return false;
	}
	json_t *counts =
	        good.counts != NULL ? json_parse(good.counts, strlen(good.counts), NULL) : NULL;
	const json_t *unreadable = json_object_get(counts, "unreadable");
	reading->listed_before = json_get_int(counts, "people", NOT_KNOWN);
	for (int i = 0; i < NEEDED_COUNT; i++) {
		reading->unreadable_before[i] =
		        json_get_int(unreadable, needed_field_id((enum needed_field)i), NOT_KNOWN);
	}
	json_decref(counts);
	sweep_finish(&good);
	return true;
}

/* -------------------------------------------------------------------- steps */

static bool is_trusted(bool is_fault, const char *why, struct err *err)
{
	if (is_fault) {
		err_set(err, ERR_BAD_ANSWER, "%s", why);
	}
	return !is_fault;
}

static bool read_list(struct sweeping *sweeping, struct err *err)
{
	char why[SENTENCE_BYTES];

	sweep_tell(sweeping, SWEEP_PHASE_IDS, 0, 0);
	if (!everybody_list(&sweeping->all, err)) {
		return false;
	}
	sweeping->reading.listed = sweeping->all.listed;
	return sweep_look_for_absent(sweeping, err) &&
	        is_trusted(sweep_list_is_fault(&sweeping->reading, why, sizeof(why)), why, err);
}

static bool read_people(struct sweeping *sweeping, struct err *err)
{
	char why[SENTENCE_BYTES];

	return everybody_each(&sweeping->all, sweeping->all.connection->fields, sweep_compare,
	               sweeping, err) &&
	        is_trusted(sweep_fields_are_fault(&sweeping->reading, why, sizeof(why)), why, err);
}

static bool take_course(struct sweeping *sweeping, struct err *err)
{
	return load_before(sweeping, err) && read_list(sweeping, err) &&
	        sweep_read_users(sweeping, err) && read_people(sweeping, err) &&
	        sweep_conclude(sweeping, err);
}

/* ---------------------------------------------------------------------- end */

static void say_done(struct sweeping *sweeping)
{
	const int64_t *found = sweeping->found;

	str_format_cut(sweeping->sweep.sentence, sizeof(sweeping->sweep.sentence),
	        "%lld people and %lld users compared: %lld changes no event announced, %lld marked",
	        (long long)sweeping->reading.listed, (long long)sweeping->users,
	        (long long)(found[FINDING_CHANGE] + found[FINDING_STATUS]),
	        (long long)sweeping->marked);
}

static void measure(const struct sweeping *sweeping)
{
	const struct sweep *sweep = &sweeping->sweep;

	metrics_set(
	        METRIC_SWEEP_FAULT, LABELS(sweep->connection), sweep->state == SWEEP_FAULT ? 1 : 0);
	if (sweep->state != SWEEP_DONE) {
		return;
	}
	metrics_set(METRIC_SWEEP_TIME, LABELS(sweep->connection),
	        (double)(sweep->ended_at_ms - sweep->started_at_ms) / 1000.0);
	metrics_set(METRIC_SWEEP_SUCCESS, LABELS(sweep->connection),
	        (double)sweep->ended_at_ms / 1000.0);
	for (int i = 0; i < FINDING_KIND_COUNT; i++) {
		metrics_set(METRIC_SWEEP_FOUND,
		        LABELS(sweep->connection, finding_kind_name((enum finding_kind)i)),
		        (double)sweeping->found[i]);
	}
}

static void log_end(const struct sweep *sweep)
{
	log_info("sweep ended", F("connection", sweep->connection), F("sweep_id", sweep->sweep_id),
	        F("state", sweep_state_name(sweep->state)),
	        F("cause", sweep_cause_name(sweep->cause)), F("bob_calls", sweep->bob_calls),
	        F("okta_calls", sweep->okta_calls),
	        F("seconds", (sweep->ended_at_ms - sweep->started_at_ms) / 1000),
	        F("sentence", sweep->sentence));
}

/* Stopped: it waits for the successor or the next start. */
static void end(struct sweeping *sweeping, bool is_done, const struct err *why)
{
	struct sweep *sweep = &sweeping->sweep;
	struct err err = ERR_INIT;

	sweep->bob_calls = sweeping->all.searches;
	sweep->ended_at_ms = clock_wall_ms();
	sweep->phase = SWEEP_PHASE_NONE;
	if (is_done && write_counts(sweeping)) {
		sweep->state = SWEEP_DONE;
		say_done(sweeping);
	} else {
		sweep->state = why->code == ERR_STOPPED ? SWEEP_WAITING : SWEEP_FAULT;
		str_format_cut(sweep->sentence, sizeof(sweep->sentence), "%s", why->text);
	}
	log_end(sweep);
	measure(sweeping);
	if (!store_sweep_write(sweeping->all.engine->store, sweep, &err)) {
		log_error("end of the sweep not stored", F("cause", err.text));
	}
}

void sweep_run(struct engine *engine, struct connection *connection, struct sweep *sweep)
{
	struct err err = ERR_INIT;
	struct sweeping *sweeping = calloc(1, sizeof(*sweeping));

	if (sweeping == NULL) {
		log_error("sweep not begun", F("connection", sweep->connection),
		        F("cause", "out of memory"));
		return;
	}
	sweeping->sweep = *sweep;
	*sweep = (struct sweep){0};
	sweeping->sweep.state = SWEEP_RUNNING;
	sweeping->sweep.started_at_ms = clock_wall_ms();
	sweeping->sweep.ended_at_ms = 0;
	sweeping->sweep.sentence[0] = '\0';
	sweeping->reading.accepts_shorter = sweeping->sweep.accepts_shorter;
	bool is_done = everybody_open(&sweeping->all, engine, connection->settings->name, &err);
	sweeping->all.urgency = CALL_BACKGROUND;
	is_done = is_done && take_course(sweeping, &err);
	end(sweeping, is_done, &err);
	everybody_finish(&sweeping->all);
	sweep_finish(&sweeping->sweep);
	free(sweeping);
}
