/* SPDX-License-Identifier: MIT */
/*
 * What slows guessing down. Failures stand in the store, so a restart
 * forgets none; an attempt is noted as one before its password is looked at,
 * so that many at once gain nothing. Who is signed in has a brake of their own:
 * nobody outside can keep them from confirming with their password.
 */
#include "server/access/access_parts.h"

#include "server/base/log.h"
#include "server/base/str.h"

#include <string.h>

#define FIRST_DELAY_MS  1000
#define DOUBLINGS_MAX   20
#define SUBJECT_MAC     16 /* bytes of it */
#define NETWORK_V6_BITS 64

static const struct throttle_rule OF_ACCOUNT = {.free = 5, .most_ms = 900000, .a_day = 100};
static const struct throttle_rule OF_NETWORK = {.free = 5, .most_ms = 900000, .a_day = 100};
/* From everywhere together: bounds what it costs and gains, and locks nobody out for long. */
static const struct throttle_rule OF_ALL = {.free = 100, .most_ms = 60000, .a_day = 0};

/* ----------------------------------------------------------------------- judging */

int64_t throttle_wait_ms(
        const struct throttle_rule *rule, const struct failure_counts *counts, int64_t now_ms)
{
	int64_t until_ms = now_ms;
	if (counts->in_a_row >= rule->free) {
		int64_t over = counts->in_a_row - rule->free;
		int64_t delay_ms = (int64_t)FIRST_DELAY_MS
		        << (over < DOUBLINGS_MAX ? over : DOUBLINGS_MAX);
		until_ms =
		        counts->last_at_ms + (delay_ms < rule->most_ms ? delay_ms : rule->most_ms);
	}
	if (counts->capped_by_ms != 0 && until_ms < counts->capped_by_ms + ACCESS_DAY_MS) {
		until_ms = counts->capped_by_ms + ACCESS_DAY_MS;
	}
	return until_ms > now_ms ? until_ms - now_ms : 0;
}

struct brake {
	enum failure_of of;
	const char *key;
	const struct throttle_rule *rule;
};

/* *wait_ms becomes the longest. */
static bool look(struct access *access, const struct brake *brake, int64_t now_ms, int64_t *wait_ms,
        struct err *err)
{
	const struct failure_query query = {.of = brake->of,
	        .key = brake->key,
	        .since_ms = now_ms - ACCESS_DAY_MS,
	        .cap = brake->rule->a_day};
	struct failure_counts counts;
	if (!store_failure_count(access->store, &query, &counts, err)) {
		return false;
	}
	int64_t this_ms = throttle_wait_ms(brake->rule, &counts, now_ms);
	*wait_ms = this_ms > *wait_ms ? this_ms : *wait_ms;
	return true;
}

static bool judge(struct access *access, const struct attempt *attempt, int64_t now_ms,
        int64_t *wait_ms, struct err *err)
{
	const struct brake account = {FAILURES_OF_SUBJECT, attempt->subject, &OF_ACCOUNT};
	const struct brake network = {FAILURES_OF_NETWORK, attempt->network, &OF_NETWORK};
	const struct brake all = {FAILURES_OF_ALL, "", &OF_ALL};
	bool has_subject = attempt->subject[0] != '\0';
	bool has_network = attempt->network[0] != '\0';
	*wait_ms = 0;
	return (!has_subject || look(access, &account, now_ms, wait_ms, err)) &&
	        (!has_network ||
	                (look(access, &network, now_ms, wait_ms, err) &&
	                        look(access, &all, now_ms, wait_ms, err)));
}

/* ---------------------------------------------------------------------- attempts */

void access_network(const struct address *peer, char network[ACCESS_NETWORK_BYTES])
{
	struct address first = *peer;
	char text[ADDRESS_TEXT_BYTES];
	bool is_v4 = address_is_v4(peer);
	if (!is_v4) {
		memset(first.bytes + NETWORK_V6_BITS / 8, 0,
		        sizeof(first.bytes) - NETWORK_V6_BITS / 8);
	}
	address_format(&first, text);
	str_format_cut(network, ACCESS_NETWORK_BYTES, "%s%s", text, is_v4 ? "" : "/64");
}

bool attempt_of_name(const struct access *access, const char *name, const struct address *peer,
        struct attempt *attempt, struct err *err)
{
	uint8_t mac[CRYPTO_HMAC_SHA512_BYTES];
	*attempt = (struct attempt){0};
	access_network(peer, attempt->network);
	if (name == NULL) {
		return true;
	}
	if (!access_keyed(access, "failures of", name, mac)) {
		err_set(err, ERR_INTERNAL, "a name cannot be digested");
		return false;
	}
	str_hex(attempt->subject, mac, SUBJECT_MAC);
	return true;
}

void attempt_of_session(int64_t account, struct attempt *attempt)
{
	*attempt = (struct attempt){0};
	str_format_cut(
	        attempt->subject, sizeof(attempt->subject), "signed in %lld", (long long)account);
}

static bool begin(struct access *access, struct attempt *attempt, int64_t *wait_ms, struct err *err)
{
	const struct failure_new failure = {.subject = attempt->subject,
	        .network = attempt->network,
	        .now_ms = access_now_ms(access)};
	return judge(access, attempt, failure.now_ms, wait_ms, err) &&
	        (*wait_ms > 0 || store_failure_add(access->store, &failure, &attempt->id, err));
}

bool attempt_begin(
        struct access *access, struct attempt *attempt, int *retry_after_s, struct err *err)
{
	int64_t wait_ms = 0;
	*retry_after_s = 0;
	pthread_mutex_lock(&access->throttle);
	bool done = begin(access, attempt, &wait_ms, err);
	pthread_mutex_unlock(&access->throttle);
	if (done && wait_ms > 0) {
		*retry_after_s = (int)((wait_ms + 999) / 1000);
		err_set(err, ERR_TOO_MANY, "too many attempts failed: try again in %d s",
		        *retry_after_s);
	}
	return done && wait_ms == 0;
}

void attempt_drop(struct access *access, const struct attempt *attempt)
{
	struct err err = ERR_INIT;
	if (!store_failure_drop(access->store, attempt->id, &err)) {
		log_warn("an attempt to sign in stays counted as failed", F("error", err.text));
	}
}

void attempt_failed(struct access *access, const struct attempt *attempt, const char *name)
{
	struct err err = ERR_INIT;
	const struct failure_report report = {.subject = attempt->subject,
	        .name = name,
	        .since_ms = access_now_ms(access) - ACCESS_DAY_MS};
	if (!store_failure_report(access->store, &report, &err)) {
		log_warn("a failed sign-in is not in the audit trail", F("error", err.text));
	}
}
