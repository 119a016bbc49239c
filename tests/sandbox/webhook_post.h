/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_WEBHOOK_POST_H
#define TESTS_SANDBOX_WEBHOOK_POST_H

/* One sender's HTTP client, the only user of libcurl in the sandbox. One thread sends with it;
 * webhook_post_abort may be called from any other. */

#include <stdbool.h>
#include <stdint.h>

struct webhook_post;

struct webhook_message {
	char *url;
	char *body;
	char *signature; /* or NULL */
	char *content_type;
	int64_t timeout_ms;
};

struct webhook_answer {
	int status; /* 0: no answer */
	int64_t ms;
	char error[80];
};

struct webhook_post *webhook_post_create(void);
void webhook_post_destroy(struct webhook_post *post);
/* Blocks until there is an answer, the time is over, or it is aborted. */
void webhook_post_send(struct webhook_post *post, const struct webhook_message *message,
        struct webhook_answer *answer);
void webhook_post_abort(struct webhook_post *post);

#endif
