/* SPDX-License-Identifier: MIT */
/* Messages to a webhook and to a mail server, and what comes of targets that fail. */
#include "server/alarm/sender.h"
#include "server/alarm/target.h"
#include "server/base/crypto.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "tests/support/fake_http.h"
#include "tests/support/fake_smtp.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct fake_http *http;
static struct fake_smtp *smtp;
static struct message message;
static struct alarm_target target;
static struct err err;
static char talk[FAKE_SMTP_TEXT_BYTES];
static char mail[FAKE_SMTP_TEXT_BYTES];
static char sender_mail[] = "bob2okta@example.com";
static char robot[] = "robot";
static char inside[] = "smtps://127.0.0.1:1";
static char evil[] = "a@example.com>\r\nRCPT TO:<b@example.com";

static void setup(void)
{
	ck_assert(crypto_start(&err));
	ck_assert(transport_global_start(&err));
	message = (struct message){.count = 2, .at_ms = 1795467600000};
	message.entries[0] = (struct entry){.connection = "default",
	        .name = ALARM_HELD,
	        .severity = ALARM_WARNING,
	        .state = ENTRY_RESOLVED,
	        .count = 1,
	        .since_ms = 1795460000000,
	        .subjects = {"412"},
	        .subject_count = 1};
	message.entries[1] = (struct entry){.connection = "eu",
	        .name = ALARM_BRAKE,
	        .severity = ALARM_CRITICAL,
	        .state = ENTRY_OPENED,
	        .count = 30,
	        .open = 31,
	        .since_ms = 1795467000000,
	        .subjects = {"1", "2"},
	        .subject_count = 2};
	target = (struct alarm_target){.name = "ops"};
	err = ERR_INIT;
}

static void finish_target(struct alarm_target *one)
{
	secret_finish(&one->webhook);
	secret_finish(&one->bearer);
	secret_finish(&one->hmac_secret);
	secret_finish(&one->password);
}

static void teardown(void)
{
	if (http != NULL) {
		fake_http_stop(http);
	}
	if (smtp != NULL) {
		fake_smtp_stop(smtp);
	}
	http = NULL;
	smtp = NULL;
	finish_target(&target);
	transport_global_stop();
	crypto_stop();
}

static bool send_to(const struct alarm_target *to, enum transport_plain plain)
{
	const struct target_call call = {.target = to,
	        .message = &message,
	        .link = "https://wiki.example.com/x",
	        .plain = plain};
	err = ERR_INIT;
	return target_send(&call, &err);
}

/* ----------------------------------------------------------------- webhook */

static void hook(int status, const char *headers)
{
	http = fake_http_start();
	fake_http_script(http, status, headers, "{}");
	ck_assert(secret_set(&target.webhook, fake_http_url(http)));
}

START_TEST(a_webhook_gets_what_is_to_be_done)
{
	char header[200];
	hook(204, "");
	ck_assert(secret_set(&target.bearer, "the-bearer"));
	ck_assert_msg(send_to(&target, TRANSPORT_PLAIN_ON_LOOPBACK), "%s", err.text);
	const struct fake_request *request = fake_http_request(http, 0);
	ck_assert_str_eq(request->method, "POST");
	ck_assert(fake_request_header(request, "Authorization", header, sizeof(header)));
	ck_assert_str_eq(header, "Bearer the-bearer");
	ck_assert(fake_request_header(request, "Content-Type", header, sizeof(header)));
	ck_assert_str_eq(header, "application/json");
	ck_assert(!fake_request_header(request, "Bob2okta-Signature", header, sizeof(header)));
	json_t *body = json_parse(request->body, request->body_len, &err);
	ck_assert_ptr_nonnull(body);
	/* The worst of it stands in front. */
	ck_assert_str_eq(
	        json_get_text(body, "text"), "bob2okta: critical: brake (eu), 30, and 1 more");
	ck_assert_str_eq(json_get_text(body, "link"), "https://wiki.example.com/x");
	const json_t *brake = json_array_get(json_object_get(body, "alarms"), 1);
	ck_assert_str_eq(json_get_text(brake, "alarm"), "brake");
	ck_assert_str_eq(json_get_text(brake, "state"), "opened");
	ck_assert_str_eq(json_get_text(brake, "connection"), "eu");
	ck_assert_int_eq(json_get_int(brake, "count", 0), 30);
	ck_assert_int_eq(json_get_int(brake, "open", 0), 31);
	ck_assert_uint_eq(json_array_size(json_object_get(brake, "subjects")), 2);
	ck_assert_str_eq(json_get_text(brake, "todo"), alarm_todo(ALARM_BRAKE));
	json_decref(body);
}
END_TEST

START_TEST(the_signature_is_over_the_bytes_that_are_sent)
{
	char header[200];
	uint8_t mac[CRYPTO_HMAC_SHA512_BYTES];
	hook(200, "");
	ck_assert(secret_set(&target.hmac_secret, "hmac-secret"));
	ck_assert(send_to(&target, TRANSPORT_PLAIN_ON_LOOPBACK));
	const struct fake_request *request = fake_http_request(http, 0);
	struct hmac_key *key = hmac_key_create("hmac-secret", strlen("hmac-secret"), NULL);
	ck_assert(hmac_sign(key, request->body, request->body_len, mac));
	char *text = base64_encode(mac, sizeof(mac));
	ck_assert(fake_request_header(request, "Bob2okta-Signature", header, sizeof(header)));
	ck_assert(str_starts_with(header, "sha512="));
	ck_assert_str_eq(header + 7, text);
	free(text);
	hmac_key_destroy(key);
}
END_TEST

START_TEST(only_a_good_answer_is_one)
{
	hook(302, "Location: http://127.0.0.1:1/\r\n");
	ck_assert(!send_to(&target, TRANSPORT_PLAIN_ON_LOOPBACK));
	ck_assert_str_eq(err.text, "the webhook answers 302");
	ck_assert_uint_eq(fake_http_count(http), 1);
	fake_http_script(http, 500, "", "{}");
	ck_assert(!send_to(&target, TRANSPORT_PLAIN_ON_LOOPBACK));
	ck_assert_int_eq(err.code, ERR_REFUSED);
}
END_TEST

/* U-03: a name or number that leads inside gets nothing, unless the file says so. */
START_TEST(inside_addresses_get_nothing)
{
	ck_assert(secret_set(&target.webhook, "https://127.0.0.1:1/key"));
	ck_assert(!send_to(&target, TRANSPORT_TLS_ONLY));
	ck_assert_int_eq(err.code, ERR_ADDRESS_REFUSED);
	ck_assert_ptr_null(strstr(err.text, "key"));
	target.network = ALARM_TO_ANY;
	ck_assert(!send_to(&target, TRANSPORT_TLS_ONLY));
	ck_assert_int_eq(err.code, ERR_NO_CONNECTION);
	target.network = ALARM_TO_PUBLIC;
	finish_target(&target);
	target.smtp = inside;
	target.from = sender_mail;
	ck_assert(!send_to(&target, TRANSPORT_TLS_ONLY));
	ck_assert_int_eq(err.code, ERR_ADDRESS_REFUSED);
}
END_TEST

START_TEST(what_is_not_severe_enough_is_left_out)
{
	target.least = ALARM_CRITICAL;
	hook(200, "");
	ck_assert(send_to(&target, TRANSPORT_PLAIN_ON_LOOPBACK));
	const struct fake_request *request = fake_http_request(http, 0);
	ck_assert_ptr_null(strstr(request->body, "\"held\""));
	ck_assert_ptr_nonnull(strstr(request->body, "\"brake\""));
	ck_assert(target_wants(&target, &message));
	message.count = 1;
	ck_assert(!target_wants(&target, &message));
	message.is_test = true;
	ck_assert(target_wants(&target, &message));
}
END_TEST

/* -------------------------------------------------------------------- mail */

static char it_mail[] = "it@example.com";
static char hr_mail[] = "hr@example.com";
static char *recipients[] = {it_mail, hr_mail};

static void mail_server(struct fake_smtp_options options)
{
	smtp = fake_smtp_start(&options);
	target.smtp = (char *)(uintptr_t)fake_smtp_url(smtp);
	target.from = sender_mail;
	target.to = recipients;
	target.to_count = ARRAY_SIZE(recipients);
}

START_TEST(a_mail_goes_to_everybody_in_the_list)
{
	mail_server((struct fake_smtp_options){0});
	ck_assert_msg(send_to(&target, TRANSPORT_PLAIN_ON_LOOPBACK), "%s", err.text);
	fake_smtp_talk(smtp, talk);
	ck_assert_ptr_nonnull(strstr(talk, "MAIL FROM:<bob2okta@example.com>"));
	ck_assert_ptr_nonnull(strstr(talk, "RCPT TO:<it@example.com>"));
	ck_assert_ptr_nonnull(strstr(talk, "RCPT TO:<hr@example.com>"));
	ck_assert_ptr_null(strstr(talk, "AUTH"));
	fake_smtp_mail(smtp, mail);
	ck_assert_ptr_nonnull(
	        strstr(mail, "Subject: bob2okta: critical: brake (eu), 30, and 1 more\n"));
	ck_assert_ptr_nonnull(strstr(mail, "Date: Mon, 23 Nov 2026 21:00:00 +0000\n"));
	ck_assert_ptr_nonnull(strstr(mail, "To: <it@example.com>,\n <hr@example.com>\n"));
	ck_assert_ptr_nonnull(strstr(mail, "critical brake, opened\n"));
	ck_assert_ptr_nonnull(strstr(mail, "  whom        1, 2 and 28 more\n"));
	ck_assert_ptr_nonnull(strstr(mail, alarm_todo(ALARM_BRAKE)));
	ck_assert_ptr_nonnull(strstr(mail, "https://wiki.example.com/x\n"));
	/* What is over needs nothing done. */
	ck_assert_ptr_nonnull(strstr(mail, "warning held, resolved\n"));
	ck_assert_ptr_null(strstr(mail, alarm_todo(ALARM_HELD)));
}
END_TEST

START_TEST(a_login_is_used_and_refused)
{
	mail_server((struct fake_smtp_options){0});
	target.login = robot;
	ck_assert(secret_set(&target.password, "mail-password"));
	ck_assert_msg(send_to(&target, TRANSPORT_PLAIN_ON_LOOPBACK), "%s", err.text);
	fake_smtp_talk(smtp, talk);
	ck_assert_ptr_nonnull(strstr(talk, "AUTH PLAIN"));
	fake_smtp_stop(smtp);
	mail_server((struct fake_smtp_options){.takes_no_login = true});
	ck_assert(!send_to(&target, TRANSPORT_PLAIN_ON_LOOPBACK));
	ck_assert_int_eq(err.code, ERR_REFUSED);
	ck_assert_ptr_null(strstr(err.text, "mail-password"));
	ck_assert_uint_eq(fake_smtp_mails(smtp), 0);
}
END_TEST

START_TEST(a_refused_recipient_is_a_failure)
{
	mail_server((struct fake_smtp_options){.refuses_recipients = true});
	ck_assert(!send_to(&target, TRANSPORT_PLAIN_ON_LOOPBACK));
	ck_assert_uint_eq(fake_smtp_mails(smtp), 0);
}
END_TEST

/* Neither the login nor the mail leaves without TLS, whatever the server says. */
START_TEST(without_tls_nothing_is_sent)
{
	for (int offers = 0; offers < 2; offers++) {
		mail_server((struct fake_smtp_options){.offers_starttls = offers == 1});
		target.login = robot;
		ck_assert(secret_set(&target.password, "mail-password"));
		target.network = ALARM_TO_ANY;
		ck_assert(!send_to(&target, TRANSPORT_TLS_ONLY));
		ck_assert_int_eq(err.code, ERR_TLS);
		fake_smtp_talk(smtp, talk);
		ck_assert_ptr_null(strstr(talk, "AUTH"));
		ck_assert_ptr_null(strstr(talk, "MAIL FROM"));
		fake_smtp_stop(smtp);
	}
	smtp = NULL;
}
END_TEST

/* An address with a line end would be a command of its own; the settings refuse it, and so does
 * this. */
START_TEST(no_address_ends_a_line)
{
	mail_server((struct fake_smtp_options){0});
	target.from = evil;
	ck_assert(!send_to(&target, TRANSPORT_PLAIN_ON_LOOPBACK));
	ck_assert_int_eq(err.code, ERR_INTERNAL);
	fake_smtp_talk(smtp, talk);
	ck_assert_str_eq(talk, "");
}
END_TEST

/* ------------------------------------------------------------------ sender */

static struct alarm_target targets[2];
static struct settings settings;
static struct holder holder;
static struct sender sender;

static void start_sender(void)
{
	settings = (struct settings){.alarms = {.targets = targets, .target_count = 2}};
	holder_init(&holder, NULL, NULL);
	ck_assert(holder_reserve(&holder));
	holder_swap(&holder, &settings);
	ck_assert(sender_init(&sender, &holder, TRANSPORT_PLAIN_ON_LOOPBACK));
	ck_assert(sender_start(&sender, &err));
}

static void stop_sender(void)
{
	sender_stop(&sender);
	sender_finish(&sender);
	holder_finish(&holder);
	finish_target(&targets[0]);
	finish_target(&targets[1]);
}

static enum sender_result deliver(void)
{
	struct message given = message;
	struct message back;
	sender_give(&sender, &given);
	sender_wait(&sender);
	enum sender_result result = sender_take(&sender, &back);
	message_finish(&back);
	return result;
}

START_TEST(one_target_that_fails_hinders_no_other)
{
	struct alarm_target_state state;
	http = fake_http_start();
	char dead[] = "http://127.0.0.1:1/hook-key";
	targets[0] = (struct alarm_target){.name = "dead"};
	targets[1] = (struct alarm_target){.name = "live"};
	ck_assert(secret_set(&targets[0].webhook, dead));
	ck_assert(secret_set(&targets[1].webhook, fake_http_url(http)));
	start_sender();
	fake_http_script(http, 200, "", "{}");
	ck_assert_int_eq(deliver(), SENDER_TAKEN);
	sender_state(&sender, "live", &state);
	ck_assert_int_ne(state.sent_at_ms, 0);
	ck_assert_int_eq(state.failing_since_ms, 0);
	sender_state(&sender, "dead", &state);
	ck_assert_int_eq(state.sent_at_ms, 0);
	ck_assert_int_ne(state.failing_since_ms, 0);
	ck_assert_int_eq(state.failures, 1);
	ck_assert_ptr_null(strstr(state.sentence, "hook-key"));
	/* The live one gets each message once. */
	ck_assert_uint_eq(fake_http_count(http), 1);
	stop_sender();
}
END_TEST

START_TEST(a_target_that_stumbles_is_tried_again)
{
	http = fake_http_start();
	targets[0] = (struct alarm_target){.name = "ops"};
	targets[1] = (struct alarm_target){.name = "quiet", .least = ALARM_CRITICAL};
	message.count = 1; /* a warning */
	ck_assert(secret_set(&targets[0].webhook, fake_http_url(http)));
	ck_assert(secret_set(&targets[1].webhook, "http://127.0.0.1:1/"));
	start_sender();
	fake_http_script_raw(http, "", FAKE_CLOSE);
	fake_http_script(http, 200, "", "{}");
	ck_assert_int_eq(deliver(), SENDER_TAKEN);
	ck_assert_uint_eq(fake_http_count(http), 2);
	stop_sender();
}
END_TEST

START_TEST(what_nobody_took_is_lost_and_what_nobody_wants_is_not)
{
	targets[0] = (struct alarm_target){.name = "a", .least = ALARM_CRITICAL};
	targets[1] = (struct alarm_target){.name = "b", .least = ALARM_CRITICAL};
	ck_assert(secret_set(&targets[0].webhook, "http://127.0.0.1:1/"));
	ck_assert(secret_set(&targets[1].webhook, "http://127.0.0.1:1/"));
	start_sender();
	message.count = 1;
	ck_assert_int_eq(deliver(), SENDER_TAKEN);
	message.count = 2;
	ck_assert_int_eq(deliver(), SENDER_LOST);
	settings.alarms.target_count = 0;
	ck_assert_int_eq(deliver(), SENDER_TAKEN);
	stop_sender();
}
END_TEST

static Suite *send_suite(void)
{
	Suite *suite = suite_create("alarm_send");
	TCase *tests = tcase_create("send");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, a_webhook_gets_what_is_to_be_done);
	tcase_add_test(tests, the_signature_is_over_the_bytes_that_are_sent);
	tcase_add_test(tests, only_a_good_answer_is_one);
	tcase_add_test(tests, inside_addresses_get_nothing);
	tcase_add_test(tests, what_is_not_severe_enough_is_left_out);
	tcase_add_test(tests, a_mail_goes_to_everybody_in_the_list);
	tcase_add_test(tests, a_login_is_used_and_refused);
	tcase_add_test(tests, a_refused_recipient_is_a_failure);
	tcase_add_test(tests, without_tls_nothing_is_sent);
	tcase_add_test(tests, no_address_ends_a_line);
	tcase_add_test(tests, one_target_that_fails_hinders_no_other);
	tcase_add_test(tests, a_target_that_stumbles_is_tried_again);
	tcase_add_test(tests, what_nobody_took_is_lost_and_what_nobody_wants_is_not);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return suite_run(send_suite());
}
