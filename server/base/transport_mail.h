/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_TRANSPORT_MAIL_H
#define SERVER_BASE_TRANSPORT_MAIL_H

/*
 * Sends one mail by SMTP, with a handle of its own for that call, on the
 * caller's thread. TLS with certificate and name verified: from the start
 * (smtps://) or by STARTTLS, without which nothing is sent (smtp://). Without
 * TLS only to a loopback address, and only when the process was told so. U-03
 * as in transport.h, whose options these are.
 */

#include "server/base/transport.h"

struct transport_mail {
	const char *url; /* smtps://host[:port] or smtp://host[:port] */
	const char *login; /* NULL: none */
	const struct secret *password; /* with login */
	const char *from; /* addresses without <> and without what could end a line */
	char *const *to;
	size_t to_count;
	const char *message; /* header lines, an empty line, the text; lines end with CRLF */
	size_t message_len;
};

/* Blocks at most total_timeout_ms, less when the stop flag rises. */
bool transport_mail_send(const struct transport_options *options, const struct transport_mail *mail,
        struct err *err) MUST_CHECK;

#endif
