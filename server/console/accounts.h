/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CONSOLE_ACCOUNTS_H
#define SERVER_CONSOLE_ACCOUNTS_H

/* What the routes of sessions and accounts share. Any thread. */

#include "server/access/access.h"
#include "server/console/args.h"

#include <jansson.h>

/* As args_init, for routes of the whole program; false too where there are no accounts. */
bool accounts_begin(struct args *args, const struct console *console,
        const struct http_request *request, const char *const *body) MUST_CHECK;
/* A text of the body of 1 to max_bytes; secret_finish it in every case. */
bool accounts_secret(
        struct args *args, const char *name, size_t max_bytes, struct secret *secret) MUST_CHECK;
/* ERR_NOT_FOUND. */
bool accounts_find(struct args *args, int64_t id, struct access_account *account) MUST_CHECK;
/* As docs/http.md shows an account; new reference. */
json_t *accounts_json(const struct access_account *account);

#endif
