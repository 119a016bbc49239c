/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/http.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/sandbox/unit/harness.h"
#include "tests/sandbox/webhook.h"

enum { ANSWER_BYTES = 65536, WAIT_MS = 5000 };

static struct http *http;
static char answer[ANSWER_BYTES];
static char log_path[] = "/tmp/sandbox-calls-XXXXXX";

static void start(void)
{
	int fd = mkstemp(log_path);

	ck_assert_int_ge(fd, 0);
	(void)close(fd);
	ck_assert_int_eq(curl_global_init(CURL_GLOBAL_DEFAULT), CURLE_OK);
	sb = sandbox_create(
	        &(struct sandbox_options){.seed = 7, .is_quiet = true, .call_log = log_path});
	ck_assert_ptr_nonnull(sb);
	http = http_start(sb, "127.0.0.1:0");
	ck_assert_ptr_nonnull(http);
}

static void stop(void)
{
	sandbox_stop(sb);
	http_stop(http);
	sandbox_destroy(sb);
	(void)unlink(log_path);
	curl_global_cleanup();
}

static int dial(void)
{
	const char *port = strchr(http_address(http), ':') + 1;
	struct sockaddr_in to = {.sin_family = AF_INET,
	        .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
	        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

/* Sends one request and reads until the peer closes; returns errno of the read, or 0. */
static int talk(const char *text)
{
	int fd = dial();
	size_t length = 0;
	ssize_t got = 0;

	ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
	while ((got = recv(fd, answer + length, sizeof(answer) - 1 - length, 0)) > 0) {
		length += (size_t)got;
	}
	int problem = got < 0 ? errno : 0;

	answer[length] = '\0';
	(void)close(fd);
	return problem;
}

#define GET_ME                                                                          \
	"GET /okta/api/v1/users/me HTTP/1.1\r\nHost: h\r\nAccept: application/json\r\n" \
	"Authorization: SSWS sandbox-okta-token\r\nConnection: close\r\n\r\n"

static char *post(const char *path, const char *body)
{
	return util_text("POST %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: "
	                 "application/json\r\nContent-Length: %zu\r\n\r\n%s",
	        path, strlen(body), body);
}

static void talk_control(const char *path, const char *body)
{
	char *text = post(path, body);

	ck_assert_int_eq(talk(text), 0);
	ck_assert_msg(strncmp(answer, "HTTP/1.1 20", 11) == 0, "%s: %s", path, answer);
	free(text);
}

START_TEST(a_call_over_a_socket_is_answered_and_on_disk_before_the_answer)
{
	ck_assert_int_eq(talk(GET_ME), 0);
	ck_assert_ptr_nonnull(strstr(answer, "HTTP/1.1 200"));
	ck_assert_ptr_nonnull(strstr(answer, "\r\nDate: "));
	ck_assert_ptr_nonnull(strstr(answer, "X-Rate-Limit-Remaining: 999"));
	ck_assert_ptr_nonnull(strstr(answer, "okta.admin@example.com"));
	FILE *file = fopen(log_path, "re");
	char line[2048] = "";

	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), file));
	ck_assert_ptr_nonnull(strstr(line, "\"route\":\"GET /api/v1/users/{id}\""));
	(void)fclose(file);
}
END_TEST

START_TEST(a_post_without_length_is_411)
{
	ck_assert_int_eq(
	        talk("POST /okta/api/v1/users/x/lifecycle/suspend HTTP/1.1\r\nHost: h\r\n"
	             "Accept: application/json\r\nAuthorization: SSWS sandbox-okta-token\r\n"
	             "Connection: close\r\n\r\n"),
	        0);
	ck_assert_ptr_nonnull(strstr(answer, "HTTP/1.1 411"));
}
END_TEST

START_TEST(cut_answers_end_early_or_never_begin)
{
	talk_control("/control/faults",
	        "{\"system\":\"okta\",\"route\":\"*\",\"action\":\"cut_after_apply\",\"bytes\":10,"
	        "\"times\":1}");
	ck_assert_int_eq(talk(GET_ME), 0);
	const char *body = strstr(answer, "\r\n\r\n");

	ck_assert_ptr_nonnull(body);
	ck_assert_uint_eq(strlen(body + 4), 10);
	talk_control("/control/faults",
	        "{\"system\":\"okta\",\"route\":\"*\",\"action\":\"cut\",\"times\":1}");
	ck_assert_int_eq(talk(GET_ME), 0);
	ck_assert_str_eq(answer, "");
	talk_control("/control/faults",
	        "{\"system\":\"okta\",\"route\":\"*\",\"action\":\"cut\",\"reset\":true,\"times\":1}");
	ck_assert_int_eq(talk(GET_ME), ECONNRESET);
}
END_TEST

START_TEST(a_slow_call_delays_nobody_else_and_stopping_ends_it)
{
	talk_control("/control/faults",
	        "{\"system\":\"okta\",\"route\":\"*\",\"action\":\"slow\",\"ms\":60000,\"times\":1}");
	int slow = dial();
	int64_t before = util_tick_ms();

	ck_assert_int_gt(send(slow, GET_ME, strlen(GET_ME), MSG_NOSIGNAL), 0);
	/* The slow one has begun when the rule has fired. */
	do {
		talk_control("/control/settings", "{}");
		sandbox_lock(sb);
		bool fired = sb->faults.rules[0].fired == 1;

		sandbox_unlock(sb);
		if (fired) {
			break;
		}
	} while (util_tick_ms() - before < WAIT_MS);
	ck_assert_int_eq(talk(GET_ME), 0);
	ck_assert_ptr_nonnull(strstr(answer, "HTTP/1.1 200"));
	sandbox_stop(sb);
	struct pollfd poller = {.fd = slow, .events = POLLIN};

	ck_assert_int_eq(poll(&poller, 1, WAIT_MS), 1);
	ck_assert_int_lt(util_tick_ms() - before, 30000);
	(void)close(slow);
}
END_TEST

/* A receiver of webhooks that answers with one scripted status after the other. */
struct receiver {
	int fd;
	uint16_t port;
	const int *statuses;
	int count;
	char bodies[8][256];
	char signatures[8][100];
};

static void read_delivery(struct receiver *r, int fd, int index)
{
	char text[4096] = "";
	size_t length = 0;
	const char *body = NULL;

	while (body == NULL ||
	        strlen(body + 4) < strtoul(strstr(text, "Content-Length: ") + 16, NULL, 10)) {
		ssize_t got = recv(fd, text + length, sizeof(text) - 1 - length, 0);

		if (got <= 0) {
			return;
		}
		length += (size_t)got;
		body = strstr(text, "\r\n\r\n");
	}
	const char *signature = strstr(text, "Bob-Signature: ");

	util_format(r->bodies[index], sizeof(r->bodies[index]), "%.255s", body + 4);
	if (signature != NULL) {
		util_format(r->signatures[index], sizeof(r->signatures[index]), "%.88s",
		        signature + 15);
	}
}

static void *receive(void *context)
{
	struct receiver *r = context;
	char reply[100];

	for (int i = 0; i < r->count; i++) {
		int fd = accept4(r->fd, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0) {
			return NULL;
		}
		read_delivery(r, fd, i);
		util_format(reply, sizeof(reply),
		        "HTTP/1.1 %d X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
		        r->statuses[i]);
		(void)send(fd, reply, strlen(reply), MSG_NOSIGNAL);
		(void)close(fd);
	}
	return NULL;
}

static void open_receiver(struct receiver *r)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(at);

	r->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(r->fd, (struct sockaddr *)&at, size), 0);
	ck_assert_int_eq(listen(r->fd, 16), 0);
	ck_assert_int_eq(getsockname(r->fd, (struct sockaddr *)&at, &size), 0);
	r->port = ntohs(at.sin_port);
}

START_TEST(deliveries_are_retried_in_order_until_they_get_a_200)
{
	static const int STATUSES[] = {503, 201, 200, 200};
	struct receiver r = {.statuses = STATUSES, .count = 4};
	pthread_t thread;

	open_receiver(&r);
	ck_assert_int_eq(pthread_create(&thread, NULL, receive, &r), 0);
	char *config = util_text(
	        "{\"url\":\"http://127.0.0.1:%u/hook\",\"secret\":\"test-bob-webhook-secret\","
	        "\"retry_ms\":5}",
	        r.port);

	talk_control("/control/webhooks", config);
	talk_control("/control/webhooks/send", "{\"body\":\"{\\\"text\\\":\\\"Ping test\\\"}\"}");
	talk_control("/control/webhooks/send", "{\"body\":\"second\",\"unsigned\":true}");
	talk_control("/control/webhooks/drain", "{\"timeout_ms\":5000}");
	ck_assert_ptr_nonnull(strstr(answer, "\"drained\":true"));
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	for (int i = 0; i < 3; i++) {
		ck_assert_str_eq(r.bodies[i], "{\"text\":\"Ping test\"}");
		ck_assert_str_eq(r.signatures[i],
		        "ncmhMvwHyW39vToPImFa+G2HtaD+Q+FBf17sZg/FxfxzSsP9hT57MQBEtpKe2V8bdq6Un2/"
		        "qPBdDGNbzbRPGKQ==");
	}
	ck_assert_str_eq(r.bodies[3], "second");
	ck_assert_str_eq(r.signatures[3], "");
	json_t *first = webhook_get(sb->webhook, 1);

	ck_assert_str_eq(jsonx_text(first, "status"), "delivered");
	ck_assert_int_eq(jsonx_int(first, "attempts", 0), 3);
	json_decref(first);
	free(config);
	(void)close(r.fd);
}
END_TEST

START_TEST(a_delivery_nobody_takes_fails_where_retries_are_off)
{
	struct receiver r = {0};

	open_receiver(&r);
	(void)close(r.fd);
	char *body = util_text("{\"body\":\"x\",\"url\":\"http://127.0.0.1:%u/\",\"retry\":false,"
	                       "\"wait\":true}",
	        r.port);

	talk_control("/control/webhooks/send", body);
	ck_assert_ptr_nonnull(strstr(answer, "\"status\":\"failed\""));
	talk_control("/control/webhooks/send", "{\"body\":\"x\"}");
	ck_assert_ptr_nonnull(strstr(answer, "\"status\":\"unsent\""));
	free(body);
}
END_TEST

START_TEST(signatures_agree_with_the_known_vectors)
{
	char *one = webhook_sign("test-bob-webhook-secret", "Ping test", 9);

	ck_assert_str_eq(one,
	        "ikmn4kw5rmUrmjqbwggO3HLwD6Q27ZJlrufrYaONT72LaoT4XeMm18MitZrNfarzCQsicFmt"
	        "4xEavNtWQafAWg==");
	free(one);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("http");
	TCase *sockets = tcase_create("sockets");

	tcase_set_timeout(sockets, 30);
	tcase_add_checked_fixture(sockets, start, stop);
	tcase_add_test(sockets, a_call_over_a_socket_is_answered_and_on_disk_before_the_answer);
	tcase_add_test(sockets, a_post_without_length_is_411);
	tcase_add_test(sockets, cut_answers_end_early_or_never_begin);
	tcase_add_test(sockets, a_slow_call_delays_nobody_else_and_stopping_ends_it);
	tcase_add_test(sockets, deliveries_are_retried_in_order_until_they_get_a_200);
	tcase_add_test(sockets, a_delivery_nobody_takes_fails_where_retries_are_off);
	tcase_add_test(sockets, signatures_agree_with_the_known_vectors);
	suite_add_tcase(suite, sockets);
	return run(suite);
}
