/* SPDX-License-Identifier: MIT */
/* The thread that looks, and what it does with what it sees. */
#include "server/alarm/alarm.h"

#include "server/alarm/book.h"
#include "server/alarm/condition.h"
#include "server/alarm/sender.h"
#include "server/alarm/target.h"
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/base/metrics.h"
#include "server/base/str.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_MS          2000
#define COMPLAIN_MS      60000
#define LOST_FIRST_MS    10000 /* until a message is made anew that no target took */
#define LOST_LONGEST_MS  (10 * 60 * 1000)
#define SUBJECTS_BYTES   1100
#define STORE_URL_PREFIX "sqlite:"

struct alarms {
	struct alarms_options options;
	char *folder; /* of the store */
	struct sender sender;
	struct book book; /* the looking thread's, as all below */
	struct silence *silences;
	size_t silence_count;
	int64_t looked_mono_ms; /* 0: not yet */
	int64_t complain_mono_ms;
	int64_t lost_until_mono_ms; /* no message before */
	int64_t lost_wait_ms; /* 0: the last message was taken */
	pthread_t thread;
	bool is_started;
	struct monitor monitor;
	/* protected by monitor: */
	bool is_stopping;
	bool has_result; /* of the message that was given to the sender */
};

/* --------------------------------------------------------------- lifetime */

/* "sqlite:/var/lib/bob2okta/bob2okta.db" -> "/var/lib/bob2okta"; "." without a folder. */
static char *folder_of(const char *url)
{
	const char *path =
	        str_starts_with(url, STORE_URL_PREFIX) ? url + strlen(STORE_URL_PREFIX) : url;
	const char *slash = strrchr(path, '/');

	if (slash == NULL) {
		return str_dup(".");
	}
	return str_dup_len(path, slash == path ? 1 : (size_t)(slash - path));
}

static void on_result(void *context)
{
	struct alarms *alarms = context;

	monitor_lock(&alarms->monitor);
	alarms->has_result = true;
	monitor_wake_all(&alarms->monitor);
	monitor_unlock(&alarms->monitor);
}

struct alarms *alarms_create(const struct alarms_options *options, struct err *err)
{
	struct alarms *alarms = calloc(1, sizeof(*alarms));

	if (alarms == NULL || !monitor_init(&alarms->monitor)) {
		err_set(err, ERR_NO_MEMORY, "no memory for alarms");
		free(alarms);
		return NULL;
	}
	alarms->options = *options;
	alarms->folder = folder_of(options->store_url);
	if (!sender_init(&alarms->sender, options->settings, options->plain) ||
	        alarms->folder == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for alarms");
		free(alarms->folder);
		monitor_finish(&alarms->monitor);
		free(alarms);
		return NULL;
	}
	alarms->sender.on_result = on_result;
	alarms->sender.on_result_context = alarms;
	return alarms;
}

void alarms_destroy(struct alarms *alarms)
{
	if (alarms == NULL) {
		return;
	}
	book_finish(&alarms->book);
	sender_finish(&alarms->sender);
	monitor_finish(&alarms->monitor);
	free(alarms->silences);
	free(alarms->folder);
	free(alarms);
}

/* ----------------------------------------------------------------- looking */

static void complain(struct alarms *alarms, const struct err *err)
{
	int64_t now_ms = clock_mono_ms();

	if (err_is_set(err) && now_ms >= alarms->complain_mono_ms) {
		alarms->complain_mono_ms = now_ms + COMPLAIN_MS;
		log_error("alarms not looked at", F("cause", err->text));
	}
}

static struct silence *silence_of(struct alarms *alarms, const char *connection)
{
	for (size_t i = 0; i < alarms->silence_count; i++) {
		if (str_equal(alarms->silences[i].connection, connection)) {
			return &alarms->silences[i];
		}
	}
	struct silence *silences =
	        realloc(alarms->silences, (alarms->silence_count + 1) * sizeof(*silences));
	if (silences == NULL) {
		return NULL;
	}
	alarms->silences = silences;
	struct silence *fresh = &silences[alarms->silence_count++];
	*fresh = (struct silence){0};
	str_format_cut(fresh->connection, sizeof(fresh->connection), "%s", connection);
	return fresh;
}

/* What cannot be told now stays as it is. */
static bool look_at(struct alarms *alarms, struct look *look, enum alarm_name name)
{
	const struct alarm_settings *settings = &look->settings->alarms;
	const char *connection = look->connection != NULL ? look->connection->name : "";
	struct err err = ERR_INIT;

	if (settings->levels[name] == ALARM_LEVEL_OFF) {
		return book_see(&alarms->book, connection, name, NULL, 0);
	}
	if (!condition_look(look, name, &err)) {
		complain(alarms, &err);
		return true;
	}
	bool is_seen = book_see(&alarms->book, connection, name, &look->subjects,
	        condition_after_ms(settings, name));
	alarm_subject_list_finish(&look->subjects);
	return is_seen;
}

static bool look_at_all(struct alarms *alarms, struct look *look)
{
	for (int name = 0; name < ALARM_COUNT; name++) {
		if (condition_applies((enum alarm_name)name, look->connection) &&
		        !look_at(alarms, look, (enum alarm_name)name)) {
			return false;
		}
	}
	return true;
}

static bool look_round(struct alarms *alarms, struct engine *engine, int64_t elapsed_ms)
{
	struct look look = {.store = alarms->options.store,
	        .engine = engine,
	        .settings = engine_settings(engine),
	        .folder = alarms->folder,
	        .now_ms = alarms->book.now_ms};
	bool is_done = look_at_all(alarms, &look);

	for (size_t i = 0; is_done && i < look.settings->connection_count; i++) {
		look.connection = &look.settings->connections[i];
		struct silence *silence = silence_of(alarms, look.connection->name);
		if (silence != NULL) {
			silence_count(silence, look.store,
			        silence_is_working_day(look.connection, look.now_ms), elapsed_ms);
		}
		look.silence = silence;
		is_done = look_at_all(alarms, &look);
	}
	book_forget_connections(&alarms->book, look.settings);
	return is_done;
}

/* ------------------------------------------------------------------ saying */

static void log_entry(const struct entry *entry)
{
	char subjects[SUBJECTS_BYTES];

	entry_subjects(entry, subjects, sizeof(subjects));
	if (entry->state == ENTRY_RESOLVED) {
		log_info("alarm resolved", F("connection", entry->connection),
		        F("alarm", alarm_name(entry->name)), F("count", entry->count),
		        F("subjects", subjects));
		return;
	}
	LOG_AT(entry->severity == ALARM_NOTICE ? LOG_LEVEL_WARN : LOG_LEVEL_ERROR, "alarm",
	        F("connection", entry->connection), F("alarm", alarm_name(entry->name)),
	        F("severity", alarm_severity_name(entry->severity)),
	        F("state", entry_state_name(entry->state)), F("count", entry->count),
	        F("subjects", subjects), F("meaning", alarm_meaning(entry->name)));
}

/* What became of the last message. False while it is under way. */
static bool take_result(struct alarms *alarms)
{
	struct message message;
	enum sender_result result = sender_take(&alarms->sender, &message);

	if (result == SENDER_TAKEN) {
		alarms->lost_wait_ms = 0;
		book_note_told(&alarms->book, &message);
	} else if (result == SENDER_LOST) {
		int64_t wait_ms = alarms->lost_wait_ms * 2;
		wait_ms = wait_ms < LOST_FIRST_MS ? LOST_FIRST_MS : wait_ms;
		alarms->lost_wait_ms = wait_ms < LOST_LONGEST_MS ? wait_ms : LOST_LONGEST_MS;
		alarms->lost_until_mono_ms = clock_mono_ms() + alarms->lost_wait_ms;
	}
	message_finish(&message);
	return result != SENDER_BUSY;
}

static void say(struct alarms *alarms, const struct alarm_settings *settings)
{
	struct message message;

	if (alarms->lost_wait_ms != 0 && clock_mono_ms() < alarms->lost_until_mono_ms) {
		return;
	}
	if (!book_due(&alarms->book, settings, &message) || message.count == 0) {
		message_finish(&message);
		return;
	}
	for (size_t i = 0; alarms->lost_wait_ms == 0 && i < message.count; i++) {
		log_entry(&message.entries[i]);
	}
	sender_give(&alarms->sender, &message);
}

/* Each alarm of the book, with those that have just ended as 0. */
static void measure(const struct book *book, const struct alarm_settings *settings)
{
	for (size_t first = 0, end = 0; first < book->count; first = end) {
		const struct alarm *alarm = &book->rows[first].alarm;
		size_t open = 0;
		for (end = first; end < book->count && book->rows[end].alarm.name == alarm->name &&
		        str_equal(book->rows[end].alarm.connection, alarm->connection);
		        end++) {
			const struct alarm *one = &book->rows[end].alarm;
			open += one->opened_at_ms != 0 && one->ended_at_ms == 0 ? 1 : 0;
		}
		enum alarm_severity severity = settings_alarm_severity(settings, alarm->name);
		metrics_set(METRIC_ALARMS,
		        LABELS(alarm->connection, alarm_name(alarm->name),
		                alarm_severity_name(severity)),
		        (double)open);
	}
}

/* -------------------------------------------------------------------- turn */

static void look_and_say(struct alarms *alarms, struct engine *engine, int64_t elapsed_ms)
{
	const struct alarm_settings *settings = &engine_settings(engine)->alarms;
	struct err err = ERR_INIT;

	if (!book_load(&alarms->book, alarms->options.store, clock_wall_ms(), &err)) {
		complain(alarms, &err);
		return;
	}
	bool is_free = take_result(alarms);
	if (!look_round(alarms, engine, elapsed_ms)) {
		return;
	}
	book_close(&alarms->book);
	measure(&alarms->book, settings);
	if (!book_save(&alarms->book, alarms->options.store, &err)) {
		complain(alarms, &err);
	} else if (is_free) {
		say(alarms, settings);
	}
}

static void turn(struct alarms *alarms)
{
	int64_t now_ms = clock_mono_ms();
	int64_t elapsed_ms = alarms->looked_mono_ms != 0 ? now_ms - alarms->looked_mono_ms : 0;
	struct engine *engine = holder_acquire(alarms->options.engines);

	alarms->looked_mono_ms = now_ms;
	if (engine != NULL) {
		look_and_say(alarms, engine, elapsed_ms);
	}
	holder_release(alarms->options.engines, engine);
}

/* At once, so that a start that follows soon says nothing twice. */
static void note_result(struct alarms *alarms)
{
	struct err err = ERR_INIT;

	if (!book_load(&alarms->book, alarms->options.store, clock_wall_ms(), &err)) {
		complain(alarms, &err);
		return;
	}
	(void)take_result(alarms);
	if (!book_save(&alarms->book, alarms->options.store, &err)) {
		complain(alarms, &err);
	}
}

/* With the monitor locked: until the next look, or the stop. */
static void wait_for_look(struct alarms *alarms, int64_t next_ms)
{
	while (!alarms->is_stopping && monitor_wait_until(&alarms->monitor, next_ms)) {
		if (alarms->has_result) {
			alarms->has_result = false;
			monitor_unlock(&alarms->monitor);
			note_result(alarms);
			monitor_lock(&alarms->monitor);
		}
	}
}

static void *run(void *argument)
{
	struct alarms *alarms = argument;

	monitor_lock(&alarms->monitor);
	while (!alarms->is_stopping) {
		int64_t next_ms = clock_mono_ms() + LOOK_MS;
		monitor_unlock(&alarms->monitor);
		turn(alarms);
		monitor_lock(&alarms->monitor);
		wait_for_look(alarms, next_ms);
	}
	monitor_unlock(&alarms->monitor);
	return NULL;
}

bool alarms_start(struct alarms *alarms, struct err *err)
{
	if (!sender_start(&alarms->sender, err)) {
		return false;
	}
	alarms->is_started = thread_start(&alarms->thread, "alarms", run, alarms, err);
	return alarms->is_started;
}

void alarms_stop(struct alarms *alarms)
{
	monitor_lock(&alarms->monitor);
	alarms->is_stopping = true;
	monitor_wake_all(&alarms->monitor);
	monitor_unlock(&alarms->monitor);
	sender_stop(&alarms->sender);
	if (alarms->is_started) {
		thread_join(alarms->thread);
		alarms->is_started = false;
		note_result(alarms);
	}
}

/* ------------------------------------------------------------------ telling */

size_t alarms_targets(struct alarms *alarms, const struct settings *settings,
        struct alarm_target_state states[SETTINGS_ALARM_TARGETS_MAX])
{
	for (size_t i = 0; i < settings->alarms.target_count; i++) {
		sender_state(&alarms->sender, settings->alarms.targets[i].name, &states[i]);
	}
	return settings->alarms.target_count;
}

bool alarms_test(struct alarms *alarms, const struct alarm_target *target,
        const struct alarm_settings *settings, struct err *err)
{
	const struct message message = {.is_test = true, .at_ms = clock_wall_ms()};
	const struct target_call call = {.target = target,
	        .message = &message,
	        .link = settings->link,
	        .plain = alarms->options.plain,
	        .stop = &alarms->sender.stop};

	return target_send(&call, err);
}
