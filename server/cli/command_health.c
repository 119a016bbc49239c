/* SPDX-License-Identifier: MIT */
/* For health checks of container engines: an image needs no HTTP client of its own. */
#include "server/cli/commands.h"

#include "server/base/str.h"
#include "server/base/transport.h"
#include "server/base/version.h"
#include "server/cli/admin_client.h"

#define ANSWER_MAX_BYTES   4096
#define CONNECT_TIMEOUT_MS 2000
#define TOTAL_TIMEOUT_MS   3000 /* below the time limit of the image's HEALTHCHECK */

static bool format_url(
        const struct options *options, const char *path, char *to, size_t size, struct err *err)
{
	char base[200];
	if (!admin_client_url(base, sizeof(base), options->listen, err)) {
		return false;
	}
	if (!str_format(to, size, "%s%s", base, path)) {
		err_set(err, ERR_USAGE, "the address %s is too long", options->listen);
		return false;
	}
	return true;
}

/* The HTTP status, or 0 with an error when nothing answered. */
static int ask(const char *url, struct err *err)
{
	const struct transport_options how = {.user_agent = version_user_agent(),
	        .plain = TRANSPORT_PLAIN_ON_LOOPBACK,
	        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
	        .total_timeout_ms = TOTAL_TIMEOUT_MS};
	const struct transport_request request = {
	        .method = "GET", .url = url, .answer_max_bytes = ANSWER_MAX_BYTES};
	struct transport *transport = transport_create(&how, err);
	if (transport == NULL) {
		return 0;
	}
	struct transport_answer answer;
	bool is_answered = transport_send(transport, &request, &answer, err) == TRANSPORT_ANSWERED;
	int status = is_answered ? answer.status : 0;
	transport_answer_finish(&answer);
	transport_destroy(transport);
	return status;
}

static int print(struct cli_call *call, const char *url, int status)
{
	if (call->is_json) {
		json_t *json = json_pack("{s:s, s:i}", "url", url, "status", status);
		(void)cli_call_print_json(call, json);
		json_decref(json);
	} else {
		cli_call_print(call, "%s answers %d\n", url, status);
	}
	return status == 200 ? CLI_DONE : CLI_FAILED;
}

int command_health(struct cli_call *call)
{
	bool is_readiness = false;
	const struct cli_flag flags[] = {{"--ready", NULL, &is_readiness}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	char url[256];
	if (!cli_call_read(call, flags, CLI_NO_WORD, &err) ||
	        !format_url(call->options, is_readiness ? "/readyz" : "/healthz", url, sizeof(url),
	                &err)) {
		return cli_call_fail(call, &err);
	}
	int status = ask(url, &err);
	if (status == 0) {
		err_prefix(&err, "%s does not answer", url);
		return cli_call_fail(call, &err);
	}
	return print(call, url, status);
}
