/* SPDX-License-Identifier: MIT */
#ifndef SERVER_EVALUATOR_FRAME_H
#define SERVER_EVALUATOR_FRAME_H

/* Making and taking apart the frames of wire.h. Pure. */

#include "server/base/buf.h"
#include "server/evaluator/wire.h"

/* The length is filled in by frame_close. */
void frame_open(struct buf *frame, enum wire_kind kind);
bool frame_close(struct buf *frame) MUST_CHECK;
void frame_add_number(struct buf *frame, uint32_t number);
void frame_add_bytes(struct buf *frame, const char *bytes, size_t len);

/* Reading: what does not stand there sets is_bad, for good, and reads as zero. */
struct frame_reader {
	const char *at;
	size_t left;
	bool is_bad;
};
uint8_t frame_byte(struct frame_reader *reader);
uint32_t frame_number(struct frame_reader *reader);
/* A length and that many bytes; they lie in the frame. */
const char *frame_bytes(struct frame_reader *reader, size_t *len);
const char *frame_take(struct frame_reader *reader, size_t len);

#endif
