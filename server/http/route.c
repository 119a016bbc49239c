/* SPDX-License-Identifier: MIT */
#include "server/http/route.h"

#include "server/base/str.h"
#include "server/http/url.h"

#include <string.h>

static const char *const METHODS[HTTP_METHOD_COUNT] = {
        [HTTP_GET] = "GET",
        [HTTP_POST] = "POST",
        [HTTP_PUT] = "PUT",
        [HTTP_DELETE] = "DELETE",
};

/* As Allow names them: whoever may GET may HEAD. */
static const char *const ALLOWED[HTTP_METHOD_COUNT] = {
        [HTTP_GET] = "GET, HEAD",
        [HTTP_POST] = "POST",
        [HTTP_PUT] = "PUT",
        [HTTP_DELETE] = "DELETE",
};

enum http_method route_method_parse(const char *word)
{
	if (str_equal(word, "HEAD")) {
		return HTTP_GET;
	}
	for (int i = 0; i < HTTP_METHOD_COUNT; i++) {
		if (str_equal(METHODS[i], word)) {
			return (enum http_method)i;
		}
	}
	return HTTP_METHOD_COUNT;
}

/* Both point behind a slash and are moved to the end of their segment. */
static bool match_segment(
        const char **pattern, const char **path, struct route_match *match, int *n)
{
	size_t pattern_len = strcspn(*pattern, "/");
	size_t path_len = strcspn(*path, "/");
	bool matches = false;
	if ((*pattern)[0] == '{') {
		matches = path_len > 0 && *n < HTTP_PATH_PARAMS_MAX &&
		        url_decode(*path, path_len, match->params[*n], ROUTE_PARAM_BYTES);
		*n += 1;
	} else {
		matches = pattern_len == path_len && memcmp(*pattern, *path, path_len) == 0;
	}
	*pattern += pattern_len;
	*path += path_len;
	return matches;
}

static bool match_path(const char *pattern, const char *path, struct route_match *match)
{
	memset(match->params, 0, sizeof(match->params));
	int n = 0;
	while (*pattern == '/' && *path == '/') {
		pattern++;
		path++;
		if (!match_segment(&pattern, &path, match, &n)) {
			return false;
		}
	}
	return *pattern == '\0' && *path == '\0';
}

static void format_allow(const bool allowed[HTTP_METHOD_COUNT], char *to)
{
	to[0] = '\0';
	for (int i = 0; i < HTTP_METHOD_COUNT; i++) {
		if (allowed[i]) {
			char before[ROUTE_ALLOW_BYTES];
			memcpy(before, to, sizeof(before));
			str_format_cut(to, ROUTE_ALLOW_BYTES, "%s%s%s", before,
			        before[0] != '\0' ? ", " : "", ALLOWED[i]);
		}
	}
}

enum route_result route_find(const struct http_route *routes, enum http_method method,
        const char *path, struct route_match *match)
{
	bool allowed[HTTP_METHOD_COUNT] = {false};
	bool has_path = false;
	memset(match, 0, sizeof(*match));
	for (const struct http_route *route = routes; route->path != NULL; route++) {
		if (!match_path(route->path, path, match)) {
			continue;
		}
		if (route->method == method) {
			match->route = route;
			return ROUTE_FOUND;
		}
		allowed[route->method] = true;
		has_path = true;
	}
	memset(match->params, 0, sizeof(match->params));
	format_allow(allowed, match->allow);
	return has_path ? ROUTE_NO_METHOD : ROUTE_NO_PATH;
}
