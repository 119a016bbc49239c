/* SPDX-License-Identifier: MIT */
/* Open alarms, their acknowledgement, and how sending them goes. */
#include "server/alarm/alarm.h"

#include "server/base/str.h"
#include "server/console/alarms.h"
#include "server/console/args.h"
#include "server/store/alarms.h"

#define ALARMS_DEFAULT 500
#define ALARMS_MAX     5000

/* -------------------------------------------------------------------- list */

static json_t *alarm_json(const struct settings *settings, const struct alarm *alarm)
{
	return json_pack(
	        "{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:s, s:I, s:I, s:s, s:s, s:s, s:s}",
	        "connection", alarm->connection, "alarm", alarm_name(alarm->name), "subject",
	        alarm->subject, "severity",
	        alarm_severity_name(settings_alarm_severity(&settings->alarms, alarm->name)),
	        "since_ms", (json_int_t)alarm->since_ms, "opened_at_ms",
	        (json_int_t)alarm->opened_at_ms, "sent_at_ms", (json_int_t)alarm->sent_at_ms,
	        "sends", (json_int_t)alarm->sends, "acknowledged_by", alarm->acknowledged_by,
	        "acknowledged_at_ms", (json_int_t)alarm->acknowledged_at_ms, "ended_at_ms",
	        (json_int_t)alarm->ended_at_ms, "meaning", alarm_meaning(alarm->name), "todo",
	        alarm_todo(alarm->name), "advice", alarm_advice(alarm->name), "place",
	        alarm_place(alarm->name));
}

static json_t *target_json(
        const struct alarm_target *target, const struct alarm_target_state *state)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:s}", "name", target->name, "kind",
	        target->smtp != NULL ? "smtp" : "webhook", "least",
	        alarm_severity_name(target->least), "lack",
	        target->lack != NULL ? target->lack : "", "sent_at_ms",
	        (json_int_t)state->sent_at_ms, "failing_since_ms",
	        (json_int_t)state->failing_since_ms, "failures", (json_int_t)state->failures,
	        "sentence", state->sentence);
}

static json_t *targets_json(const struct console *console, const struct settings *settings)
{
	struct alarm_target_state states[SETTINGS_ALARM_TARGETS_MAX] = {0};
	json_t *list = json_array();

	if (console->alarms != NULL) {
		(void)alarms_targets(console->alarms, settings, states);
	}
	for (size_t i = 0; i < settings->alarms.target_count; i++) {
		json_array_append_new(list, target_json(&settings->alarms.targets[i], &states[i]));
	}
	return list;
}

static bool wants(struct args *args, const char *name)
{
	const char *text = http_request_query(args->request, name);

	if (text != NULL && !str_equal(text, "true") && !str_equal(text, "false")) {
		err_set(&args->err, ERR_BAD_REQUEST, "%s is true or false", name);
	}
	return text != NULL && str_equal(text, "true");
}

enum http_verdict console_alarms(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct console *console = context;
	struct args args;
	struct alarm_list alarms = {0};
	struct args_known known = {.query = KNOWN("all", "ended", "limit")};

	if (!args_init(&args, console, request, &known)) {
		return args_refuse(&args, reply);
	}
	const struct alarm_query query = {
	        .connection = wants(&args, "all") ? NULL : args.connection,
	        .with_ended = wants(&args, "ended"),
	        .limit = (size_t)args_query_number(&args, "limit", ALARMS_MAX, ALARMS_DEFAULT),
	};
	if (err_is_set(&args.err) ||
	        !store_alarm_list(console->store, &query, &alarms, &args.err)) {
		return args_refuse(&args, reply);
	}
	json_t *list = json_array();
	for (size_t i = 0; i < alarms.count; i++) {
		if (alarms.items[i].name != ALARM_COUNT) {
			json_array_append_new(list, alarm_json(args.settings, &alarms.items[i]));
		}
	}
	alarm_list_finish(&alarms);
	return args_answer(&args, reply,
	        json_pack("{s:o, s:o}", "alarms", list, "targets",
	                targets_json(console, args.settings)),
	        200);
}

/* ------------------------------------------------------------------- kinds */

static json_t *kind_json(const struct alarm_settings *settings, enum alarm_name name)
{
	bool is_off = settings->levels[name] == ALARM_LEVEL_OFF;

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "alarm", alarm_name(name),
	        "severity",
	        is_off ? "off" : alarm_severity_name(settings_alarm_severity(settings, name)),
	        "normally", alarm_severity_name(alarm_severity(name)), "meaning",
	        alarm_meaning(name), "todo", alarm_todo(name), "advice", alarm_advice(name),
	        "place", alarm_place(name));
}

enum http_verdict console_alarms_kinds(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {0};

	if (!args_init(&args, context, request, &known)) {
		return args_refuse(&args, reply);
	}
	json_t *list = json_array();
	for (int name = 0; name < ALARM_COUNT; name++) {
		json_array_append_new(
		        list, kind_json(&args.settings->alarms, (enum alarm_name)name));
	}
	return args_answer(&args, reply, json_pack("{s:o}", "kinds", list), 200);
}

/* ----------------------------------------------------------------- summary */

/* {"brake": 4}, the most pressing first. */
static json_t *by_name_json(const struct alarm_list *alarms)
{
	json_int_t counts[ALARM_COUNT + 1] = {0};
	json_t *by_name = json_object();

	for (size_t i = 0; i < alarms->count; i++) {
		counts[alarms->items[i].name]++;
	}
	for (int name = 0; name < ALARM_COUNT; name++) {
		if (counts[name] > 0) {
			json_object_set_new(by_name, alarm_name((enum alarm_name)name),
			        json_integer(counts[name]));
		}
	}
	return by_name;
}

json_t *console_alarms_summary(
        const struct console *console, const struct settings *settings, struct err *err)
{
	const struct alarm_query query = {.limit = ALARMS_MAX};
	struct alarm_list alarms;
	json_int_t unacknowledged = 0;
	json_int_t critical = 0;

	if (!store_alarm_list(console->store, &query, &alarms, err)) {
		return json_null();
	}
	json_int_t open = (json_int_t)alarms.count;
	for (size_t i = 0; i < alarms.count; i++) {
		const struct alarm *alarm = &alarms.items[i];
		bool is_critical = alarm->name != ALARM_COUNT &&
		        settings_alarm_severity(&settings->alarms, alarm->name) == ALARM_CRITICAL;
		unacknowledged += alarm->acknowledged_at_ms == 0 ? 1 : 0;
		critical += is_critical ? 1 : 0;
	}
	json_t *by_name = by_name_json(&alarms);
	alarm_list_finish(&alarms);
	return json_pack("{s:I, s:I, s:I, s:o, s:o}", "open", open, "critical", critical,
	        "unacknowledged", unacknowledged, "by_name", by_name, "targets",
	        targets_json(console, settings));
}

/* --------------------------------------------------------------------- ack */

enum http_verdict console_alarms_ack(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct console *console = context;
	struct args args;
	size_t count = 0;
	struct args_known known = {.body = KNOWN("alarm", "subject", "all", "by")};

	if (!args_init(&args, console, request, &known)) {
		return args_refuse(&args, reply);
	}
	const char *name = args_body_text(&args, "alarm", 63, "");
	struct alarm_choice choice = {
	        .connection = args_body_flag(&args, "all") ? NULL : args.connection,
	        .name = alarm_name_parse(name),
	        .subject = args_body_text(&args, "subject", ALARM_SUBJECT_BYTES - 1, NULL),
	        .by = args_by(&args),
	};
	if (choice.name == ALARM_COUNT) {
		err_set(&args.err, ERR_BAD_REQUEST,
		        "\"alarm\" is the name of an alarm; docs/alarms.md lists them");
	}
	if (err_is_set(&args.err) ||
	        !store_alarm_acknowledge(console->store, &choice, &count, &args.err)) {
		return args_refuse(&args, reply);
	}
	return args_answer(
	        &args, reply, json_pack("{s:I}", "acknowledged", (json_int_t)count), 200);
}

/* -------------------------------------------------------------------- test */

static json_t *try_target(const struct args *args, const struct alarm_target *target)
{
	struct err err = ERR_INIT;
	bool is_sent = alarms_test(args->console->alarms, target, &args->settings->alarms, &err);

	return json_pack("{s:s, s:s, s:b, s:s, s:s}", "name", target->name, "kind",
	        target->smtp != NULL ? "smtp" : "webhook", "is_sent", is_sent, "code",
	        is_sent ? "" : err_code_name(err.code), "sentence", err.text);
}

static json_t *try_targets(struct args *args, const char *name)
{
	const struct alarm_settings *settings = &args->settings->alarms;
	json_t *list = json_array();

	for (size_t i = 0; args->console->alarms != NULL && i < settings->target_count; i++) {
		if (name == NULL || str_equal(settings->targets[i].name, name)) {
			json_array_append_new(list, try_target(args, &settings->targets[i]));
		}
	}
	if (name != NULL && json_array_size(list) == 0) {
		err_set(&args->err, ERR_NOT_FOUND,
		        "there is no target of that name in alarms.targets of the settings");
	}
	return list;
}

enum http_verdict console_alarms_test(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.body = KNOWN("target", "by")};

	if (!args_init(&args, context, request, &known)) {
		return args_refuse(&args, reply);
	}
	const char *name = args_body_text(&args, "target", CONNECTION_NAME_BYTES - 1, NULL);
	bool is_good = args_by(&args) != NULL && !err_is_set(&args.err);
	json_t *targets = is_good ? try_targets(&args, name) : NULL;
	if (err_is_set(&args.err)) {
		json_decref(targets);
		return args_refuse(&args, reply);
	}
	return args_answer(&args, reply, json_pack("{s:o}", "targets", targets), 200);
}
