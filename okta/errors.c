/* SPDX-License-Identifier: MIT */
#include "okta/okta.h"

#include "okta/rate.h"
#include "server/base/json.h"
#include "server/base/str.h"

#include <string.h>

/*
 * How an answer is judged: the HTTP status first (a code is believed only in
 * an answer of its own hundred), then the code's row in errors.def, then what
 * E0000001 is about, which only the causes tell. Nothing Okta wrote is quoted:
 * its summaries hold logins and values.
 */

#define ATTRIBUTE_MAX_LEN 63
#define CODE_MAX_LEN      (CALL_CODE_MAX_BYTES - 1)

struct row {
	const char *code;
	int http_status;
	enum call_class call_class;
	const char *sentence;
};

static const struct row code_rows[] = {
#define OKTA_ERROR(code, http_status, class, sentence) {code, http_status, CALL_##class, sentence},
#include "okta/errors.def"
#undef OKTA_ERROR
};

/* Statuses without a code we know. */
static const struct row status_rows[] = {
        {"", 401, CALL_STOP_CREDENTIALS, "Okta does not accept the API token."},
        {"", 403, CALL_STOP_CONFIG,
                "Okta or something before it forbids the call; check the API "
                "token's network zone and its owner's admin role."},
        {"", 404, CALL_RETRY_LATER,
                "The answer is 404, but not in Okta's words; check "
                "okta.base_url."},
        {"", 408, CALL_RETRY_LATER, "Okta did not receive the request in time."},
        {"", 409, CALL_REREAD, "The change conflicts with another one in Okta."},
        {"", 412, CALL_REREAD, "The user was changed in Okta since it was read."},
        {"", 423, CALL_RETRY_LATER, "Okta is still working on an earlier change."},
        {"", 425, CALL_RETRY_LATER, "Okta asks to send the request again."},
        {"", 429, CALL_RETRY_AT, "Okta's rate limit is reached."},
        {"", 501, CALL_PERMANENT, "Okta does not support this operation."},
};

static const struct row *find_status(int http_status)
{
	for (size_t i = 0; i < ARRAY_SIZE(status_rows); i++) {
		if (status_rows[i].http_status == http_status) {
			return &status_rows[i];
		}
	}
	return NULL;
}

static const struct row *find_code(const char *code, int http_status)
{
	for (size_t i = 0; i < ARRAY_SIZE(code_rows); i++) {
		if (str_equal(code_rows[i].code, code)) {
			bool same_hundred = code_rows[i].http_status / 100 == http_status / 100;
			return same_hundred ? &code_rows[i] : NULL;
		}
	}
	return NULL;
}

static void say(struct call_outcome *outcome, enum call_class call_class, const char *sentence)
{
	outcome->call_class = call_class;
	str_format_cut(outcome->sentence, sizeof(outcome->sentence), "%s", sentence);
}

static void judge_status(int status, struct call_outcome *outcome)
{
	const struct row *row = find_status(status);
	if (row != NULL) {
		say(outcome, row->call_class, row->sentence);
	} else if (status >= 300 && status < 400) {
		say(outcome, CALL_STOP_CONFIG,
		        "Okta's address answers with a redirect; check okta.base_url.");
	} else {
		bool is_refused = status >= 400 && status < 500;
		outcome->call_class = is_refused ? CALL_PERMANENT : CALL_UNCLEAR;
		str_format_cut(outcome->sentence, sizeof(outcome->sentence), "%s (HTTP %d).",
		        is_refused ? "Okta refuses the request"
		                   : "Okta reported a fault of its own",
		        status);
	}
}

/* Takes the name in "name: text", or in "Property name 'name' is not defined ...". */
static bool take_attribute(const char *summary, char to[ATTRIBUTE_MAX_LEN + 1])
{
	const char *quote = strstr(summary, "Property name '");
	const char *start = quote != NULL ? strchr(quote, '\'') + 1 : summary;
	size_t len = strcspn(start, quote != NULL ? "'" : ":");
	if (start[len] == '\0' || len > ATTRIBUTE_MAX_LEN) {
		return false;
	}
	memcpy(to, start, len);
	to[len] = '\0';
	return str_is_word(to, ATTRIBUTE_MAX_LEN, "_");
}

static void explain_attribute(const char *summary, struct call_outcome *outcome)
{
	const char *before = "Okta refuses the value of the attribute ";
	const char *after = ".";
	if (strstr(summary, "is not defined") != NULL) {
		before = "Okta's user profile has no attribute ";
		after = "; add it in the Profile Editor or change the mapping.";
	} else if (strstr(summary, "already exists") != NULL) {
		before = "Another Okta user already has this value of the unique attribute ";
	}
	str_format_cut(outcome->sentence, sizeof(outcome->sentence), "%s%s%s", before,
	        outcome->attribute, after);
}

/* Only the prefix is relied on; the wording after it merely picks the sentence (okta.md 1.4). */
static void explain_login(const char *summary, struct call_outcome *outcome)
{
	bool is_taken = strstr(summary, "already exists") != NULL;
	say(outcome, CALL_REREAD,
	        is_taken ? "The login is already used by another Okta user."
	                 : "Okta refuses the login: it is taken, or not in the form this org asks "
	                   "for.");
}

/* True when this cause settles the matter: the login goes before everything else. */
static bool judge_cause(const json_t *cause, struct call_outcome *outcome)
{
	const char *summary = json_get_text(cause, "errorSummary");
	char attribute[ATTRIBUTE_MAX_LEN + 1];
	if (summary == NULL || !take_attribute(summary, attribute)) {
		return false;
	}
	bool is_login = str_equal(attribute, "login") && str_starts_with(summary, "login:");
	if ((is_login || outcome->attribute[0] == '\0') &&
	        !str_copy(outcome->attribute, sizeof(outcome->attribute), attribute)) {
		return false;
	}
	if (is_login) {
		explain_login(summary, outcome);
	} else if (str_equal(outcome->attribute, attribute)) {
		explain_attribute(summary, outcome);
	}
	return is_login;
}

/* errorCauses may be absent, empty, or a single object (okta.md 2). */
static void judge_validation(
        const json_t *body, enum okta_call_kind kind, struct call_outcome *outcome)
{
	if (kind == OKTA_CALL_LIFECYCLE) {
		say(outcome, CALL_REREAD,
		        "The user's status in Okta does not allow this change any more.");
		return;
	}
	const json_t *causes = json_object_get(body, "errorCauses");
	if (json_is_object(causes)) {
		(void)judge_cause(causes, outcome);
		return;
	}
	for (size_t i = 0; i < json_array_size(causes); i++) {
		if (judge_cause(json_array_get(causes, i), outcome)) {
			return;
		}
	}
}

static void judge_code(
        const struct okta_answer_facts *facts, const json_t *body, struct call_outcome *outcome)
{
	const char *code = json_get_text(body, "errorCode");
	if (!str_is_word(code, CODE_MAX_LEN, "")) {
		return;
	}
	str_format_cut(outcome->code, sizeof(outcome->code), "%s", code);
	const struct row *row = find_code(code, facts->http_status);
	if (row == NULL) {
		return;
	}
	say(outcome, row->call_class, row->sentence);
	if (str_equal(code, "E0000001")) {
		judge_validation(body, facts->kind, outcome);
	}
}

static void judge_body(const struct okta_answer_facts *facts, struct call_outcome *outcome)
{
	json_t *body = facts->is_json ? json_parse(facts->body, facts->body_len, NULL) : NULL;
	judge_code(facts, body, outcome);
	json_decref(body);
}

/* An empty answer is fine here; who expects a body sees that it is missing. */
static void judge_success(const struct okta_answer_facts *facts, struct call_outcome *outcome)
{
	if (facts->body_len == 0 || facts->is_json) {
		outcome->call_class = CALL_DONE;
		return;
	}
	say(outcome, CALL_UNCLEAR,
	        "The answer is a page, not Okta's API; check okta.base_url and what lies between.");
}

static void judge_rate(const struct okta_answer_facts *facts, struct call_outcome *outcome)
{
	struct rate rate;
	rate_read(facts, &rate);
	outcome->retry_at_ms = facts->now_ms + rate_wait_ms(&rate);
	outcome->wait = CALL_WAIT_ROOM;
	say(outcome, CALL_RETRY_AT,
	        rate_is_concurrency(&rate) ? "Okta is busy with too many calls at once."
	                                   : "Okta's rate limit is reached.");
}

void okta_answer_judge(const struct okta_answer_facts *facts, struct call_outcome *outcome)
{
	*outcome = (struct call_outcome){.http_status = facts->http_status, .is_sent = true};
	if (facts->http_status >= 200 && facts->http_status < 300) {
		judge_success(facts, outcome);
	} else {
		judge_status(facts->http_status, outcome);
		judge_body(facts, outcome);
	}
	if (facts->http_status == 429 || outcome->call_class == CALL_RETRY_AT) {
		judge_rate(facts, outcome);
	}
	if (outcome->call_class == CALL_UNCLEAR && facts->kind == OKTA_CALL_READ) {
		outcome->call_class = CALL_RETRY_LATER;
	}
}
