/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_REVOKE_ROW_H
#define SERVER_ENGINE_REVOKE_ROW_H

/*
 * Behind an immediate revocation Bob keeps a termination, which basic reads
 * hide until it takes effect and which will close the account for good. Is it
 * there? Bob's lifecycle table tells. Without such a row in two reads
 * REVOKE_ROW_AGREES_MS apart the account stays closed, and an alarm says so
 * (policy 5).
 */

#include "server/store/record.h"

#include <jansson.h>

#define REVOKE_ROW_AGREES_MS (20 * 1000)
/* The second question: Bob may show old values for up to 20 s. */
#define REVOKE_ROW_AGAIN_MS (25 * 1000)
/* A row that ended the employment a few days ago is the one behind the revocation, too. */
#define REVOKE_ROW_PAST_DAYS 7

/* A revocation was carried out: the table is to be asked. */
void revoke_row_want(struct employee *employee);
/* Reopened by a human, or rehired: nothing to ask any more. */
void revoke_row_forget(struct employee *employee);
/* Does this row of the table end the employment, today, later or a few days ago? Pure. */
bool revoke_row_ends(const json_t *row, int32_t today);

#endif
