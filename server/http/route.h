/* SPDX-License-Identifier: MIT */
#ifndef SERVER_HTTP_ROUTE_H
#define SERVER_HTTP_ROUTE_H

/*
 * Finds the row of a route table for a method and a raw path. Literal segments
 * match byte for byte, so that one path has one spelling; {x} matches one
 * non-empty segment, decoded. The first row that fits wins. Pure.
 */

#include "server/base/attr.h"
#include "server/http/http.h"

#define ROUTE_PARAM_BYTES 128
#define ROUTE_ALLOW_BYTES 40

enum route_result {
	ROUTE_FOUND,
	ROUTE_NO_PATH, /* 404 */
	ROUTE_NO_METHOD /* 405; `allow` is filled in */
};

struct route_match {
	const struct http_route *route; /* NULL unless found */
	char params[HTTP_PATH_PARAMS_MAX][ROUTE_PARAM_BYTES]; /* "" when there is none */
	char allow[ROUTE_ALLOW_BYTES]; /* "GET, HEAD, POST" */
};

/* HEAD is GET; HTTP_METHOD_COUNT for a word no route can have. */
enum http_method route_method_parse(const char *word);
enum route_result route_find(const struct http_route *routes, enum http_method method,
        const char *path, struct route_match *match);

#endif
