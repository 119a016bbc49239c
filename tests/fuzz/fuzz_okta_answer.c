/* SPDX-License-Identifier: MIT */
/*
 * Any answer of Okta: kind and status (first line), limit, remaining, reset and Date (a line each),
 * then the body. A read is never unclear, a wait has an end, no sentence holds what Okta wrote, and
 * a user that is taken has an id that may go into a URL.
 */
#include "tests/fuzz/target.h"

#include "okta/okta.h"
#include "okta/user_list.h"
#include "server/base/json.h"
#include "tests/fuzz/lines.h"

#include <assert.h>

#define NOW_MS      INT64_C(1795600000000)
#define WAIT_MAX_MS 121000
#define CANARY      "CANARY"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static void check_outcome(const struct okta_answer_facts *facts, const struct call_outcome *outcome)
{
	assert(outcome->call_class >= CALL_DONE && outcome->call_class < CALL_ABORTED);
	assert(facts->kind != OKTA_CALL_READ || outcome->call_class != CALL_UNCLEAR);
	assert(outcome->call_class != CALL_DONE || facts->http_status / 100 == 2);
	assert(outcome->call_class == CALL_DONE || outcome->sentence[0] != '\0');
	/* The name of an attribute is the one thing that is taken over. */
	assert(strstr(outcome->sentence, CANARY) == NULL ||
	        strstr(outcome->attribute, CANARY) != NULL);
	if (outcome->call_class == CALL_RETRY_AT) {
		assert(outcome->retry_at_ms >= NOW_MS &&
		        outcome->retry_at_ms <= NOW_MS + WAIT_MAX_MS);
	}
}

static bool is_id(const char *id)
{
	return str_is_word(id, OKTA_USER_ID_BYTES - 1, "") && strlen(id) >= 10;
}

static void check_body(const struct okta_answer_facts *facts)
{
	struct okta_user user = {0};
	struct okta_user_list users = {0};
	json_t *json = json_parse(facts->body, facts->body_len, NULL);
	if (json != NULL && okta_user_parse(json, &user, NULL)) {
		assert(is_id(user.id));
		okta_user_finish(&user);
	}
	if (json != NULL && okta_user_list_parse(json, &users)) {
		for (size_t i = 0; i < users.count; i++) {
			assert(is_id(users.items[i].id));
		}
		okta_user_list_finish(&users);
	}
	json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct okta_answer_facts facts = {.is_json = true, .now_ms = NOW_MS};
	struct call_outcome outcome;
	char *lines[5];
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		lines[i] = take_line(&data, &size);
	}
	char *body = str_dup_len((const char *)data, size);
	if (lines[0] != NULL && lines[0][0] != '\0' && body != NULL) {
		facts.kind = (enum okta_call_kind)((unsigned char)lines[0][0] % 3);
		facts.http_status = take_status(lines[0] + 1);
		facts.rate_limit[0] = lines[1];
		facts.rate_remaining[0] = lines[2];
		facts.rate_reset[0] = lines[3];
		facts.rate_reset[1] = lines[2];
		facts.date = lines[4];
		facts.body = body;
		facts.body_len = size;
		okta_answer_judge(&facts, &outcome);
		check_outcome(&facts, &outcome);
		check_body(&facts);
	}
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		free(lines[i]);
	}
	free(body);
	return 0;
}
