/* SPDX-License-Identifier: MIT */
#include "server/base/transport.h"

#include "server/base/clock.h"
#include "server/base/str.h"
#include "server/base/thread.h"
#include "tests/support/suite.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * A server of raw sockets that follows a script: the n-th request it reads, on
 * whatever connection, is answered by the n-th step. One connection at a time.
 */

#define STEPS_MAX         4
#define REQUEST_MAX_BYTES (4 * 1024 * 1024)
#define URL_BYTES         128
#define ANSWER_CAP        4096
#define SOON_MS           5000

enum after { KEEP, CLOSE, HANG, STOP_FLAG };

struct step {
	const char *answer;
	enum after after;
};

struct server {
	pthread_t thread;
	int listener;
	int end; /* an eventfd: written once when the test is over */
	int port;
	atomic_bool stop; /* the client's stop flag */
	const struct step *steps;
	/* Read by the test after server_stop. */
	int requests;
	int connections;
	struct buf seen[STEPS_MAX];
};

static struct server server;
static struct transport *transport;
static struct transport_answer answer;
static struct err err;
static struct secret token;

/* False when the test is over or the other side has gone. */
static bool wait_readable(int fd)
{
	struct pollfd fds[2] = {{.fd = fd, .events = POLLIN}, {.fd = server.end, .events = POLLIN}};
	return poll(fds, 2, SOON_MS) > 0 && (fds[1].revents & POLLIN) == 0;
}

static size_t body_length(const char *head)
{
	const char *at = strcasestr(head, "\r\nContent-Length:");
	return at != NULL ? strtoul(at + 17, NULL, 10) : 0;
}

static bool is_whole(const struct buf *request)
{
	const char *end = strstr(buf_text(request), "\r\n\r\n");
	if (end == NULL) {
		return false;
	}
	size_t head = (size_t)(end - request->data) + 4;
	return request->len >= head + body_length(request->data);
}

static bool read_request(int fd, struct buf *request)
{
	char part[65536];
	while (!is_whole(request)) {
		ssize_t n = wait_readable(fd) ? recv(fd, part, sizeof(part), 0) : 0;
		if (n <= 0 || !buf_add(request, part, (size_t)n)) {
			return false;
		}
	}
	return true;
}

static void send_all(int fd, const char *bytes)
{
	size_t len = strlen(bytes);
	size_t done = 0;
	while (done < len) {
		ssize_t n = send(fd, bytes + done, len - done, MSG_NOSIGNAL);
		if (n <= 0) {
			return;
		}
		done += (size_t)n;
	}
}

/* True when the connection is to be served further. */
static bool serve_request(int fd)
{
	struct buf request;
	buf_init(&request, REQUEST_MAX_BYTES);
	if (!read_request(fd, &request) || server.requests == STEPS_MAX) {
		buf_finish(&request);
		return false;
	}
	const struct step *step = &server.steps[server.requests];
	server.seen[server.requests++] = request;
	if (step->answer != NULL) {
		send_all(fd, step->answer);
	}
	if (step->after == STOP_FLAG) {
		atomic_store(&server.stop, true);
	}
	if (step->after == HANG || step->after == STOP_FLAG) {
		(void)wait_readable(fd);
	}
	return step->after == KEEP;
}

static void *serve(void *arg)
{
	(void)arg;
	while (wait_readable(server.listener)) {
		int fd = accept(server.listener, NULL, NULL);
		server.connections++;
		while (fd >= 0 && serve_request(fd)) {
		}
		if (fd >= 0) {
			close(fd);
		}
	}
	return NULL;
}

static void server_start(const struct step *steps)
{
	struct sockaddr_in address = {
	        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	server.steps = steps;
	server.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	server.end = eventfd(0, EFD_CLOEXEC);
	ck_assert_int_eq(bind(server.listener, (struct sockaddr *)&address, len), 0);
	ck_assert_int_eq(listen(server.listener, 8), 0);
	ck_assert_int_eq(getsockname(server.listener, (struct sockaddr *)&address, &len), 0);
	server.port = ntohs(address.sin_port);
	ck_assert(thread_start(&server.thread, "server", serve, NULL, NULL));
}

static void server_stop(void)
{
	if (server.port == 0) {
		return;
	}
	ck_assert_int_eq(eventfd_write(server.end, 1), 0);
	thread_join(server.thread);
	close(server.listener);
	close(server.end);
	server.port = 0;
}

static void open_transport(enum transport_plain plain, int64_t total_timeout_ms)
{
	struct transport_options options = {
	        .user_agent = "bob2okta/test",
	        .plain = plain,
	        .connect_timeout_ms = 2000,
	        .total_timeout_ms = total_timeout_ms,
	        .stop = &server.stop,
	};
	transport = transport_create(&options, &err);
	ck_assert_ptr_nonnull(transport);
}

static void setup(void)
{
	signal(SIGPIPE, SIG_IGN);
	ck_assert_msg(transport_global_start(&err), "%s", err.text);
	ck_assert(secret_set(&token, "SSWS abc"));
}

static void teardown(void)
{
	transport_answer_finish(&answer);
	transport_destroy(transport);
	transport_global_stop();
	server_stop();
	for (int i = 0; i < server.requests; i++) {
		buf_finish(&server.seen[i]);
	}
	secret_finish(&token);
}

static enum transport_result send_request(struct transport_request *request, const char *path)
{
	char url[URL_BYTES];
	ck_assert(str_format(url, sizeof(url), "http://127.0.0.1:%d%s", server.port, path));
	if (transport == NULL) {
		open_transport(TRANSPORT_PLAIN_ON_LOOPBACK, SOON_MS);
	}
	request->url = url;
	if (request->answer_max_bytes == 0) {
		request->answer_max_bytes = ANSWER_CAP;
	}
	transport_answer_finish(&answer);
	err_clear(&err);
	enum transport_result result = transport_send(transport, request, &answer, &err);
	request->url = NULL;
	return result;
}

static enum transport_result send_method(const char *method)
{
	struct transport_request request = {.method = method};
	return send_request(&request, "/x");
}

static bool request_has(int index, const char *line)
{
	return strcasestr(buf_text(&server.seen[index]), line) != NULL;
}

#define JSON_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#define JSON_2    JSON_HEAD "Content-Length: 2\r\n\r\n{}"

/* ------------------------------------------------------------- what is sent */

START_TEST(get_carries_our_headers_and_no_others)
{
	const struct step steps[] = {{JSON_2, KEEP}};
	server_start(steps);
	struct transport_request request = {
	        .method = "GET", .authorization = &token, .if_match = "\"tag\""};
	ck_assert_int_eq(send_request(&request, "/api/../v1/users/a..b?q=%20"), TRANSPORT_ANSWERED);
	server_stop();
	ck_assert_int_eq(answer.status, 200);
	ck_assert(answer.is_sent);
	ck_assert(answer.is_json);
	ck_assert_str_eq(buf_text(&answer.body), "{}");
	ck_assert_int_gt((int)answer.elapsed_us, 0);
	ck_assert(!err_is_set(&err));
	ck_assert(str_starts_with(
	        buf_text(&server.seen[0]), "GET /api/../v1/users/a..b?q=%20 HTTP/1.1\r\n"));
	ck_assert(request_has(0, "\r\nUser-Agent: bob2okta/test\r\n"));
	ck_assert(request_has(0, "\r\nAccept: application/json\r\n"));
	ck_assert(request_has(0, "\r\nAuthorization: SSWS abc\r\n"));
	ck_assert(request_has(0, "\r\nIf-Match: \"tag\"\r\n"));
	ck_assert(!request_has(0, "Content-"));
	ck_assert(!request_has(0, "Accept-Encoding"));
}
END_TEST

static const char *const writes[] = {"POST", "PUT"};

START_TEST(a_write_without_a_body_says_so)
{
	const struct step steps[] = {{JSON_2, KEEP}};
	server_start(steps);
	ck_assert_int_eq(send_method(writes[_i]), TRANSPORT_ANSWERED);
	server_stop();
	ck_assert(str_starts_with(buf_text(&server.seen[0]), writes[_i]));
	ck_assert(request_has(0, "\r\nContent-Length: 0\r\n"));
	ck_assert(!request_has(0, "Content-Type"));
	ck_assert(!request_has(0, "Transfer-Encoding"));
	ck_assert(!request_has(0, "Authorization"));
}
END_TEST

START_TEST(delete_has_no_body)
{
	const struct step steps[] = {{"HTTP/1.1 204 No Content\r\n\r\n", KEEP}};
	server_start(steps);
	ck_assert_int_eq(send_method("DELETE"), TRANSPORT_ANSWERED);
	server_stop();
	ck_assert_int_eq(answer.status, 204);
	ck_assert(str_starts_with(buf_text(&server.seen[0]), "DELETE /x HTTP/1.1"));
	ck_assert(!request_has(0, "Content-"));
	ck_assert_str_eq(buf_text(&answer.body), "");
}
END_TEST

START_TEST(a_long_body_is_sent_without_expect)
{
	const struct step steps[] = {{JSON_2, KEEP}};
	size_t len = 1536 * 1024;
	char *body = malloc(len + 1);
	ck_assert_ptr_nonnull(body);
	memset(body, 'b', len);
	body[len] = '\0';
	server_start(steps);
	struct transport_request request = {.method = "PUT", .body = body, .body_len = len};
	ck_assert_int_eq(send_request(&request, "/x"), TRANSPORT_ANSWERED);
	server_stop();
	ck_assert(request_has(0, "\r\nContent-Length: 1572864\r\n"));
	ck_assert(request_has(0, "\r\nContent-Type: application/json\r\n"));
	ck_assert(!request_has(0, "\r\nExpect"));
	free(body);
}
END_TEST

START_TEST(options_of_one_call_do_not_leak_into_the_next)
{
	const struct step steps[] = {{JSON_2, KEEP}, {JSON_2, KEEP}, {JSON_2, KEEP}};
	server_start(steps);
	struct transport_request post = {.method = "POST",
	        .authorization = &token,
	        .body = "{\"a\":1}",
	        .body_len = 7,
	        .content_type = "text/x"};
	ck_assert_int_eq(send_request(&post, "/x"), TRANSPORT_ANSWERED);
	ck_assert_int_eq(send_method("GET"), TRANSPORT_ANSWERED);
	ck_assert_int_eq(send_method("DELETE"), TRANSPORT_ANSWERED);
	server_stop();
	ck_assert(request_has(0, "\r\nContent-Type: text/x\r\n"));
	ck_assert(request_has(0, "\r\n\r\n{\"a\":1}"));
	ck_assert(str_starts_with(buf_text(&server.seen[1]), "GET /x "));
	ck_assert(!request_has(1, "Content-"));
	ck_assert(!request_has(1, "Authorization"));
	ck_assert_int_eq(server.connections, 1);
}
END_TEST

START_TEST(a_header_value_cannot_start_another_header)
{
	const struct step steps[] = {{JSON_2, KEEP}};
	server_start(steps);
	struct transport_request request = {.method = "GET", .if_match = "x\r\nInjected: 1"};
	ck_assert_int_eq(send_request(&request, "/x"), TRANSPORT_NOT_SENT);
	ck_assert_int_eq(err.code, ERR_INTERNAL);
	ck_assert_int_eq(send_method("TRACE"), TRANSPORT_NOT_SENT);
	server_stop();
	ck_assert_int_eq(server.requests, 0);
}
END_TEST

START_TEST(proxy_variables_are_ignored)
{
	const struct step steps[] = {{JSON_2, KEEP}};
	setenv("http_proxy", "http://127.0.0.1:9", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:9", 1);
	server_start(steps);
	ck_assert_int_eq(send_method("GET"), TRANSPORT_ANSWERED);
}
END_TEST

/* ----------------------------------------------------------- where it goes */

static const char *const refused_urls[] = {"http://example.com/", "http://10.0.0.1/",
        "http://user@127.0.0.1/", "http://127.0.0.1.example.com/", "ftp://127.0.0.1/",
        "file:///etc/hostname", "127.0.0.1:80", "", "http://[::2]/", "HTTPS//x", "gopher://[::1]/"};

START_TEST(plain_http_goes_to_a_loopback_address_only)
{
	open_transport(TRANSPORT_PLAIN_ON_LOOPBACK, SOON_MS);
	struct transport_request request = {
	        .method = "GET", .url = refused_urls[_i], .answer_max_bytes = 10};
	ck_assert_int_eq(transport_send(transport, &request, &answer, &err), TRANSPORT_NOT_SENT);
	ck_assert_int_eq(err.code, ERR_SETTINGS_INVALID);
	ck_assert(!answer.is_sent);
}
END_TEST

START_TEST(plain_http_needs_leave)
{
	const struct step steps[] = {{JSON_2, KEEP}};
	server_start(steps);
	open_transport(TRANSPORT_TLS_ONLY, SOON_MS);
	ck_assert_int_eq(send_method("GET"), TRANSPORT_NOT_SENT);
	ck_assert_int_eq(err.code, ERR_SETTINGS_INVALID);
	server_stop();
	ck_assert_int_eq(server.connections, 0);
}
END_TEST

struct url_case {
	const char *url;
	bool is_loopback;
};

static const struct url_case urls[] = {
        {"http://127.0.0.1:8080", true},
        {"https://127.0.0.1/api", true},
        {"http://127.9.8.7:1/", true},
        {"http://[::1]:8080/x", true},
        {"http://localhost:8080", true},
        {"http://LOCALHOST:8080", true},
        {"http://localhost.example.com", false},
        {"http://128.0.0.1", false},
        {"http://127.0.0.1@example.com/", false},
        {"http://a@127.0.0.1/", false},
        {"http://[::2]/", false},
        {"ftp://127.0.0.1/", false},
        {"localhost", false},
        {"", false},
        {NULL, false},
};

START_TEST(loopback_urls_are_known)
{
	ck_assert(transport_url_is_loopback(urls[_i].url) == urls[_i].is_loopback);
}
END_TEST

START_TEST(redirects_are_not_followed)
{
	const struct step steps[] = {
	        {"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", KEEP}};
	server_start(steps);
	ck_assert_int_eq(send_method("GET"), TRANSPORT_ANSWERED);
	server_stop();
	ck_assert_int_eq(answer.status, 302);
	ck_assert_int_eq(server.requests, 1);
}
END_TEST

/* ------------------------------------------------------- what may go wrong */

START_TEST(a_closed_port_means_not_sent)
{
	const struct step steps[] = {{JSON_2, KEEP}};
	server_start(steps);
	int port = server.port;
	server_stop();
	server.port = port;
	ck_assert_int_eq(send_method("POST"), TRANSPORT_NOT_SENT);
	server.port = 0;
	ck_assert_int_eq(err.code, ERR_NO_CONNECTION);
	ck_assert(!answer.is_sent);
	ck_assert_int_eq(answer.status, 0);
}
END_TEST

START_TEST(a_server_without_tls_means_not_sent)
{
	const struct step steps[] = {{JSON_2, CLOSE}};
	char url[URL_BYTES];
	server_start(steps);
	open_transport(TRANSPORT_TLS_ONLY, 1000);
	ck_assert(str_format(url, sizeof(url), "https://127.0.0.1:%d/", server.port));
	struct transport_request request = {
	        .method = "POST", .url = url, .authorization = &token, .answer_max_bytes = 10};
	ck_assert_int_eq(transport_send(transport, &request, &answer, &err), TRANSPORT_NOT_SENT);
	ck_assert(!answer.is_sent);
}
END_TEST

struct fault {
	const char *name;
	const char *answer;
	enum after after;
	enum err_code code;
};

static const struct fault faults[] = {
        {"closed before the answer", NULL, CLOSE, ERR_NETWORK},
        {"half a status line", "HTTP/1.1 2", CLOSE, ERR_NETWORK},
        {"headers without an end", JSON_HEAD, CLOSE, ERR_NETWORK},
        {"body cut short", JSON_HEAD "Content-Length: 100\r\n\r\n{\"a\":", CLOSE, ERR_NETWORK},
        {"chunks cut short", JSON_HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"a\"", CLOSE,
                ERR_NETWORK},
        {"not HTTP", "SSH-2.0-x\r\n\r\n", CLOSE, ERR_BAD_ANSWER},
        {"a length that is no number", JSON_HEAD "Content-Length: x\r\n\r\n{}", CLOSE,
                ERR_BAD_ANSWER},
};

/* GET and POST alike: a connection that is new is never tried twice. */
START_TEST(a_broken_answer_is_unclear)
{
	const struct fault *fault = &faults[_i];
	static const char *const methods[] = {"POST", "GET"};
	const struct step steps[] = {{fault->answer, fault->after}, {fault->answer, fault->after}};
	server_start(steps);
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		ck_assert_msg(send_method(methods[i]) == TRANSPORT_UNCLEAR, "%s", fault->name);
		ck_assert_msg(
		        err.code == fault->code, "%s: %d %s", fault->name, (int)err.code, err.text);
		ck_assert(answer.is_sent);
	}
	server_stop();
	ck_assert_int_eq(server.requests, 2);
}
END_TEST

START_TEST(silence_ends_at_the_time_limit)
{
	const struct step steps[] = {{JSON_HEAD "Content-Length: 100\r\n\r\n{", HANG}};
	server_start(steps);
	open_transport(TRANSPORT_PLAIN_ON_LOOPBACK, 200);
	ck_assert_int_eq(send_method("POST"), TRANSPORT_UNCLEAR);
	ck_assert_int_eq(err.code, ERR_TIMEOUT);
	ck_assert(answer.elapsed_us < SOON_MS * 1000);
}
END_TEST

START_TEST(bytes_beyond_the_length_are_no_answer_to_the_next_call)
{
	const struct step steps[] = {
	        {JSON_2 "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", KEEP}, {JSON_2, KEEP}};
	server_start(steps);
	ck_assert_int_eq(send_method("GET"), TRANSPORT_ANSWERED);
	ck_assert_str_eq(buf_text(&answer.body), "{}");
	ck_assert_int_eq(send_method("GET"), TRANSPORT_ANSWERED);
	ck_assert_str_eq(buf_text(&answer.body), "{}");
	server_stop();
	ck_assert_int_eq(server.requests, 2);
}
END_TEST

#define X64   "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X512  X64 X64 X64 X64 X64 X64 X64 X64
#define X4096 X512 X512 X512 X512 X512 X512 X512 X512
#define LINE  "X-Long: " X4096 "\r\n"

static const char *const big_answers[] = {
        JSON_HEAD "Content-Length: 4097\r\n\r\n" X4096 "x",
        JSON_HEAD "\r\n" X4096 "x",
        JSON_HEAD "Transfer-Encoding: chunked\r\n\r\n1001\r\n" X4096 "x\r\n0\r\n\r\n",
        JSON_HEAD LINE LINE LINE LINE LINE LINE LINE LINE "Content-Length: 0\r\n\r\n",
};

START_TEST(an_answer_over_its_cap_is_too_large)
{
	const struct step steps[] = {{big_answers[_i], CLOSE}};
	server_start(steps);
	ck_assert_int_eq(send_method("POST"), TRANSPORT_TOO_LARGE);
	ck_assert_int_eq(err.code, ERR_ANSWER_TOO_LARGE);
	ck_assert(answer.is_sent);
	ck_assert_uint_le(answer.body.len, ANSWER_CAP);
	ck_assert_uint_le(answer.headers.len, TRANSPORT_HEADERS_MAX_BYTES);
}
END_TEST

START_TEST(an_answer_of_exactly_the_cap_is_taken)
{
	const struct step steps[] = {{JSON_HEAD "Content-Length: 4096\r\n\r\n" X4096, KEEP}};
	server_start(steps);
	ck_assert_int_eq(send_method("GET"), TRANSPORT_ANSWERED);
	ck_assert_uint_eq(answer.body.len, ANSWER_CAP);
}
END_TEST

START_TEST(the_stop_flag_ends_a_call_that_waits)
{
	const struct step steps[] = {{NULL, STOP_FLAG}};
	server_start(steps);
	open_transport(TRANSPORT_PLAIN_ON_LOOPBACK, 60000);
	int64_t before_ms = clock_mono_ms();
	ck_assert_int_eq(send_method("POST"), TRANSPORT_STOPPED);
	ck_assert(clock_mono_ms() - before_ms < SOON_MS);
	ck_assert_int_eq(err.code, ERR_STOPPED);
	ck_assert(answer.is_sent);
	ck_assert_int_eq(send_method("POST"), TRANSPORT_STOPPED);
	ck_assert(!answer.is_sent);
	server_stop();
	ck_assert_int_eq(server.requests, 1);
}
END_TEST

/* ------------------------------------------------------ connections that die */

START_TEST(get_is_tried_once_more_on_a_dead_connection)
{
	const struct step steps[] = {{JSON_2, KEEP}, {NULL, CLOSE}, {JSON_2, KEEP}};
	server_start(steps);
	ck_assert_int_eq(send_method("GET"), TRANSPORT_ANSWERED);
	ck_assert_int_eq(send_method("GET"), TRANSPORT_ANSWERED);
	server_stop();
	ck_assert_int_eq(server.requests, 3);
	ck_assert_int_eq(server.connections, 2);
}
END_TEST

static const char *const not_repeated[] = {"POST", "PUT", "DELETE"};

START_TEST(other_methods_are_never_sent_twice)
{
	const struct step steps[] = {{JSON_2, KEEP}, {NULL, CLOSE}, {JSON_2, KEEP}};
	server_start(steps);
	ck_assert_int_eq(send_method("GET"), TRANSPORT_ANSWERED);
	ck_assert_int_eq(send_method(not_repeated[_i]), TRANSPORT_UNCLEAR);
	ck_assert_int_eq(err.code, ERR_NETWORK);
	ck_assert(answer.is_sent);
	server_stop();
	ck_assert_int_eq(server.requests, 2);
}
END_TEST

START_TEST(get_is_not_tried_a_third_time)
{
	const struct step steps[] = {{JSON_2, KEEP}, {NULL, CLOSE}, {NULL, CLOSE}, {JSON_2, KEEP}};
	server_start(steps);
	ck_assert_int_eq(send_method("GET"), TRANSPORT_ANSWERED);
	ck_assert_int_eq(send_method("GET"), TRANSPORT_UNCLEAR);
	server_stop();
	ck_assert_int_eq(server.requests, 3);
}
END_TEST

/* ------------------------------------------------------------------ headers */

START_TEST(doubled_headers_are_told_apart)
{
	const struct step steps[] = {{"HTTP/1.1 429 Too Many Requests\r\n"
	                              "X-Rate-Limit-Reset:  1795460400 \t\r\n"
	                              "x-rate-limit-RESET: 1795460460\r\n"
	                              "X-Rate-Limit-Reset-Not: 1\r\nX-Empty:\r\n"
	                              "Content-Length: 0\r\n\r\n",
	        KEEP}};
	char to[11];
	server_start(steps);
	ck_assert_int_eq(send_method("GET"), TRANSPORT_ANSWERED);
	ck_assert_int_eq(answer.status, 429);
	ck_assert(transport_answer_header(&answer, "x-rate-limit-reset", 0, to, sizeof(to)));
	ck_assert_str_eq(to, "1795460400");
	ck_assert(transport_answer_header(&answer, "X-Rate-Limit-Reset", 1, to, sizeof(to)));
	ck_assert_str_eq(to, "1795460460");
	ck_assert(!transport_answer_header(&answer, "X-Rate-Limit-Reset", 2, to, sizeof(to)));
	ck_assert(!transport_answer_header(&answer, "X-Rate-Limit-Reset", 0, to, 10));
	ck_assert(transport_answer_header(&answer, "X-Empty", 0, to, sizeof(to)));
	ck_assert_str_eq(to, "");
	ck_assert(!transport_answer_header(&answer, "X-Absent", 0, to, sizeof(to)));
	ck_assert(!transport_answer_header(&answer, "HTTP/1.1 429 Too", 0, to, sizeof(to)));
}
END_TEST

START_TEST(interim_answers_and_trailers_are_dropped)
{
	const struct step steps[] = {{"HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n" JSON_HEAD
	                              "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"
	                              "X-Late: 1\r\n\r\n",
	        KEEP}};
	char to[8];
	server_start(steps);
	ck_assert_int_eq(send_method("GET"), TRANSPORT_ANSWERED);
	ck_assert_int_eq(answer.status, 200);
	ck_assert(answer.is_json);
	ck_assert(!transport_answer_header(&answer, "X-Early", 0, to, sizeof(to)));
	ck_assert(!transport_answer_header(&answer, "X-Late", 0, to, sizeof(to)));
}
END_TEST

struct type_case {
	const char *answer;
	bool is_json;
};

#define TYPED(type) "HTTP/1.1 200 OK\r\nContent-Type: " type "\r\nContent-Length: 2\r\n\r\n{}"

static const struct type_case types[] = {
        {TYPED("application/json"), true},
        {TYPED("Application/JSON; charset=utf-8"), true},
        {TYPED("application/problem+json"), true},
        {TYPED("application/json ;x"), true},
        {TYPED("text/html; charset=utf-8"), false},
        {TYPED("application/jsonp"), false},
        {TYPED("text/plain; application/json"), false},
        {TYPED(""), false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", false},
};

START_TEST(only_json_counts_as_json)
{
	const struct step steps[] = {{types[_i].answer, KEEP}};
	server_start(steps);
	ck_assert_int_eq(send_method("GET"), TRANSPORT_ANSWERED);
	ck_assert(answer.is_json == types[_i].is_json);
}
END_TEST

/* -------------------------------------------------------------------- sink */

static struct {
	char text[64];
	size_t len;
	size_t enough;
} sunk;

static bool sink(void *context, const char *bytes, size_t len)
{
	ck_assert_ptr_eq(context, &sunk);
	ck_assert_uint_le(sunk.len + len, sizeof(sunk.text));
	memcpy(sunk.text + sunk.len, bytes, len);
	sunk.len += len;
	return sunk.len <= sunk.enough;
}

#define CHUNKS "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"

static const struct {
	const char *answer;
	size_t cap;
	size_t enough;
	enum transport_result result;
	const char *text;
	const char *kept; /* of an answer that is no success */
} sinks[] = {
        {"HTTP/1.1 200 OK\r\n" CHUNKS, 5, 64, TRANSPORT_ANSWERED, "abcde", ""},
        {"HTTP/1.1 200 OK\r\n" CHUNKS, 4, 64, TRANSPORT_TOO_LARGE, NULL, ""},
        {"HTTP/1.1 200 OK\r\n" CHUNKS, 64, 2, TRANSPORT_UNCLEAR, NULL, ""},
        {"HTTP/1.1 500 No\r\n" CHUNKS, 64, 64, TRANSPORT_ANSWERED, "", "abcde"},
        {"HTTP/1.1 302 Moved\r\n" CHUNKS, 64, 64, TRANSPORT_ANSWERED, "", "abcde"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabcde", 64, 64, TRANSPORT_UNCLEAR, "abcde",
                ""},
};

START_TEST(a_sink_takes_the_body_of_a_good_answer)
{
	const struct step steps[] = {{sinks[_i].answer, CLOSE}};
	struct transport_request request = {.method = "POST",
	        .answer_max_bytes = sinks[_i].cap,
	        .sink = sink,
	        .sink_context = &sunk};
	server_start(steps);
	sunk.enough = sinks[_i].enough;
	ck_assert_int_eq(send_request(&request, "/x"), sinks[_i].result);
	ck_assert_str_eq(buf_text(&answer.body), sinks[_i].kept);
	if (sinks[_i].text != NULL) {
		ck_assert_uint_eq(sunk.len, strlen(sinks[_i].text));
		ck_assert_mem_eq(sunk.text, sinks[_i].text, sunk.len);
	}
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 30);
	suite_add_tcase(suite, tcase);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("transport");
	TCase *requests = add_case(suite, "requests");
	tcase_add_test(requests, get_carries_our_headers_and_no_others);
	tcase_add_loop_test(requests, a_write_without_a_body_says_so, 0, ARRAY_SIZE(writes));
	tcase_add_test(requests, delete_has_no_body);
	tcase_add_test(requests, a_long_body_is_sent_without_expect);
	tcase_add_test(requests, options_of_one_call_do_not_leak_into_the_next);
	tcase_add_test(requests, a_header_value_cannot_start_another_header);
	tcase_add_test(requests, proxy_variables_are_ignored);
	TCase *places = add_case(suite, "places");
	tcase_add_loop_test(
	        places, plain_http_goes_to_a_loopback_address_only, 0, ARRAY_SIZE(refused_urls));
	tcase_add_test(places, plain_http_needs_leave);
	tcase_add_loop_test(places, loopback_urls_are_known, 0, ARRAY_SIZE(urls));
	tcase_add_test(places, redirects_are_not_followed);
	TCase *broken = add_case(suite, "faults");
	tcase_add_test(broken, a_closed_port_means_not_sent);
	tcase_add_test(broken, a_server_without_tls_means_not_sent);
	tcase_add_loop_test(broken, a_broken_answer_is_unclear, 0, ARRAY_SIZE(faults));
	tcase_add_test(broken, silence_ends_at_the_time_limit);
	tcase_add_test(broken, bytes_beyond_the_length_are_no_answer_to_the_next_call);
	tcase_add_loop_test(
	        broken, an_answer_over_its_cap_is_too_large, 0, ARRAY_SIZE(big_answers));
	tcase_add_test(broken, an_answer_of_exactly_the_cap_is_taken);
	tcase_add_test(broken, the_stop_flag_ends_a_call_that_waits);
	TCase *dying = add_case(suite, "connections");
	tcase_add_test(dying, get_is_tried_once_more_on_a_dead_connection);
	tcase_add_loop_test(dying, other_methods_are_never_sent_twice, 0, ARRAY_SIZE(not_repeated));
	tcase_add_test(dying, get_is_not_tried_a_third_time);
	TCase *headers = add_case(suite, "headers");
	tcase_add_test(headers, doubled_headers_are_told_apart);
	tcase_add_test(headers, interim_answers_and_trailers_are_dropped);
	tcase_add_loop_test(headers, only_json_counts_as_json, 0, ARRAY_SIZE(types));
	TCase *pieces = add_case(suite, "pieces");
	tcase_add_loop_test(pieces, a_sink_takes_the_body_of_a_good_answer, 0, ARRAY_SIZE(sinks));
	return suite_run(suite);
}
