/* SPDX-License-Identifier: MIT */
#ifndef SERVER_INTAKE_SIGNATURE_H
#define SERVER_INTAKE_SIGNATURE_H

/*
 * Bob's signature: Base64 of HMAC-SHA512 over the raw body (bob.md 2). Pure;
 * any thread.
 */

#include "server/base/attr.h"
#include "server/base/crypto.h"

#include <stddef.h>

#define SIGNATURE_HEADER "Bob-Signature"

/*
 * The keys that made this header (NULL: none came) over this body, a bit each; 0: none did.
 * White space around the value is allowed; inside there must be strict Base64
 * of exactly 64 bytes. Every key is always tried, and a missing, malformed or
 * wrong header costs the same work.
 */
unsigned intake_signature_verify(const struct hmac_key *const *keys, size_t count,
        const char *header, const void *body, size_t body_len) MUST_CHECK;

#endif
