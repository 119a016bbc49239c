/* SPDX-License-Identifier: MIT */
#include "server/bob/bob_answer.h"

#include "server/base/clock.h"
#include "server/base/str.h"

#define NUMBER_MAX INT64_C(100000000000) /* seconds; keeps sums in range */

struct row {
	int http_status;
	enum call_class call_class;
	const char *sentence;
};

static const struct row rows[] = {
        {400, CALL_PERMANENT, "Bob refuses the request as wrong."},
        {401, CALL_STOP_CREDENTIALS,
                "Bob does not accept the service user; check its id and token."},
        {403, CALL_STOP_CONFIG,
                "Bob forbids the call; check the service user's permission group, and whether the "
                "account limits API access by address."},
        {404, CALL_NOT_FOUND, "Bob has no such record."},
        {408, CALL_RETRY_LATER, "Bob did not receive the request in time."},
        {425, CALL_RETRY_LATER, "Bob asks to send the request again."},
        {429, CALL_RETRY_AT, "Bob's rate limit is reached."},
};

static void say(struct call_outcome *outcome, enum call_class call_class, const char *sentence)
{
	outcome->call_class = call_class;
	str_format_cut(outcome->sentence, sizeof(outcome->sentence), "%s", sentence);
}

static void judge_unlisted(int status, struct call_outcome *outcome)
{
	if (status >= 300 && status < 400) {
		say(outcome, CALL_STOP_CONFIG,
		        "Bob's address answers with a redirect; check bob.base_url.");
		return;
	}
	bool is_refused = status >= 400 && status < 500;
	outcome->call_class = is_refused ? CALL_PERMANENT : CALL_RETRY_LATER;
	str_format_cut(outcome->sentence, sizeof(outcome->sentence), "%s (HTTP %d).",
	        is_refused ? "Bob refuses the request" : "Bob reported a fault of its own", status);
}

static void judge_status(int status, struct call_outcome *outcome)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].http_status == status) {
			say(outcome, rows[i].call_class, rows[i].sentence);
			return;
		}
	}
	judge_unlisted(status, outcome);
}

int64_t bob_answer_number(const char *text)
{
	int64_t value = 0;
	if (!str_to_int64(text, &value) || value < 0) {
		return -1;
	}
	return value < NUMBER_MAX ? value : NUMBER_MAX;
}

int64_t bob_answer_server_now_ms(const struct bob_answer_facts *facts)
{
	int64_t server_now_ms = 0;
	bool has_date = facts->date != NULL && time_parse_http(facts->date, &server_now_ms);
	return has_date ? server_now_ms : facts->now_ms;
}

/* Retry-After in seconds or as a date; else the reset time; both by Bob's own clock. */
int64_t bob_answer_wait_ms(const struct bob_answer_facts *facts)
{
	int64_t server_now_ms = bob_answer_server_now_ms(facts);
	int64_t after_s = bob_answer_number(facts->retry_after);
	int64_t reset_s = bob_answer_number(facts->rate_reset);
	int64_t until_ms = 0;
	int64_t wait_ms = BOB_WAIT_DEFAULT_MS;
	if (after_s >= 0) {
		wait_ms = after_s * 1000;
	} else if (facts->retry_after != NULL && time_parse_http(facts->retry_after, &until_ms)) {
		wait_ms = until_ms - server_now_ms + BOB_WAIT_MARGIN_MS;
	} else if (reset_s >= 0) {
		wait_ms = reset_s * 1000 - server_now_ms + BOB_WAIT_MARGIN_MS;
	}
	if (wait_ms < BOB_WAIT_MIN_MS) {
		return BOB_WAIT_MIN_MS;
	}
	return wait_ms < BOB_WAIT_MAX_MS ? wait_ms : BOB_WAIT_MAX_MS;
}

void bob_answer_judge(const struct bob_answer_facts *facts, struct call_outcome *outcome)
{
	int status = facts->http_status;
	*outcome = (struct call_outcome){.http_status = status, .is_sent = true};
	if (status < 200 || status >= 300) {
		judge_status(status, outcome);
	} else if (facts->is_json) {
		outcome->call_class = CALL_DONE;
	} else {
		/* A wrong path answers with the web application's page (bob.md 5.10). */
		say(outcome, CALL_STOP_CONFIG,
		        "The answer is a page, not Bob's API; check bob.base_url.");
	}
	if (outcome->call_class == CALL_RETRY_AT) {
		outcome->retry_at_ms = facts->now_ms + bob_answer_wait_ms(facts);
	}
}
