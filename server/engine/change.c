/* SPDX-License-Identifier: MIT */
/* Which version of the settings shall run, and whether it may. */
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/log.h"
#include "server/base/str.h"
#include "server/engine/running_parts.h"
#include "server/engine/stored_secrets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What one change needs; the file's document holds secrets. */
struct change {
	struct running *running;
	struct settings_report *report;
	struct settings_file file; /* empty where the settings are managed from the console */
	struct candidate candidate;
	bool is_console;
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

static struct settings *load_document(
        struct change *change, const json_t *document, struct err *err)
{
	enum settings_plain plain = change->running->options.plain;

	return change->is_console
	        ? settings_console_load(document, plain, change->report, err)
	        : settings_load_document(document, change->file.folder, plain, change->report, err);
}

/* The candidate's settings from a document with its secrets. */
static bool load_full(struct change *change, const json_t *document, struct err *err)
{
	const struct running_options *options = &change->running->options;
	struct candidate *candidate = &change->candidate;

	candidate->settings = load_document(change, document, err);
	if (candidate->settings == NULL) {
		return false;
	}
	if (!stored_secrets_fill(change->running->store, candidate->settings, err)) {
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

/* ------------------------------------------------------- from the console */

/* A version of the server's own making: nothing is set up, or no file is there any more. */
static bool take_made(struct change *change, const char *by, const char *note, struct err *err)
{
	struct candidate *candidate = &change->candidate;
	struct settings_version *version = &candidate->version;

	*version = (struct settings_version){
	        .at_ms = clock_wall_ms(),
	        .source = SETTINGS_FROM_API,
	};
	str_format_cut(version->author, sizeof(version->author), "%s", by);
	str_format_cut(version->note, sizeof(version->note), "%s", note);
	if (!set_document(candidate, err)) {
		return false;
	}
	if (!settings_document_hash(candidate->kept, version->hash)) {
		err_set(err, ERR_NO_MEMORY, "no memory for the settings");
		return false;
	}
	return load_full(change, candidate->kept, err);
}

/* What the store has; secrets that a file held have to be entered. */
static bool take_stored(
        struct change *change, struct settings_version *newest, const char *by, struct err *err)
{
	struct candidate *candidate = &change->candidate;
	json_t *stored = json_parse(newest->document, strlen(newest->document), err);

	candidate->kept = stored != NULL ? settings_console_from(stored) : NULL;
	bool is_same = json_equal(stored, candidate->kept) == 1;
	json_decref(stored);
	if (!is_same) {
		return candidate->kept != NULL &&
		        take_made(change, by, "no settings file any more", err);
	}
	candidate->version = *newest;
	*newest = (struct settings_version){0};
	return load_full(change, candidate->kept, err);
}

static bool choose_stored(struct change *change, const char *by, struct err *err)
{
	struct settings_version newest = {0};
	bool is_chosen = find_newest(change->running, SETTINGS_SOURCE_COUNT, &newest, err);

	change->is_console = true;
	if (is_chosen && newest.version == 0) {
		change->candidate.kept = settings_console_first();
		is_chosen = take_made(change, by, "first start", err);
	} else if (is_chosen) {
		is_chosen = take_stored(change, &newest, by, err);
	}
	settings_version_finish(&newest);
	return is_chosen;
}

bool running_has_file(const char *settings_path)
{
	return settings_path[0] != '\0' && (access(settings_path, F_OK) == 0 || errno != ENOENT);
}

/* A file that is not there any more is a mistake, unless none was asked for. */
static bool is_console(struct running *running, bool *is_so, struct err *err)
{
	const char *path = running->options.settings_path;
	struct settings_version of_file = {0};
	bool is_known = true;

	*is_so = !running_has_file(path);
	if (*is_so && path[0] != '\0') {
		is_known = find_newest(running, SETTINGS_FROM_FILE, &of_file, err);
		*is_so = of_file.version == 0;
	}
	settings_version_finish(&of_file);
	return is_known;
}

static bool choose_file(struct change *change, const char *by, struct err *err)
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

static bool choose(struct change *change, const char *by, struct err *err)
{
	if (!is_console(change->running, &change->is_console, err)) {
		return false;
	}
	return change->is_console ? choose_stored(change, by, err) : choose_file(change, by, err);
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

static void note_running(
        struct running *running, const struct settings_version *version, bool is_console)
{
	monitor_lock(&running->monitor);
	running->state.is_console = is_console;
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

/* The new settings run, without a token that was entered for another host. */
static void clear_foreign_secrets(struct running *running)
{
	const struct settings *settings = holder_acquire(&running->settings);

	stored_secrets_clear_foreign(running->store, settings);
	holder_release(&running->settings, settings);
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
	note_running(running, &candidate->version, change->is_console);
	clear_foreign_secrets(running);
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
	const char *by =
	        running_has_file(running->options.settings_path) ? "settings file" : "server";
	bool is_started = choose(&change, by, err) && put(&change, &result, err);
	if (is_started && change.is_console) {
		log_info("the settings are managed from the console: there is no settings file",
		        F("path", running->options.settings_path));
	} else if (is_started && change.candidate.version.source != SETTINGS_FROM_FILE) {
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
	json_t *made = NULL;
	if (document != NULL) {
		made = change->is_console
		        ? settings_console_from(document)
		        : settings_with_present_secrets(document, change->file.document);
	}
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

/* The candidate's settings from the API's document, judged against those in force. */
static bool load_console(struct change *change, const json_t *document, struct err *err)
{
	struct running *running = change->running;
	struct settings_version before = {0};

	if (!store_settings_get(running->store, present_number(running), &before, err)) {
		return false;
	}
	json_t *present = json_parse(before.document, strlen(before.document), err);
	bool is_accepted = present != NULL &&
	        settings_console_accepts(document, present, running->options.plain, change->report);
	json_decref(present);
	settings_version_finish(&before);
	if (!is_accepted && change->report->count > 0) {
		settings_report_summarise(change->report, err);
	}
	return is_accepted && load_full(change, document, err);
}

static bool load_wanted(struct change *change, const json_t *document, struct err *err)
{
	return change->is_console ? load_console(change, document, err)
	                          : load_filled(change, document, err);
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
	        make_version(&change->candidate, wanted, err) && load_wanted(change, document, err);
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

/* What stands behind the API's document: the file as it was read, or nothing. */
static bool find_ground(struct change *change, struct err *err)
{
	struct running_state state;

	running_state(change->running, &state);
	change->is_console = state.is_console;
	return change->is_console || read_unchanged_file(change, err);
}

static bool apply(struct change *change, const struct running_change *wanted,
        struct running_result *result, struct err *err)
{
	struct running *running = change->running;

	if (!may_change(running, err) || !is_expected(running, wanted->expected_version, err) ||
	        !find_ground(change, err) || !take_document(change, wanted, err)) {
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

	running_state(running, &state);
	if (state.is_console) {
		return "none";
	}
	if (!settings_file_read(&file, running->options.settings_path, &report, NULL)) {
		return "unreadable";
	}
	bool is_same = store_settings_newest(running->store, SETTINGS_FROM_FILE, &of_file, NULL) &&
	        str_equal(of_file.hash, file.hash);
	settings_version_finish(&of_file);
	settings_file_wipe(&file);
	if (!is_same) {
		return "changed";
	}
	return state.version.source == SETTINGS_FROM_FILE ? "active" : "overruled";
}

const char *running_path(const struct running *running)
{
	return running->options.settings_path;
}

enum settings_plain running_plain(const struct running *running)
{
	return running->options.plain;
}
