/* SPDX-License-Identifier: MIT */
#include "server/alarm/target.h"

#include "server/base/crypto.h"
#include "server/base/str.h"
#include "server/base/transport_mail.h"
#include "server/base/version.h"

#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX_BYTES (64 * 1024)
#define BEARER_BYTES     4200
#define SIGNATURE_BYTES  128
#define RANDOM_BYTES     16

static struct transport_options options_of(const struct target_call *call)
{
	return (struct transport_options){
	        .user_agent = version_user_agent(),
	        .plain = call->plain,
	        .reach = call->target->network == ALARM_TO_ANY ? TRANSPORT_TO_ANY
	                                                       : TRANSPORT_TO_PUBLIC,
	        .connect_timeout_ms = TARGET_CONNECT_MS,
	        .total_timeout_ms = TARGET_TOTAL_MS,
	        .stop = call->stop,
	};
}

bool target_wants(const struct alarm_target *target, const struct message *message)
{
	for (size_t i = 0; i < message->count; i++) {
		if (message->entries[i].severity >= target->least) {
			return true;
		}
	}
	return message->is_test;
}

/* ----------------------------------------------------------------- webhook */

static bool set_bearer(const struct alarm_target *target, struct secret *authorization)
{
	char value[BEARER_BYTES];

	if (!secret_is_set(&target->bearer)) {
		return true;
	}
	bool done = str_format(value, sizeof(value), "Bearer %s", secret_reveal(&target->bearer)) &&
	        secret_set(authorization, value);
	explicit_bzero(value, sizeof(value));
	return done;
}

/* "sha512=BASE64" of the body's HMAC; empty without a secret. */
static bool sign(const struct alarm_target *target, const struct buf *body,
        char signature[SIGNATURE_BYTES], struct err *err)
{
	uint8_t mac[CRYPTO_HMAC_SHA512_BYTES];
	const char *secret = secret_reveal(&target->hmac_secret);

	signature[0] = '\0';
	if (!secret_is_set(&target->hmac_secret)) {
		return true;
	}
	struct hmac_key *key = hmac_key_create(secret, strlen(secret), err);
	bool is_made = key != NULL && hmac_sign(key, body->data, body->len, mac);
	char *text = is_made ? base64_encode(mac, sizeof(mac)) : NULL;
	bool done = text != NULL && str_format(signature, SIGNATURE_BYTES, "sha512=%s", text);
	free(text);
	hmac_key_destroy(key);
	if (!done) {
		err_set(err, ERR_INTERNAL, "the alarm cannot be signed");
	}
	return done;
}

static bool post(
        const struct target_call *call, const struct transport_request *request, struct err *err)
{
	const struct transport_options options = options_of(call);
	struct transport *transport = transport_create(&options, err);
	struct transport_answer answer;

	if (transport == NULL) {
		return false;
	}
	bool is_answered = transport_send(transport, request, &answer, err) == TRANSPORT_ANSWERED;
	bool is_taken = is_answered && answer.status / 100 == 2;
	if (is_answered && !is_taken) {
		err_set(err, ERR_REFUSED, "the webhook answers %d", answer.status);
	}
	transport_answer_finish(&answer);
	transport_destroy(transport);
	return is_taken;
}

static bool send_webhook(const struct target_call *call, struct err *err)
{
	const struct alarm_target *target = call->target;
	struct secret authorization = {0};
	char signature[SIGNATURE_BYTES];
	struct buf body;
	size_t count = 0;

	buf_init(&body, MESSAGE_MAX_BYTES);
	bool is_made = message_json(call->message, target->least, call->link, &body, &count) &&
	        sign(target, &body, signature, err) && set_bearer(target, &authorization);
	if (!is_made) {
		err_set(err, ERR_NO_MEMORY, "the alarm cannot be put into words");
	}
	const struct transport_request request = {
	        .method = "POST",
	        .url = secret_reveal(&target->webhook),
	        .authorization = &authorization,
	        .accept = "*/*",
	        .own_signature = is_made && signature[0] != '\0' ? signature : NULL,
	        .body = buf_text(&body),
	        .body_len = body.len,
	        .answer_max_bytes = ANSWER_MAX_BYTES,
	};
	bool is_taken = is_made && post(call, &request, err);
	secret_finish(&authorization);
	buf_finish(&body);
	return is_taken;
}

/* -------------------------------------------------------------------- mail */

static bool add_head(struct buf *to, const struct alarm_target *target, struct err *err)
{
	uint8_t random[RANDOM_BYTES];
	char id[2 * RANDOM_BYTES + 1];
	const char *at = strchr(target->from, '@');

	if (!crypto_random(random, sizeof(random), err)) {
		return false;
	}
	str_hex(id, random, sizeof(random));
	buf_add_format(to, "From: bob2okta <%s>\r\nTo: ", target->from);
	for (size_t i = 0; i < target->to_count; i++) {
		buf_add_format(to, "%s<%s>", i > 0 ? ",\r\n " : "", target->to[i]);
	}
	return buf_add_format(to, "\r\nMessage-ID: <%s%s>\r\n", id, at != NULL ? at : "@localhost");
}

static bool send_mail(const struct target_call *call, struct err *err)
{
	const struct alarm_target *target = call->target;
	const struct transport_options options = options_of(call);
	struct buf text;
	size_t count = 0;

	buf_init(&text, MESSAGE_MAX_BYTES);
	bool is_made = add_head(&text, target, err) &&
	        message_mail(call->message, target->least, call->link, &text, &count);
	if (!is_made) {
		err_set(err, ERR_NO_MEMORY, "the alarm cannot be put into words");
	}
	const struct transport_mail mail = {
	        .url = target->smtp,
	        .login = target->login,
	        .password = &target->password,
	        .from = target->from,
	        .to = target->to,
	        .to_count = target->to_count,
	        .message = buf_text(&text),
	        .message_len = text.len,
	};
	bool is_taken = is_made && transport_mail_send(&options, &mail, err);
	buf_finish(&text);
	return is_taken;
}

bool target_send(const struct target_call *call, struct err *err)
{
	if (call->target->lack != NULL) {
		err_set(err, ERR_CONFLICT, "%s", call->target->lack);
		return false;
	}
	return call->target->smtp != NULL ? send_mail(call, err) : send_webhook(call, err);
}
