/* SPDX-License-Identifier: MIT */
#include "server/cli/check_report.h"

#include "server/base/str.h"

static const char *const words[] = {
        [CHECK_OK] = "ok",
        [CHECK_WARNING] = "warning",
        [CHECK_UNKNOWN] = "unknown",
        [CHECK_FAILURE] = "failure",
};

void check_report_init(struct check_report *report, struct cli_call *call)
{
	*report = (struct check_report){.call = call, .lines = json_array()};
}

void check_report_finish(struct check_report *report)
{
	json_decref(report->lines);
	report->lines = NULL;
}

void check_report_add(struct check_report *report, enum check_result result, const char *what,
        const char *found, const char *mend)
{
	report->failures += result == CHECK_FAILURE ? 1 : 0;
	report->warnings += result == CHECK_WARNING || result == CHECK_UNKNOWN ? 1 : 0;
	if (report->call->is_json) {
		json_array_append_new(report->lines,
		        json_pack("{s:s?, s:s, s:s, s:s, s:s}", "connection", report->connection,
		                "result", words[result], "what", what, "found", found, "mend",
		                mend != NULL ? mend : ""));
		return;
	}
	cli_call_print(report->call, "%-8s %s: %s\n", words[result], what, found);
	if (!str_is_empty(mend)) {
		cli_call_print(report->call, "         -> %s\n", mend);
	}
}

static const char *mend_of(enum call_class call_class)
{
	switch (call_class) {
	case CALL_STOP_CREDENTIALS: return "put the right credentials into the settings";
	case CALL_STOP_CONFIG: return "give the token's owner the right it lacks";
	case CALL_RETRY_AT: return "the rate limit is used up; check again in a minute";
	case CALL_RETRY_LATER:
	case CALL_UNCLEAR:
	case CALL_REREAD: return "check again; if it stays, check base_url, network and proxy";
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

int check_report_close(struct check_report *report)
{
	bool is_well = report->failures == 0;
	if (report->call->is_json) {
		json_t *json = json_pack("{s:b, s:I, s:I, s:O}", "ok", is_well, "failures",
		        (json_int_t)report->failures, "warnings", (json_int_t)report->warnings,
		        "checks", report->lines);
		(void)cli_call_print_json(report->call, json);
		json_decref(json);
	} else if (is_well && report->warnings == 0) {
		cli_call_print(report->call, "all is well\n");
	} else {
		cli_call_print(report->call, "%zu failure%s, %zu warning%s\n", report->failures,
		        report->failures == 1 ? "" : "s", report->warnings,
		        report->warnings == 1 ? "" : "s");
	}
	return is_well ? CLI_DONE : CLI_FAILED;
}

enum settings_plain check_plain(const struct cli_call *call)
{
	return call->options->allow_insecure_loopback ? SETTINGS_PLAIN_ON_LOOPBACK
	                                              : SETTINGS_TLS_ONLY;
}

void check_facts_finish(struct check_facts *facts)
{
	field_catalog_destroy(facts->fields);
	attribute_catalog_destroy(facts->attributes);
	json_decref(facts->people);
	*facts = (struct check_facts){.spawner = facts->spawner};
}
