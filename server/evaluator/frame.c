/* SPDX-License-Identifier: MIT */
#include "server/evaluator/frame.h"

#include <string.h>

void frame_open(struct buf *frame, enum wire_kind kind)
{
	buf_clear(frame);
	frame_add_number(frame, 0);
	buf_add_char(frame, (char)kind);
}

bool frame_close(struct buf *frame)
{
	if (frame->failed || frame->len < sizeof(uint32_t)) {
		return false;
	}
	uint32_t len = (uint32_t)(frame->len - sizeof(uint32_t));
	memcpy(frame->data, &len, sizeof(len));
	return true;
}

void frame_add_number(struct buf *frame, uint32_t number)
{
	buf_add(frame, &number, sizeof(number));
}

void frame_add_bytes(struct buf *frame, const char *bytes, size_t len)
{
	frame_add_number(frame, (uint32_t)len);
	buf_add(frame, bytes, len);
}

const char *frame_take(struct frame_reader *reader, size_t len)
{
	const char *at = reader->at;
	if (reader->is_bad || len > reader->left) {
		reader->is_bad = true;
		return "";
	}
	reader->at += len;
	reader->left -= len;
	return at;
}

uint8_t frame_byte(struct frame_reader *reader)
{
	const char *at = frame_take(reader, 1);
	return (uint8_t)at[0];
}

uint32_t frame_number(struct frame_reader *reader)
{
	uint32_t number = 0;
	const char *at = frame_take(reader, sizeof(number));
	if (!reader->is_bad) {
		memcpy(&number, at, sizeof(number));
	}
	return number;
}

const char *frame_bytes(struct frame_reader *reader, size_t *len)
{
	*len = frame_number(reader);
	const char *at = frame_take(reader, *len);
	if (reader->is_bad) {
		*len = 0;
	}
	return at;
}
