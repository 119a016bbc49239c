/* SPDX-License-Identifier: MIT */
#include "server/base/transport.h"

#include "server/base/address.h"
#include "server/base/clock.h"
#include "server/base/failpoint.h"
#include "server/base/secrecy.h"
#include "server/base/str.h"
#include "server/base/transport_parts.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

/* CURLOPT_QUICK_EXIT came with 7.87 (engine rule 18). */
#define CURL_VERSION_NEEDED     0x075700
#define LOW_SPEED_BYTES_PER_S   1L
#define LOW_SPEED_S             60L
#define CONNECTION_LIFETIME_S   240L
#define CONNECTIONS_KEPT        2L
#define HEADER_LINE_MAX_BYTES   4096
#define CONTENT_TYPE_MAX_BYTES  128
#define SENDS_OF_REPEATABLE_MAX 2
#define HTTP_LINE_START         "HTTP/"

struct transport {
	CURL *easy;
	struct transport_options options;
	char error_text[CURL_ERROR_SIZE]; /* outlives the handle's use of it (C10) */
};

/* One call; lives on the stack of transport_send. */
struct exchange {
	struct transport *transport;
	const struct transport_request *request;
	struct transport_answer *answer;
	struct curl_slist *headers;
	int sends; /* how often curl began to send the request */
	bool is_repeatable;
	bool is_head_whole; /* the blank line after the headers has come */
	bool is_body_begun;
	size_t sunk; /* bytes of the body that were not kept */
	bool is_sink_full; /* it wants no more */
	bool is_too_large;
	bool is_out_of_memory;
	bool is_stopped;
	bool is_second_send_refused;
	bool is_address_refused; /* one that was not public */
	bool is_connect_begun; /* to one that may be connected to */
	CURLcode option_code; /* the first option that curl refused (C10) */
};

bool transport_global_start(struct err *err)
{
	/* S-05: its buffers and header lists hold tokens, and it frees them as they are. */
	if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, secrecy_malloc, secrecy_free, secrecy_realloc,
	            secrecy_strdup, secrecy_calloc) != CURLE_OK) {
		err_set(err, ERR_INTERNAL, "libcurl cannot be started");
		return false;
	}
	const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
	/* C4: without it a name lookup has no time limit and cannot be left. */
	bool can_resolve = (curl->features & CURL_VERSION_ASYNCHDNS) != 0;
	bool can_tls = (curl->features & CURL_VERSION_SSL) != 0;
	if (!can_resolve || !can_tls || curl->version_num < CURL_VERSION_NEEDED) {
		err_set(err, ERR_INTERNAL,
		        "libcurl %s lacks what is needed: 7.87 or later, TLS, AsynchDNS",
		        curl->version);
		curl_global_cleanup();
		return false;
	}
	return true;
}

void transport_global_stop(void)
{
	curl_global_cleanup();
}

struct transport *transport_create(const struct transport_options *options, struct err *err)
{
	struct transport *transport = calloc(1, sizeof(*transport));
	if (transport == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for an HTTP client");
		return NULL;
	}
	transport->options = *options;
	transport->easy = curl_easy_init();
	if (transport->easy == NULL) {
		err_set(err, ERR_NO_MEMORY, "libcurl cannot make a handle");
		free(transport);
		return NULL;
	}
	return transport;
}

void transport_destroy(struct transport *transport)
{
	if (transport != NULL) {
		curl_easy_cleanup(transport->easy);
		free(transport);
	}
}

void transport_stop_on(struct transport *transport, const atomic_bool *stop)
{
	transport->options.stop = stop;
}

static bool is_loopback_host(const char *host)
{
	struct in_addr address;
	if (inet_pton(AF_INET, host, &address) == 1) {
		return ntohl(address.s_addr) >> 24 == 127;
	}
	return str_equal(host, "[::1]") || str_equal_fold(host, "localhost");
}

/* curl's own parser is asked, so that both sides mean the same host. */
static bool is_loopback_url(const char *url, const char *scheme_a, const char *scheme_b)
{
	CURLU *parsed = curl_url();
	char *scheme = NULL;
	char *host = NULL;
	char *user = NULL;
	bool is_loopback = parsed != NULL && url != NULL &&
	        curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK &&
	        curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
	        curl_url_get(parsed, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	        curl_url_get(parsed, CURLUPART_USER, &user, 0) == CURLUE_NO_USER &&
	        (str_equal(scheme, scheme_a) || str_equal(scheme, scheme_b)) &&
	        is_loopback_host(host);
	curl_free(user);
	curl_free(host);
	curl_free(scheme);
	curl_url_cleanup(parsed);
	return is_loopback;
}

bool transport_url_is_loopback(const char *url)
{
	return is_loopback_url(url, "http", "https");
}

bool transport_parts_is_loopback_mail(const char *url)
{
	return is_loopback_url(url, "smtp", "smtps");
}

static bool is_stop_raised(const struct transport *transport)
{
	const atomic_bool *stop = transport->options.stop;
	return stop != NULL && atomic_load(stop);
}

static int on_progress(
        void *context, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up_now)
{
	(void)total;
	(void)now;
	(void)up_total;
	(void)up_now;
	struct exchange *exchange = context;
	exchange->is_stopped = is_stop_raised(exchange->transport);
	return exchange->is_stopped ? 1 : 0;
}

bool transport_parts_may_connect(
        const struct transport_options *options, const char *url, const struct sockaddr *to)
{
	struct address address;
	if (options->reach == TRANSPORT_TO_ANY) {
		return true;
	}
	if (!address_of_socket(to, &address)) {
		return false;
	}
	return address_is_public(&address) ||
	        (options->plain == TRANSPORT_PLAIN_ON_LOOPBACK && address_is_loopback(&address) &&
	                (transport_url_is_loopback(url) || transport_parts_is_loopback_mail(url)));
}

/* Before each connect, with the address it goes to. curl takes the name's next one after a no. */
static curl_socket_t on_open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct exchange *exchange = context;
	if (purpose != CURLSOCKTYPE_IPCXN ||
	        !transport_parts_may_connect(
	                &exchange->transport->options, exchange->request->url, &to->addr)) {
		exchange->is_address_refused = true;
		return CURL_SOCKET_BAD;
	}
	exchange->is_connect_begun = true;
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static long sent_bytes(const struct transport *transport)
{
	long sent = 0;
	curl_easy_getinfo(transport->easy, CURLINFO_REQUEST_SIZE, &sent);
	return sent;
}

/*
 * curl sends again by itself when a reused connection dies before the first
 * byte of the answer, whatever the method, up to five times. This runs before
 * each sending: GET gets one more (C8), the others none once a byte has left.
 */
static int on_before_send(
        void *context, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
	(void)remote_ip;
	(void)local_ip;
	(void)remote_port;
	(void)local_port;
	struct exchange *exchange = context;
	exchange->sends++;
	bool may_send = exchange->sends == 1 || sent_bytes(exchange->transport) == 0 ||
	        exchange->is_repeatable;
	if (!may_send || exchange->sends > SENDS_OF_REPEATABLE_MAX) {
		exchange->is_second_send_refused = true;
		return CURL_PREREQFUNC_ABORT;
	}
	return CURL_PREREQFUNC_OK;
}

/* A short return makes curl end the transfer (C7). */
static size_t add_capped(struct exchange *exchange, struct buf *to, const char *bytes, size_t len)
{
	if (len > to->max - to->len) {
		exchange->is_too_large = true;
		return 0;
	}
	if (!buf_add(to, bytes, len)) {
		exchange->is_out_of_memory = true;
		return 0;
	}
	return len;
}

/* What an answer that is no success says may be of use, as far as it is short. */
static void keep_refusal(struct exchange *exchange, const char *bytes, size_t len)
{
	struct buf *body = &exchange->answer->body;

	if (len <= TRANSPORT_REFUSAL_MAX_BYTES - body->len && len <= body->max - body->len &&
	        !buf_add(body, bytes, len)) {
		exchange->is_out_of_memory = true;
	}
}

static size_t pass_on(struct exchange *exchange, const char *bytes, size_t len)
{
	const struct transport_request *request = exchange->request;
	long status = 0;

	if (len > request->answer_max_bytes - exchange->sunk) {
		exchange->is_too_large = true;
		return 0;
	}
	exchange->sunk += len;
	curl_easy_getinfo(exchange->transport->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status / 100 == 2 && !request->sink(request->sink_context, bytes, len)) {
		exchange->is_sink_full = true;
		return 0;
	}
	if (status / 100 != 2) {
		keep_refusal(exchange, bytes, len);
	}
	return len;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
	struct exchange *exchange = context;
	exchange->is_body_begun = true;
	return exchange->request->sink != NULL
	        ? pass_on(exchange, bytes, size * count)
	        : add_capped(exchange, &exchange->answer->body, bytes, size * count);
}

/* Each header block (100, 103, the final one) begins anew; trailers after the body are dropped. */
static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
	struct exchange *exchange = context;
	size_t len = size * count;
	if (exchange->is_body_begun) {
		return len;
	}
	if (exchange->answer->headers.len == 0 && !exchange->is_repeatable &&
	        FAILPOINT("okta.sent_no_answer", exchange->request->url)) {
		return 0;
	}
	size_t mark = strlen(HTTP_LINE_START);
	if (len > mark && memcmp(bytes, HTTP_LINE_START, mark) == 0) {
		buf_clear(&exchange->answer->headers);
	}
	exchange->is_head_whole = bytes[0] == '\r' || bytes[0] == '\n';
	return add_capped(exchange, &exchange->answer->headers, bytes, len);
}

static bool add_header_line(struct exchange *exchange, const char *line)
{
	struct curl_slist *headers = curl_slist_append(exchange->headers, line);
	if (headers == NULL) {
		return false;
	}
	exchange->headers = headers;
	return true;
}

/* A value with a line break would be a second header. */
static bool add_header(struct exchange *exchange, const char *name, const char *value)
{
	if (value == NULL) {
		return true;
	}
	char line[HEADER_LINE_MAX_BYTES];
	bool done = strpbrk(value, "\r\n") == NULL &&
	        str_format(line, sizeof(line), "%s: %s", name, value) &&
	        add_header_line(exchange, line);
	explicit_bzero(line, sizeof(line));
	return done;
}

static bool has_body(const struct transport_request *request)
{
	return request->body != NULL;
}

static bool add_headers(struct exchange *exchange)
{
	const struct transport_request *request = exchange->request;
	const char *accept = request->accept != NULL ? request->accept : "application/json";
	const char *type =
	        request->content_type != NULL ? request->content_type : "application/json";
	const char *authorization = secret_is_set(request->authorization)
	        ? secret_reveal(request->authorization)
	        : NULL;
	/* A name with nothing after the colon takes curl's own header away. */
	return add_header_line(exchange, "Expect:") && add_header(exchange, "Accept", accept) &&
	        add_header(exchange, "Authorization", authorization) &&
	        add_header(exchange, "If-Match", request->if_match) &&
	        add_header(exchange, "Bob-Signature", request->bob_signature) &&
	        add_header(exchange, "Bob2okta-Signature", request->own_signature) &&
	        (has_body(request) ? add_header(exchange, "Content-Type", type)
	                           : add_header_line(exchange, "Content-Type:"));
}

static void free_headers(struct exchange *exchange)
{
	for (struct curl_slist *at = exchange->headers; at != NULL; at = at->next) {
		explicit_bzero(at->data, strlen(at->data));
	}
	curl_slist_free_all(exchange->headers);
}

void transport_parts_set_safety(
        CURL *easy, CURLcode *code, const struct transport_options *options, const char *protocol)
{
	TRANSPORT_SETOPT(easy, code, CURLOPT_NOSIGNAL, 1L); /* C4 */
	TRANSPORT_SETOPT(easy, code, CURLOPT_PROTOCOLS_STR, protocol); /* C5 */
	/* An empty one overrides the environment's. */
	TRANSPORT_SETOPT(easy, code, CURLOPT_PROXY, "");
	TRANSPORT_SETOPT(easy, code, CURLOPT_NOPROXY, "*");
	TRANSPORT_SETOPT(easy, code, CURLOPT_SSL_VERIFYPEER, 1L);
	TRANSPORT_SETOPT(easy, code, CURLOPT_SSL_VERIFYHOST, 2L);
	TRANSPORT_SETOPT(easy, code, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	TRANSPORT_SETOPT(easy, code, CURLOPT_CONNECTTIMEOUT_MS, (long)options->connect_timeout_ms);
	TRANSPORT_SETOPT(easy, code, CURLOPT_TIMEOUT_MS, (long)options->total_timeout_ms);
	TRANSPORT_SETOPT(easy, code, CURLOPT_QUICK_EXIT, 1L); /* engine rule 18 */
}

/* To be used in set_options and its helpers alone. */
#define SETOPT(exchange, option, value) \
	TRANSPORT_SETOPT((exchange)->transport->easy, &(exchange)->option_code, option, value)

static void set_safety(struct exchange *exchange, bool is_plain)
{
	transport_parts_set_safety(exchange->transport->easy, &exchange->option_code,
	        &exchange->transport->options, is_plain ? "http" : "https");
	SETOPT(exchange, CURLOPT_FOLLOWLOCATION, 0L);
	SETOPT(exchange, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	SETOPT(exchange, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SETOPT(exchange, CURLOPT_HTTP09_ALLOWED, 0L);
}

static void set_limits(struct exchange *exchange)
{
	SETOPT(exchange, CURLOPT_LOW_SPEED_LIMIT, LOW_SPEED_BYTES_PER_S);
	SETOPT(exchange, CURLOPT_LOW_SPEED_TIME, LOW_SPEED_S);
	SETOPT(exchange, CURLOPT_MAXLIFETIME_CONN, CONNECTION_LIFETIME_S); /* C8 */
	SETOPT(exchange, CURLOPT_MAXCONNECTS, CONNECTIONS_KEPT);
	SETOPT(exchange, CURLOPT_TCP_KEEPALIVE, 1L);
	SETOPT(exchange, CURLOPT_MAXFILESIZE_LARGE,
	        (curl_off_t)exchange->request->answer_max_bytes);
}

static void set_callbacks(struct exchange *exchange)
{
	SETOPT(exchange, CURLOPT_ERRORBUFFER, exchange->transport->error_text);
	SETOPT(exchange, CURLOPT_NOPROGRESS, 0L);
	SETOPT(exchange, CURLOPT_XFERINFOFUNCTION, on_progress);
	SETOPT(exchange, CURLOPT_XFERINFODATA, exchange);
	SETOPT(exchange, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	SETOPT(exchange, CURLOPT_OPENSOCKETDATA, exchange);
	SETOPT(exchange, CURLOPT_PREREQFUNCTION, on_before_send);
	SETOPT(exchange, CURLOPT_PREREQDATA, exchange);
	SETOPT(exchange, CURLOPT_WRITEFUNCTION, on_body);
	SETOPT(exchange, CURLOPT_WRITEDATA, exchange);
	SETOPT(exchange, CURLOPT_HEADERFUNCTION, on_header);
	SETOPT(exchange, CURLOPT_HEADERDATA, exchange);
}

static void set_request(struct exchange *exchange)
{
	const struct transport_request *request = exchange->request;
	bool is_post = str_equal(request->method, "POST");
	SETOPT(exchange, CURLOPT_URL, request->url);
	/* Dots in a path are part of a login, not a way up. */
	SETOPT(exchange, CURLOPT_PATH_AS_IS, 1L);
	SETOPT(exchange, CURLOPT_USERAGENT, exchange->transport->options.user_agent);
	SETOPT(exchange, CURLOPT_HTTPHEADER, exchange->headers);
	if (is_post || str_equal(request->method, "PUT") || has_body(request)) {
		SETOPT(exchange, CURLOPT_POST, 1L);
		SETOPT(exchange, CURLOPT_POSTFIELDSIZE_LARGE,
		        (curl_off_t)(has_body(request) ? request->body_len : 0));
		SETOPT(exchange, CURLOPT_POSTFIELDS, has_body(request) ? request->body : "");
	}
	if (!is_post && !str_equal(request->method, "GET")) {
		SETOPT(exchange, CURLOPT_CUSTOMREQUEST, request->method);
	}
}

/* The one place that sets options: curl_easy_reset keeps connections and forgets the rest (C3). */
static bool set_options(struct exchange *exchange, bool is_plain, struct err *err)
{
	curl_easy_reset(exchange->transport->easy);
	exchange->transport->error_text[0] = '\0';
	set_safety(exchange, is_plain);
	set_limits(exchange);
	set_callbacks(exchange);
	set_request(exchange);
	if (exchange->option_code != CURLE_OK) {
		err_set(err, ERR_INTERNAL, "libcurl refuses an option: %s",
		        curl_easy_strerror(exchange->option_code));
		return false;
	}
	return true;
}

static bool is_method_known(const char *method)
{
	static const char *const methods[] = {"GET", "POST", "PUT", "DELETE"};
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		if (str_equal(method, methods[i])) {
			return true;
		}
	}
	return false;
}

static bool prepare(struct exchange *exchange, struct err *err)
{
	const struct transport_request *request = exchange->request;
	if (!is_method_known(request->method) || request->url == NULL) {
		err_set(err, ERR_INTERNAL, "a request without a method or an address");
		return false;
	}
	exchange->is_repeatable = str_equal(request->method, "GET");
	bool is_plain = !str_starts_with(request->url, "https://");
	if (is_plain &&
	        (exchange->transport->options.plain != TRANSPORT_PLAIN_ON_LOOPBACK ||
	                !transport_url_is_loopback(request->url))) {
		err_set(err, ERR_SETTINGS_INVALID, "only https:// addresses are called");
		return false;
	}
	if (!add_headers(exchange)) {
		err_set(err, ERR_INTERNAL, "a header of the request cannot be sent");
		return false;
	}
	return set_options(exchange, is_plain, err);
}

enum err_code transport_parts_code(CURLcode code)
{
	switch ((int)code) { /* not over the enum: its many members mean the same to us */
	case CURLE_OPERATION_TIMEDOUT: return ERR_TIMEOUT;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY: return ERR_NO_HOST;
	case CURLE_COULDNT_CONNECT: return ERR_NO_CONNECTION;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS: return ERR_TLS;
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_BAD_CONTENT_ENCODING: return ERR_BAD_ANSWER;
	case CURLE_OUT_OF_MEMORY: return ERR_NO_MEMORY;
	default: return ERR_NETWORK;
	}
}

static enum transport_result fail_with_curl(
        const struct exchange *exchange, CURLcode code, struct err *err)
{
	const char *text = exchange->transport->error_text;
	err_set(err, transport_parts_code(code), "%s",
	        text[0] != '\0' ? text : curl_easy_strerror(code));
	return exchange->answer->is_sent ? TRANSPORT_UNCLEAR : TRANSPORT_NOT_SENT;
}

static enum transport_result classify(
        const struct exchange *exchange, CURLcode code, struct err *err)
{
	if (code == CURLE_OK && exchange->is_head_whole) {
		return TRANSPORT_ANSWERED;
	}
	/* curl is content with headers that end because the connection does. */
	if (code == CURLE_OK) {
		err_set(err, ERR_NETWORK, "the connection ended in the headers of the answer");
		return TRANSPORT_UNCLEAR;
	}
	if (exchange->is_stopped) {
		err_set(err, ERR_STOPPED, "the call was ended because the server stops");
		return TRANSPORT_STOPPED;
	}
	if (exchange->is_too_large || code == CURLE_FILESIZE_EXCEEDED) {
		err_set(err, ERR_ANSWER_TOO_LARGE, "the answer is over its limit of %zu bytes",
		        exchange->request->answer_max_bytes);
		return TRANSPORT_TOO_LARGE;
	}
	if (exchange->is_address_refused && !exchange->is_connect_begun) {
		err_set(err, ERR_ADDRESS_REFUSED,
		        "the host's name leads to an address that is not public");
		return exchange->answer->is_sent ? TRANSPORT_UNCLEAR : TRANSPORT_NOT_SENT;
	}
	if (exchange->is_out_of_memory) {
		err_set(err, ERR_NO_MEMORY, "no memory for the answer");
		return TRANSPORT_UNCLEAR;
	}
	if (exchange->is_sink_full) {
		err_set(err, ERR_STOPPED, "the answer was read to no end");
		return TRANSPORT_UNCLEAR;
	}
	if (exchange->is_second_send_refused) {
		err_set(err, ERR_NETWORK, "the connection ended before an answer came");
		return TRANSPORT_UNCLEAR;
	}
	return fail_with_curl(exchange, code, err);
}

static bool is_json_type(const struct transport_answer *answer)
{
	char type[CONTENT_TYPE_MAX_BYTES];
	if (!transport_answer_header(answer, "Content-Type", 0, type, sizeof(type))) {
		return false;
	}
	type[strcspn(type, "; \t")] = '\0';
	return str_equal_fold(type, "application/json") || str_ends_with_fold(type, "+json");
}

static enum transport_result perform(struct exchange *exchange, struct err *err)
{
	struct transport *transport = exchange->transport;
	struct transport_answer *answer = exchange->answer;
	CURLcode code = curl_easy_perform(transport->easy);
	long status = 0;
	curl_easy_getinfo(transport->easy, CURLINFO_RESPONSE_CODE, &status);
	answer->status = (int)status;
	answer->is_sent = sent_bytes(transport) > 0;
	answer->is_json = is_json_type(answer);
	return classify(exchange, code, err);
}

enum transport_result transport_send(struct transport *transport,
        const struct transport_request *request, struct transport_answer *answer, struct err *err)
{
	struct exchange exchange = {.transport = transport, .request = request, .answer = answer};
	int64_t begun_us = clock_mono_us();
	*answer = (struct transport_answer){0};
	buf_init(&answer->headers, TRANSPORT_HEADERS_MAX_BYTES);
	buf_init(&answer->body, request->answer_max_bytes);
	enum transport_result result = TRANSPORT_NOT_SENT;
	if (is_stop_raised(transport)) {
		err_set(err, ERR_STOPPED, "the call was not begun because the server stops");
		result = TRANSPORT_STOPPED;
	} else if (prepare(&exchange, err)) {
		result = perform(&exchange, err);
	}
	free_headers(&exchange);
	answer->elapsed_us = clock_mono_us() - begun_us;
	return result;
}

void transport_answer_finish(struct transport_answer *answer)
{
	if (answer != NULL) {
		buf_wipe(&answer->headers);
		buf_wipe(&answer->body);
	}
}

/* The trimmed value when the line has that name, else NULL; *len is its length. */
static const char *value_of_line(const char *line, size_t line_len, const char *name, size_t *len)
{
	size_t name_len = strlen(name);
	if (line_len <= name_len || line[name_len] != ':' ||
	        strncasecmp(line, name, name_len) != 0) {
		return NULL;
	}
	const char *start = line + name_len + 1;
	const char *end = line + line_len;
	while (start < end && (*start == ' ' || *start == '\t')) {
		start++;
	}
	while (end > start && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r')) {
		end--;
	}
	*len = (size_t)(end - start);
	return start;
}

bool transport_answer_header(
        const struct transport_answer *answer, const char *name, int index, char *to, size_t size)
{
	int left = index;
	const char *line = buf_text(&answer->headers);
	while (*line != '\0') {
		size_t line_len = strcspn(line, "\n");
		size_t len = 0;
		const char *value = value_of_line(line, line_len, name, &len);
		if (value != NULL && left-- == 0) {
			return str_format(to, size, "%.*s", (int)len, value);
		}
		line += line_len + (line[line_len] == '\n' ? 1 : 0);
	}
	return false;
}
