/* SPDX-License-Identifier: MIT */
#ifndef SERVER_INTAKE_EVENT_H
#define SERVER_INTAKE_EVENT_H

/*
 * From the stored bytes of a delivery to what it means for us: which employee,
 * how urgent, or why it is of no use. Run by the dispatcher after the 200, so
 * no body can hurt intake (D4). Tolerant as Bob's documents are vague: both
 * payload versions, three places for the employee id, unknown types welcome
 * (bob.md 1). Pure; no clock, any thread.
 */

#include "server/store/record.h"

#include <stddef.h>
#include <stdint.h>

/* Policy V1, for events whose times have no zone. */
#define EVENT_REVOKE_MAX_AGE_MS   (INT64_C(4) * 24 * 3600 * 1000)
#define EVENT_REVOKE_MAX_AHEAD_MS (INT64_C(26) * 3600 * 1000)
#define EVENT_ZONE_DOUBT_MS       (INT64_C(14) * 3600 * 1000)

/*
 * Fills in the whole verdict but event_id. received_at_ms is when this delivery
 * came, for a duplicate the latest one: the age of a revocation is measured by
 * it. company_id is the configured one, digits. What cannot be used is a
 * verdict too, with a reason that names the place. EVENT_RECEIVED: there was no
 * memory to find out; ask again later.
 */
void event_parse(const char *body, size_t len, const char *company_id, int64_t received_at_ms,
        struct event_verdict *out);

#endif
