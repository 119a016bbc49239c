/* SPDX-License-Identifier: MIT */
#include "server/base/transport.h"

#include "server/base/str.h"
#include "server/base/thread.h"
#include "tests/support/suite.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* A TLS server whose certificate nobody has signed, serving one connection. */

#define URL_BYTES        128
#define CERTIFICATE_LIFE 86400

static pthread_t thread;
static int listener;
static int port;
static SSL_CTX *context;
static atomic_bool is_request_seen;
static atomic_bool is_handshake_done;

static void make_certificate(void)
{
	EVP_PKEY *key = EVP_RSA_gen(2048);
	X509 *certificate = X509_new();
	X509_NAME *name = X509_get_subject_name(certificate);
	const unsigned char common_name[] = "localhost";
	ck_assert_ptr_nonnull(key);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
	X509_gmtime_adj(X509_getm_notAfter(certificate), CERTIFICATE_LIFE);
	X509_set_pubkey(certificate, key);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common_name, -1, -1, 0);
	X509_set_issuer_name(certificate, name);
	ck_assert_int_gt(X509_sign(certificate, key, EVP_sha256()), 0);
	ck_assert_int_eq(SSL_CTX_use_certificate(context, certificate), 1);
	ck_assert_int_eq(SSL_CTX_use_PrivateKey(context, key), 1);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

static void *serve_once(void *arg)
{
	(void)arg;
	char byte = 0;
	int fd = accept(listener, NULL, NULL);
	SSL *ssl = SSL_new(context);
	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1) {
		atomic_store(&is_handshake_done, true);
		if (SSL_read(ssl, &byte, 1) == 1) {
			atomic_store(&is_request_seen, true);
		}
	}
	SSL_free(ssl);
	close(fd);
	return NULL;
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
	make_certificate();
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, len), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	port = ntohs(address.sin_port);
	ck_assert(thread_start(&thread, "tls", serve_once, NULL, NULL));
}

static void teardown(void)
{
	thread_join(thread);
	close(listener);
	SSL_CTX_free(context);
	transport_global_stop();
}

static void refuse(enum transport_plain plain)
{
	struct transport_options options = {.user_agent = "bob2okta/test",
	        .plain = plain,
	        .connect_timeout_ms = 5000,
	        .total_timeout_ms = 5000};
	struct secret token = {0};
	struct err err = ERR_INIT;
	struct transport_answer answer;
	char url[URL_BYTES];
	ck_assert(secret_set(&token, "SSWS abc"));
	ck_assert(str_format(url, sizeof(url), "https://127.0.0.1:%d/", port));
	struct transport *transport = transport_create(&options, &err);
	ck_assert_ptr_nonnull(transport);
	struct transport_request request = {
	        .method = "POST", .url = url, .authorization = &token, .answer_max_bytes = 10};
	ck_assert_int_eq(transport_send(transport, &request, &answer, &err), TRANSPORT_NOT_SENT);
	ck_assert_int_eq(err.code, ERR_TLS);
	ck_assert(!answer.is_sent);
	transport_answer_finish(&answer);
	transport_destroy(transport);
	secret_finish(&token);
}

START_TEST(a_certificate_nobody_signed_is_refused_before_the_token_leaves)
{
	refuse(TRANSPORT_TLS_ONLY);
	ck_assert(!atomic_load(&is_request_seen));
}
END_TEST

START_TEST(leave_for_plain_http_does_not_weaken_https)
{
	refuse(TRANSPORT_PLAIN_ON_LOOPBACK);
	ck_assert(!atomic_load(&is_request_seen));
}
END_TEST

START_TEST(tls_below_1_2_is_refused)
{
	SSL_CTX_set_security_level(context, 0);
	SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
	refuse(TRANSPORT_TLS_ONLY);
	ck_assert(!atomic_load(&is_handshake_done));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("transport_tls");
	TCase *trust = tcase_create("trust");
	tcase_add_checked_fixture(trust, setup, teardown);
	tcase_set_timeout(trust, 30);
	tcase_add_test(trust, a_certificate_nobody_signed_is_refused_before_the_token_leaves);
	tcase_add_test(trust, leave_for_plain_http_does_not_weaken_https);
	tcase_add_test(trust, tls_below_1_2_is_refused);
	suite_add_tcase(suite, trust);
	return suite_run(suite);
}
