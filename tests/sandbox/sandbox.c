/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/sandbox/jsonx.h"
#include "tests/sandbox/people_names.h"
#include "tests/sandbox/webhook.h"

static const char *const COUNTER_NAMES[COUNTER_COUNT] = {
        [COUNTER_BOB_CALLS] = "bob_calls",
        [COUNTER_BOB_SEARCHES] = "bob_searches",
        [COUNTER_BOB_PEOPLE_READS] = "bob_people_reads",
        [COUNTER_BOB_429] = "bob_429",
        [COUNTER_BOB_401] = "bob_401",
        [COUNTER_OKTA_CALLS] = "okta_calls",
        [COUNTER_OKTA_WRITES] = "okta_writes",
        [COUNTER_OKTA_APPLIED] = "okta_applied",
        [COUNTER_OKTA_429] = "okta_429",
        [COUNTER_OKTA_401] = "okta_401",
        [COUNTER_ACTIVATION_MAILS] = "activation_mails",
        [COUNTER_DEACTIVATION_MAILS] = "deactivation_mails",
        [COUNTER_SESSIONS_ENDED] = "sessions_ended",
        [COUNTER_EVENTS_MADE] = "events_made",
        [COUNTER_DELIVERIES_OK] = "deliveries_ok",
        [COUNTER_DELIVERIES_FAILED] = "deliveries_failed",
        [COUNTER_FAULTS_FIRED] = "faults_fired",
};

struct sandbox *sandbox_create(const struct sandbox_options *options)
{
	struct sandbox *sb = util_alloc(sizeof(*sb));
	pthread_condattr_t attributes;

	sb->is_quiet = options->is_quiet;
	sb->seed = options->seed;
	if (!calls_init(&sb->calls, options->call_log)) {
		perror("sandbox: call log");
		calls_finish(&sb->calls);
		free(sb);
		return NULL;
	}
	(void)pthread_mutex_init(&sb->lock, NULL);
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&sb->stopping, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	faults_init(&sb->faults);
	settings_init(&sb->settings);
	sb->webhook = webhook_create(options->seed);
	sandbox_lock(sb);
	sandbox_reset(sb, options->seed_people, SANDBOX_KEEP_SETTINGS);
	sandbox_unlock(sb);
	return sb;
}

void sandbox_stop(struct sandbox *sb)
{
	sandbox_lock(sb);
	sb->is_stopping = true;
	(void)pthread_cond_broadcast(&sb->stopping);
	sandbox_unlock(sb);
	webhook_stop(sb->webhook);
}

void sandbox_destroy(struct sandbox *sb)
{
	if (sb == NULL) {
		return;
	}
	webhook_destroy(sb->webhook);
	okta_store_finish(&sb->directory);
	bob_people_finish(&sb->people);
	faults_finish(&sb->faults);
	settings_finish(&sb->settings);
	calls_finish(&sb->calls);
	(void)pthread_cond_destroy(&sb->stopping);
	(void)pthread_mutex_destroy(&sb->lock);
	free(sb);
}

void sandbox_lock(struct sandbox *sb)
{
	(void)pthread_mutex_lock(&sb->lock);
}

void sandbox_unlock(struct sandbox *sb)
{
	(void)pthread_mutex_unlock(&sb->lock);
}

void sandbox_wait(struct sandbox *sb, int64_t ms)
{
	int64_t end_ms = util_tick_ms() + ms;
	struct timespec until = {.tv_sec = end_ms / 1000, .tv_nsec = end_ms % 1000 * 1000000};

	sandbox_lock(sb);
	while (!sb->is_stopping && util_tick_ms() < end_ms) {
		(void)pthread_cond_timedwait(&sb->stopping, &sb->lock, &until);
	}
	sandbox_unlock(sb);
}

void sandbox_reset(struct sandbox *sb, int64_t people, unsigned int keep)
{
	okta_store_finish(&sb->directory);
	if (sb->people.by_id != NULL) {
		bob_people_finish(&sb->people);
	}
	if ((keep & SANDBOX_KEEP_SETTINGS) == 0) {
		settings_finish(&sb->settings);
		settings_init(&sb->settings);
	}
	sb->random = sb->seed;
	okta_store_init(&sb->directory, &sb->random);
	bob_people_init(&sb->people);
	sb->people.company_id = settings_int(&sb->settings, "company_id");
	sb->bob_rates = (struct rates){0};
	sb->okta_rates = (struct rates){0};
	sb->waf = (struct waf){0};
	for (size_t i = 0; i < COUNTER_COUNT; i++) {
		sb->counters[i] = 0;
	}
	faults_clear(&sb->faults);
	calls_clear(&sb->calls);
	webhook_reset(sb->webhook,
	        (keep & SANDBOX_KEEP_WEBHOOK) != 0 ? WEBHOOK_KEEP_CONFIG : WEBHOOK_KEEP_NOTHING);
	people_names_seed(&sb->people, people, sb->seed, sandbox_today(sb));
}

int64_t sandbox_today(const struct sandbox *sb)
{
	return settings_today(&sb->settings);
}

json_t *sandbox_counters(const struct sandbox *sb)
{
	json_t *all = json_object();

	for (size_t i = 0; i < COUNTER_COUNT; i++) {
		jsonx_set_int(all, COUNTER_NAMES[i], sb->counters[i]);
	}
	return all;
}
