/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_UNIT_HARNESS_H
#define TESTS_SANDBOX_UNIT_HARNESS_H

/*
 * A sandbox without sockets for the unit tests: calls go straight to api_serve. Everything is
 * static, because each test program stands alone.
 */

#include <check.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/api.h"
#include "tests/sandbox/jsonx.h"
#include "tests/sandbox/sandbox.h"

#define HARNESS_UNUSED __attribute__((unused))

static struct sandbox *sb;

/* The last answer. */
static struct {
	int status;
	bool is_cut;
	json_t *json;
	char *text;
	struct reply reply;
} last;

static HARNESS_UNUSED void forget_last(void)
{
	json_decref(last.json);
	free(last.text);
	reply_finish(&last.reply);
	memset(&last, 0, sizeof(last));
}

static HARNESS_UNUSED void setup(void)
{
	sb = sandbox_create(&(struct sandbox_options){.seed = 7, .is_quiet = true});
	ck_assert_ptr_nonnull(sb);
}

static HARNESS_UNUSED void teardown(void)
{
	forget_last();
	sandbox_stop(sb);
	sandbox_destroy(sb);
}

struct asked {
	const char *method;
	const char *uri;
	const char *body;
	const char *authorization;
	const char *if_match;
	bool without_length;
	bool without_headers;
};

static HARNESS_UNUSED int ask_with(const struct asked *asked)
{
	struct request rq;

	forget_last();
	request_init(&rq, asked->method, asked->uri);
	if (asked->body != NULL) {
		request_set_body(&rq, asked->body, strlen(asked->body));
	}
	if (asked->authorization != NULL) {
		rq.authorization = util_dup(asked->authorization);
	}
	if (!asked->without_headers) {
		rq.accept = util_dup("application/json");
		bool is_bob_get = rq.system == SYSTEM_BOB && asked->body == NULL;

		rq.content_type = is_bob_get ? NULL : util_dup("application/json");
	}
	rq.if_match = asked->if_match != NULL ? util_dup(asked->if_match) : NULL;
	rq.host = util_dup("127.0.0.1:1");
	rq.has_length = !asked->without_length;
	api_serve(sb, &rq, &last.reply);
	request_finish(&rq);
	last.status = last.reply.status;
	last.is_cut = last.reply.is_cut;
	last.text =
	        util_dup_n(last.reply.text != NULL ? last.reply.text : "", last.reply.text_length);
	last.json = jsonx_parse(last.text, last.reply.text_length);
	return last.status;
}

static HARNESS_UNUSED int okta(const char *method, const char *path, const char *body)
{
	char *uri = util_text("/okta/api/v1%s", path);
	int status = ask_with(&(struct asked){.method = method,
	        .uri = uri,
	        .body = body,
	        .authorization = "SSWS sandbox-okta-token"});

	free(uri);
	return status;
}

static HARNESS_UNUSED int bob(const char *method, const char *path, const char *body)
{
	char *uri = util_text("/bob/v1%s", path);
	int status = ask_with(&(struct asked){.method = method,
	        .uri = uri,
	        .body = body,
	        .authorization = "Basic U0VSVklDRS0xOnNhbmRib3gtYm9iLXRva2Vu"});

	free(uri);
	return status;
}

static HARNESS_UNUSED int control(const char *method, const char *path, const char *body)
{
	char *uri = util_text("/control%s", path);
	int status = ask_with(&(struct asked){.method = method, .uri = uri, .body = body});

	free(uri);
	return status;
}

/* A member of the last answer by a path of keys and array positions: "a.0.b". Borrowed. */
static HARNESS_UNUSED const json_t *at(const char *path)
{
	const json_t *value = last.json;

	while (*path != '\0' && value != NULL) {
		size_t length = strcspn(path, ".");
		char *key = util_dup_n(path, length);

		value = json_is_array(value) ? json_array_get(value, strtoul(key, NULL, 10))
		                             : json_object_get(value, key);
		free(key);
		path += length;
		path += *path == '.';
	}
	return value;
}

static HARNESS_UNUSED const char *text_at(const char *path)
{
	const char *text = json_string_value(at(path));

	return text != NULL ? text : "(absent)";
}

#define ck_error(status_, code_)                               \
	do {                                                   \
		ck_assert_int_eq(last.status, status_);        \
		ck_assert_str_eq(text_at("errorCode"), code_); \
	} while (0)

/* Runs one suite and returns the exit status. */
static HARNESS_UNUSED int run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
