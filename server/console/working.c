/* SPDX-License-Identifier: MIT */
#include "server/console/working.h"

#include "server/base/json.h"
#include "server/base/str.h"

#define SETTINGS_PAGE "/settings/integrations/provisioning/okta"
#define TEXT_BYTES    512

const char *working_state_name(enum working_state state)
{
	switch (state) {
	case WORKING_GOOD: return "good";
	case WORKING_ATTENTION: return "attention";
	case WORKING_BAD: break;
	}
	return "bad";
}

/* Reasons while they are gathered; each state keeps the order in which they came. */
struct gathering {
	json_t *bad;
	json_t *attention;
};

struct reason {
	const char *code;
	enum working_state state;
	const char *page;
	char sentence[TEXT_BYTES];
};

static void add(struct gathering *to, const struct reason *reason)
{
	json_array_append_new(reason->state == WORKING_BAD ? to->bad : to->attention,
	        json_pack("{s:s, s:s, s:s, s:s}", "code", reason->code, "state",
	                working_state_name(reason->state), "sentence", reason->sentence, "page",
	                reason->page));
}

/* People who wait on the page of those held and failed; one: the words for a single one. */
static void add_people(
        struct gathering *to, const char *code, int64_t count, const char *one, const char *many)
{
	struct reason reason = {.code = code, .state = WORKING_ATTENTION, .page = "/held"};

	if (count == 1) {
		str_format_cut(reason.sentence, sizeof(reason.sentence), "1 person %s.", one);
	} else {
		str_format_cut(reason.sentence, sizeof(reason.sentence), "%lld people %s.",
		        (long long)count, many);
	}
	if (count > 0) {
		add(to, &reason);
	}
}

static void add_system(struct gathering *to, const char *code, const char *name, const char *cause)
{
	struct reason reason = {.code = code, .state = WORKING_BAD, .page = "/system"};

	str_format_cut(reason.sentence, sizeof(reason.sentence), "%s%s%s", name,
	        cause[0] != '\0' ? ": " : ".", cause);
	add(to, &reason);
}

static void judge_base(struct gathering *to, const struct working_facts *facts)
{
	const struct engine_health *health = facts->health;

	if (facts->store_cause[0] != '\0') {
		add_system(to, "store", "Nothing can be stored, and Bob's deliveries are refused",
		        facts->store_cause);
	}
	if (facts->setup_lack[0] != '\0') {
		struct reason reason = {
		        .code = "not_set_up", .state = WORKING_BAD, .page = SETTINGS_PAGE};
		str_format_cut(reason.sentence, sizeof(reason.sentence),
		        "It is not set up yet: %s is missing.", facts->setup_lack);
		add(to, &reason);
		return; /* that neither system answers follows from it */
	}
	if (health->is_okta_parked && health->is_okta_asked) {
		add_system(to, "okta", "Nothing is written to Okta", health->okta_cause);
	}
	if (health->is_bob_parked) {
		add_system(to, "bob", "Bob cannot be read", health->bob_cause);
	}
	if (health->is_evaluator_away) {
		add_system(to, "evaluator", "Expressions of the mapping cannot be evaluated", "");
	}
}

static void judge_alarms(struct gathering *to, const struct working_facts *facts)
{
	int64_t all = facts->critical + facts->warnings;
	struct reason reason = {.code = "alarms",
	        .state = facts->critical > 0 ? WORKING_BAD : WORKING_ATTENTION,
	        .page = "/system"};

	if (all > 0) {
		str_format_cut(reason.sentence, sizeof(reason.sentence),
		        "%lld %s acknowledged: %s.", (long long)all,
		        all == 1 ? "alarm is open and not" : "alarms are open and not",
		        facts->alarm);
		add(to, &reason);
	}
}

static void judge_switches(struct gathering *to, const struct working_facts *facts)
{
	const struct engine_health *health = facts->health;
	struct reason paused = {.code = "paused",
	        .state = WORKING_ATTENTION,
	        .page = "/system",
	        .sentence = "It is paused: nothing is changed in Okta until somebody resumes it."};
	const struct reason dry_run = {.code = "dry_run",
	        .state = WORKING_ATTENTION,
	        .page = SETTINGS_PAGE,
	        .sentence =
	                "It is a dry run: what would be changed is noted, and nothing is changed in Okta."};

	if (health->pause != PAUSE_NONE) {
		if (health->pause == PAUSE_PASS_REVOCATIONS) {
			str_format_cut(paused.sentence, sizeof(paused.sentence),
			        "It is paused: only immediate revocations reach Okta until somebody resumes it.");
		}
		add(to, &paused);
	}
	if (health->is_dry_run) {
		add(to, &dry_run);
	}
}

static void judge_deliveries(struct gathering *to, const struct working_facts *facts)
{
	const struct reason never = {.code = "no_delivery",
	        .state = WORKING_ATTENTION,
	        .page = SETTINGS_PAGE,
	        .sentence =
	                "Bob has delivered nothing yet: give Bob the webhook's address and its secret."};
	const struct reason silent = {.code = "bob_silent",
	        .state = WORKING_ATTENTION,
	        .page = SETTINGS_PAGE,
	        .sentence =
	                "Bob has delivered nothing for longer than usual: look in Bob whether the webhook is active."};

	if (facts->setup_lack[0] != '\0') {
		return;
	}
	if (facts->last_delivery_at_ms == 0) {
		add(to, &never);
	} else if (facts->is_bob_silent) {
		add(to, &silent);
	}
}

/* What the state means, unless the reason itself is what it is. */
static const char *lead_in(const json_t *first)
{
	static const char *const WHOLE[] = {"paused", "dry_run", "not_set_up"};
	const char *code = json_get_text(first, "code");

	for (size_t i = 0; i < ARRAY_SIZE(WHOLE); i++) {
		if (str_equal(code, WHOLE[i])) {
			return "";
		}
	}
	return str_equal(json_get_text(first, "state"), "bad")
	        ? "It does not work as it should. "
	        : "It works, and somebody should look. ";
}

static void say(char *to, size_t size, const json_t *first, const struct working_facts *facts)
{
	if (first != NULL) {
		str_format_cut(to, size, "%s%s", lead_in(first), json_get_text(first, "sentence"));
	} else if (facts->waiting > 0) {
		str_format_cut(to, size, "It works. %lld %s on the way.", (long long)facts->waiting,
		        facts->waiting == 1 ? "person is" : "people are");
	} else {
		str_format_cut(to, size, "It works. Nobody waits.");
	}
}

json_t *working_json(const struct working_facts *facts)
{
	struct gathering all = {json_array(), json_array()};
	enum working_state state = WORKING_GOOD;
	char sentence[TEXT_BYTES];

	judge_base(&all, facts);
	judge_switches(&all, facts);
	judge_alarms(&all, facts);
	add_people(&all, "failed", facts->failed, "has failed and is not tried again by itself",
	        "have failed and are not tried again by themselves");
	add_people(&all, "held", facts->held, "waits for a decision", "wait for a decision");
	judge_deliveries(&all, facts);
	state = json_array_size(all.attention) > 0 ? WORKING_ATTENTION : WORKING_GOOD;
	state = json_array_size(all.bad) > 0 ? WORKING_BAD : state;
	json_array_extend(all.bad, all.attention);
	json_decref(all.attention);
	say(sentence, sizeof(sentence), json_array_get(all.bad, 0), facts);
	return json_pack("{s:s, s:s, s:o}", "state", working_state_name(state), "sentence",
	        sentence, "reasons", all.bad);
}
