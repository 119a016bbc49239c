/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/okta_error.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/jsonx.h"

struct code {
	const char *code;
	int status;
	const char *summary;
};

static const struct code CODES[] = {
        {"E0000001", 400, "Api validation failed"},
        {"E0000002", 400, "The request was not valid"},
        {"E0000003", 400, "The request body was not well-formed."},
        {"E0000004", 401, "Authentication failed"},
        {"E0000005", 403, "Invalid session"},
        {"E0000006", 403, "You do not have permission to perform the requested action"},
        {"E0000007", 404, "Not found: Resource not found"},
        {"E0000008", 404, "The requested path was not found"},
        {"E0000009", 500, "Internal Server Error"},
        {"E0000010", 503, "Service is in read only mode"},
        {"E0000011", 401, "Invalid token provided"},
        {"E0000014", 403, "Update of credentials failed"},
        {"E0000016", 403, "Activation failed because the user is already active"},
        {"E0000017", 403, "Password reset failed"},
        {"E0000018", 400, "Bad request.  Accept and/or Content-Type headers are likely not set."},
        {"E0000019", 400,
                "Bad request.  Accept and/or Content-Type headers likely do not match supported values."},
        {"E0000020", 400, "Bad request."},
        {"E0000021", 400,
                "Bad request.  Accept and/or Content-Type headers likely do not match supported values."},
        {"E0000022", 405, "The endpoint does not support the provided HTTP method"},
        {"E0000023", 403, "Operation failed because user profile is mastered under another system"},
        {"E0000028", 400, "The request is missing a required parameter."},
        {"E0000031", 400, "Invalid search criteria."},
        {"E0000032", 403, "Unlock is not allowed for this user."},
        {"E0000033", 400,
                "Bad request. Can't specify a search query and filter in the same request."},
        {"E0000038", 403, "This operation is not allowed in the user's current status."},
        {"E0000047", 429, "API call exceeded rate limit due to too many requests."},
        {"E0000053", 400, "Invalid SCIM filter."},
        {"E0000060", 501, "Unsupported operation."},
        {"E0000093", 400, "Too many groups were given."},
        {"E0000094", 400, "Unsupported filter."},
        {"E0000112", 409,
                "Cannot update this user because they are still being activated. "
                "Please try again in a few minutes."},
        {"E0000124", 400,
                "Could not create user. To create a user and expire their password "
                "immediately, a password must be specified"},
        {"E0000125", 400,
                "Could not create user. To create a user and expire their password "
                "immediately, \"activate\" must be true"},
        {"E0000134", 502, "The inline hook gave a bad answer."},
        {"E0000137", 504, "The inline hook timed out."},
        {"E0000181", 503, "The service is temporarily unavailable."},
        {"E0000231", 412, "The If-Match header does not match the resource's current ETag."},
        {"E0000242", 400, "The If-Match header is not a valid ETag."},
};

static const char *summary_of(const char *code)
{
	for (size_t i = 0; i < COUNT(CODES); i++) {
		if (strcmp(CODES[i].code, code) == 0) {
			return CODES[i].summary;
		}
	}
	return "Something went wrong.";
}

const char *okta_error_code_for(int status)
{
	switch (status) {
	case 400: return "E0000001";
	case 401: return "E0000011";
	case 403: return "E0000006";
	case 404: return "E0000007";
	case 405: return "E0000022";
	case 409: return "E0000112";
	case 412: return "E0000231";
	case 429: return "E0000047";
	case 502: return "E0000134";
	case 503: return "E0000181";
	case 504: return "E0000137";
	default: return "E0000009";
	}
}

static void answer(struct request *rq, struct reply *rp, const struct code *what, const char *cause)
{
	json_t *body = json_object();
	json_t *causes = json_array();
	char error_id[28];

	util_format(rq->error_code, sizeof(rq->error_code), "%.15s", what->code);
	util_format(error_id, sizeof(error_id), "oae%.23s",
	        rq->request_id[0] != '\0' ? rq->request_id : "Sandbox");
	if (cause != NULL) {
		json_t *entry = json_object();

		jsonx_set_text(entry, "errorSummary", cause);
		jsonx_push(causes, entry);
	}
	jsonx_set_text(body, "errorCode", what->code);
	jsonx_set_text(body, "errorSummary", what->summary);
	jsonx_set_text(body, "errorLink", what->code);
	jsonx_set_text(body, "errorId", error_id);
	jsonx_take(body, "errorCauses", causes);
	reply_json(rp, what->status, body);
}

void okta_error(
        struct request *rq, struct reply *rp, int status, const char *code, const char *cause)
{
	answer(rq, rp, &(struct code){code, status, summary_of(code)}, cause);
}

void okta_error_say(
        struct request *rq, struct reply *rp, int status, const char *code, const char *summary)
{
	answer(rq, rp, &(struct code){code, status, summary}, NULL);
}

void okta_error_invalid(struct request *rq, struct reply *rp, const char *what, char *taken_cause)
{
	char *summary = util_text("Api validation failed: %s", what);

	answer(rq, rp, &(struct code){"E0000001", 400, summary}, taken_cause);
	free(summary);
	free(taken_cause);
}

void okta_error_not_found(struct request *rq, struct reply *rp, const char *name, const char *kind)
{
	char *summary = util_text("Not found: Resource not found: %s (%s)", name, kind);

	okta_error_say(rq, rp, 404, "E0000007", summary);
	free(summary);
}
