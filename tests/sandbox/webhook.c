/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/webhook.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/sandbox/jsonx.h"
#include "tests/sandbox/webhook_post.h"
#include "tests/sandbox/webhook_queue.h"

static const char *const STATUS_NAMES[] = {"unsent", "pending", "delivered", "failed"};

static const char DEFAULTS[] =
        "{\"url\":\"\",\"secret\":\"sandbox-webhook-secret\",\"retry\":true,\"retry_ms\":500,"
        "\"retry_max_ms\":10000,\"give_up_ms\":259200000,\"timeout_ms\":10000,\"parallel\":1,"
        "\"delay_ms\":0,\"duplicate\":0.0,\"shuffle\":0.0}";

char *webhook_sign(const char *secret, const char *body, size_t length)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int size = 0;

	if (HMAC(EVP_sha512(), secret, (int)strlen(secret), (const unsigned char *)body, length,
	            digest, &size) == NULL) {
		abort();
	}
	return util_base64(digest, size);
}

static void free_delivery(struct delivery *d)
{
	free(d->type);
	free(d->employee_id);
	free(d->body);
	free(d->signature);
	free(d->url);
	free(d->content_type);
	free(d);
}

struct webhook *webhook_create(uint64_t seed)
{
	struct webhook *hook = util_alloc(sizeof(*hook));
	pthread_condattr_t attributes;

	(void)pthread_mutex_init(&hook->lock, NULL);
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&hook->changed, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	hook->config = jsonx_parse(DEFAULTS, strlen(DEFAULTS));
	hook->random = seed;
	(void)pthread_mutex_lock(&hook->lock);
	webhook_send_start(hook);
	(void)pthread_mutex_unlock(&hook->lock);
	return hook;
}

void webhook_stop(struct webhook *hook)
{
	(void)pthread_mutex_lock(&hook->lock);
	hook->is_stopping = true;
	(void)pthread_cond_broadcast(&hook->changed);
	for (unsigned int i = 0; i < hook->sender_count; i++) {
		webhook_post_abort(hook->senders[i].post);
	}
	(void)pthread_mutex_unlock(&hook->lock);
}

static void clear(struct webhook *hook)
{
	for (size_t i = 0; i < hook->count; i++) {
		free_delivery(hook->all[i]);
	}
	free(hook->all);
	hook->all = NULL;
	hook->count = 0;
	hook->pending = 0;
	hook->ok = 0;
	hook->failed = 0;
	hook->epoch++;
	for (unsigned int i = 0; i < hook->sender_count; i++) {
		hook->senders[i].next = 0;
	}
}

void webhook_destroy(struct webhook *hook)
{
	if (hook == NULL) {
		return;
	}
	webhook_stop(hook);
	for (unsigned int i = 0; i < hook->sender_count; i++) {
		(void)pthread_join(hook->senders[i].thread, NULL);
		webhook_post_destroy(hook->senders[i].post);
	}
	clear(hook);
	json_decref(hook->config);
	(void)pthread_cond_destroy(&hook->changed);
	(void)pthread_mutex_destroy(&hook->lock);
	free(hook);
}

static char *config_problem(const json_t *present, const json_t *changes)
{
	json_t *copy = json_deep_copy(changes);
	const char *key = NULL;
	json_t *value = NULL;
	char *problem = json_is_object(changes) ? NULL : util_text("must be an object");

	json_object_foreach(copy, key, value)
	{
		const json_t *old = json_object_get(present, key);
		bool same_kind = json_is_number(old)
		        ? json_is_number(value) && json_number_value(value) >= 0
		        : json_is_boolean(old) ? json_is_boolean(value)
		                               : json_is_string(value);

		if (problem == NULL && (old == NULL || !same_kind)) {
			problem =
			        util_text("%s: %s", key, old == NULL ? "no such key" : "bad value");
		}
	}
	int64_t parallel = jsonx_int(changes, "parallel", 1);

	if (problem == NULL && (parallel < 1 || parallel > WEBHOOK_MAX_SENDERS)) {
		problem = util_text("parallel: 1 to %d", WEBHOOK_MAX_SENDERS);
	}
	json_decref(copy);
	return problem;
}

char *webhook_configure(struct webhook *hook, const json_t *changes)
{
	(void)pthread_mutex_lock(&hook->lock);
	char *problem = config_problem(hook->config, changes);

	if (problem == NULL) {
		json_t *copy = json_deep_copy(changes);

		(void)json_object_update(hook->config, copy);
		json_decref(copy);
		webhook_send_start(hook);
		(void)pthread_cond_broadcast(&hook->changed);
	}
	(void)pthread_mutex_unlock(&hook->lock);
	return problem;
}

json_t *webhook_config(struct webhook *hook)
{
	(void)pthread_mutex_lock(&hook->lock);
	json_t *copy = json_deep_copy(hook->config);

	(void)pthread_mutex_unlock(&hook->lock);
	return copy;
}

void webhook_reset(struct webhook *hook, enum webhook_keep keep)
{
	(void)pthread_mutex_lock(&hook->lock);
	clear(hook);
	if (keep == WEBHOOK_KEEP_NOTHING) {
		json_decref(hook->config);
		hook->config = jsonx_parse(DEFAULTS, strlen(DEFAULTS));
	}
	(void)pthread_cond_broadcast(&hook->changed);
	(void)pthread_mutex_unlock(&hook->lock);
}

static unsigned int lane_of(const struct webhook *hook, const char *employee_id)
{
	uint64_t hash = 0;

	for (const char *c = employee_id; c != NULL && *c != '\0'; c++) {
		hash = hash * 31 + (unsigned char)*c;
	}
	return (unsigned int)(hash % (uint64_t)jsonx_int(hook->config, "parallel", 1));
}

/* Swaps the new delivery's place with the one before, if nobody has begun with that. */
static void shuffle(struct webhook *hook)
{
	struct delivery *last = hook->count >= 2 ? hook->all[hook->count - 1] : NULL;
	struct delivery *before = last != NULL ? hook->all[hook->count - 2] : NULL;

	if (before != NULL && before->status == DELIVERY_PENDING && before->attempts == 0 &&
	        before->lane == last->lane && hook->senders[last->lane].next + 2 < hook->count) {
		hook->all[hook->count - 2] = last;
		hook->all[hook->count - 1] = before;
	}
}

static struct delivery *append(struct webhook *hook, struct delivery *d)
{
	if (hook->count == WEBHOOK_MAX_DELIVERIES) {
		abort();
	}
	d->id = ++hook->last_id;
	d->lane = lane_of(hook, d->employee_id);
	d->made_at_ms = util_wall_ms();
	d->made_tick_ms = util_tick_ms();
	d->due_tick_ms = d->made_tick_ms + jsonx_int(hook->config, "delay_ms", 0);
	d->status = d->url[0] != '\0' ? DELIVERY_PENDING : DELIVERY_UNSENT;
	hook->pending += d->status == DELIVERY_PENDING;
	if ((hook->count & (hook->count - 1)) == 0) {
		size_t room = hook->count == 0 ? 1 : 2 * hook->count;

		hook->all = util_grow(hook->all, room * sizeof(struct delivery *));
	}
	hook->all[hook->count++] = d;
	return d;
}

static char *copy_or_null(const char *text)
{
	return text != NULL ? util_dup(text) : NULL;
}

static struct delivery *copy_of(const struct delivery *d)
{
	struct delivery *copy = util_alloc(sizeof(*copy));

	copy->type = copy_or_null(d->type);
	copy->employee_id = copy_or_null(d->employee_id);
	copy->body = util_dup(d->body);
	copy->signature = copy_or_null(d->signature);
	copy->url = util_dup(d->url);
	copy->content_type = util_dup(d->content_type);
	copy->retry = d->retry;
	return copy;
}

static struct delivery *make(const struct webhook *hook, const struct webhook_item *item)
{
	struct delivery *d = util_alloc(sizeof(*d));
	const char *secret =
	        item->secret != NULL ? item->secret : jsonx_text_or(hook->config, "secret", "");
	const char *url = item->url != NULL ? item->url : jsonx_text_or(hook->config, "url", "");

	d->type = copy_or_null(item->type);
	d->employee_id = copy_or_null(item->employee_id);
	d->body = util_dup(item->body);
	d->url = util_dup(url);
	d->content_type =
	        util_dup(item->content_type != NULL ? item->content_type : "application/json");
	d->retry = item->retry;
	if (item->signature != NULL) {
		d->signature = util_dup(item->signature);
	} else if (item->signing != WEBHOOK_UNSIGNED) {
		d->signature =
		        webhook_sign(item->signing == WEBHOOK_WRONG ? "not the secret" : secret,
		                item->body, strlen(item->body));
	}
	return d;
}

int64_t webhook_enqueue(struct webhook *hook, const struct webhook_item *item)
{
	(void)pthread_mutex_lock(&hook->lock);
	struct delivery *d = append(hook, make(hook, item));
	int64_t id = d->id;

	if (util_chance(&hook->random, jsonx_real(hook->config, "shuffle", 0.0))) {
		shuffle(hook);
	}
	if (util_chance(&hook->random, jsonx_real(hook->config, "duplicate", 0.0))) {
		(void)append(hook, copy_of(d));
	}
	(void)pthread_cond_broadcast(&hook->changed);
	(void)pthread_mutex_unlock(&hook->lock);
	return id;
}

static struct delivery *find(const struct webhook *hook, int64_t id)
{
	for (size_t i = hook->count; i > 0; i--) {
		if (hook->all[i - 1]->id == id) {
			return hook->all[i - 1];
		}
	}
	return NULL;
}

int64_t webhook_replay(struct webhook *hook, int64_t id)
{
	int64_t made = 0;

	(void)pthread_mutex_lock(&hook->lock);
	const struct delivery *old = find(hook, id);

	if (old != NULL) {
		struct delivery *copy = copy_of(old);

		if (copy->url[0] == '\0') {
			free(copy->url);
			copy->url = util_dup(jsonx_text_or(hook->config, "url", ""));
		}
		made = append(hook, copy)->id;
		(void)pthread_cond_broadcast(&hook->changed);
	}
	(void)pthread_mutex_unlock(&hook->lock);
	return made;
}

int64_t webhook_last_id(struct webhook *hook)
{
	(void)pthread_mutex_lock(&hook->lock);
	int64_t id = hook->last_id;

	(void)pthread_mutex_unlock(&hook->lock);
	return id;
}

static json_t *view(const struct delivery *d)
{
	return json_pack("{s:I,s:s?,s:s?,s:s,s:s?,s:s,s:s,s:I,s:i,s:I,s:s?,s:I,s:I}", "id",
	        (json_int_t)d->id, "type", d->type, "employee_id", d->employee_id, "body", d->body,
	        "signature", d->signature, "url", d->url, "status", STATUS_NAMES[d->status],
	        "attempts", (json_int_t)d->attempts, "http_status", d->http_status, "answer_ms",
	        (json_int_t)d->answer_ms, "error", d->error[0] != '\0' ? d->error : NULL,
	        "made_at_ms", (json_int_t)d->made_at_ms, "done_at_ms", (json_int_t)d->done_at_ms);
}

json_t *webhook_list(struct webhook *hook, int64_t since)
{
	json_t *list = json_array();

	(void)pthread_mutex_lock(&hook->lock);
	for (size_t i = 0; i < hook->count; i++) {
		if (hook->all[i]->id > since) {
			jsonx_push(list, view(hook->all[i]));
		}
	}
	(void)pthread_mutex_unlock(&hook->lock);
	return list;
}

json_t *webhook_get(struct webhook *hook, int64_t id)
{
	(void)pthread_mutex_lock(&hook->lock);
	const struct delivery *d = find(hook, id);
	json_t *found = d != NULL ? view(d) : NULL;

	(void)pthread_mutex_unlock(&hook->lock);
	return found;
}

int64_t webhook_pending(struct webhook *hook)
{
	(void)pthread_mutex_lock(&hook->lock);
	int64_t pending = hook->pending;

	(void)pthread_mutex_unlock(&hook->lock);
	return pending;
}

void webhook_counts(struct webhook *hook, int64_t *ok, int64_t *failed)
{
	(void)pthread_mutex_lock(&hook->lock);
	*ok = hook->ok;
	*failed = hook->failed;
	(void)pthread_mutex_unlock(&hook->lock);
}

bool webhook_drain(struct webhook *hook, int64_t timeout_ms)
{
	int64_t until = util_tick_ms() + timeout_ms;

	(void)pthread_mutex_lock(&hook->lock);
	while (hook->pending > 0 && util_tick_ms() < until && !hook->is_stopping) {
		webhook_send_wait(hook, until);
	}
	bool drained = hook->pending == 0;

	(void)pthread_mutex_unlock(&hook->lock);
	return drained;
}

bool webhook_wait(struct webhook *hook, int64_t id, int64_t timeout_ms)
{
	int64_t until = util_tick_ms() + timeout_ms;
	bool is_done = false;

	(void)pthread_mutex_lock(&hook->lock);
	while (!hook->is_stopping) {
		const struct delivery *d = find(hook, id);

		is_done = d == NULL || d->status != DELIVERY_PENDING;
		if (is_done || util_tick_ms() >= until) {
			break;
		}
		webhook_send_wait(hook, until);
	}
	(void)pthread_mutex_unlock(&hook->lock);
	return is_done;
}
