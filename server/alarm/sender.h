/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ALARM_SENDER_H
#define SERVER_ALARM_SENDER_H

/*
 * A thread that brings one message at a time to all targets: each is tried at
 * once, those that failed twice more a little later, unless they failed the
 * message before too. It keeps how sending goes. Any thread may ask.
 */

#include "server/alarm/alarm.h"
#include "server/alarm/message.h"
#include "server/base/thread.h"

#include <stdatomic.h>

#define SENDER_TRIES 3

enum sender_result {
	SENDER_IDLE, /* nothing was given, or its result was asked for already */
	SENDER_BUSY,
	SENDER_TAKEN, /* somebody took it, or nobody is to get it */
	SENDER_LOST /* all targets that should have failed */
};

struct sender {
	struct holder *settings; /* borrowed; they name the targets */
	/* Told on the thread when a message has its result; may be NULL. */
	void (*on_result)(void *context);
	void *on_result_context;
	enum transport_plain plain;
	pthread_t thread;
	bool is_started;
	atomic_bool stop;
	struct monitor monitor;
	/* protected by monitor: */
	struct message message;
	enum sender_result result;
	struct alarm_target_state states[SETTINGS_ALARM_TARGETS_MAX]; /* name "": a free place */
};

bool sender_init(struct sender *sender, struct holder *settings, enum transport_plain plain);
void sender_finish(struct sender *sender);
bool sender_start(struct sender *sender, struct err *err) MUST_CHECK;
void sender_stop(struct sender *sender);
/* Takes the message over; only after sender_take has said that nothing is under way. */
void sender_give(struct sender *sender, struct message *message);
/* How it went; once TAKEN or LOST was told, the message is the caller's, who finishes it. */
enum sender_result sender_take(struct sender *sender, struct message *message);
/* The state of that target; all zeroes but its name while nothing was sent there. */
void sender_state(struct sender *sender, const char *name, struct alarm_target_state *state);
/* Waits for the message under way, for tests. */
void sender_wait(struct sender *sender);

#endif
