/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_SENSITIVE_H
#define SERVER_BASE_SENSITIVE_H

/*
 * Types the logger refuses at compile time (D11): struct secret for tokens and
 * keys, struct personal for what Bob says about people. Reading one takes a
 * call whose name says so, which is what a reviewer greps for.
 */

#include "server/base/attr.h"

#include <stdbool.h>
#include <stddef.h>

struct secret {
	char *text; /* owned; NULL while unset */
};

struct personal {
	char *text; /* owned; NULL while unknown */
};

/* Copies text, wiping what was held before. False when out of memory. */
bool secret_set(struct secret *secret, const char *text) MUST_CHECK;
/* Wipes and frees; accepts an unset one. */
void secret_finish(struct secret *secret);
bool secret_is_set(const struct secret *secret); /* holds a non-blank text */
/* Borrowed; "" while unset. */
const char *secret_reveal(const struct secret *secret);

bool personal_set(struct personal *personal, const char *text) MUST_CHECK; /* NULL unsets */
void personal_finish(struct personal *personal);
/* Borrowed; "" while unknown. */
const char *personal_reveal(const struct personal *personal);

#endif
