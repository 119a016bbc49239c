/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_WEBHOOK_QUEUE_H
#define TESTS_SANDBOX_WEBHOOK_QUEUE_H

/*
 * The inside of the webhook sender, shared by webhook.c (the queue and what is asked of it) and
 * webhook_send.c (the threads that empty it). Nobody else includes this.
 */

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "tests/sandbox/webhook.h"

struct webhook_post;

enum { WEBHOOK_MAX_SENDERS = 16, WEBHOOK_MAX_DELIVERIES = 500000 };

enum delivery_status { DELIVERY_UNSENT, DELIVERY_PENDING, DELIVERY_DELIVERED, DELIVERY_FAILED };

struct delivery {
	int64_t id;
	char *type;
	char *employee_id;
	char *body;
	char *signature; /* or NULL */
	char *url;
	char *content_type;
	enum webhook_retry retry;
	enum delivery_status status;
	unsigned int lane;
	int64_t attempts;
	int http_status;
	int64_t answer_ms;
	char error[80];
	int64_t made_at_ms;
	int64_t done_at_ms;
	int64_t made_tick_ms;
	int64_t due_tick_ms;
};

struct sender {
	struct webhook *hook;
	pthread_t thread;
	struct webhook_post *post; /* the thread's own, but for its wake-up */
	unsigned int lane;
	size_t next; /* deliveries before it are done, or another lane's */
};

struct webhook {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* on the monotonic clock */
	/* protected by lock: */
	json_t *config;
	struct delivery **all;
	size_t count;
	int64_t last_id;
	int64_t pending;
	int64_t ok;
	int64_t failed;
	uint64_t epoch; /* goes up with every reset, so that a sender in flight drops its result */
	uint64_t random;
	bool is_stopping;
	struct sender senders[WEBHOOK_MAX_SENDERS];
	unsigned int sender_count;
};

/* Starts the senders that the configuration asks for and that do not run yet; lock held. */
void webhook_send_start(struct webhook *hook);
/* Waits for a change until a monotonic time; lock held. */
void webhook_send_wait(struct webhook *hook, int64_t tick_ms);

#endif
