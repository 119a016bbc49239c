/* SPDX-License-Identifier: MIT */
#include "okta/okta_org.h"

#include "server/base/buf.h"
#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "server/base/metrics.h"
#include "server/base/str.h"
#include "server/base/thread.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_MAX_BYTES 4096
#define STOP_SEEN_MS     100 /* a waiting caller sees the stop flag this late at most */

struct okta_org_shared {
	pthread_mutex_t lock;
	/* Protected by lock: */
	int users; /* objects that share it */
	struct budget budget;
	uint64_t random_state;

	struct monitor schema;
	/* Protected by schema: */
	bool is_schema_busy;
};

static const char *const bucket_names[OKTA_BUCKET_COUNT] = {
        [OKTA_BUCKET_USERS] = "users",
        [OKTA_BUCKET_USER_WRITE] = "user_write",
        [OKTA_BUCKET_USER_READ] = "user_read",
        [OKTA_BUCKET_GROUPS] = "groups",
        [OKTA_BUCKET_GROUP_READ] = "group_read",
        [OKTA_BUCKET_OTHER] = "other",
};

const char *okta_bucket_name(enum okta_bucket bucket)
{
	return (size_t)bucket < OKTA_BUCKET_COUNT ? bucket_names[bucket] : "other";
}

/* splitmix64: spreads waits, guards nothing. With the lock held. */
static uint64_t next_random(struct okta_org_shared *shared)
{
	shared->random_state += UINT64_C(0x9e3779b97f4a7c15);
	uint64_t mixed = shared->random_state;
	mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
	return mixed ^ (mixed >> 31);
}

static bool is_header_safe(const char *text)
{
	for (const char *at = text; *at != '\0'; at++) {
		if (*at < 0x20 || *at > 0x7e) {
			return false;
		}
	}
	return true;
}

/* U-06: a token with a line break would be a second header. */
static bool set_authorization(struct okta_org *org, const struct secret *token, struct err *err)
{
	if (!secret_is_set(token) || !is_header_safe(secret_reveal(token))) {
		err_set(err, ERR_SETTINGS_INVALID,
		        "okta.api_token is empty or holds characters no token has");
		return false;
	}
	struct buf value;
	buf_init(&value, HEADER_MAX_BYTES);
	buf_add_text(&value, "SSWS ");
	buf_add_text(&value, secret_reveal(token));
	bool done = !value.failed && secret_set(&org->authorization, buf_text(&value));
	buf_wipe(&value);
	if (!done) {
		err_set(err, ERR_SETTINGS_INVALID, "okta.api_token is too long");
	}
	return done;
}

static bool set_base_url(
        struct okta_org *org, const struct okta_org_options *options, struct err *err)
{
	const char *url = options->base_url;
	bool is_plain_allowed =
	        options->plain == TRANSPORT_PLAIN_ON_LOOPBACK && transport_url_is_loopback(url);
	if (!str_starts_with(url, "https://") && !is_plain_allowed) {
		err_set(err, ERR_SETTINGS_INVALID, "okta.base_url must begin with https://");
		return false;
	}
	size_t len = strlen(url);
	while (len > 0 && url[len - 1] == '/') {
		len--;
	}
	org->base_url = str_dup_len(url, len);
	return org->base_url != NULL;
}

/* Two engines of one process must not spend a budget each (docs/decisions/0006). */
static void take_shared(struct okta_org *org, struct okta_org_shared *shared)
{
	pthread_mutex_lock(&shared->lock);
	shared->users++;
	pthread_mutex_unlock(&shared->lock);
	org->shared = shared;
}

static void give_shared(struct okta_org_shared *shared)
{
	pthread_mutex_lock(&shared->lock);
	int users = --shared->users;
	pthread_mutex_unlock(&shared->lock);
	if (users == 0) {
		monitor_finish(&shared->schema);
		pthread_mutex_destroy(&shared->lock);
		free(shared);
	}
}

static bool make_shared(struct okta_org *org, int parallel_max, struct err *err)
{
	struct okta_org_shared *shared = calloc(1, sizeof(*shared));
	if (shared == NULL ||
	        !crypto_random(&shared->random_state, sizeof(shared->random_state), err) ||
	        pthread_mutex_init(&shared->lock, NULL) != 0) {
		free(shared);
		return false;
	}
	if (!monitor_init(&shared->schema)) {
		pthread_mutex_destroy(&shared->lock);
		free(shared);
		return false;
	}
	budget_init(&shared->budget, parallel_max > 0 ? parallel_max : 1);
	take_shared(org, shared);
	return true;
}

static bool set_shared(
        struct okta_org *org, const struct okta_org_options *options, struct err *err)
{
	const struct okta_org *other = options->share_with;

	if (other == NULL || !str_equal(other->base_url, org->base_url)) {
		return make_shared(org, options->parallel_max, err);
	}
	take_shared(org, other->shared);
	return true;
}

struct okta_org *okta_org_create(const struct okta_org_options *options, struct err *err)
{
	struct okta_org *org = calloc(1, sizeof(*org));
	if (org == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for an Okta org");
		return NULL;
	}
	atomic_init(&org->is_shut, false);
	org->plain = options->plain;
	org->stop = options->stop;
	org->user_agent = str_dup(options->user_agent != NULL ? options->user_agent : "bob2okta");
	org->token_lack = str_dup(options->token_lack);
	bool has_token = options->token_lack == NULL;
	if (org->user_agent == NULL || !set_base_url(org, options, err) ||
	        (has_token ? !set_authorization(org, options->api_token, err)
	                   : org->token_lack == NULL) ||
	        !set_shared(org, options, err)) {
		err_set(err, ERR_NO_MEMORY, "no memory for an Okta org");
		okta_org_destroy(org);
		return NULL;
	}
	return org;
}

void okta_org_destroy(struct okta_org *org)
{
	if (org == NULL) {
		return;
	}
	if (org->shared != NULL) {
		give_shared(org->shared);
	}
	secret_finish(&org->authorization);
	free(org->token_lack);
	free(org->base_url);
	free(org->user_agent);
	free(org);
}

void okta_org_shut(struct okta_org *org)
{
	atomic_store(&org->is_shut, true);
}

void okta_org_open(struct okta_org *org)
{
	atomic_store(&org->is_shut, false);
}

int64_t okta_org_remaining(const struct okta_org *org, enum okta_bucket bucket)
{
	pthread_mutex_lock(&org->shared->lock);
	int64_t remaining = budget_remaining(&org->shared->budget, bucket);
	pthread_mutex_unlock(&org->shared->lock);
	return remaining;
}

void okta_org_outlook(
        const struct okta_org *org, enum okta_bucket bucket, struct okta_outlook *outlook)
{
	pthread_mutex_lock(&org->shared->lock);
	budget_outlook(&org->shared->budget, bucket, clock_mono_ms(), outlook);
	pthread_mutex_unlock(&org->shared->lock);
}

void okta_org_start_slowly(struct okta_org *org)
{
	pthread_mutex_lock(&org->shared->lock);
	gate_start_slowly(&org->shared->budget.gate, clock_mono_ms());
	pthread_mutex_unlock(&org->shared->lock);
}

int okta_org_places(const struct okta_org *org, enum call_urgency urgency)
{
	pthread_mutex_lock(&org->shared->lock);
	int places = gate_places(&org->shared->budget.gate, urgency);
	pthread_mutex_unlock(&org->shared->lock);
	return places;
}

void okta_org_slow_start(const struct okta_org *org, struct okta_slow_start *start)
{
	pthread_mutex_lock(&org->shared->lock);
	gate_slow_start(&org->shared->budget.gate, clock_mono_ms(), start);
	pthread_mutex_unlock(&org->shared->lock);
}

struct budget_wait okta_org_begin(
        const struct okta_org *org, enum okta_bucket bucket, enum call_urgency urgency)
{
	struct okta_org_shared *shared = org->shared;
	pthread_mutex_lock(&shared->lock);
	uint64_t random = next_random(shared);
	struct budget_wait wait =
	        budget_begin(&shared->budget, bucket, urgency, clock_mono_ms(), random);
	pthread_mutex_unlock(&shared->lock);
	return wait;
}

void okta_org_end(const struct okta_org *org, struct budget_report *report)
{
	struct okta_org_shared *shared = org->shared;
	pthread_mutex_lock(&shared->lock);
	report->random = next_random(shared);
	budget_end(&shared->budget, report, clock_mono_ms());
	int64_t remaining = budget_remaining(&shared->budget, report->bucket);
	pthread_mutex_unlock(&shared->lock);
	if (remaining >= 0) {
		metrics_set(METRIC_OKTA_REMAINING, LABELS(okta_bucket_name(report->bucket)),
		        (double)remaining);
	}
}

int64_t okta_org_jitter_ms(const struct okta_org *org, int64_t max_ms)
{
	pthread_mutex_lock(&org->shared->lock);
	uint64_t random = next_random(org->shared);
	pthread_mutex_unlock(&org->shared->lock);
	return (int64_t)(random % (uint64_t)(max_ms + 1));
}

int64_t okta_org_pause_ms(const struct okta_org *org)
{
	pthread_mutex_lock(&org->shared->lock);
	int64_t pause_ms = gate_pause_ms(&org->shared->budget.gate, clock_mono_ms());
	pthread_mutex_unlock(&org->shared->lock);
	return pause_ms;
}

static bool is_stopping(const struct okta_org *org)
{
	return org->stop != NULL && atomic_load(org->stop);
}

/* With the schema's monitor held. Ends at a wake, at the deadline, or in time to look at stop. */
static void wait_a_little(const struct okta_org *org, int64_t deadline_ms)
{
	int64_t until_ms = clock_mono_ms() + STOP_SEEN_MS;
	(void)monitor_wait_until(
	        &org->shared->schema, until_ms < deadline_ms ? until_ms : deadline_ms);
}

bool okta_org_begin_schema(const struct okta_org *org, int64_t deadline_ms)
{
	struct okta_org_shared *shared = org->shared;
	monitor_lock(&shared->schema);
	while (shared->is_schema_busy && !is_stopping(org) && clock_mono_ms() < deadline_ms) {
		wait_a_little(org, deadline_ms);
	}
	bool is_ours = !shared->is_schema_busy && !is_stopping(org);
	shared->is_schema_busy = shared->is_schema_busy || is_ours;
	monitor_unlock(&shared->schema);
	return is_ours;
}

void okta_org_end_schema(const struct okta_org *org)
{
	struct okta_org_shared *shared = org->shared;
	monitor_lock(&shared->schema);
	shared->is_schema_busy = false;
	monitor_wake_all(&shared->schema);
	monitor_unlock(&shared->schema);
}

bool okta_org_wait(const struct okta_org *org, int64_t ms)
{
	int64_t deadline_ms = clock_mono_ms() + ms;
	monitor_lock(&org->shared->schema);
	while (!is_stopping(org) && clock_mono_ms() < deadline_ms) {
		wait_a_little(org, deadline_ms);
	}
	monitor_unlock(&org->shared->schema);
	return !is_stopping(org);
}
