/* SPDX-License-Identifier: MIT */
#include "server/check/check.h"

#include "server/base/clock.h"
#include "server/base/str.h"

#include <poll.h>

#define STOP_SEEN_MS 100 /* a waiting check sees the stop this late at most */

static const char *const words[] = {
        [CHECK_OK] = "ok",
        [CHECK_WARNING] = "warning",
        [CHECK_UNKNOWN] = "unknown",
        [CHECK_FAILURE] = "failure",
};

const char *check_result_name(enum check_result result)
{
	return words[result];
}

void check_report_step(struct check_report *report, const char *step)
{
	if (report->on_step != NULL) {
		report->on_step(report->context, step);
	}
}

void check_report_add(struct check_report *report, enum check_result result, const char *what,
        const char *found, const char *mend)
{
	const struct check_line line = {.connection = report->connection,
	        .result = result,
	        .what = what,
	        .found = found,
	        .mend = mend != NULL ? mend : ""};

	report->failures += result == CHECK_FAILURE ? 1 : 0;
	report->warnings += result == CHECK_WARNING || result == CHECK_UNKNOWN ? 1 : 0;
	report->on_line(report->context, &line);
}

static const char *mend_of(enum call_class call_class)
{
	switch (call_class) {
	case CALL_STOP_CREDENTIALS: return "put the right credentials into the settings";
	case CALL_STOP_CONFIG: return "give the token's owner the right it lacks";
	case CALL_RETRY_AT: return "the rate limit is used up; check again in a minute";
	case CALL_RETRY_LATER:
	case CALL_UNCLEAR:
	case CALL_REREAD:
		return "check again; if it stays, check the address, the network and the proxy";
	case CALL_NOT_FOUND:
	case CALL_PERMANENT: return "check base_url";
	case CALL_DONE:
	case CALL_ABORTED: break;
	}
	return "";
}

void check_report_add_call(
        struct check_report *report, const char *what, const struct call_outcome *outcome)
{
	char found[400];
	bool has_status = outcome->http_status != 0;
	str_format_cut(found, sizeof(found), "%s",
	        str_is_empty(outcome->sentence) ? call_class_name(outcome->call_class)
	                                        : outcome->sentence);
	if (has_status && str_is_empty(outcome->sentence)) {
		str_format_cut(found, sizeof(found), "%s (HTTP %d)",
		        call_class_name(outcome->call_class), outcome->http_status);
	}
	check_report_add(report, CHECK_FAILURE, what, found, mend_of(outcome->call_class));
}

void check_report_add_lack(
        struct check_report *report, const char *what, const struct token_settings *token)
{
	if (token->lack != NULL) {
		check_report_add(report, CHECK_FAILURE, what, token->lack, NULL);
		return;
	}
	check_report_add(report, CHECK_UNKNOWN, what,
	        "the token is in the store, which only the server reads",
	        "ask the server: bob2okta status, bob2okta secret list");
}

bool check_report_wait(const struct check_report *report, int64_t ms)
{
	int64_t until_ms = clock_mono_ms() + ms;
	int64_t left_ms = ms;

	while (left_ms > 0 && (report->stop == NULL || !atomic_load(report->stop))) {
		/* Nobody wakes who waits for a window to end; the flag is looked at in between. */
		(void)poll(NULL, 0, (int)(left_ms < STOP_SEEN_MS ? left_ms : STOP_SEEN_MS));
		left_ms = until_ms - clock_mono_ms();
	}
	return left_ms <= 0;
}

enum transport_plain check_plain(const struct check_report *report)
{
	return report->plain == SETTINGS_PLAIN_ON_LOOPBACK ? TRANSPORT_PLAIN_ON_LOOPBACK
	                                                   : TRANSPORT_TLS_ONLY;
}

void check_facts_finish(struct check_facts *facts)
{
	field_catalog_destroy(facts->fields);
	attribute_catalog_destroy(facts->attributes);
	json_decref(facts->people);
	*facts = (struct check_facts){.spawner = facts->spawner};
}

void check_connection(struct check_report *report, const struct connection_settings *connection,
        enum check_part part, struct evaluator_spawner *spawner)
{
	struct check_facts facts = {.spawner = spawner};
	report->connection = connection->name;
	if (part != CHECK_OKTA_ONLY) {
		check_bob(report, connection, &facts);
	}
	if (part != CHECK_BOB_ONLY) {
		check_okta(report, connection, &facts);
	}
	if (part == CHECK_BOTH) {
		check_report_step(report, "tries the mapping on everybody");
		check_rows(report, connection, &facts);
		check_census(report, connection, &facts);
	}
	check_facts_finish(&facts);
}
