/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_RUNNING_H
#define SERVER_ENGINE_RUNNING_H

/*
 * What runs: a version of the settings and the engine that was made for it.
 * A change makes a new engine and puts it in the place of the old one, which
 * ends what it has begun and is then destroyed (docs/decisions/0006). Changes
 * never overlap. Readers acquire the present engine or settings for as long as
 * they work with them; they are never changed, only replaced.
 *
 * Which document runs: the file's, until the API gives another one; then that,
 * with the file's secrets, until the file itself is changed (docs/settings.md).
 * Without a settings file, and when none ever was, they are managed from the
 * console: the API's newest version runs, its secrets are in the store, and the
 * first start makes one in which nothing is set up (docs/decisions/0029).
 */

#include "server/base/holder.h"
#include "server/engine/engine.h"
#include "server/settings/settings_document.h"

/* Engines that may be ending their work beside the present one; more changes wait or are refused.
 */
#define RUNNING_RETIRING_MAX 4
/* How long an engine that was replaced may take to end the calls it is in. */
#define RUNNING_RETIRE_MS 35000

struct running;

struct running_options {
	struct engine_options engine; /* but for settings and what the present file fills in */
	const char *settings_path; /* borrowed; "": there is none, whatever was before */
	enum settings_plain plain;
	/*
	 * What else must hold before a document is accepted: adds mistakes to the report. False
	 * with err when it cannot be told. May be NULL.
	 */
	bool (*check)(void *context, const struct settings *settings, const json_t *document,
	        struct settings_report *report, struct err *err);
	void *check_context;
};

struct running *running_create(const struct running_options *options, struct err *err) MUST_CHECK;
/* After running_stop, and when nobody holds an engine or settings any more. */
void running_destroy(struct running *running);

/*
 * Puts the version to work that the file and the store ask for. False with the report filled in
 * (mistakes), or err alone.
 */
bool running_start(
        struct running *running, struct settings_report *report, struct err *err) MUST_CHECK;
/*
 * Ends all engines by deadline_ms (monotonic) as engine_stop does; from now on changes are refused.
 * running_abort, on any thread, makes it hurry.
 */
void running_stop(struct running *running, int64_t deadline_ms);
void running_abort(struct running *running);

/* The present engine and its settings (engine_settings); values of struct engine. */
struct holder *running_engines(struct running *running);
/* The present settings alone; values of struct settings. */
struct holder *running_settings(struct running *running);
/* A stored event waits. Any thread; cheap. */
void running_notify_stored(void *running);
/* Pauses or resumes (engine_pause) whichever engine runs, also while it is being replaced. */
bool running_pause(struct holder *engines, const char *connection, enum pause_mode mode,
        const char *by, struct err *err) MUST_CHECK;

/* ------------------------------------------------------------------ changes */

struct running_change {
	const json_t *document; /* borrowed, without secrets; NULL: rollback's */
	int64_t rollback_to; /* a version; 0: none */
	int64_t expected_version; /* ERR_CONFLICT unless this one runs; 0: any */
	const char *by;
	const char *note; /* may be NULL */
	bool is_check_only; /* everything but the change itself */
};

struct running_result {
	int64_t version; /* that runs now */
	bool is_new; /* a version was added */
	json_t *changes; /* settings_diff from what ran before; owned */
};

/* What SIGHUP does: reads the file and its secrets anew. */
bool running_reload(struct running *running, const char *by, struct running_result *result,
        struct settings_report *report, struct err *err) MUST_CHECK;
/* Takes a document of the API, or an old version. */
bool running_apply(struct running *running, const struct running_change *change,
        struct running_result *result, struct settings_report *report, struct err *err) MUST_CHECK;

/* ------------------------------------------------------------------- telling */

struct running_state {
	struct settings_version version; /* without document */
	int64_t file_version; /* newest version that came from the file */
	bool is_console; /* managed from the console: no file stands behind them */
	/* The last reload or apply of the file that was refused since the last change; 0: none. */
	int64_t refused_at_ms;
	size_t refused_mistakes;
	char refused[512]; /* the first mistake */
};
void running_state(struct running *running, struct running_state *state);
/*
 * "active", "overruled" (the API's version runs), "changed" (not read yet), "unreadable", or
 * "none": the settings are managed from the console.
 */
const char *running_file_state(struct running *running);
/* How Bob and Okta may be talked to. */
enum settings_plain running_plain(const struct running *running);
/* Where the file is, or would be; "": none was named. */
const char *running_path(const struct running *running);
/* False: there is no such file, so that the settings may be managed from the console. */
bool running_has_file(const char *settings_path);

#endif
