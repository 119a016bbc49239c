/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_RAW_CLIENT_H
#define TESTS_SUPPORT_RAW_CLIENT_H

/*
 * A client that sends the bytes it is told, well-formed or not, and reads
 * answers one by one. Every wait has a deadline; failures end the test.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RAW_CLIENT_BYTES   (64 * 1024)
#define RAW_CLIENT_WAIT_MS 60000

struct raw_client {
	int fd;
	int port;
	size_t len; /* received and not taken yet */
	char bytes[RAW_CLIENT_BYTES];
	/* The answer read last. */
	int status; /* 0: none */
	char head[4096];
	char body[32768];
	size_t body_len;
};

/* On the heap, connected to 127.0.0.1. */
struct raw_client *raw_client_open(int port);
void raw_client_close(struct raw_client *client);
/* False when the peer has closed. */
bool raw_client_send(struct raw_client *client, const char *text);
bool raw_client_send_bytes(struct raw_client *client, const char *bytes, size_t len);
/* Reads one answer; its status, or 0 when the connection ended without one. */
int raw_client_read(struct raw_client *client);
/* The same for an answer to HEAD, which has no body. */
int raw_client_read_head(struct raw_client *client);
/* Sends and reads one answer; on a new connection where the last answer said close. */
int raw_client_ask(struct raw_client *client, const char *text);
/* The value of a header of the last answer, in a static buffer; NULL when absent. */
const char *raw_client_header(const struct raw_client *client, const char *name);
/* True when the peer closes within wait_ms and nothing more comes before. */
bool raw_client_is_ended(struct raw_client *client, int64_t wait_ms);
/* Receives into `bytes` until the peer closes; false when it does not. */
bool raw_client_drain(struct raw_client *client);
/* True when nothing is received for that long and the connection stays open. */
bool raw_client_is_silent(struct raw_client *client, int64_t wait_ms);

#endif
