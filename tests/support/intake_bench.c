/* SPDX-License-Identifier: MIT */
#include "tests/support/intake_bench.h"

#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "server/base/str.h"
#include "server/intake/signature.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(bool holds, const char *what)
{
	if (!holds) {
		fprintf(stderr, "intake bench: %s\n", what);
		abort();
	}
}

static const struct http_route ROUTES[] = {
        {HTTP_POST, WEBHOOK_PATH, HTTP_ROLE_PUBLIC, BENCH_BODY_MAX, 0, webhook_receive},
        {HTTP_POST, WEBHOOK_CONNECTION_PATH, HTTP_ROLE_PUBLIC, BENCH_BODY_MAX, 0, webhook_receive},
        {.path = NULL},
};

static void add_connection(struct intake_bench *bench, const char *name, const char *company_id,
        const char *const *secrets)
{
	struct connection_settings *connection =
	        &bench->connections[bench->settings.connection_count++];
	struct bob_settings *bob = &connection->bob;
	struct err err = ERR_INIT;
	must(str_copy(connection->name, sizeof(connection->name), name), "name");
	must(str_copy(bob->company_id, sizeof(bob->company_id), company_id), "company");
	for (; *secrets != NULL; secrets++) {
		bob->webhook_keys[bob->webhook_key_count] =
		        hmac_key_create(*secrets, strlen(*secrets), &err);
		must(bob->webhook_keys[bob->webhook_key_count++] != NULL, err.text);
	}
}

void intake_bench_start(struct intake_bench *bench, struct store *store)
{
	struct err err = ERR_INIT;
	must(crypto_start(&err), err.text);
	memset(bench, 0, sizeof(*bench));
	bench->settings.connections = bench->connections;
	add_connection(bench, "default", "636192",
	        (const char *const[]){BENCH_SECRET, BENCH_SECRET_2, NULL});
	add_connection(bench, "acme", "42", (const char *const[]){"acme-secret", NULL});
	add_connection(bench, "bare", "43", (const char *const[]){NULL});
	holder_init(&bench->holder, NULL, NULL);
	must(holder_reserve(&bench->holder), "holder");
	holder_swap(&bench->holder, &bench->settings);
	must(intake_init(&bench->intake, &bench->holder, store, &err), err.text);
	struct http_options options = {
	        .name = "public",
	        .listen = "127.0.0.1:0",
	        .mode = HTTP_POOLED,
	        .routes = ROUTES,
	        .context = &bench->intake,
	        .threads = 2,
	        .connections_max = 200,
	        .in_flight_max = 100,
	        .header_deadline_ms = 5000,
	        .body_deadline_ms = 5000,
	        .write_deadline_ms = 5000,
	};
	bench->server = http_start(&options, &err);
	must(bench->server != NULL, err.text);
	bench->port = http_port(bench->server);
}

void intake_bench_stop(struct intake_bench *bench)
{
	http_stop(bench->server, clock_mono_ms() + 5000);
	for (size_t i = 0; i < bench->settings.connection_count; i++) {
		struct bob_settings *bob = &bench->connections[i].bob;
		for (size_t k = 0; k < bob->webhook_key_count; k++) {
			hmac_key_destroy(bob->webhook_keys[k]);
		}
	}
	holder_finish(&bench->holder);
	crypto_stop();
}

const char *intake_bench_sign(const char *secret, const char *body)
{
	static _Thread_local char header[128];
	uint8_t mac[CRYPTO_HMAC_SHA512_BYTES];
	struct err err = ERR_INIT;
	struct hmac_key *key = hmac_key_create(secret, strlen(secret), &err);
	must(key != NULL && hmac_sign(key, body, strlen(body), mac), "cannot sign");
	char *text = base64_encode(mac, sizeof(mac));
	must(str_copy(header, sizeof(header), text), "signature");
	free(text);
	hmac_key_destroy(key);
	return header;
}

int intake_bench_post(
        struct raw_client *client, const char *path, const char *headers, const char *body)
{
	char text[2 * BENCH_BODY_MAX];
	must(str_format(text, sizeof(text),
	             "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n%s\r\n%s", path,
	             strlen(body), headers, body),
	        "the request is too long");
	return raw_client_ask(client, text);
}

int intake_bench_deliver(struct raw_client *client, const char *secret, const char *body)
{
	char headers[256];
	must(str_format(headers, sizeof(headers), "%s: %s\r\n", SIGNATURE_HEADER,
	             intake_bench_sign(secret, body)),
	        "headers");
	return intake_bench_post(client, WEBHOOK_PATH, headers, body);
}
