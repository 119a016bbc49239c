/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/request.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/sandbox/jsonx.h"

struct prefix {
	const char *text;
	enum system_id system;
	bool okta_prefixed;
	size_t dropped; /* bytes of the prefix that are no part of the route */
};

static const struct prefix PREFIXES[] = {
        {"/control/", SYSTEM_CONTROL, false, 8},
        {"/bob/v1/", SYSTEM_BOB, false, 4},
        {"/okta/", SYSTEM_OKTA, true, 5},
        {"/api/", SYSTEM_OKTA, false, 0},
};

static void parse_query(json_t *query, const char *text)
{
	while (*text != '\0') {
		size_t length = strcspn(text, "&");
		const char *equals = memchr(text, '=', length);
		size_t name_length = equals != NULL ? (size_t)(equals - text) : length;
		const char *value = equals != NULL ? equals + 1 : text + length;
		char *name = util_url_decode(text, name_length, UTIL_URL_QUERY);
		char *decoded =
		        util_url_decode(value, (size_t)(text + length - value), UTIL_URL_QUERY);

		if (name_length > 0) {
			json_t *entry = json_string(decoded);

			jsonx_take(query, name, entry != NULL ? entry : json_string(""));
		}
		free(name);
		free(decoded);
		text += length;
		text += *text == '&';
	}
}

static void split_path(struct request *rq, const char *rest)
{
	while (*rest == '/') {
		rest++;
		size_t length = strcspn(rest, "/");

		if (rq->segment_count == REQUEST_MAX_SEGMENTS) {
			rq->system = SYSTEM_NONE;
			return;
		}
		rq->segments[rq->segment_count++] = util_url_decode(rest, length, UTIL_URL_PATH);
		rest += length;
	}
}

void request_init(struct request *rq, const char *method, const char *uri)
{
	*rq = (struct request){
	        .method = util_dup(method), .uri = util_dup(uri), .query = json_object()};
	size_t length = strcspn(uri, "?#");

	rq->path = util_dup_n(uri, length);
	if (uri[length] == '?') {
		parse_query(rq->query, uri + length + 1);
	}
	for (size_t i = 0; i < COUNT(PREFIXES); i++) {
		const struct prefix *p = &PREFIXES[i];

		if (strncmp(rq->path, p->text, strlen(p->text)) == 0) {
			rq->system = p->system;
			rq->okta_prefixed = p->okta_prefixed;
			split_path(rq, rq->path + p->dropped);
			return;
		}
	}
}

void request_set_body(struct request *rq, const char *body, size_t length)
{
	free(rq->body);
	rq->body = util_dup_n(body, length);
	rq->body_length = length;
}

void request_parse_json(struct request *rq)
{
	if (rq->json == NULL && rq->body != NULL) {
		rq->json = jsonx_parse(rq->body, rq->body_length);
	}
}

void request_finish(struct request *rq)
{
	for (size_t i = 0; i < rq->segment_count; i++) {
		free(rq->segments[i]);
	}
	free(rq->method);
	free(rq->uri);
	free(rq->path);
	free(rq->authorization);
	free(rq->content_type);
	free(rq->accept);
	free(rq->if_match);
	free(rq->host);
	free(rq->body);
	free(rq->login);
	json_decref(rq->query);
	json_decref(rq->json);
	*rq = (struct request){0};
}

const char *request_query(const struct request *rq, const char *key)
{
	return jsonx_text(rq->query, key);
}

bool request_query_is(const struct request *rq, const char *key, bool other)
{
	const char *text = request_query(rq, key);

	return text == NULL ? other : strcasecmp(text, "true") == 0 || strcmp(text, "1") == 0;
}

void reply_clear(struct reply *rp)
{
	json_decref(rp->json);
	free(rp->text);
	rp->json = NULL;
	rp->text = NULL;
	rp->text_length = 0;
	rp->content_type = NULL;
}

void reply_finish(struct reply *rp)
{
	reply_clear(rp);
	for (size_t i = 0; i < rp->header_count; i++) {
		free(rp->headers[i].name);
		free(rp->headers[i].value);
	}
	*rp = (struct reply){0};
}

void reply_json(struct reply *rp, int status, json_t *taken)
{
	reply_clear(rp);
	rp->status = status;
	rp->json = taken;
	rp->content_type = "application/json";
}

void reply_text(struct reply *rp, int status, const char *content_type, const char *text)
{
	reply_clear(rp);
	rp->status = status;
	rp->text = util_dup(text);
	rp->text_length = strlen(text);
	rp->content_type = content_type;
}

void reply_empty(struct reply *rp, int status)
{
	reply_clear(rp);
	rp->status = status;
}

void reply_header(struct reply *rp, const char *name, const char *format, ...)
{
	va_list args;
	char *value = NULL;

	if (rp->header_count == REPLY_MAX_HEADERS) {
		abort();
	}
	va_start(args, format);
	if (vasprintf(&value, format, args) < 0) {
		abort();
	}
	va_end(args);
	rp->headers[rp->header_count++] = (struct reply_header){util_dup(name), value};
}

const char *reply_find_header(const struct reply *rp, const char *name)
{
	for (size_t i = 0; i < rp->header_count; i++) {
		if (strcasecmp(rp->headers[i].name, name) == 0) {
			return rp->headers[i].value;
		}
	}
	return NULL;
}

void reply_render(struct reply *rp)
{
	if (rp->json == NULL) {
		return;
	}
	free(rp->text);
	rp->text = jsonx_dump(rp->json);
	rp->text_length = strlen(rp->text);
	json_decref(rp->json);
	rp->json = NULL;
}
