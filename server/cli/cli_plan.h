/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CLI_CLI_PLAN_H
#define SERVER_CLI_CLI_PLAN_H

/* What `plan` shows of days to come, and its approvals in advance. */

#include "server/cli/cli_call.h"

/* "create, activate" of a list of kinds or of actions. */
void cli_plan_format_kinds(char *to, size_t size, const json_t *actions);
/* The answers of plan --on, and of plan --next. */
void cli_plan_print_steps(struct cli_call *call, const json_t *answer);
void cli_plan_print_calendar(struct cli_call *call, const json_t *answer);

/* plan approve, plan approvals, plan unapprove */
int cli_plan_approve(struct cli_call *call);
int cli_plan_approvals(struct cli_call *call);
int cli_plan_unapprove(struct cli_call *call);

#endif
