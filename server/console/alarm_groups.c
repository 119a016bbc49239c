/* SPDX-License-Identifier: MIT */
#include "server/console/alarm_groups.h"

#include "server/base/str.h"

#define ALARMS_MAX 5000

static void add(struct alarm_groups *groups, const struct alarm *alarm)
{
	struct alarm_group *group = &groups->by_name[alarm->name];
	bool is_acknowledged = alarm->acknowledged_at_ms != 0;

	if (group->open < ALARM_GROUP_SUBJECTS) {
		str_format_cut(
		        group->subjects[group->open], ALARM_SUBJECT_BYTES, "%s", alarm->subject);
	}
	str_format_cut(group->connection, sizeof(group->connection), "%s", alarm->connection);
	if (is_acknowledged) {
		str_format_cut(group->acknowledged_by, sizeof(group->acknowledged_by), "%s",
		        alarm->acknowledged_by);
	}
	group->since_ms = group->open == 0 || alarm->since_ms < group->since_ms ? alarm->since_ms
	                                                                        : group->since_ms;
	group->open++;
	group->unacknowledged += is_acknowledged ? 0 : 1;
}

/* Notices are shown, and say nothing of whether it works. */
static void add_up(struct alarm_groups *groups, const struct alarm_settings *settings)
{
	for (int i = 0; i < ALARM_COUNT; i++) {
		enum alarm_name name = (enum alarm_name)i;
		struct alarm_group *group = &groups->by_name[i];
		group->severity = settings_alarm_severity(settings, name);
		if (group->severity == ALARM_CRITICAL) {
			groups->critical += group->unacknowledged;
		} else if (group->severity == ALARM_WARNING) {
			groups->warnings += group->unacknowledged;
		}
	}
}

static const char *find_most_pressing(const struct alarm_groups *groups)
{
	enum alarm_severity least = groups->critical > 0 ? ALARM_CRITICAL : ALARM_WARNING;

	for (int i = 0; i < ALARM_COUNT; i++) {
		if (groups->by_name[i].unacknowledged > 0 && groups->by_name[i].severity == least) {
			return alarm_meaning((enum alarm_name)i);
		}
	}
	return "";
}

bool alarm_groups_read(struct alarm_groups *groups, const struct args *args, struct err *err)
{
	const struct alarm_query query = {.limit = ALARMS_MAX};
	struct alarm_list alarms;

	*groups = (struct alarm_groups){0};
	if (!store_alarm_list(args->console->store, &query, &alarms, err)) {
		return false;
	}
	for (size_t i = 0; i < alarms.count; i++) {
		const struct alarm *alarm = &alarms.items[i];
		bool is_ours = alarm->connection[0] == '\0' ||
		        str_equal(alarm->connection, args->connection);
		if (is_ours && alarm->name != ALARM_COUNT) {
			add(groups, alarm);
		}
	}
	alarm_list_finish(&alarms);
	add_up(groups, &args->settings->alarms);
	groups->most_pressing = find_most_pressing(groups);
	return true;
}

static json_t *subjects_json(const struct alarm_group *group)
{
	json_t *list = json_array();

	for (int i = 0; i < ALARM_GROUP_SUBJECTS && i < group->open; i++) {
		if (group->subjects[i][0] != '\0') {
			json_array_append_new(list, json_string(group->subjects[i]));
		}
	}
	return list;
}

static json_t *group_json(enum alarm_name name, const struct alarm_group *group)
{
	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:s, s:o, s:s, s:s, s:s, s:s}", "alarm",
	        alarm_name(name), "connection", group->connection, "severity",
	        alarm_severity_name(group->severity), "open", (json_int_t)group->open,
	        "unacknowledged", (json_int_t)group->unacknowledged, "since_ms",
	        (json_int_t)group->since_ms, "acknowledged_by", group->acknowledged_by, "subjects",
	        subjects_json(group), "meaning", alarm_meaning(name), "todo", alarm_todo(name),
	        "advice", alarm_advice(name), "place", alarm_place(name));
}

json_t *alarm_groups_json(const struct alarm_groups *groups)
{
	json_t *list = json_array();

	for (int severity = ALARM_SEVERITY_COUNT - 1; severity >= 0; severity--) {
		for (int i = 0; i < ALARM_COUNT; i++) {
			const struct alarm_group *group = &groups->by_name[i];
			if (group->open > 0 && (int)group->severity == severity) {
				json_array_append_new(list, group_json((enum alarm_name)i, group));
			}
		}
	}
	return list;
}
