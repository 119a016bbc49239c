/* SPDX-License-Identifier: MIT */
/* An evaluator: reads a frame, compiles or evaluates, answers, and so on until its socket ends. */
#include "server/evaluator/confine.h"
#include "server/evaluator/frame.h"
#include "server/evaluator/programs.h"
#include "server/evaluator/wire.h"

#include "server/base/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct child {
	struct wire_page *page;
	struct buf request;
	struct buf answer;
	struct buf value;
	size_t count;
	char **texts;
	bool *is_wanted;
	struct program_verdict *verdicts;
	struct programs *programs; /* NULL until the first request */
};

/* ---------------------------------------------------------------- frames */

static bool receive_all(char *to, size_t len)
{
	while (len > 0) {
		ssize_t got = recv(WIRE_SOCKET_FD, to, len, 0);
		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got <= 0) {
			return false;
		}
		to += got;
		len -= (size_t)got;
	}
	return true;
}

static bool receive_frame(struct child *child)
{
	char part[4096];
	uint32_t len = 0;
	buf_clear(&child->request);
	if (!receive_all((char *)&len, sizeof(len)) || len > WIRE_FRAME_MAX_BYTES) {
		return false;
	}
	for (size_t left = len; left > 0;) {
		size_t take = left < sizeof(part) ? left : sizeof(part);
		if (!receive_all(part, take) || !buf_add(&child->request, part, take)) {
			return false;
		}
		left -= take;
	}
	return true;
}

static bool send_frame(struct child *child)
{
	if (!frame_close(&child->answer)) {
		_exit(WIRE_EXIT_MEMORY);
	}
	for (size_t sent = 0; sent < child->answer.len;) {
		ssize_t now = send(WIRE_SOCKET_FD, child->answer.data + sent,
		        child->answer.len - sent, MSG_NOSIGNAL);
		if (now < 0 && errno != EINTR) {
			return false;
		}
		sent += now > 0 ? (size_t)now : 0;
	}
	return true;
}

/* --------------------------------------------------------------- compile */

/* Kept to the end of the process. */
static bool take_programs(struct child *child, struct frame_reader *reader)
{
	child->count = frame_number(reader);
	if (reader->is_bad || child->count > WIRE_PROGRAMS_MAX) {
		return false;
	}
	child->texts = calloc(child->count + 1, sizeof(*child->texts));
	child->is_wanted = calloc(child->count + 1, sizeof(*child->is_wanted));
	child->verdicts = calloc(child->count + 1, sizeof(*child->verdicts));
	if (child->texts == NULL || child->is_wanted == NULL || child->verdicts == NULL) {
		_exit(WIRE_EXIT_MEMORY);
	}
	for (size_t i = 0; i < child->count; i++) {
		size_t len = 0;
		child->is_wanted[i] = frame_byte(reader) != 0;
		const char *text = frame_bytes(reader, &len);
		child->texts[i] = str_dup_len(text, len);
		if (reader->is_bad || child->texts[i] == NULL) {
			return false;
		}
	}
	return true;
}

static void answer_verdicts(struct child *child)
{
	frame_open(&child->answer, WIRE_COMPILE);
	for (size_t i = 0; i < child->count; i++) {
		const struct program_verdict *verdict = &child->verdicts[i];
		buf_add_char(&child->answer,
		        (char)(verdict->is_bad ? EVALUATION_FAILED : EVALUATION_VALUE));
		frame_add_bytes(&child->answer, verdict->reason, strlen(verdict->reason));
	}
}

static bool compile(struct child *child, struct frame_reader *reader)
{
	bool is_each = frame_byte(reader) != 0;
	if (child->programs != NULL || !take_programs(child, reader)) {
		return false;
	}
	confine_cpu(WIRE_COMPILE_CPU_MS);
	child->programs = programs_create((const char *const *)child->texts, child->count);
	if (!programs_compile(
	            child->programs, child->page, child->is_wanted, is_each, child->verdicts)) {
		return false;
	}
	confine_cpu(0);
	answer_verdicts(child);
	return confine_memory(WIRE_EVALUATE_BYTES);
}

/* -------------------------------------------------------------- evaluate */

static void answer_one(struct child *child, size_t index)
{
	static const char TOO_MUCH[] = "the results of all expressions together are too large";
	atomic_store(&child->page->doing, (int)index);
	atomic_fetch_add(&child->page->step, 1);
	confine_cpu(EVALUATOR_CPU_MS);
	buf_clear(&child->value);
	enum evaluation_state state = programs_evaluate(child->programs, index, &child->value);
	if (child->answer.len + child->value.len > WIRE_FRAME_MAX_BYTES / 2) {
		state = EVALUATION_FAILED;
		buf_clear(&child->value);
		buf_add_text(&child->value, TOO_MUCH);
	}
	buf_add_char(&child->answer, (char)state);
	frame_add_bytes(&child->answer, buf_text(&child->value), child->value.len);
	if (child->value.failed) {
		_exit(WIRE_EXIT_MEMORY);
	}
}

static bool evaluate(struct child *child, struct frame_reader *reader)
{
	const char *asked = frame_take(reader, child->count);
	atomic_store(&child->page->doing, WIRE_READING);
	confine_cpu(WIRE_INPUT_CPU_MS);
	if (child->programs == NULL || reader->is_bad ||
	        !programs_set_input(child->programs, reader->at, reader->left)) {
		return false;
	}
	frame_open(&child->answer, WIRE_EVALUATE);
	for (size_t i = 0; i < child->count; i++) {
		if (asked[i] != 0) {
			answer_one(child, i);
		}
	}
	confine_cpu(0);
	return true;
}

static bool serve_frame(struct child *child)
{
	struct frame_reader reader = {.at = child->request.data, .left = child->request.len};
	switch (frame_byte(&reader)) {
	case WIRE_COMPILE: return compile(child, &reader);
	case WIRE_EVALUATE: return evaluate(child, &reader);
	default: return false;
	}
}

int evaluator_child_run(struct wire_page *page)
{
	struct child child = {.page = page};
	buf_init(&child.request, WIRE_FRAME_MAX_BYTES);
	buf_init(&child.answer, WIRE_FRAME_MAX_BYTES);
	buf_init(&child.value, EVALUATOR_VALUE_MAX_BYTES);
	for (;;) {
		atomic_store(&page->doing, WIRE_IDLE);
		if (!receive_frame(&child)) {
			return 0;
		}
		if (!serve_frame(&child) || !send_frame(&child)) {
			return WIRE_EXIT_PROTOCOL;
		}
	}
}
