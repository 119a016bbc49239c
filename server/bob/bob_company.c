/* SPDX-License-Identifier: MIT */
#include "server/bob/bob_company.h"

#include "server/base/buf.h"
#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "server/base/str.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define CREDENTIALS_MAX_BYTES 4096

struct bob_company_shared {
	pthread_mutex_t lock;
	/* Protected by lock: */
	int users; /* objects that share it */
	struct pacing pacing;
};

static bool is_printable(const char *text)
{
	for (const char *at = text; *at != '\0'; at++) {
		if (*at < 0x20 || *at > 0x7e) {
			return false;
		}
	}
	return true;
}

/* A colon in the id would move the border between id and token (RFC 7617). */
static bool are_credentials_usable(const struct bob_company_options *options)
{
	const char *id = options->service_user_id;
	return !str_is_empty(id) && is_printable(id) && strchr(id, ':') == NULL &&
	        secret_is_set(options->service_user_token) &&
	        is_printable(secret_reveal(options->service_user_token));
}

/* "Basic " and the Base64 of "id:token". */
static bool encode_credentials(const struct bob_company_options *options, struct secret *to)
{
	struct buf plain;
	struct buf value;
	buf_init(&plain, CREDENTIALS_MAX_BYTES);
	buf_init(&value, 2 * CREDENTIALS_MAX_BYTES);
	buf_add_text(&plain, options->service_user_id);
	buf_add_char(&plain, ':');
	buf_add_text(&plain, secret_reveal(options->service_user_token));
	char *encoded = plain.failed ? NULL : base64_encode(plain.data, plain.len);
	buf_add_text(&value, "Basic ");
	buf_add_text(&value, encoded);
	bool done = encoded != NULL && !value.failed && secret_set(to, buf_text(&value));
	if (encoded != NULL) {
		crypto_wipe(encoded, strlen(encoded));
	}
	free(encoded);
	buf_wipe(&value);
	buf_wipe(&plain);
	return done;
}

static bool set_authorization(
        struct bob_company *company, const struct bob_company_options *options, struct err *err)
{
	if (!are_credentials_usable(options)) {
		err_set(err, ERR_SETTINGS_INVALID,
		        "bob.service_user_id or bob.service_user_token is empty or holds "
		        "characters that cannot be sent");
		return false;
	}
	if (!encode_credentials(options, &company->authorization)) {
		err_set(err, ERR_SETTINGS_INVALID, "bob.service_user_token is too long");
		return false;
	}
	return true;
}

static bool set_base_url(
        struct bob_company *company, const struct bob_company_options *options, struct err *err)
{
	const char *url = options->base_url;
	bool is_plain_allowed =
	        options->plain == TRANSPORT_PLAIN_ON_LOOPBACK && transport_url_is_loopback(url);
	if (!str_starts_with(url, "https://") && !is_plain_allowed) {
		err_set(err, ERR_SETTINGS_INVALID, "bob.base_url must begin with https://");
		return false;
	}
	size_t len = strlen(url);
	while (len > 0 && url[len - 1] == '/') {
		len--;
	}
	company->base_url = str_dup_len(url, len);
	return company->base_url != NULL;
}

static void take_shared(struct bob_company *company, struct bob_company_shared *shared)
{
	pthread_mutex_lock(&shared->lock);
	shared->users++;
	pthread_mutex_unlock(&shared->lock);
	company->shared = shared;
}

static void give_shared(struct bob_company_shared *shared)
{
	pthread_mutex_lock(&shared->lock);
	int users = --shared->users;
	pthread_mutex_unlock(&shared->lock);
	if (users == 0) {
		pthread_mutex_destroy(&shared->lock);
		free(shared);
	}
}

static bool make_shared(struct bob_company *company)
{
	struct bob_company_shared *shared = calloc(1, sizeof(*shared));
	if (shared == NULL || pthread_mutex_init(&shared->lock, NULL) != 0) {
		free(shared);
		return false;
	}
	pacing_init(&shared->pacing);
	take_shared(company, shared);
	return true;
}

static bool set_shared(struct bob_company *company, const struct bob_company *other)
{
	if (other == NULL || !str_equal(other->base_url, company->base_url)) {
		return make_shared(company);
	}
	take_shared(company, other->shared);
	return true;
}

struct bob_company *bob_company_create(const struct bob_company_options *options, struct err *err)
{
	struct bob_company *company = calloc(1, sizeof(*company));
	if (company == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for a Bob company");
		return NULL;
	}
	atomic_init(&company->is_shut, false);
	company->plain = options->plain;
	company->stop = options->stop;
	company->user_agent =
	        str_dup(options->user_agent != NULL ? options->user_agent : "bob2okta");
	company->token_lack = str_dup(options->token_lack);
	bool has_token = options->token_lack == NULL;
	if (company->user_agent == NULL || !set_base_url(company, options, err) ||
	        (has_token ? !set_authorization(company, options, err)
	                   : company->token_lack == NULL) ||
	        !set_shared(company, options->share_with)) {
		err_set(err, ERR_NO_MEMORY, "no memory for a Bob company");
		bob_company_destroy(company);
		return NULL;
	}
	return company;
}

void bob_company_destroy(struct bob_company *company)
{
	if (company == NULL) {
		return;
	}
	if (company->shared != NULL) {
		give_shared(company->shared);
	}
	secret_finish(&company->authorization);
	free(company->token_lack);
	free(company->base_url);
	free(company->user_agent);
	free(company);
}

void bob_company_shut(struct bob_company *company)
{
	atomic_store(&company->is_shut, true);
}

void bob_company_open(struct bob_company *company)
{
	atomic_store(&company->is_shut, false);
}

/* Kept in monotonic time, so that a step of the wall clock moves nothing. */
int64_t bob_company_next_search_ms(
        const struct bob_company *company, enum call_urgency urgency, int64_t now_ms)
{
	struct bob_company_shared *shared = company->shared;
	pthread_mutex_lock(&shared->lock);
	int64_t wait_ms = pacing_wait_ms(&shared->pacing, urgency, clock_mono_ms());
	pthread_mutex_unlock(&shared->lock);
	return now_ms + wait_ms;
}

void bob_company_outlook(const struct bob_company *company, struct bob_outlook *outlook)
{
	struct bob_company_shared *shared = company->shared;
	pthread_mutex_lock(&shared->lock);
	pacing_outlook(&shared->pacing, clock_mono_ms(), outlook);
	pthread_mutex_unlock(&shared->lock);
}

void bob_company_begin_search(const struct bob_company *company)
{
	pthread_mutex_lock(&company->shared->lock);
	pacing_begin(&company->shared->pacing, clock_mono_ms());
	pthread_mutex_unlock(&company->shared->lock);
}

void bob_company_learn(const struct bob_company *company, const struct pacing_news *news)
{
	pthread_mutex_lock(&company->shared->lock);
	pacing_learn(&company->shared->pacing, news, clock_mono_ms());
	pthread_mutex_unlock(&company->shared->lock);
}
