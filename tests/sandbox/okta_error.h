/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_OKTA_ERROR_H
#define TESTS_SANDBOX_OKTA_ERROR_H

/* Okta's error answers: one table of codes, statuses and summaries. */

#include "tests/sandbox/request.h"

/* Answers with the code and its usual summary; cause may be NULL. */
void okta_error(
        struct request *rq, struct reply *rp, int status, const char *code, const char *cause);
/* The same with a summary of its own. */
void okta_error_say(
        struct request *rq, struct reply *rp, int status, const char *code, const char *summary);
/* E0000001: "Api validation failed: WHAT" with one cause (the text is freed). */
void okta_error_invalid(struct request *rq, struct reply *rp, const char *what, char *taken_cause);
/* 404 E0000007 for a thing of a kind. */
void okta_error_not_found(struct request *rq, struct reply *rp, const char *name, const char *kind);
/* The code that usually goes with a status. */
const char *okta_error_code_for(int status);

#endif
