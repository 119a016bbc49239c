/* SPDX-License-Identifier: MIT */
#include "server/base/log.h"

#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/base/str.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

/* PIPE_BUF: a write of at most this many bytes is not mixed with another's. */
#define LINE_MAX_BYTES   4096
#define VALUE_MAX_BYTES  1024
#define ENDING_MAX_BYTES 32 /* room kept for the mark of a cut line and its end */
#define ESCAPE_MAX_BYTES 8 /* "\uXXXX" and a NUL */
#define THREAD_MAX_BYTES 16

/* A line under construction, on the stack: logging must work without memory. */
struct line {
	char text[LINE_MAX_BYTES];
	size_t len;
	bool is_full;
};

static _Atomic int threshold = LOG_LEVEL_INFO;
static _Atomic int usual = LOG_LEVEL_INFO;
static _Atomic int64_t changed_until_ms; /* monotonic; 0: no end is set */
static _Atomic int shape = LOG_FORMAT_TEXT;

static const char *const level_names[] = {"debug", "info", "warn", "error"};
static const char *const level_marks[] = {"DEBUG", "INFO", "WARN", "ERROR"};

void log_setup(enum log_level level, enum log_format format)
{
	atomic_store(&threshold, (int)level);
	atomic_store(&usual, (int)level);
	atomic_store(&changed_until_ms, 0);
	atomic_store(&shape, (int)format);
}

void log_level_change(enum log_level level, int64_t for_ms)
{
	atomic_store(&changed_until_ms, for_ms > 0 ? clock_mono_ms() + for_ms : 0);
	atomic_store(&threshold, (int)level);
}

/* How long a change still lasts; 0: it is over, or has no end. */
static int64_t change_left_ms(bool *is_over)
{
	int64_t until_ms = atomic_load_explicit(&changed_until_ms, memory_order_relaxed);
	int64_t left_ms = until_ms != 0 ? until_ms - clock_mono_ms() : 0;

	*is_over = until_ms != 0 && left_ms <= 0;
	return left_ms > 0 ? left_ms : 0;
}

static int level_now(void)
{
	bool is_over = false;

	(void)change_left_ms(&is_over);
	return atomic_load_explicit(is_over ? &usual : &threshold, memory_order_relaxed);
}

void log_state(struct log_state *state)
{
	bool is_over = false;

	state->left_ms = change_left_ms(&is_over);
	state->level = (enum log_level)level_now();
	state->usual = (enum log_level)atomic_load(&usual);
}

const char *log_level_name(enum log_level level)
{
	return level_names[level];
}

bool log_level_parse(const char *text, enum log_level *level)
{
	for (size_t i = 0; i < ARRAY_SIZE(level_names); i++) {
		if (str_equal(text, level_names[i])) {
			*level = (enum log_level)i;
			return true;
		}
	}
	return false;
}

bool log_format_parse(const char *text, enum log_format *format)
{
	if (str_equal(text, "text")) {
		*format = LOG_FORMAT_TEXT;
		return true;
	}
	if (str_equal(text, "json")) {
		*format = LOG_FORMAT_JSON;
		return true;
	}
	return false;
}

struct log_field log_field_text(const char *key, const char *value)
{
	return (struct log_field){.key = key, .kind = LOG_KIND_TEXT, .text = value};
}

struct log_field log_field_number(const char *key, int64_t value)
{
	return (struct log_field){.key = key, .kind = LOG_KIND_NUMBER, .number = value};
}

struct log_field log_field_unsigned(const char *key, unsigned long value)
{
	int64_t number = value > INT64_MAX ? INT64_MAX : (int64_t)value;
	return (struct log_field){.key = key, .kind = LOG_KIND_NUMBER, .number = number};
}

struct log_field log_field_real(const char *key, double value)
{
	return (struct log_field){.key = key, .kind = LOG_KIND_REAL, .real = value};
}

struct log_field log_field_bool(const char *key, bool value)
{
	return (struct log_field){.key = key, .kind = LOG_KIND_BOOL, .number = value ? 1 : 0};
}

static void line_add_len(struct line *line, const char *text, size_t len)
{
	if (line->is_full || len > sizeof(line->text) - ENDING_MAX_BYTES - line->len) {
		line->is_full = true;
		return;
	}
	memcpy(line->text + line->len, text, len);
	line->len += len;
}

static void line_add(struct line *line, const char *text)
{
	line_add_len(line, text, strlen(text));
}

/*
 * Characters a terminal or a log reader could take for an order or for a new
 * line: C0, DEL, C1, line and paragraph separator, and the bidirectional marks.
 */
static bool is_risky(unsigned point)
{
	return point < 0x20 || (point >= 0x7f && point <= 0x9f) || point == 0x2028 ||
	        point == 0x2029 || (point >= 0x200e && point <= 0x200f) ||
	        (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
}

/* The code point of a valid sequence of at most three bytes; 0xffff for longer ones. */
static unsigned point_of(const char *bytes, size_t step)
{
	const uint8_t *at = (const uint8_t *)bytes;
	if (step == 1) {
		return at[0];
	}
	if (step == 2) {
		return (at[0] & 0x1fu) << 6 | (at[1] & 0x3fu);
	}
	if (step == 3) {
		return (at[0] & 0x0fu) << 12 | (at[1] & 0x3fu) << 6 | (at[2] & 0x3fu);
	}
	return 0xffff;
}

static void line_add_character(struct line *line, const char *at, size_t step)
{
	unsigned point = point_of(at, step);
	if (point == '"' || point == '\\') {
		line_add(line, "\\");
		line_add_len(line, at, 1);
	} else if (point == '\n') {
		line_add(line, "\\n");
	} else if (is_risky(point)) {
		char escape[ESCAPE_MAX_BYTES];
		str_format_cut(escape, sizeof(escape), "\\u%04x", point);
		line_add(line, escape);
	} else {
		line_add_len(line, at, step);
	}
}

/* Bytes that are no UTF-8 become U+FFFD; over-long values end with "...". */
static void line_add_escaped(struct line *line, const char *text)
{
	size_t len = strnlen(text, VALUE_MAX_BYTES + 1);
	size_t at = 0;
	while (at < len && at < VALUE_MAX_BYTES) {
		size_t step = str_utf8_step(text + at, len - at);
		if (step == 0) {
			line_add(line, "\xef\xbf\xbd");
			step = 1;
		} else {
			line_add_character(line, text + at, step);
		}
		at += step;
	}
	if (len > VALUE_MAX_BYTES) {
		line_add(line, "...");
	}
}

static void line_add_quoted(struct line *line, const char *text)
{
	line_add(line, "\"");
	line_add_escaped(line, text);
	line_add(line, "\"");
}

static bool needs_quotes(const char *text)
{
	return !str_is_word(text, VALUE_MAX_BYTES, "._:/@+-,");
}

static void line_add_text(struct line *line, const char *text, enum log_format format)
{
	if (text == NULL) {
		line_add(line, format == LOG_FORMAT_JSON ? "null" : "-");
	} else if (format == LOG_FORMAT_JSON || needs_quotes(text)) {
		line_add_quoted(line, text);
	} else {
		line_add(line, text);
	}
}

static void line_add_value(struct line *line, const struct log_field *field, enum log_format format)
{
	char number[40];
	switch (field->kind) {
	case LOG_KIND_TEXT: line_add_text(line, field->text, format); return;
	case LOG_KIND_NUMBER:
		str_format_cut(number, sizeof(number), "%lld", (long long)field->number);
		line_add(line, number);
		return;
	case LOG_KIND_REAL:
		str_format_cut(number, sizeof(number), "%.9g", field->real);
		line_add(line, isfinite(field->real) ? number : "null");
		return;
	case LOG_KIND_BOOL: line_add(line, field->number != 0 ? "true" : "false"); return;
	case LOG_KIND_END: return;
	}
}

/* A field that does not fit is left out whole, so that JSON stays JSON. */
static void line_add_field(struct line *line, const struct log_field *field, enum log_format format)
{
	if (line->is_full) {
		return;
	}
	size_t before = line->len;
	if (format == LOG_FORMAT_JSON) {
		line_add(line, ",");
		line_add_quoted(line, field->key);
		line_add(line, ":");
	} else {
		line_add(line, " ");
		line_add_escaped(line, field->key);
		line_add(line, "=");
	}
	line_add_value(line, field, format);
	if (line->is_full) {
		line->len = before;
	}
}

static void line_begin(
        struct line *line, enum log_level level, const char *event, enum log_format format)
{
	char time[CLOCK_TEXT_BYTES];
	char thread[THREAD_MAX_BYTES] = "";
	clock_format(time, clock_wall_ms());
	if (pthread_getname_np(pthread_self(), thread, sizeof(thread)) != 0) {
		thread[0] = '\0';
	}
	if (format == LOG_FORMAT_JSON) {
		line_add(line, "{\"time\":");
		line_add_quoted(line, time);
		line_add(line, ",\"level\":");
		line_add_quoted(line, level_names[level]);
		line_add(line, ",\"thread\":");
		line_add_quoted(line, thread);
		line_add(line, ",\"event\":");
		line_add_quoted(line, event);
	} else {
		line_add(line, time);
		line_add(line, " ");
		line_add(line, level_marks[level]);
		line_add(line, " ");
		line_add_text(line, thread, format);
		line_add(line, " ");
		line_add_escaped(line, event);
	}
}

static void line_end(struct line *line, enum log_format format)
{
	const char *ending = format == LOG_FORMAT_JSON ? "}\n" : "\n";
	if (line->is_full) {
		ending = format == LOG_FORMAT_JSON ? ",\"cut\":true}\n" : " cut=true\n";
	}
	size_t len = strlen(ending);
	memcpy(line->text + line->len, ending, len);
	line->len += len;
}

/* Nothing can be told to anyone when standard error is gone; the loss is accepted. */
static void line_write(const struct line *line)
{
	size_t done = 0;
	while (done < line->len) {
		ssize_t n = write(STDERR_FILENO, line->text + done, line->len - done);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return;
		}
		done += (size_t)n;
	}
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
	if (level == LOG_LEVEL_ERROR) {
		metrics_add(METRIC_LOG_ERRORS, NULL, 1);
	}
	if ((int)level < level_now()) {
		return;
	}
	int saved_errno = errno;
	enum log_format format =
	        (enum log_format)atomic_load_explicit(&shape, memory_order_relaxed);
	struct line line;
	line.len = 0;
	line.is_full = false;
	line_begin(&line, level, event, format);
	for (const struct log_field *field = fields; field->kind != LOG_KIND_END; field++) {
		line_add_field(&line, field, format);
	}
	line_end(&line, format);
	line_write(&line);
	errno = saved_errno;
}
