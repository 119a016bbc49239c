/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ROUTES_H
#define SERVER_ROUTES_H

/* The two route tables: all that either listener answers. docs/http.md is checked against them. */

#include "server/http/http.h"

extern const struct http_route routes_public[]; /* context: struct intake */
extern const struct http_route routes_admin[]; /* context: struct console */

#endif
