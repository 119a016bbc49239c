/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_TRANSPORT_PARTS_H
#define SERVER_BASE_TRANSPORT_PARTS_H

/* What the two clients on libcurl share (transport.c, transport_mail.c); private to them. */

#include "server/base/transport.h"

#include <curl/curl.h>

struct sockaddr;

/* Sets an option, and remembers in *code the first that is refused (C10). */
#define TRANSPORT_SETOPT(easy, code, option, value)                             \
	do {                                                                    \
		CURLcode setopt_code = curl_easy_setopt((easy), option, value); \
		if (*(code) == CURLE_OK) {                                      \
			*(code) = setopt_code;                                  \
		}                                                               \
	} while (0)

/* What every call obeys: this protocol alone, TLS as we want it, no proxy, the deadlines. */
void transport_parts_set_safety(
        CURL *easy, CURLcode *code, const struct transport_options *options, const char *protocol);

/* U-03, for one address that a name led to. url: what is being called. */
bool transport_parts_may_connect(const struct transport_options *options, const char *url,
        const struct sockaddr *to) MUST_CHECK;
/* As transport_url_is_loopback, for mail servers. */
bool transport_parts_is_loopback_mail(const char *url);
enum err_code transport_parts_code(CURLcode code);

#endif
