/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_PROXY_RULE_H
#define TESTS_SUPPORT_PROXY_RULE_H

/*
 * What the faulty proxy does to which exchange, and the text it is told that with.
 * An exchange is a request and its answer; bytes are counted from its beginning, on
 * each side. Pure but for the counters in a rule; the caller locks.
 */

#include <stdbool.h>
#include <stddef.h>

#define PROXY_RULES_MAX  32
#define PROXY_MATCH_MAX  256
#define PROXY_LENGTH_MAX (1024 * 1024) /* an answer that is sent twice */

enum proxy_side { PROXY_REQUEST, PROXY_ANSWER };

enum proxy_action {
	PROXY_DELAY, /* ms (plus up to jitter) before each piece */
	PROXY_RESET, /* after at bytes: TCP reset to both */
	PROXY_CLOSE, /* after at bytes: an orderly end of both (truncation) */
	PROXY_HALF, /* after at bytes: no more to the receiver, who may still send */
	PROXY_DRIP, /* from byte at on one byte every ms */
	PROXY_HANG, /* after at bytes nothing for ms, then an orderly end */
	PROXY_LENGTH, /* the answer's Content-Length is wrong by that much */
	PROXY_DOUBLE, /* the answer comes twice */
	PROXY_REFUSE, /* a new connection is reset at once; no exchange begins */
	PROXY_ACTION_COUNT
};

struct proxy_rule {
	enum proxy_side side;
	enum proxy_action action;
	long at;
	long ms;
	long jitter;
	long by;
	long times; /* fires at most so often; 0: always */
	long after; /* lets so many matching exchanges pass first */
	long percent; /* of the matching ones; 0: all */
	char match[PROXY_MATCH_MAX]; /* the beginning of the request line; "": any */
	long seen;
	long fired;
};

struct proxy_rules {
	struct proxy_rule items[PROXY_RULES_MAX];
	size_t count;
	unsigned long random; /* the state of its own sequence: the same seed, the same faults */
};

/* "side=answer action=reset at=10 times=1 match=POST /okta"; match is last. NULL: well, else why.
 */
const char *proxy_rule_parse(const char *text, struct proxy_rule *rule);
/* Appends it; false when there are too many. */
bool proxy_rules_add(struct proxy_rules *rules, const struct proxy_rule *rule);
/*
 * The first rule that is for this request line and fires now, counted; false: none. Rules that
 * refuse connections are asked for with is_connecting and no line.
 */
bool proxy_rules_pick(struct proxy_rules *rules, bool is_connecting, const char *line, size_t len,
        struct proxy_rule *picked);
/* 0 .. below - 1. */
long proxy_random(struct proxy_rules *rules, long below);

/*
 * The head with Content-Length changed by that much, into to; 0 when there is no such header or no
 * room. head is up to and with the empty line.
 */
size_t proxy_rewrite_length(const char *head, size_t len, long by, char *to, size_t size);

#endif
