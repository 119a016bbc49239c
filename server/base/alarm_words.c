/* SPDX-License-Identifier: MIT */
#include "server/base/alarm_words.h"

#include "server/base/str.h"

static const struct {
	const char *name;
	enum alarm_severity severity;
	const char *meaning;
	const char *todo;
	const char *advice;
	const char *place;
} ALARMS[ALARM_COUNT] = {
#define ALARM(symbol, name, severity, meaning, todo, advice, place) \
	[ALARM_##symbol] = {name, ALARM_##severity, meaning, todo, advice, place},
#include "server/base/alarms.def"
#undef ALARM
};

static const char *const SEVERITIES[ALARM_SEVERITY_COUNT] = {
        [ALARM_NOTICE] = "notice",
        [ALARM_WARNING] = "warning",
        [ALARM_CRITICAL] = "critical",
};

const char *alarm_name(enum alarm_name name)
{
	return name < ALARM_COUNT ? ALARMS[name].name : "";
}

const char *alarm_meaning(enum alarm_name name)
{
	return name < ALARM_COUNT ? ALARMS[name].meaning : "";
}

const char *alarm_todo(enum alarm_name name)
{
	return name < ALARM_COUNT ? ALARMS[name].todo : "";
}

const char *alarm_advice(enum alarm_name name)
{
	const char *advice = name < ALARM_COUNT ? ALARMS[name].advice : "";

	return advice[0] != '\0' ? advice : alarm_todo(name);
}

const char *alarm_place(enum alarm_name name)
{
	return name < ALARM_COUNT ? ALARMS[name].place : "";
}

enum alarm_severity alarm_severity(enum alarm_name name)
{
	return name < ALARM_COUNT ? ALARMS[name].severity : ALARM_CRITICAL;
}

const char *alarm_severity_name(enum alarm_severity severity)
{
	return severity < ALARM_SEVERITY_COUNT ? SEVERITIES[severity] : "";
}

enum alarm_name alarm_name_parse(const char *text)
{
	int name = 0;
	while (name < ALARM_COUNT && !str_equal(ALARMS[name].name, text)) {
		name++;
	}
	return (enum alarm_name)name;
}
