/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_INTAKE_BENCH_H
#define TESTS_SUPPORT_INTAKE_BENCH_H

/*
 * A public listener with the webhook's routes in front of a store (or NULL),
 * and the deliveries tests make to it. Connections: "default" (secrets
 * "test-bob-webhook-secret" and "next-secret"), "acme" ("acme-secret") and
 * "bare" (no secret).
 */

#include "server/intake/webhook.h"
#include "tests/support/raw_client.h"

#define BENCH_SECRET   "test-bob-webhook-secret"
#define BENCH_SECRET_2 "next-secret"
#define BENCH_BODY_MAX 4096

struct intake_bench {
	struct intake intake;
	struct settings settings;
	struct holder holder;
	struct connection_settings connections[3];
	struct http_server *server;
	int port;
};

void intake_bench_start(struct intake_bench *bench, struct store *store);
void intake_bench_stop(struct intake_bench *bench);

/* The Bob-Signature of a body; static buffer. */
const char *intake_bench_sign(const char *secret, const char *body);
/* Posts a body with extra header lines (each with its line end); the status. */
int intake_bench_post(
        struct raw_client *client, const char *path, const char *headers, const char *body);
/* Posts a signed body to /webhooks/bob. */
int intake_bench_deliver(struct raw_client *client, const char *secret, const char *body);

#endif
