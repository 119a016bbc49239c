/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_ALARM_WORDS_H
#define SERVER_BASE_ALARM_WORDS_H

/*
 * The alarms there are (alarms.def), in the words that the settings, the store
 * and whoever sends them speak; see words.h. Pure.
 */

enum alarm_name {
#define ALARM(symbol, name, severity, meaning, todo, advice, place) ALARM_##symbol,
#include "server/base/alarms.def"
#undef ALARM
	ALARM_COUNT
};

enum alarm_severity { ALARM_NOTICE, ALARM_WARNING, ALARM_CRITICAL, ALARM_SEVERITY_COUNT };

/* Facts of the table; strings are static. */
const char *alarm_name(enum alarm_name name);
const char *alarm_meaning(enum alarm_name name);
const char *alarm_todo(enum alarm_name name); /* with commands */
const char *alarm_advice(enum alarm_name name); /* the same without */
const char *alarm_place(enum alarm_name name); /* of the console; "": none */
enum alarm_severity alarm_severity(enum alarm_name name); /* unless the settings say otherwise */
const char *alarm_severity_name(enum alarm_severity severity);
/* COUNT for an unknown word. */
enum alarm_name alarm_name_parse(const char *text);

#endif
