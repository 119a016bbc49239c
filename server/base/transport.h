/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_TRANSPORT_H
#define SERVER_BASE_TRANSPORT_H

/*
 * The one HTTP client, shared by okta/, server/bob/ and server/alarm/; with
 * transport_mail.c the only user of libcurl. A transport is one reused easy handle and belongs to
 * the thread that made it (C1, C3). https only, certificate and name verified, no redirects, no
 * proxy variables (C5); plain http only to a loopback address and only when the process was told
 * so. Blocks at most total_timeout_ms, less when the stop flag rises (engine rule 18).
 */

#include "server/base/attr.h"
#include "server/base/buf.h"
#include "server/base/err.h"
#include "server/base/sensitive.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRANSPORT_HEADERS_MAX_BYTES 32768
#define TRANSPORT_PIECE_MAX_BYTES   16384
#define TRANSPORT_REFUSAL_MAX_BYTES 65536

struct transport;

enum transport_plain { TRANSPORT_TLS_ONLY, TRANSPORT_PLAIN_ON_LOOPBACK };
/*
 * U-03: by default only public addresses are connected to, judged at each connect, so that no
 * name can lead inside later; loopback where the address says so and plain allows it.
 */
enum transport_reach { TRANSPORT_TO_PUBLIC, TRANSPORT_TO_ANY };

struct transport_options {
	const char *user_agent; /* borrowed for the life of the transport */
	enum transport_plain plain;
	enum transport_reach reach;
	int64_t connect_timeout_ms;
	int64_t total_timeout_ms;
	const atomic_bool *stop; /* borrowed; raised: calls end at once; may be NULL */
};

/*
 * Takes the body of a 2xx answer in pieces of at most TRANSPORT_PIECE_MAX_BYTES, on the thread of
 * transport_send. False ends the call, which then is TRANSPORT_UNCLEAR. The beginning of another
 * answer's body, TRANSPORT_REFUSAL_MAX_BYTES of it, is kept as usual.
 */
typedef bool transport_sink(void *context, const char *bytes, size_t len);

struct transport_request {
	const char *method; /* "GET", "POST", "PUT", "DELETE" */
	const char *url;
	const struct secret *authorization; /* the header's whole value; borrowed */
	const char *accept; /* NULL: application/json */
	const char *content_type; /* sent only with a body; NULL: application/json */
	const char *if_match; /* NULL: none */
	const char *bob_signature; /* NULL: none; for the command that plays Bob */
	const char *own_signature; /* NULL: none; of the body of an alarm */
	const char *body; /* NULL: none; a POST or PUT then says Content-Length: 0 */
	size_t body_len;
	size_t answer_max_bytes;
	transport_sink *sink; /* NULL: the body is kept; else it is not, and its cap is a sum */
	void *sink_context;
};

enum transport_result {
	TRANSPORT_ANSWERED,
	TRANSPORT_NOT_SENT, /* no byte of the request left: name, connect, TLS */
	TRANSPORT_UNCLEAR, /* sent, and no whole answer came */
	TRANSPORT_TOO_LARGE, /* sent, and the answer passed answer_max_bytes */
	TRANSPORT_STOPPED, /* the stop flag rose; sent or not is in is_sent */
};

struct transport_answer {
	int status;
	bool is_sent;
	bool is_json; /* content type application/json, or a +json suffix */
	struct buf headers; /* the final answer's header lines, CRLF kept */
	struct buf body;
	int64_t elapsed_us;
};

/* curl_global_init and its undoing; in main, around all threads (C11). */
bool transport_global_start(struct err *err) MUST_CHECK;
void transport_global_stop(void);

struct transport *transport_create(
        const struct transport_options *options, struct err *err) MUST_CHECK;
void transport_destroy(struct transport *transport);
/* Another stop flag from now on; borrowed. */
void transport_stop_on(struct transport *transport, const atomic_bool *stop);

/* answer is initialised here and must be finished by the caller in every case. */
enum transport_result transport_send(struct transport *transport,
        const struct transport_request *request, struct transport_answer *answer, struct err *err);
void transport_answer_finish(struct transport_answer *answer);

/*
 * The index-th header of that name (case-insensitive), trimmed, into `to`.
 * Okta has been seen to send rate headers twice (okta.md 4), so callers ask
 * for index 1 too. False when there is none or it does not fit.
 */
bool transport_answer_header(const struct transport_answer *answer, const char *name, int index,
        char *to, size_t size) MUST_CHECK;

/* True for http(s)://127.0.0.0/8, [::1] or localhost with a port. */
bool transport_url_is_loopback(const char *url);

#endif
