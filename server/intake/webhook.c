/* SPDX-License-Identifier: MIT */
#include "server/intake/webhook.h"

#include "server/base/clock.h"
#include "server/base/failpoint.h"
#include "server/base/hook_light.h"
#include "server/base/key_use.h"
#include "server/base/log.h"
#include "server/base/metrics.h"
#include "server/base/str.h"
#include "server/intake/ping.h"
#include "server/intake/signature.h"

#include <stdlib.h>

#define DEFAULT_CONNECTION "default"
/* Far above a commit, well below the ten seconds Bob gives its partners (bob.md 3.3). */
#define ANSWER_TIMEOUT_MS 5000
/* a flood of wrong signatures is one line a second. */
#define LOG_PAUSE_MS 1000
/* W-07: a person connecting a webhook sends a few; a minute's worth at once is generous. */
#define PING_INTERVAL_US   1000000
#define PING_BURST         60
#define PING_RETRY_AFTER_S 1

/* Handed to the store with the body; freed when the store has spoken. */
struct delivery {
	const struct intake *intake;
	struct http_ticket *ticket;
	char connection[CONNECTION_NAME_BYTES];
};

bool intake_init(
        struct intake *intake, struct holder *settings, struct store *store, struct err *err)
{
	*intake = (struct intake){
	        .settings = settings, .store = store, .answer_timeout_ms = ANSWER_TIMEOUT_MS};
	return throttle_init(&intake->pings, PING_INTERVAL_US, PING_BURST, err);
}

static void count(const char *connection, const char *result)
{
	metrics_add(METRIC_DELIVERIES, LABELS(connection, result), 1);
}

static enum http_verdict refuse(struct http_reply *reply, const struct http_request *request,
        enum err_code code, const char *message)
{
	http_reply_error(reply, request, code, message);
	return HTTP_ANSWERED;
}

/* The peer is that of the last one. */
static void log_sampled(struct log_sample *sample, const char *message, const char *connection,
        const struct http_request *request)
{
	atomic_fetch_add(&sample->count, 1);
	int64_t now_ms = clock_mono_ms();
	int64_t last_ms = atomic_load(&sample->logged_at_ms);
	if ((last_ms != 0 && now_ms - last_ms < LOG_PAUSE_MS) ||
	        !atomic_compare_exchange_strong(&sample->logged_at_ms, &last_ms, now_ms)) {
		return;
	}
	char peer[ADDRESS_TEXT_BYTES];
	struct address address = http_request_peer(request);
	address_format(&address, peer);
	log_warn(message, F("connection", connection),
	        F("count", atomic_exchange(&sample->count, 0)), F("peer", peer));
}

/* W-04: the work was the same for one that is over. */
static unsigned without_expired(const struct bob_settings *bob, unsigned matches, int64_t now_ms)
{
	for (size_t i = 0; i < bob->webhook_key_count; i++) {
		int64_t expires_ms = bob->webhook_expires_ms[i];
		matches &= expires_ms != 0 && expires_ms <= now_ms ? ~(1U << i) : ~0U;
	}
	return matches;
}

static void note_uses(const struct bob_settings *bob, unsigned matches, int64_t now_ms)
{
	for (size_t i = 0; i < bob->webhook_key_count; i++) {
		if ((matches & (1U << i)) != 0) {
			key_use_note(hmac_key_mark(bob->webhook_keys[i]), now_ms);
		}
	}
}

enum signing { UNSIGNED, SIGNED, SIGNED_TOO_LATE };

static enum signing signing_of(const struct bob_settings *bob, const struct http_request *request)
{
	size_t len = 0;
	const char *body = http_request_body(request, &len);
	/* H5: with two headers neither can be trusted; the work is done all the same (W-02). */
	bool has_one = http_request_header_count(request, SIGNATURE_HEADER) == 1;
	const char *header = has_one ? http_request_header(request, SIGNATURE_HEADER) : NULL;
	unsigned matches =
	        intake_signature_verify((const struct hmac_key *const *)bob->webhook_keys,
	                bob->webhook_key_count, header, body, len);
	int64_t now_ms = clock_wall_ms();
	unsigned valid = without_expired(bob, matches, now_ms);
	note_uses(bob, valid, now_ms);
	if (valid != 0) {
		return SIGNED;
	}
	return matches != 0 ? SIGNED_TOO_LATE : UNSIGNED;
}

static const char *result_of(enum err_code code)
{
	return code == ERR_OK ? "stored" : "unavailable";
}

/* Bob sends again only what was answered as our trouble, so every failure is a 503. */
static enum err_code answer_of(enum err_code code)
{
	if (code == ERR_OK) {
		return ERR_OK;
	}
	return err_code_http_status(code) == 503 ? code : ERR_STORE_FAILED;
}

/* On the store's writer thread, after the commit. */
static void finish_delivery(struct delivery *delivery, enum err_code code)
{
	count(delivery->connection, result_of(code));
	http_ticket_answer(delivery->ticket, answer_of(code));
	free(delivery);
}

static void on_appended(void *context, enum err_code code)
{
	struct delivery *delivery = context;
	const struct intake *intake = delivery->intake;

	FAILPOINT_ONLY("recv.pre_200", NULL);
	finish_delivery(delivery, code);
	FAILPOINT_ONLY("recv.post_200", NULL);
	if (intake->on_stored != NULL && code == ERR_OK) {
		intake->on_stored(intake->on_stored_context);
	}
}

static struct delivery *delivery_create(const struct intake *intake, const char *connection)
{
	struct delivery *delivery = calloc(1, sizeof(*delivery));
	if (delivery != NULL &&
	        !str_copy(delivery->connection, CONNECTION_NAME_BYTES, connection)) {
		free(delivery);
		return NULL;
	}
	if (delivery != NULL) {
		delivery->intake = intake;
	}
	return delivery;
}

/* Engine rule 13: suspended first, then handed on. From the ticket on, only the ticket answers. */
static enum http_verdict store_delivery(struct intake *intake, const char *connection,
        struct http_request *request, struct http_reply *reply)
{
	size_t len = 0;
	const char *body = http_request_body(request, &len);
	char *copy = str_dup_len(body, len);
	struct delivery *delivery = delivery_create(intake, connection);
	if (copy != NULL && delivery != NULL) {
		delivery->ticket = http_ticket_take(request, intake->answer_timeout_ms);
	}
	if (delivery == NULL || delivery->ticket == NULL) {
		free(copy);
		free(delivery);
		count(connection, "unavailable");
		return refuse(reply, request, ERR_NO_MEMORY, "the delivery could not be kept");
	}
	enum err_code code =
	        store_append(intake->store, connection, copy, len, on_appended, delivery);
	if (code != ERR_OK) {
		finish_delivery(delivery, code);
	}
	return HTTP_LATER;
}

static const char *connection_of(const struct http_request *request)
{
	const char *name = http_request_param(request, 0);
	return name[0] != '\0' ? name : DEFAULT_CONNECTION;
}

/*
 * W-07: Bob may send it before anybody holds the secret. Beyond the rate only the secret helps,
 * so that a flood of pings does not keep Bob's own away.
 */
static enum http_verdict answer_ping(struct intake *intake,
        const struct connection_settings *connection, const struct http_request *request,
        struct http_reply *reply)
{
	struct address peer = http_request_peer(request);
	if (!throttle_take(&intake->pings, &peer, clock_mono_us()) &&
	        signing_of(&connection->bob, request) != SIGNED) {
		count(connection->name, "throttled");
		log_sampled(&intake->too_many_pings, "pings over the rate refused",
		        connection->name, request);
		reply->retry_after_s = PING_RETRY_AFTER_S;
		return refuse(reply, request, ERR_TOO_MANY, "too many pings without a signature");
	}
	count(connection->name, "ping");
	hook_light_note(connection->name, HOOK_PING, clock_wall_ms());
	http_reply_json(reply, 200, json_object());
	return HTTP_ANSWERED;
}

/* Strangers are told the same in both cases; our log is not. */
static enum http_verdict refuse_unsigned(struct intake *intake, const char *connection,
        enum signing signing, const struct http_request *request, struct http_reply *reply)
{
	count(connection, "unauthorized");
	hook_light_note(connection, HOOK_WRONG_SIGNATURE, clock_wall_ms());
	if (signing == SIGNED_TOO_LATE) {
		log_sampled(&intake->expired_secrets,
		        "webhooks signed with a secret that has expired refused", connection,
		        request);
	} else {
		log_sampled(&intake->wrong_signatures, "webhooks with a wrong signature refused",
		        connection, request);
	}
	return refuse(reply, request, ERR_BAD_SIGNATURE, "the signature is missing or wrong");
}

static enum http_verdict receive(struct intake *intake, const struct settings *settings,
        struct http_request *request, struct http_reply *reply)
{
	const struct connection_settings *connection =
	        settings_find(settings, connection_of(request));
	if (connection == NULL) {
		return refuse(reply, request, ERR_NOT_FOUND, "there is no such connection");
	}
	size_t len = 0;
	const char *body = http_request_body(request, &len);
	FAILPOINT_ONLY("recv.body", NULL);
	if (ping_is_ping(body, len)) {
		return answer_ping(intake, connection, request, reply);
	}
	if (connection->bob.webhook_key_count == 0) {
		count(connection->name, "refused");
		hook_light_note(connection->name, HOOK_NO_SECRET, clock_wall_ms());
		return refuse(
		        reply, request, ERR_NO_SECRET, "this connection has no webhook secret");
	}
	enum signing signing = signing_of(&connection->bob, request);
	if (signing != SIGNED) {
		return refuse_unsigned(intake, connection->name, signing, request, reply);
	}
	FAILPOINT_ONLY("hmac.ok", NULL);
	hook_light_note(connection->name, HOOK_EVENT, clock_wall_ms());
	return store_delivery(intake, connection->name, request, reply);
}

/* Settings may be replaced at any time; one request is judged by one version. */
enum http_verdict webhook_receive(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct intake *intake = context;
	const struct settings *settings = holder_acquire(intake->settings);
	enum http_verdict verdict = receive(intake, settings, request, reply);

	holder_release(intake->settings, settings);
	return verdict;
}
