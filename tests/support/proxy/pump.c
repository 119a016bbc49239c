/* SPDX-License-Identifier: MIT */
#include "tests/support/proxy/pump.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PIECE_BYTES  16384
#define HEAD_BYTES   32768
#define IDLE_MS      50 /* an answer that stops so long is whole: it may come a second time */
#define NO_FAULT     PROXY_ACTION_COUNT
#define NSEC_PER_MS  1000000L
#define DRIP_DEFAULT 1000

/* A request and its answer. */
struct exchange {
	struct pump *pump;
	struct proxy_rule rule; /* action NO_FAULT: none */
	long sent[2];
	bool is_begun;
	bool is_answered;
	bool is_over[2]; /* that side's bytes are thrown away from here on */
	char *copy; /* of the answer, for PROXY_DOUBLE */
	size_t copied;
	char head[HEAD_BYTES]; /* of the answer, for PROXY_LENGTH */
	size_t headed;
	bool is_head_sent;
};

static void pause_ms(long ms)
{
	struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * NSEC_PER_MS};
	while (ms > 0 && clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR) {
	}
}

void pump_reset(int fd)
{
	struct linger now = {.l_onoff = 1, .l_linger = 0};
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
}

bool pump_pick(struct proxy *proxy, bool is_connecting, const char *line, size_t len,
        struct proxy_rule *rule)
{
	pthread_mutex_lock(&proxy->mutex);
	bool is_picked = proxy_rules_pick(&proxy->rules, is_connecting, line, len, rule);
	proxy->fired += is_picked;
	pthread_mutex_unlock(&proxy->mutex);
	return is_picked;
}

static long draw(struct proxy *proxy, long below)
{
	pthread_mutex_lock(&proxy->mutex);
	long drawn = proxy_random(&proxy->rules, below);
	pthread_mutex_unlock(&proxy->mutex);
	return drawn;
}

/* ------------------------------------------------------------------ passing */

static bool send_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
		if (sent <= 0) {
			return false;
		}
		bytes += sent;
		len -= (size_t)sent;
	}
	return true;
}

static bool send_slowly(int fd, const char *bytes, size_t len, long ms)
{
	for (size_t i = 0; i < len; i++) {
		pause_ms(ms > 0 ? ms : DRIP_DEFAULT);
		if (!send_all(fd, bytes + i, 1)) {
			return false;
		}
	}
	return true;
}

/* The byte is reached: what the rule does there. False: the connection is over. */
static bool trip(struct exchange *exchange, enum proxy_side side)
{
	struct pump *pump = exchange->pump;
	switch (exchange->rule.action) {
	case PROXY_RESET:
		pump_reset(pump->fds[0]);
		pump_reset(pump->fds[1]);
		pump->fds[0] = pump->fds[1] = -1;
		return false;
	case PROXY_CLOSE: return false;
	case PROXY_HANG: pause_ms(exchange->rule.ms); return false;
	case PROXY_HALF:
		shutdown(pump->fds[side == PROXY_REQUEST ? 1 : 0], SHUT_WR);
		exchange->is_over[side] = true;
		return true;
	case PROXY_DELAY:
	case PROXY_DRIP:
	case PROXY_LENGTH:
	case PROXY_DOUBLE:
	case PROXY_REFUSE:
	case PROXY_ACTION_COUNT: break;
	}
	return true;
}

static bool has_a_byte(enum proxy_action action)
{
	return action == PROXY_RESET || action == PROXY_CLOSE || action == PROXY_HANG ||
	        action == PROXY_HALF;
}

/* Passes on what lies before the byte, and acts when it is reached, even if nothing follows. */
static bool pass_to_byte(
        struct exchange *exchange, enum proxy_side side, const char *bytes, size_t len, int to)
{
	long left = exchange->rule.at - exchange->sent[side];
	size_t now = left > 0 && (size_t)left < len ? (size_t)left : left > 0 ? len : 0;
	exchange->sent[side] += (long)now;
	if (!send_all(to, bytes, now)) {
		return false;
	}
	return exchange->sent[side] < exchange->rule.at || trip(exchange, side);
}

static bool pass_dripping(
        struct exchange *exchange, enum proxy_side side, const char *bytes, size_t len, int to)
{
	long left = exchange->rule.at - exchange->sent[side];
	size_t fast = left > 0 && (size_t)left < len ? (size_t)left : left > 0 ? len : 0;
	exchange->sent[side] += (long)len;
	return send_all(to, bytes, fast) &&
	        send_slowly(to, bytes + fast, len - fast, exchange->rule.ms);
}

/* Keeps the head back until it is whole. */
static bool pass_with_wrong_length(struct exchange *exchange, const char *bytes, size_t len, int to)
{
	char wrong[HEAD_BYTES + 32];
	if (exchange->is_head_sent || exchange->headed + len > HEAD_BYTES) {
		exchange->is_head_sent = true;
		return send_all(to, exchange->head, exchange->headed) && send_all(to, bytes, len);
	}
	memcpy(exchange->head + exchange->headed, bytes, len);
	exchange->headed += len;
	const char *end = memmem(exchange->head, exchange->headed, "\r\n\r\n", 4);
	if (end == NULL) {
		return true;
	}
	size_t head_len = (size_t)(end - exchange->head) + 4;
	size_t wrong_len = proxy_rewrite_length(
	        exchange->head, head_len, exchange->rule.by, wrong, sizeof(wrong));
	size_t rest = exchange->headed - head_len;
	bool done = wrong_len > 0 ? send_all(to, wrong, wrong_len)
	                          : send_all(to, exchange->head, head_len);
	done = done && send_all(to, exchange->head + head_len, rest);
	exchange->is_head_sent = true;
	exchange->headed = 0;
	return done;
}

static void keep_copy(struct exchange *exchange, const char *bytes, size_t len)
{
	if (exchange->copied + len > PROXY_LENGTH_MAX) {
		return;
	}
	char *copy = realloc(exchange->copy, exchange->copied + len);
	if (copy != NULL) {
		memcpy(copy + exchange->copied, bytes, len);
		exchange->copy = copy;
		exchange->copied += len;
	}
}

static bool pass(struct exchange *exchange, enum proxy_side side, const char *bytes, size_t len)
{
	int to = exchange->pump->fds[side == PROXY_REQUEST ? 1 : 0];
	const struct proxy_rule *rule = &exchange->rule;
	if (exchange->is_over[side]) {
		return true;
	}
	if (rule->action == NO_FAULT || rule->side != side) {
		return send_all(to, bytes, len);
	}
	if (has_a_byte(rule->action)) {
		return pass_to_byte(exchange, side, bytes, len, to);
	}
	if (rule->action == PROXY_DRIP) {
		return pass_dripping(exchange, side, bytes, len, to);
	}
	if (rule->action == PROXY_LENGTH) {
		return pass_with_wrong_length(exchange, bytes, len, to);
	}
	if (rule->action == PROXY_DELAY) {
		pause_ms(rule->ms + draw(exchange->pump->proxy, rule->jitter + 1));
	} else {
		keep_copy(exchange, bytes, len);
	}
	return send_all(to, bytes, len);
}

/* ---------------------------------------------------------------- exchanges */

static void end_exchange(struct exchange *exchange)
{
	free(exchange->copy);
	struct pump *pump = exchange->pump;
	*exchange = (struct exchange){.pump = pump, .rule.action = NO_FAULT};
}

/* A request that comes after an answer begins the next exchange. */
static void note_request(struct exchange *exchange, const char *bytes, size_t len)
{
	if (exchange->is_begun && !exchange->is_answered) {
		return;
	}
	end_exchange(exchange);
	exchange->is_begun = true;
	const char *end = memchr(bytes, '\r', len);
	size_t line_len = end != NULL ? (size_t)(end - bytes) : len;
	if (!pump_pick(exchange->pump->proxy, false, bytes, line_len, &exchange->rule)) {
		exchange->rule.action = NO_FAULT;
	}
}

static bool move(struct exchange *exchange, enum proxy_side side)
{
	char bytes[PIECE_BYTES];
	ssize_t len = recv(exchange->pump->fds[side], bytes, sizeof(bytes), 0);
	if (len <= 0) {
		return false;
	}
	if (side == PROXY_REQUEST) {
		note_request(exchange, bytes, (size_t)len);
	} else {
		exchange->is_answered = true;
	}
	return pass(exchange, side, bytes, (size_t)len);
}

static bool send_copy(struct exchange *exchange)
{
	size_t len = exchange->copied;
	exchange->copied = 0;
	return len == 0 || send_all(exchange->pump->fds[0], exchange->copy, len);
}

void pump_run(struct pump *pump)
{
	struct exchange exchange = {.pump = pump, .rule.action = NO_FAULT};
	bool goes_on = true;
	while (goes_on) {
		struct pollfd polled[2] = {{.fd = pump->fds[0], .events = POLLIN},
		        {.fd = pump->fds[1], .events = POLLIN}};
		int ready = poll(polled, 2, exchange.copied > 0 ? IDLE_MS : -1);
		if (ready == 0) {
			goes_on = send_copy(&exchange);
			continue;
		}
		for (int side = 0; goes_on && side < 2; side++) {
			goes_on =
			        polled[side].revents == 0 || move(&exchange, (enum proxy_side)side);
		}
	}
	end_exchange(&exchange);
	for (int side = 0; side < 2; side++) {
		if (pump->fds[side] >= 0) {
			close(pump->fds[side]);
		}
	}
}
