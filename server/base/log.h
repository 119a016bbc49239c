/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_LOG_H
#define SERVER_BASE_LOG_H

/*
 * The logger: one line an entry on standard error, as text or JSON, values
 * escaped so that no input can start a line of its own. It takes only numbers,
 * truth values and plain strings: struct secret, struct personal and json_t do
 * not compile as a value (D11). Levels: error = a human must act, warn = we
 * coped, info = state changes, debug = the rest. Any thread; one write() a line.
 *
 *   log_info("employee settled", F("connection", name), F("employee_id", id));
 */

#include "server/base/attr.h"

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };
enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

enum log_kind { LOG_KIND_END, LOG_KIND_TEXT, LOG_KIND_NUMBER, LOG_KIND_REAL, LOG_KIND_BOOL };

struct log_field {
	const char *key;
	enum log_kind kind;
	const char *text;
	int64_t number;
	double real;
};

/* Set once by main before threads start. */
void log_setup(enum log_level level, enum log_format format);

/* What is written now; it may be another level for a while. */
struct log_state {
	enum log_level level;
	enum log_level usual; /* of log_setup */
	int64_t left_ms; /* until the usual one is back; 0: it stays until the end of the process */
};
void log_state(struct log_state *state);
/* Another level from now on; for_ms 0: until the end of the process, else for so long. */
void log_level_change(enum log_level level, int64_t for_ms);
const char *log_level_name(enum log_level level);
bool log_level_parse(const char *text, enum log_level *level) MUST_CHECK;
bool log_format_parse(const char *text, enum log_format *format) MUST_CHECK;

/* Fields end with a LOG_KIND_END entry; use the macros below. */
void log_write(enum log_level level, const char *event, const struct log_field *fields);

struct log_field log_field_text(const char *key, const char *value);
struct log_field log_field_number(const char *key, int64_t value);
struct log_field log_field_real(const char *key, double value);
struct log_field log_field_bool(const char *key, bool value);

/* No default branch: a type that is not listed does not compile. */
#define F(key, value) \
	_Generic((value),                                                                          \
		char *: log_field_text,                                                            \
		const char *: log_field_text,                                                      \
		int: log_field_number,                                                             \
		unsigned: log_field_number,                                                        \
		long: log_field_number,                                                            \
		unsigned long: log_field_unsigned,                                                 \
		long long: log_field_number,                                                       \
		double: log_field_real,                                                            \
		bool: log_field_bool)(key, value)

struct log_field log_field_unsigned(const char *key, unsigned long value);

#define LOG_AT(level, event, ...) \
	log_write(level, event,   \
	        (const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){.kind = LOG_KIND_END}})
#define log_debug(event, ...) LOG_AT(LOG_LEVEL_DEBUG, event __VA_OPT__(, ) __VA_ARGS__)
#define log_info(event, ...)  LOG_AT(LOG_LEVEL_INFO, event __VA_OPT__(, ) __VA_ARGS__)
#define log_warn(event, ...)  LOG_AT(LOG_LEVEL_WARN, event __VA_OPT__(, ) __VA_ARGS__)
#define log_error(event, ...) LOG_AT(LOG_LEVEL_ERROR, event __VA_OPT__(, ) __VA_ARGS__)

#endif
