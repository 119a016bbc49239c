/* SPDX-License-Identifier: MIT */
/* Which version of the settings shall run, and whether it may. */
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/log.h"
#include "server/base/str.h"
#include "server/engine/running_parts.h"

#include <stdlib.h>
#include <string.h>

/* What one change needs; the file's document holds secrets. */
struct change {
	struct running *running;
	struct settings_report *report;
	struct settings_file file;
	struct candidate candidate;
};

void candidate_finish(struct candidate *candidate)
{
	settings_destroy(candidate->settings);
	json_decref(candidate->kept);
	settings_version_finish(&candidate->version);
	*candidate = (struct candidate){0};
}

static void change_finish(struct change *change)
{
	settings_file_wipe(&change->file);
	candidate_finish(&change->candidate);
}

static int64_t present_number(struct running *running)
{
	monitor_lock(&running->monitor);
	int64_t number = running->state.version.version;
	monitor_unlock(&running->monitor);
	return number;
}

/* The newest version of a source; without one its number is 0. */
static bool find_newest(struct running *running, enum settings_source source,
        struct settings_version *version, struct err *err)
{
	struct err found = ERR_INIT;

	if (store_settings_newest(running->store, source, version, &found) ||
	        found.code == ERR_NOT_FOUND) {
		return true;
	}
	err_set(err, found.code, "%s", found.text);
	return false;
}

/* The candidate's settings from a document with its secrets. */
static bool load_full(struct change *change, const json_t *document, struct err *err)
{
	const struct running_options *options = &change->running->options;
	struct candidate *candidate = &change->candidate;

	candidate->settings = settings_load_document(
	        document, change->file.folder, options->plain, change->report, err);
	if (candidate->settings == NULL) {
		return false;
	}
	memcpy(candidate->settings->version, candidate->version.hash,
	        sizeof(candidate->version.hash));
	if (options->check != NULL &&
	        !options->check(options->check_context, candidate->settings, document,
	                change->report, err)) {
		return false;
	}
	if (change->report->count > 0) {
		settings_report_summarise(change->report, err);
		return false;
	}
	return true;
}

/* The candidate's settings from a document without secrets, and the file's secrets. */
static bool load_filled(struct change *change, const json_t *document, struct err *err)
{
	json_t *full = settings_fill(document, change->file.document, change->report);

	if (full == NULL) {
		if (change->report->count > 0) {
			settings_report_summarise(change->report, err);
		}
		err_set(err, ERR_NO_MEMORY, "no memory for the settings");
		return false;
	}
	bool is_loaded = load_full(change, full, err);
	settings_document_wipe(full);
	return is_loaded;
}

/* The document as text, into the version's row. */
static bool set_document(struct candidate *candidate, struct err *err)
{
	candidate->version.document = candidate->kept != NULL ? json_format(candidate->kept) : NULL;
	if (candidate->version.document == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for the settings");
		return false;
	}
	return true;
}

/* ------------------------------------------------------------ from the file */

/* The file has not changed, and somebody gave the API another version since. */
static bool take_overruling(struct change *change, struct settings_version *newest, struct err *err)
{
	struct candidate *candidate = &change->candidate;

	candidate->kept = json_parse(newest->document, strlen(newest->document), err);
	candidate->version = *newest;
	*newest = (struct settings_version){0};
	if (candidate->kept == NULL || !load_filled(change, candidate->kept, err)) {
		err_prefix(err, "version %lld, which the API gave (a changed file takes its place)",
		        (long long)candidate->version.version);
		return false;
	}
	return true;
}

/* The file itself: a new version, or the one it was when it was last read. */
static bool take_file(struct change *change, int64_t known_number, const char *by, struct err *err)
{
	struct candidate *candidate = &change->candidate;

	candidate->version = (struct settings_version){
	        .version = known_number,
	        .at_ms = clock_wall_ms(),
	        .source = SETTINGS_FROM_FILE,
	};
	str_format_cut(candidate->version.author, sizeof(candidate->version.author), "%s", by);
	memcpy(candidate->version.hash, change->file.hash, sizeof(change->file.hash));
	candidate->kept = settings_redact(change->file.document);
	return set_document(candidate, err) && load_full(change, change->file.document, err);
}

/* With its time and author, not those of this reading. */
static bool take_known_file(struct change *change, struct settings_version *newest, struct err *err)
{
	struct candidate *candidate = &change->candidate;

	candidate->version = *newest;
	*newest = (struct settings_version){0};
	candidate->kept = settings_redact(change->file.document);
	if (candidate->kept == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for the settings");
		return false;
	}
	return load_full(change, change->file.document, err);
}

static bool choose(struct change *change, const char *by, struct err *err)
{
	struct running *running = change->running;
	struct settings_version of_file = {0};
	struct settings_version newest = {0};
	bool is_chosen = false;

	if (settings_file_read(
	            &change->file, running->options.settings_path, change->report, err) &&
	        find_newest(running, SETTINGS_FROM_FILE, &of_file, err) &&
	        find_newest(running, SETTINGS_SOURCE_COUNT, &newest, err)) {
		if (of_file.version == 0 || !str_equal(of_file.hash, change->file.hash)) {
			is_chosen = take_file(change, 0, by, err);
		} else if (newest.source != SETTINGS_FROM_FILE) {
			is_chosen = take_overruling(change, &newest, err);
		} else {
			is_chosen = take_known_file(change, &newest, err);
		}
	}
	settings_version_finish(&of_file);
	settings_version_finish(&newest);
	return is_chosen;
}

/* --------------------------------------------------------------------- put */

/* What changes, against the version that runs; an empty list at the first start. */
static json_t *changes_of(struct running *running, const json_t *kept, struct err *err)
{
	struct settings_version before = {0};
	int64_t number = present_number(running);

	if (number == 0) {
		return json_array();
	}
	if (!store_settings_get(running->store, number, &before, err)) {
		return NULL;
	}
	json_t *from = json_parse(before.document, strlen(before.document), err);
	json_t *changes = from != NULL ? settings_diff(from, kept) : NULL;
	if (changes == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for the difference");
	}
	json_decref(from);
	settings_version_finish(&before);
	return changes;
}

static void note_running(struct running *running, const struct settings_version *version)
{
	monitor_lock(&running->monitor);
	struct running_state *state = &running->state;
	state->version = *version;
	state->version.document = NULL;
	if (version->source == SETTINGS_FROM_FILE) {
		state->file_version = version->version;
	}
	state->refused_at_ms = 0;
	state->refused_mistakes = 0;
	state->refused[0] = '\0';
	monitor_unlock(&running->monitor);
}

static void log_changes(const json_t *changes)
{
	char line[600];
	size_t i = 0;
	const json_t *entry = NULL;

	json_array_foreach(changes, i, entry)
	{
		settings_diff_line(entry, line, sizeof(line));
		log_debug("settings change", F("change", line));
	}
}

static bool put(struct change *change, struct running_result *result, struct err *err)
{
	struct running *running = change->running;
	struct candidate *candidate = &change->candidate;
	int64_t before = present_number(running);
	bool is_new = candidate->version.version == 0;

	result->changes = changes_of(running, candidate->kept, err);
	if (result->changes == NULL || !running_put(running, candidate, err)) {
		return false;
	}
	result->version = candidate->version.version;
	result->is_new = is_new;
	note_running(running, &candidate->version);
	log_info("settings in force", F("version", result->version), F("before", before),
	        F("source", settings_source_name(candidate->version.source)),
	        F("by", candidate->version.author), F("hash", candidate->version.hash),
	        F("changes", json_array_size(result->changes)));
	log_changes(result->changes);
	return true;
}

static bool may_change(struct running *running, struct err *err)
{
	monitor_lock(&running->monitor);
	bool is_stopping = running->is_stopping;
	monitor_unlock(&running->monitor);
	if (is_stopping) {
		err_set(err, ERR_STOPPED, "the server is stopping");
	}
	return !is_stopping;
}

/* The log names every mistake, the state the first. */
static void note_refused(
        struct running *running, const struct settings_report *report, const struct err *err)
{
	for (size_t i = 0; i < report->count; i++) {
		log_error("mistake in the settings", F("path", report->mistakes[i].path),
		        F("mistake", report->mistakes[i].text));
	}
	log_error("settings refused, those in force go on", F("version", present_number(running)),
	        F("mistakes", report->count + report->left_out), F("cause", err->text));
	monitor_lock(&running->monitor);
	struct running_state *state = &running->state;
	state->refused_at_ms = clock_wall_ms();
	state->refused_mistakes = report->count + report->left_out;
	str_format_cut(state->refused, sizeof(state->refused), "%s", err->text);
	monitor_unlock(&running->monitor);
}

/* --------------------------------------------------------- start and reload */

bool running_start(struct running *running, struct settings_report *report, struct err *err)
{
	struct change change = {.running = running, .report = report};
	struct running_result result = {0};

	*report = (struct settings_report){0};
	pthread_mutex_lock(&running->change);
	bool is_started = choose(&change, "settings file", err) && put(&change, &result, err);
	if (is_started && change.candidate.version.source != SETTINGS_FROM_FILE) {
		log_warn("the settings in force are not those of the file",
		        F("version", result.version),
		        F("source", settings_source_name(change.candidate.version.source)));
	}
	pthread_mutex_unlock(&running->change);
	json_decref(result.changes);
	change_finish(&change);
	return is_started;
}

bool running_reload(struct running *running, const char *by, struct running_result *result,
        struct settings_report *report, struct err *err)
{
	struct change change = {.running = running, .report = report};

	*report = (struct settings_report){0};
	*result = (struct running_result){0};
	pthread_mutex_lock(&running->change);
	bool is_done =
	        may_change(running, err) && choose(&change, by, err) && put(&change, result, err);
	if (!is_done) {
		note_refused(running, report, err);
		json_decref(result->changes);
		result->changes = NULL;
	}
	pthread_mutex_unlock(&running->change);
	change_finish(&change);
	return is_done;
}

/* ------------------------------------------------------------- API, rollback */

/* The secrets come from the file as it was read: one that was changed since comes first. */
static bool read_unchanged_file(struct change *change, struct err *err)
{
	struct running *running = change->running;
	struct settings_version of_file = {0};
	bool is_same = false;

	if (settings_file_read(
	            &change->file, running->options.settings_path, change->report, err) &&
	        find_newest(running, SETTINGS_FROM_FILE, &of_file, err)) {
		is_same = str_equal(of_file.hash, change->file.hash);
		if (!is_same) {
			err_set(err, ERR_CONFLICT,
			        "the settings file was changed and not read yet; reload it first");
		}
	}
	settings_version_finish(&of_file);
	return is_same;
}

static bool is_expected(struct running *running, int64_t expected, struct err *err)
{
	int64_t number = present_number(running);

	if (expected != 0 && expected != number) {
		err_set(err, ERR_CONFLICT,
		        "version %lld was expected and %lld is in force; look at what changed",
		        (long long)expected, (long long)number);
		return false;
	}
	return true;
}

static json_t *old_document(struct change *change, int64_t number, struct err *err)
{
	struct settings_version old = {0};

	if (!store_settings_get(change->running->store, number, &old, err)) {
		return NULL;
	}
	json_t *document = json_parse(old.document, strlen(old.document), err);
	json_t *made = document != NULL
	        ? settings_with_present_secrets(document, change->file.document)
	        : NULL;
	if (made == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for the old version");
	}
	json_decref(document);
	settings_version_finish(&old);
	return made;
}

static bool make_version(
        struct candidate *candidate, const struct running_change *wanted, struct err *err)
{
	struct settings_version *version = &candidate->version;

	*version = (struct settings_version){
	        .at_ms = clock_wall_ms(),
	        .source = wanted->rollback_to != 0 ? SETTINGS_FROM_ROLLBACK : SETTINGS_FROM_API,
	};
	str_format_cut(version->author, sizeof(version->author), "%s", wanted->by);
	if (wanted->rollback_to != 0) {
		str_format_cut(version->note, sizeof(version->note), "back to version %lld%s%s",
		        (long long)wanted->rollback_to, wanted->note != NULL ? ": " : "",
		        wanted->note != NULL ? wanted->note : "");
	} else if (wanted->note != NULL) {
		str_format_cut(version->note, sizeof(version->note), "%s", wanted->note);
	}
	if (!set_document(candidate, err)) {
		return false;
	}
	if (!settings_document_hash(candidate->kept, version->hash)) {
		err_set(err, ERR_NO_MEMORY, "no memory for the settings");
		return false;
	}
	return true;
}

static bool take_document(
        struct change *change, const struct running_change *wanted, struct err *err)
{
	json_t *document = wanted->rollback_to != 0
	        ? old_document(change, wanted->rollback_to, err)
	        : json_incref((json_t *)(uintptr_t)wanted->document);

	if (document == NULL) {
		return false;
	}
	change->candidate.kept = settings_redact(document);
	bool is_taken =
	        make_version(&change->candidate, wanted, err) && load_filled(change, document, err);
	json_decref(document);
	return is_taken;
}

/* Nothing differs from what runs: no version for that. */
static bool is_nothing_new(struct change *change, struct running_result *result, struct err *err)
{
	result->changes = changes_of(change->running, change->candidate.kept, err);
	result->version = present_number(change->running);
	return json_array_size(result->changes) == 0;
}

static bool apply(struct change *change, const struct running_change *wanted,
        struct running_result *result, struct err *err)
{
	struct running *running = change->running;

	if (!may_change(running, err) || !is_expected(running, wanted->expected_version, err) ||
	        !read_unchanged_file(change, err) || !take_document(change, wanted, err)) {
		return false;
	}
	bool is_over = is_nothing_new(change, result, err) || wanted->is_check_only;
	if (is_over || result->changes == NULL) {
		return result->changes != NULL;
	}
	json_decref(result->changes);
	result->changes = NULL;
	return put(change, result, err);
}

bool running_apply(struct running *running, const struct running_change *wanted,
        struct running_result *result, struct settings_report *report, struct err *err)
{
	struct change change = {.running = running, .report = report};

	*report = (struct settings_report){0};
	*result = (struct running_result){0};
	pthread_mutex_lock(&running->change);
	bool is_done = apply(&change, wanted, result, err);
	if (!is_done) {
		json_decref(result->changes);
		result->changes = NULL;
	}
	pthread_mutex_unlock(&running->change);
	change_finish(&change);
	return is_done;
}

/* ------------------------------------------------------------------ telling */

void running_state(struct running *running, struct running_state *state)
{
	monitor_lock(&running->monitor);
	*state = running->state;
	monitor_unlock(&running->monitor);
}

const char *running_file_state(struct running *running)
{
	struct settings_report report;
	struct settings_file file;
	struct settings_version of_file = {0};
	struct running_state state;

	if (!settings_file_read(&file, running->options.settings_path, &report, NULL)) {
		return "unreadable";
	}
	running_state(running, &state);
	bool is_same = store_settings_newest(running->store, SETTINGS_FROM_FILE, &of_file, NULL) &&
	        str_equal(of_file.hash, file.hash);
	settings_version_finish(&of_file);
	settings_file_wipe(&file);
	if (!is_same) {
		return "changed";
	}
	return state.version.source == SETTINGS_FROM_FILE ? "active" : "overruled";
}
