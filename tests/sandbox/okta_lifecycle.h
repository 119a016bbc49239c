/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_OKTA_LIFECYCLE_H
#define TESTS_SANDBOX_OKTA_LIFECYCLE_H

/*
 * The status machine of an Okta user and the lifecycle calls.
 *
 *   STAGED --activate--> PROVISIONED --password set--> ACTIVE
 *   ACTIVE <-suspend/unsuspend-> SUSPENDED     LOCKED_OUT --unlock--> ACTIVE
 *   ACTIVE --expire_password--> PASSWORD_EXPIRED     --reset_password--> RECOVERY
 *   any but DEPROVISIONED --deactivate--> DEPROVISIONED --activate--> PROVISIONED
 */

#include "tests/sandbox/okta_store.h"
#include "tests/sandbox/request.h"

struct sandbox;

enum lifecycle_op {
	LIFECYCLE_ACTIVATE,
	LIFECYCLE_REACTIVATE,
	LIFECYCLE_DEACTIVATE,
	LIFECYCLE_SUSPEND,
	LIFECYCLE_UNSUSPEND,
	LIFECYCLE_UNLOCK,
	LIFECYCLE_EXPIRE_PASSWORD,
	LIFECYCLE_RESET_PASSWORD,
	LIFECYCLE_COUNT,
};

enum lifecycle_mail { LIFECYCLE_NO_MAIL, LIFECYCLE_MAIL };

struct lifecycle_verdict {
	bool is_allowed;
	enum user_status result; /* where allowed; activation may end elsewhere */
	int http_status; /* where refused */
	const char *code;
	const char *cause; /* or NULL */
};

/* What an operation does in a status: pure. */
struct lifecycle_verdict okta_lifecycle_judge(enum lifecycle_op op, enum user_status status);
/* False when there is no such operation. */
bool okta_lifecycle_parse(const char *name, enum lifecycle_op *op) MUST_CHECK;

void okta_lifecycle_handle(struct sandbox *sb, struct request *rq, struct reply *rp);
/* The changes themselves, for create and delete; the caller touches the user. */
void okta_lifecycle_activate(struct sandbox *sb, struct user *user, enum lifecycle_mail mail);
void okta_lifecycle_deactivate(struct sandbox *sb, struct user *user, enum lifecycle_mail mail);

#endif
