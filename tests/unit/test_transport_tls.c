/* SPDX-License-Identifier: MIT */
/*
 * Whom the client believes and where it connects to (U-03, U-04). A TLS server
 * of the test stands behind a name; getaddrinfo, connect and the loading of
 * trusted roots are the test's own, so that the name may have any address, no
 * packet leaves the machine, and a root of the test may be trusted.
 */
#include "server/base/transport.h"

#include "server/base/attr.h"
#include "server/base/str.h"
#include "server/base/thread.h"
#include "tests/support/suite.h"

#include <arpa/inet.h>
#include <check.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NAME   "acme.okta.com"
#define PUBLIC "151.101.1.1" /* connects to it come to the test's server */
#define DAY_S  86400

struct certificate {
	EVP_PKEY *key;
	X509 *x509;
};

static pthread_t thread;
static int listener;
static in_port_t port;
static SSL_CTX *context;
static struct certificate root;
static const char *answer_text;
static atomic_bool is_handshake_done;
static atomic_bool is_token_seen;

/* What the name leads to, and how often something was connected to. */
static const char *name_address;
static atomic_int connects;

/* -------------------------------------------- in the place of the system's */

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
        struct addrinfo **result)
{
	(void)hints;
	ck_assert_str_eq(node, NAME);
	bool is_v6 = strchr(name_address, ':') != NULL;
	struct addrinfo *info = calloc(1, sizeof(*info) + sizeof(struct sockaddr_in6));
	ck_assert_ptr_nonnull(info);
	info->ai_addr = (struct sockaddr *)(info + 1);
	info->ai_family = info->ai_addr->sa_family = is_v6 ? AF_INET6 : AF_INET;
	info->ai_addrlen = is_v6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	info->ai_socktype = SOCK_STREAM;
	void *bytes = is_v6 ? (void *)&((struct sockaddr_in6 *)info->ai_addr)->sin6_addr
	                    : (void *)&((struct sockaddr_in *)info->ai_addr)->sin_addr;
	ck_assert_int_eq(inet_pton(info->ai_family, name_address, bytes), 1);
	in_port_t number = htons((in_port_t)strtoul(service, NULL, 10));
	if (is_v6) {
		((struct sockaddr_in6 *)info->ai_addr)->sin6_port = number;
	} else {
		((struct sockaddr_in *)info->ai_addr)->sin_port = number;
	}
	*result = info;
	return 0;
}

void freeaddrinfo(struct addrinfo *info)
{
	free(info);
}

int connect(int fd, const struct sockaddr *to, socklen_t len)
{
	int (*real)(int, const struct sockaddr *, socklen_t);
	struct sockaddr_in here;
	*(void **)&real = dlsym(RTLD_NEXT, "connect");
	atomic_fetch_add(&connects, 1);
	if (to->sa_family != AF_INET) {
		return real(fd, to, len);
	}
	memcpy(&here, to, sizeof(here));
	here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return real(fd, (struct sockaddr *)&here, sizeof(here));
}

int X509_STORE_load_file(X509_STORE *store, const char *file)
{
	(void)file;
	return X509_STORE_add_cert(store, root.x509);
}

/* ------------------------------------------------------------- certificates */

static void add_extension(X509 *x509, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	ck_assert_ptr_nonnull(extension);
	ck_assert_int_eq(X509_add_ext(x509, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

/* issuer NULL: signed by itself. */
static struct certificate make_certificate(
        const char *name, long until_s, const struct certificate *issuer)
{
	static long serial = 1;
	struct certificate made = {.key = EVP_EC_gen("P-256"), .x509 = X509_new()};
	X509 *x509 = made.x509;
	X509_NAME *subject = X509_get_subject_name(x509);
	char alternative[128];
	ck_assert_ptr_nonnull(made.key);
	X509_set_version(x509, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x509), serial++);
	X509_gmtime_adj(X509_getm_notBefore(x509), -2L * DAY_S);
	X509_gmtime_adj(X509_getm_notAfter(x509), until_s);
	X509_set_pubkey(x509, made.key);
	X509_NAME_add_entry_by_txt(
	        subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(x509, issuer != NULL ? X509_get_subject_name(issuer->x509) : subject);
	ck_assert(str_format(alternative, sizeof(alternative), "DNS:%s", name));
	add_extension(x509, NID_subject_alt_name, alternative);
	add_extension(x509, NID_basic_constraints, issuer == NULL ? "CA:TRUE" : "CA:FALSE");
	EVP_PKEY *signer = issuer != NULL ? issuer->key : made.key;
	ck_assert_int_gt(X509_sign(x509, signer, EVP_sha256()), 0);
	return made;
}

static void free_certificate(struct certificate *certificate)
{
	X509_free(certificate->x509);
	EVP_PKEY_free(certificate->key);
}

static void use_certificate(struct certificate made)
{
	ck_assert_int_eq(SSL_CTX_use_certificate(context, made.x509), 1);
	ck_assert_int_eq(SSL_CTX_use_PrivateKey(context, made.key), 1);
	free_certificate(&made);
}

/* ----------------------------------------------------------------- the server */

static void serve(int fd)
{
	char bytes[4096] = "";
	SSL *ssl = SSL_new(context);
	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1) {
		atomic_store(&is_handshake_done, true);
		if (SSL_read(ssl, bytes, sizeof(bytes) - 1) > 0) {
			atomic_store(&is_token_seen, strstr(bytes, "SSWS abc") != NULL);
			SSL_write(ssl, answer_text, (int)strlen(answer_text));
		}
		SSL_shutdown(ssl);
	}
	SSL_free(ssl);
	close(fd);
}

static void *serve_all(void *arg)
{
	(void)arg;
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		if (fd < 0) {
			return NULL;
		}
		serve(fd);
	}
}

static void setup(void)
{
	struct sockaddr_in address = {
	        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	signal(SIGPIPE, SIG_IGN);
	ck_assert(transport_global_start(NULL));
	context = SSL_CTX_new(TLS_server_method());
	ck_assert_ptr_nonnull(context);
	root = make_certificate("test root", DAY_S, NULL);
	use_certificate(make_certificate(NAME, DAY_S, &root));
	name_address = PUBLIC;
	answer_text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, len), 0);
	ck_assert_int_eq(listen(listener, 8), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	port = ntohs(address.sin_port);
	ck_assert(thread_start(&thread, "tls", serve_all, NULL, NULL));
}

static void teardown(void)
{
	shutdown(listener, SHUT_RDWR);
	thread_join(thread);
	close(listener);
	SSL_CTX_free(context);
	free_certificate(&root);
	transport_global_stop();
}

/* ------------------------------------------------------------------ the calls */

struct outcome {
	enum transport_result result;
	int status;
	struct err err;
};

static struct outcome call(const char *host, enum transport_plain plain)
{
	struct transport_options options = {.user_agent = "bob2okta/test",
	        .plain = plain,
	        .connect_timeout_ms = 5000,
	        .total_timeout_ms = 5000};
	struct secret token = {0};
	struct outcome outcome = {.err = ERR_INIT};
	struct transport_answer answer;
	char url[128];
	ck_assert(secret_set(&token, "SSWS abc"));
	ck_assert(str_format(url, sizeof(url), "https://%s:%d/", host, port));
	struct transport *transport = transport_create(&options, &outcome.err);
	ck_assert_ptr_nonnull(transport);
	struct transport_request request = {
	        .method = "POST", .url = url, .authorization = &token, .answer_max_bytes = 10};
	outcome.result = transport_send(transport, &request, &answer, &outcome.err);
	outcome.status = answer.status;
	transport_answer_finish(&answer);
	transport_destroy(transport);
	secret_finish(&token);
	return outcome;
}

static void expect_not_trusted(const char *text)
{
	struct outcome outcome = call(NAME, TRANSPORT_TLS_ONLY);
	ck_assert_int_eq(outcome.result, TRANSPORT_NOT_SENT);
	ck_assert_int_eq(outcome.err.code, ERR_TLS);
	ck_assert_msg(strstr(outcome.err.text, text) != NULL, "%s", outcome.err.text);
	ck_assert_int_ge(atomic_load(&connects), 1);
	ck_assert(!atomic_load(&is_token_seen));
}

START_TEST(a_trusted_server_gets_the_token)
{
	struct outcome outcome = call(NAME, TRANSPORT_TLS_ONLY);
	ck_assert_msg(outcome.result == TRANSPORT_ANSWERED, "%s", outcome.err.text);
	ck_assert_int_eq(outcome.status, 200);
	ck_assert(atomic_load(&is_token_seen));
}
END_TEST

START_TEST(an_expired_certificate_is_refused)
{
	use_certificate(make_certificate(NAME, -DAY_S, &root));
	expect_not_trusted("expired");
}
END_TEST

START_TEST(a_certificate_of_another_name_is_refused)
{
	use_certificate(make_certificate("other.okta.com", DAY_S, &root));
	expect_not_trusted("subject name");
}
END_TEST

START_TEST(a_certificate_that_signed_itself_is_refused)
{
	use_certificate(make_certificate(NAME, DAY_S, NULL));
	expect_not_trusted("self-signed");
}
END_TEST

START_TEST(a_certificate_of_an_unknown_authority_is_refused)
{
	struct certificate other = make_certificate("another root", DAY_S, NULL);
	use_certificate(make_certificate(NAME, DAY_S, &other));
	free_certificate(&other);
	expect_not_trusted("local issuer");
}
END_TEST

START_TEST(tls_below_1_2_is_refused)
{
	SSL_CTX_set_security_level(context, 0);
	SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
	expect_not_trusted("protocol version");
	ck_assert(!atomic_load(&is_handshake_done));
}
END_TEST

START_TEST(leave_for_plain_http_does_not_weaken_https)
{
	use_certificate(make_certificate(NAME, DAY_S, NULL));
	struct outcome outcome = call("127.0.0.1", TRANSPORT_PLAIN_ON_LOOPBACK);
	ck_assert_int_eq(outcome.result, TRANSPORT_NOT_SENT);
	ck_assert_int_eq(outcome.err.code, ERR_TLS);
	ck_assert(!atomic_load(&is_token_seen));
}
END_TEST

START_TEST(a_redirect_to_another_host_is_an_answer_and_no_call)
{
	answer_text = "HTTP/1.1 302 Found\r\nLocation: https://evil.example.com/\r\n"
	              "Content-Length: 0\r\nConnection: close\r\n\r\n";
	struct outcome outcome = call(NAME, TRANSPORT_TLS_ONLY);
	ck_assert_int_eq(outcome.result, TRANSPORT_ANSWERED);
	ck_assert_int_eq(outcome.status, 302);
	ck_assert_int_eq(atomic_load(&connects), 1);
}
END_TEST

/* ------------------------------------------------------- where names may lead */

static const char *const INSIDE[] = {"127.0.0.1", "169.254.169.254", "10.0.0.1", "192.168.1.1",
        "172.31.255.255", "100.64.0.1", "0.0.0.0", "255.255.255.255", "fd00::1", "::1",
        "::", "fe80::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1"};

static void expect_refused(const char *host, enum transport_plain plain)
{
	struct outcome outcome = call(host, plain);
	ck_assert_int_eq(outcome.result, TRANSPORT_NOT_SENT);
	ck_assert_msg(outcome.err.code == ERR_ADDRESS_REFUSED, "%s", outcome.err.text);
	ck_assert_int_eq(atomic_load(&connects), 0);
}

START_TEST(a_name_that_leads_inside_is_never_connected_to)
{
	name_address = INSIDE[_i];
	expect_refused(NAME, TRANSPORT_TLS_ONLY);
	/* Trying out on this machine needs an address that says so. */
	expect_refused(NAME, TRANSPORT_PLAIN_ON_LOOPBACK);
}
END_TEST

START_TEST(a_name_that_moves_inside_later_is_refused_then)
{
	ck_assert_int_eq(call(NAME, TRANSPORT_TLS_ONLY).result, TRANSPORT_ANSWERED);
	atomic_store(&connects, 0);
	name_address = "127.0.0.1";
	expect_refused(NAME, TRANSPORT_TLS_ONLY);
	name_address = "fd00::1";
	expect_refused(NAME, TRANSPORT_TLS_ONLY);
}
END_TEST

START_TEST(an_address_of_this_machine_needs_leave)
{
	expect_refused("127.0.0.1", TRANSPORT_TLS_ONLY);
	expect_refused("10.0.0.1", TRANSPORT_PLAIN_ON_LOOPBACK);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("transport_tls");
	TCase *trust = tcase_create("trust");
	tcase_add_checked_fixture(trust, setup, teardown);
	tcase_set_timeout(trust, 30);
	tcase_add_test(trust, a_trusted_server_gets_the_token);
	tcase_add_test(trust, an_expired_certificate_is_refused);
	tcase_add_test(trust, a_certificate_of_another_name_is_refused);
	tcase_add_test(trust, a_certificate_that_signed_itself_is_refused);
	tcase_add_test(trust, a_certificate_of_an_unknown_authority_is_refused);
	tcase_add_test(trust, tls_below_1_2_is_refused);
	tcase_add_test(trust, leave_for_plain_http_does_not_weaken_https);
	tcase_add_test(trust, a_redirect_to_another_host_is_an_answer_and_no_call);
	suite_add_tcase(suite, trust);
	TCase *reach = tcase_create("reach");
	tcase_add_checked_fixture(reach, setup, teardown);
	tcase_set_timeout(reach, 30);
	tcase_add_loop_test(
	        reach, a_name_that_leads_inside_is_never_connected_to, 0, (int)ARRAY_SIZE(INSIDE));
	tcase_add_test(reach, a_name_that_moves_inside_later_is_refused_then);
	tcase_add_test(reach, an_address_of_this_machine_needs_leave);
	suite_add_tcase(suite, reach);
	return suite_run(suite);
}
