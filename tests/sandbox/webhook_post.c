/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/webhook_post.h"

#include <curl/curl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/util.h"

enum { POLL_MS = 1000 };

struct webhook_post {
	CURL *easy;
	CURLM *multi;
	atomic_bool is_aborted;
};

struct webhook_post *webhook_post_create(void)
{
	struct webhook_post *post = util_alloc(sizeof(*post));

	post->easy = curl_easy_init();
	post->multi = curl_multi_init();
	if (post->easy == NULL || post->multi == NULL) {
		abort();
	}
	return post;
}

void webhook_post_destroy(struct webhook_post *post)
{
	if (post == NULL) {
		return;
	}
	curl_easy_cleanup(post->easy);
	(void)curl_multi_cleanup(post->multi);
	free(post);
}

void webhook_post_abort(struct webhook_post *post)
{
	atomic_store(&post->is_aborted, true);
	(void)curl_multi_wakeup(post->multi);
}

static size_t discard(char *data, size_t size, size_t count, void *context)
{
	(void)data;
	(void)context;
	return size * count;
}

static struct curl_slist *headers_of(const struct webhook_message *message)
{
	char *type = util_text("Content-Type: %s", message->content_type);
	struct curl_slist *list = curl_slist_append(NULL, type);

	free(type);
	list = curl_slist_append(list, "Expect:");
	if (message->signature != NULL) {
		char *signature = util_text("Bob-Signature: %s", message->signature);

		list = curl_slist_append(list, signature);
		free(signature);
	}
	return list;
}

static void set_options(
        CURL *easy, const struct webhook_message *message, const struct curl_slist *headers)
{
	/* C3: reset keeps the connection, every option is set each time. */
	curl_easy_reset(easy);
	(void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
	(void)curl_easy_setopt(easy, CURLOPT_URL, message->url);
	(void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, message->body);
	(void)curl_easy_setopt(
	        easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(message->body));
	(void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
	(void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)message->timeout_ms);
	(void)curl_easy_setopt(easy, CURLOPT_USERAGENT, "bob-sandbox");
	(void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
}

/* The transfer's result; CURLE_ABORTED_BY_CALLBACK when it was aborted. */
static CURLcode transfer(struct webhook_post *post)
{
	int running = 1;
	int left = 0;

	while (running > 0) {
		if (atomic_load(&post->is_aborted)) {
			return CURLE_ABORTED_BY_CALLBACK;
		}
		if (curl_multi_perform(post->multi, &running) != CURLM_OK) {
			return CURLE_FAILED_INIT;
		}
		if (running > 0) {
			(void)curl_multi_poll(post->multi, NULL, 0, POLL_MS, NULL);
		}
	}
	const CURLMsg *message = curl_multi_info_read(post->multi, &left);

	return message != NULL ? message->data.result : CURLE_FAILED_INIT;
}

void webhook_post_send(struct webhook_post *post, const struct webhook_message *message,
        struct webhook_answer *answer)
{
	struct curl_slist *headers = headers_of(message);
	int64_t began = util_tick_ms();
	long status = 0;

	set_options(post->easy, message, headers);
	(void)curl_multi_add_handle(post->multi, post->easy);
	CURLcode result = transfer(post);

	(void)curl_multi_remove_handle(post->multi, post->easy);
	(void)curl_easy_getinfo(post->easy, CURLINFO_RESPONSE_CODE, &status);
	answer->status = result == CURLE_OK ? (int)status : 0;
	answer->ms = util_tick_ms() - began;
	if (result != CURLE_OK) {
		util_format(
		        answer->error, sizeof(answer->error), "%.79s", curl_easy_strerror(result));
	}
	curl_slist_free_all(headers);
}
