/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <time.h>

#include "tests/sandbox/jsonx.h"
#include "tests/sandbox/webhook_post.h"
#include "tests/sandbox/webhook_queue.h"

/* The next delivery of a lane that is still to be sent, in order. */
static struct delivery *next_of(struct webhook *hook, struct sender *sender)
{
	for (; sender->next < hook->count; sender->next++) {
		struct delivery *d = hook->all[sender->next];

		if (d->lane == sender->lane && d->status == DELIVERY_PENDING) {
			return d;
		}
	}
	return NULL;
}

void webhook_send_wait(struct webhook *hook, int64_t tick_ms)
{
	struct timespec until = {.tv_sec = tick_ms / 1000, .tv_nsec = tick_ms % 1000 * 1000000};

	(void)pthread_cond_timedwait(&hook->changed, &hook->lock, &until);
}

static int64_t backoff_ms(const struct webhook *hook, int64_t attempts)
{
	int64_t wait = jsonx_int(hook->config, "retry_ms", 500);
	int64_t max = jsonx_int(hook->config, "retry_max_ms", 10000);

	for (int64_t i = 1; i < attempts && wait < max; i++) {
		wait *= 2;
	}
	return wait < max ? wait : max;
}

static void settle(struct webhook *hook, struct delivery *d, const struct webhook_answer *answer)
{
	int64_t now = util_tick_ms();
	bool retries = d->retry == WEBHOOK_RETRY_AS_CONFIGURED &&
	        jsonx_is(hook->config, "retry", true) &&
	        now - d->made_tick_ms < jsonx_int(hook->config, "give_up_ms", 0);

	d->attempts++;
	d->http_status = answer->status;
	d->answer_ms = answer->ms;
	util_format(d->error, sizeof(d->error), "%.79s", answer->error);
	if (answer->status != 200 && retries) {
		d->due_tick_ms = now + backoff_ms(hook, d->attempts);
		return;
	}
	d->status = answer->status == 200 ? DELIVERY_DELIVERED : DELIVERY_FAILED;
	d->done_at_ms = util_wall_ms();
	hook->ok += answer->status == 200;
	hook->failed += answer->status != 200;
	hook->pending--;
	(void)pthread_cond_broadcast(&hook->changed);
}

/* Sends with the lock released; the delivery's texts stay, only a reset frees them. */
static void send_one(struct webhook *hook, struct sender *sender, struct delivery *d)
{
	struct webhook_answer answer = {0};
	uint64_t epoch = hook->epoch;
	struct webhook_message message = {.url = util_dup(d->url),
	        .body = util_dup(d->body),
	        .signature = d->signature != NULL ? util_dup(d->signature) : NULL,
	        .content_type = util_dup(d->content_type),
	        .timeout_ms = jsonx_int(hook->config, "timeout_ms", 10000)};

	(void)pthread_mutex_unlock(&hook->lock);
	webhook_post_send(sender->post, &message, &answer);
	(void)pthread_mutex_lock(&hook->lock);
	if (epoch == hook->epoch && !hook->is_stopping) {
		settle(hook, d, &answer);
	}
	free(message.url);
	free(message.body);
	free(message.signature);
	free(message.content_type);
}

static void *run_sender(void *context)
{
	struct sender *sender = context;
	struct webhook *hook = sender->hook;

	(void)pthread_mutex_lock(&hook->lock);
	while (!hook->is_stopping) {
		struct delivery *d = next_of(hook, sender);

		if (d == NULL) {
			(void)pthread_cond_wait(&hook->changed, &hook->lock);
		} else if (d->due_tick_ms > util_tick_ms()) {
			webhook_send_wait(hook, d->due_tick_ms);
		} else {
			send_one(hook, sender, d);
		}
	}
	(void)pthread_mutex_unlock(&hook->lock);
	return NULL;
}

void webhook_send_start(struct webhook *hook)
{
	unsigned int wanted = (unsigned int)jsonx_int(hook->config, "parallel", 1);

	while (hook->sender_count < wanted) {
		struct sender *sender = &hook->senders[hook->sender_count];

		*sender = (struct sender){
		        .hook = hook, .lane = hook->sender_count, .post = webhook_post_create()};
		if (pthread_create(&sender->thread, NULL, run_sender, sender) != 0) {
			abort();
		}
		hook->sender_count++;
	}
}
