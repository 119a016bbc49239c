/* SPDX-License-Identifier: MIT */
#include "server/alarm/sender.h"

#include "server/alarm/target.h"
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/base/str.h"

/* Before the second try and the third. */
static const int64_t WAITS_MS[SENDER_TRIES] = {0, 1000, 5000};

/* ------------------------------------------------------------------ states */

/* With the monitor locked. A place of a target that is gone is as good as a free one. */
static struct alarm_target_state *place_of(struct sender *sender, const char *name)
{
	struct alarm_target_state *oldest = &sender->states[0];

	for (size_t i = 0; i < SETTINGS_ALARM_TARGETS_MAX; i++) {
		struct alarm_target_state *state = &sender->states[i];
		if (str_equal(state->name, name)) {
			return state;
		}
		bool is_older = state->name[0] == '\0' ||
		        (oldest->name[0] != '\0' && state->sent_at_ms < oldest->sent_at_ms);
		oldest = is_older ? state : oldest;
	}
	*oldest = (struct alarm_target_state){0};
	str_format_cut(oldest->name, sizeof(oldest->name), "%s", name);
	return oldest;
}

void sender_state(struct sender *sender, const char *name, struct alarm_target_state *state)
{
	*state = (struct alarm_target_state){0};
	str_format_cut(state->name, sizeof(state->name), "%s", name);
	monitor_lock(&sender->monitor);
	for (size_t i = 0; i < SETTINGS_ALARM_TARGETS_MAX; i++) {
		if (str_equal(sender->states[i].name, name)) {
			*state = sender->states[i];
		}
	}
	monitor_unlock(&sender->monitor);
}

static bool is_failing(struct sender *sender, const char *name)
{
	struct alarm_target_state state;

	sender_state(sender, name, &state);
	return state.failing_since_ms != 0;
}

static void note_taken(struct sender *sender, const char *name)
{
	monitor_lock(&sender->monitor);
	struct alarm_target_state *state = place_of(sender, name);
	bool was_failing = state->failing_since_ms != 0;
	state->sent_at_ms = clock_wall_ms();
	state->failing_since_ms = 0;
	state->failures = 0;
	state->sentence[0] = '\0';
	monitor_unlock(&sender->monitor);
	if (was_failing) {
		log_info("alarm target takes messages again", F("target", name));
	}
}

static void note_lost(struct sender *sender, const char *name, const struct err *err)
{
	monitor_lock(&sender->monitor);
	struct alarm_target_state *state = place_of(sender, name);
	if (state->failing_since_ms == 0) {
		state->failing_since_ms = clock_wall_ms();
	}
	state->failures++;
	str_format_cut(state->sentence, sizeof(state->sentence), "%s", err->text);
	monitor_unlock(&sender->monitor);
	log_error("alarm not sent", F("target", name), F("code", err_code_name(err->code)),
	        F("cause", err->text));
}

/* ----------------------------------------------------------------- sending */

struct delivery {
	struct sender *sender;
	const struct alarm_settings *settings;
	const struct message *message;
	bool is_done[SETTINGS_ALARM_TARGETS_MAX]; /* taken, given up, or not wanted */
	size_t wanted;
	size_t taken;
};

/* One try. */
static void try_target(struct delivery *delivery, size_t index, int try)
{
	struct sender *sender = delivery->sender;
	const struct alarm_target *target = &delivery->settings->targets[index];
	const struct target_call call = {.target = target,
	        .message = delivery->message,
	        .link = delivery->settings->link,
	        .plain = sender->plain,
	        .stop = &sender->stop};
	struct err err = ERR_INIT;

	if (target_send(&call, &err)) {
		delivery->is_done[index] = true;
		delivery->taken++;
		note_taken(sender, target->name);
		return;
	}
	bool is_stopped = atomic_load(&sender->stop);
	bool is_last = try + 1 == SENDER_TRIES || is_failing(sender, target->name) ||
	        err_code_retry(err.code) == ERR_RETRY_NONE;
	if (is_last || is_stopped) {
		delivery->is_done[index] = true;
	}
	if (is_last && !is_stopped) {
		note_lost(sender, target->name, &err);
	}
}

/* False when all are done, or the sender stops. */
static bool wait_for_try(struct delivery *delivery, int try)
{
	struct sender *sender = delivery->sender;
	int64_t until_ms = clock_mono_ms() + WAITS_MS[try];
	bool is_open = false;

	for (size_t i = 0; i < delivery->settings->target_count; i++) {
		is_open |= !delivery->is_done[i];
	}
	if (!is_open) {
		return false;
	}
	monitor_lock(&sender->monitor);
	while (!atomic_load(&sender->stop) && monitor_wait_until(&sender->monitor, until_ms)) {
	}
	monitor_unlock(&sender->monitor);
	return !atomic_load(&sender->stop);
}

static enum sender_result deliver(
        struct sender *sender, const struct alarm_settings *settings, const struct message *message)
{
	struct delivery delivery = {.sender = sender, .settings = settings, .message = message};

	for (size_t i = 0; i < settings->target_count; i++) {
		delivery.is_done[i] = !target_wants(&settings->targets[i], message);
		delivery.wanted += delivery.is_done[i] ? 0 : 1;
	}
	for (int try = 0; try < SENDER_TRIES && wait_for_try(&delivery, try); try++) {
		for (size_t i = 0; i < settings->target_count; i++) {
			if (!delivery.is_done[i] && !atomic_load(&sender->stop)) {
				try_target(&delivery, i, try);
			}
		}
	}
	return delivery.taken > 0 || delivery.wanted == 0 ? SENDER_TAKEN : SENDER_LOST;
}

/* Settings that are replaced meanwhile stay with this message. */
static enum sender_result send(struct sender *sender)
{
	struct settings *settings = holder_acquire(sender->settings);
	enum sender_result result = SENDER_LOST;

	if (settings != NULL) {
		/* The message is not touched by anybody else while the result is BUSY. */
		result = deliver(sender, &settings->alarms, &sender->message);
	}
	holder_release(sender->settings, settings);
	return result;
}

static void *run(void *argument)
{
	struct sender *sender = argument;

	monitor_lock(&sender->monitor);
	while (!atomic_load(&sender->stop)) {
		if (sender->result != SENDER_BUSY) {
			monitor_wait(&sender->monitor);
			continue;
		}
		monitor_unlock(&sender->monitor);
		enum sender_result result = send(sender);
		monitor_lock(&sender->monitor);
		sender->result = result;
		monitor_wake_all(&sender->monitor);
		monitor_unlock(&sender->monitor);
		if (sender->on_result != NULL) {
			sender->on_result(sender->on_result_context);
		}
		monitor_lock(&sender->monitor);
	}
	monitor_unlock(&sender->monitor);
	return NULL;
}

/* ---------------------------------------------------------------- lifetime */

bool sender_init(struct sender *sender, struct holder *settings, enum transport_plain plain)
{
	*sender = (struct sender){.settings = settings, .plain = plain};
	return monitor_init(&sender->monitor);
}

void sender_finish(struct sender *sender)
{
	message_finish(&sender->message);
	monitor_finish(&sender->monitor);
}

bool sender_start(struct sender *sender, struct err *err)
{
	sender->is_started = thread_start(&sender->thread, "alarm-send", run, sender, err);
	return sender->is_started;
}

void sender_stop(struct sender *sender)
{
	monitor_lock(&sender->monitor);
	atomic_store(&sender->stop, true);
	monitor_wake_all(&sender->monitor);
	monitor_unlock(&sender->monitor);
	if (sender->is_started) {
		thread_join(sender->thread);
		sender->is_started = false;
	}
}

void sender_give(struct sender *sender, struct message *message)
{
	monitor_lock(&sender->monitor);
	message_finish(&sender->message);
	sender->message = *message;
	*message = (struct message){0};
	sender->result = SENDER_BUSY;
	monitor_wake_all(&sender->monitor);
	monitor_unlock(&sender->monitor);
}

enum sender_result sender_take(struct sender *sender, struct message *message)
{
	*message = (struct message){0};
	monitor_lock(&sender->monitor);
	enum sender_result result = sender->result;
	if (result == SENDER_TAKEN || result == SENDER_LOST) {
		*message = sender->message;
		sender->message = (struct message){0};
		sender->result = SENDER_IDLE;
	}
	monitor_unlock(&sender->monitor);
	return result;
}

void sender_wait(struct sender *sender)
{
	monitor_lock(&sender->monitor);
	while (sender->result == SENDER_BUSY && !atomic_load(&sender->stop)) {
		monitor_wait(&sender->monitor);
	}
	monitor_unlock(&sender->monitor);
}
