/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/okta_lifecycle.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/jsonx.h"
#include "tests/sandbox/okta_error.h"
#include "tests/sandbox/okta_users.h"
#include "tests/sandbox/okta_view.h"
#include "tests/sandbox/sandbox.h"

#define BIT(status) (1u << (status))

struct operation {
	const char *name;
	unsigned int allowed_from;
	bool keeps_status;
	enum user_status result;
	int http_status;
	const char *code;
	const char *cause;
};

static const unsigned int ANY_LIVE = BIT(USER_STAGED) | BIT(USER_PROVISIONED) | BIT(USER_ACTIVE) |
        BIT(USER_RECOVERY) | BIT(USER_LOCKED_OUT) | BIT(USER_PASSWORD_EXPIRED) |
        BIT(USER_SUSPENDED);

static const struct operation OPERATIONS[LIFECYCLE_COUNT] = {
        [LIFECYCLE_ACTIVATE] = {"activate", BIT(USER_STAGED) | BIT(USER_DEPROVISIONED), false,
                USER_PROVISIONED, 403, "E0000016", NULL},
        [LIFECYCLE_REACTIVATE] = {"reactivate", BIT(USER_PROVISIONED) | BIT(USER_RECOVERY), true,
                USER_PROVISIONED, 403, "E0000038", NULL},
        [LIFECYCLE_DEACTIVATE] = {"deactivate", ANY_LIVE, false, USER_DEPROVISIONED, 404,
                "E0000007", NULL},
        [LIFECYCLE_SUSPEND] = {"suspend", BIT(USER_ACTIVE), false, USER_SUSPENDED, 400, "E0000001",
                "Cannot suspend a user that is not active"},
        [LIFECYCLE_UNSUSPEND] = {"unsuspend", BIT(USER_SUSPENDED), false, USER_ACTIVE, 400,
                "E0000001", "Cannot unsuspend a user that is not suspended"},
        [LIFECYCLE_UNLOCK] = {"unlock", BIT(USER_LOCKED_OUT), false, USER_ACTIVE, 403, "E0000032",
                NULL},
        [LIFECYCLE_EXPIRE_PASSWORD] = {"expire_password", BIT(USER_ACTIVE), false,
                USER_PASSWORD_EXPIRED, 403, "E0000038", NULL},
        [LIFECYCLE_RESET_PASSWORD] = {"reset_password",
                BIT(USER_PROVISIONED) | BIT(USER_ACTIVE) | BIT(USER_RECOVERY) |
                        BIT(USER_PASSWORD_EXPIRED) | BIT(USER_LOCKED_OUT),
                false, USER_RECOVERY, 403, "E0000017", NULL},
};

bool okta_lifecycle_parse(const char *name, enum lifecycle_op *op)
{
	for (size_t i = 0; i < LIFECYCLE_COUNT; i++) {
		if (strcmp(OPERATIONS[i].name, name) == 0) {
			*op = (enum lifecycle_op)i;
			return true;
		}
	}
	return false;
}

struct lifecycle_verdict okta_lifecycle_judge(enum lifecycle_op op, enum user_status status)
{
	const struct operation *operation = &OPERATIONS[op];

	if ((operation->allowed_from & BIT(status)) == 0) {
		return (struct lifecycle_verdict){.http_status = operation->http_status,
		        .code = operation->code,
		        .cause = operation->cause};
	}
	return (struct lifecycle_verdict){
	        .is_allowed = true, .result = operation->keeps_status ? status : operation->result};
}

void okta_lifecycle_activate(struct sandbox *sb, struct user *user, enum lifecycle_mail mail)
{
	bool is_active = user->has_password || settings_is(&sb->settings, "okta_password_optional");
	int64_t moves_ms = settings_int(&sb->settings, "okta_transition_ms");

	okta_store_set_status(user, is_active ? USER_ACTIVE : USER_PROVISIONED);
	if (moves_ms > 0) {
		user->transition_until_tick_ms = util_tick_ms() + moves_ms;
	}
	if (mail == LIFECYCLE_MAIL) {
		user->activation_mails++;
		sb->counters[COUNTER_ACTIVATION_MAILS]++;
	}
}

void okta_lifecycle_deactivate(struct sandbox *sb, struct user *user, enum lifecycle_mail mail)
{
	okta_store_set_status(user, USER_DEPROVISIONED);
	user->has_password = false;
	user->transition_until_tick_ms = 0;
	if (mail == LIFECYCLE_MAIL) {
		user->deactivation_mails++;
		sb->counters[COUNTER_DEACTIVATION_MAILS]++;
	}
}

static json_t *activation_token(struct sandbox *sb, const struct request *rq)
{
	char token[21];
	char *origin = okta_view_origin(sb, rq);
	json_t *answer = json_object();

	util_random_name(&sb->random, token, sizeof(token));
	char *url = util_text("%s/tokens/%s/verify", origin, token);

	jsonx_set_text(answer, "activationUrl", url);
	jsonx_set_text(answer, "activationToken", token);
	free(url);
	free(origin);
	return answer;
}

static json_t *reset_url(struct sandbox *sb, const struct request *rq)
{
	char token[21];
	char *origin = okta_view_origin(sb, rq);
	json_t *answer = json_object();

	util_random_name(&sb->random, token, sizeof(token));
	char *url = util_text("%s/reset_password/%s", origin, token);

	jsonx_set_text(answer, "resetPasswordUrl", url);
	free(url);
	free(origin);
	return answer;
}

static void send_activation(struct sandbox *sb, struct user *user)
{
	user->activation_mails++;
	sb->counters[COUNTER_ACTIVATION_MAILS]++;
}

/* Does what was allowed; the answer's body is the result. */
static json_t *carry_out(
        struct sandbox *sb, const struct request *rq, struct user *user, enum lifecycle_op op)
{
	bool mail = request_query_is(rq, "sendEmail", op == LIFECYCLE_ACTIVATE);

	switch (op) {
	case LIFECYCLE_ACTIVATE:
		okta_lifecycle_activate(
		        sb, user, mail && !user->has_password ? LIFECYCLE_MAIL : LIFECYCLE_NO_MAIL);
		return mail ? json_object() : activation_token(sb, rq);
	case LIFECYCLE_REACTIVATE:
		if (mail) {
			send_activation(sb, user);
		}
		return mail ? json_object() : activation_token(sb, rq);
	case LIFECYCLE_DEACTIVATE:
		okta_lifecycle_deactivate(sb, user, mail ? LIFECYCLE_MAIL : LIFECYCLE_NO_MAIL);
		return json_object();
	case LIFECYCLE_RESET_PASSWORD:
		okta_store_set_status(user, USER_RECOVERY);
		return mail ? json_object() : reset_url(sb, rq);
	case LIFECYCLE_EXPIRE_PASSWORD:
		okta_store_set_status(user, USER_PASSWORD_EXPIRED);
		return okta_view_user(sb, rq, user);
	case LIFECYCLE_SUSPEND: okta_store_set_status(user, USER_SUSPENDED); return json_object();
	case LIFECYCLE_UNSUSPEND:
	case LIFECYCLE_UNLOCK: okta_store_set_status(user, USER_ACTIVE); return json_object();
	case LIFECYCLE_COUNT: break;
	}
	abort();
}

static void refuse(const struct lifecycle_verdict *verdict, const struct user *user,
        struct request *rq, struct reply *rp)
{
	if (verdict->http_status == 404) {
		okta_error_not_found(rq, rp, user->id, "User");
	} else if (verdict->cause != NULL) {
		okta_error_invalid(rq, rp, "user", util_dup(verdict->cause));
	} else {
		okta_error(rq, rp, verdict->http_status, verdict->code, NULL);
	}
}

void okta_lifecycle_handle(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	enum lifecycle_op op = LIFECYCLE_COUNT;
	const char *name = rq->segments[rq->segment_count - 1];

	if (!okta_lifecycle_parse(name, &op)) {
		okta_error(rq, rp, 404, "E0000008", NULL);
		return;
	}
	struct user *user = okta_users_find_for_change(sb, rq, rp, rq->args[0]);

	if (user == NULL) {
		return;
	}
	if (op == LIFECYCLE_RESET_PASSWORD && request_query(rq, "sendEmail") == NULL) {
		okta_error(rq, rp, 400, "E0000028", NULL);
		return;
	}
	struct lifecycle_verdict verdict = okta_lifecycle_judge(op, user->status);

	if (!verdict.is_allowed) {
		refuse(&verdict, user, rq, rp);
		return;
	}
	json_t *answer = carry_out(sb, rq, user, op);

	okta_store_touch(&sb->directory, user, name);
	rq->applied = true;
	reply_json(rp, 200, answer);
}
